"""A place in the cache's queue: the remembered answer, or the duty to bring a fresh one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from teppan.core.chat import Completion
from teppan.core.money import Micros
from teppan.core.trace import CacheStatus, Remembered

Keep = Callable[[Completion, str, str, Micros | None], None]
Drop = Callable[[], None]
Checked = Callable[[bool], Awaitable[None]]


class Seat:
    """With a `hit` nothing more is to be done. Without one, `keep` or `drop` must be called.

    Others may wait for this answer: `keep` gives it to them, `drop` lets one of them ask instead.
    Only the first call counts, so `drop` in a `finally` is right. `verify` asks whoever served the
    hit to ask the model as well, behind the answer, and to tell by `checked` whether it said the
    same. `served` is the model that had given the remembered answer.
    """

    __slots__ = ("_checked", "_drop", "_keep", "hit", "remembered", "served", "status", "verify")

    def __init__(
        self,
        status: CacheStatus,
        hit: Completion | None = None,
        remembered: Remembered | None = None,
        *,
        served: str = "",
        checked: Checked | None = None,
        verify: bool = False,
        keep: Keep | None = None,
        drop: Drop | None = None,
    ) -> None:
        self.status = status
        self.hit = hit
        self.remembered = remembered
        self.served = served
        self.verify = verify
        self._checked = checked
        self._keep = keep
        self._drop = drop

    def keep(self, completion: Completion, served: str, trace_id: str, cost: Micros | None) -> None:
        """The fresh answer, of the model `served`; whether it may be remembered is decided here.
        Never waits.
        """
        keep, self._keep, self._drop = self._keep, None, None
        if keep is not None:
            keep(completion, served, trace_id, cost)

    def drop(self) -> None:
        """There is no answer: it failed, was cut, or the client left."""
        drop, self._keep, self._drop = self._drop, None, None
        if drop is not None:
            drop()

    async def checked(self, same: bool) -> None:
        """What asking anew said of the hit."""
        if self._checked is not None:
            await self._checked(same)
