"""What remembers how far a job has come, behind an interface: `dbos.py` is the one that is used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from msgspec import Struct


class Step(Struct, frozen=True):
    """One part of a run. What `act` returns is JSON."""

    name: str
    act: Callable[[], Awaitable[Any]]


class StepsFailed(Exception):
    """Some steps of a run failed; `causes` says which, and how."""

    def __init__(self, causes: Sequence[tuple[str, BaseException]]) -> None:
        super().__init__("; ".join(f"{name}: {cause}" for name, cause in causes))
        self.causes = tuple(causes)


class JobBackend(Protocol):
    """Runs steps so that each is done to its end once, in whatever process.

    Whoever calls holds the job's lease: at any time a name is run by one process at most.
    """

    async def run(self, name: str, steps: Sequence[Step], *, thorough: bool = False) -> list[Any]:
        """What the steps returned, in their order; those that were done before are not done again.

        A result is durable before the next step begins. A step that raises is not remembered: it
        ends the run with `StepsFailed`, after the other steps when the run is `thorough`. When
        the caller is cancelled, the step that runs is, and not remembered. Raises `StoreError`.
        """

    async def forget(self, name: str) -> None:
        """The run is over: what was remembered of it is no longer needed."""

    async def close(self) -> None: ...
