"""How the learning road asks models: by a function it is handed, each step named and paid for once.

    asked = await ask(scope, "support", messages, key="night/2026-11-28/lesson/tr_1")

The name of a step says all that its answer depends on: who asks under it again, in whatever
process and after whatever end, gets the answer that is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from teppan.core.chat import Json, Message
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.core.trace import Trace
from teppan.store.paid import NOBODY, About

__all__ = ["NOBODY", "About", "Ask", "Asked"]


class Asked(Struct, frozen=True):
    """All that happened for a question; `again` when it had been paid for before."""

    trace: Trace
    again: bool = False

    @property
    def text(self) -> str:
        return self.trace.answer.text if self.trace.answer is not None else ""

    @property
    def cost(self) -> Micros | None:
        """What it cost when it was paid for; `None` where a price is unknown."""
        return self.trace.cost


class Ask(Protocol):
    async def __call__(
        self,
        scope: Scope,
        model: str,
        messages: Sequence[Message],
        *,
        key: str,
        about: About = NOBODY,
        schema: Mapping[str, Json] | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Asked:
        """The whole answer of a real or virtual model, durable before it is handed over.

        `key` names the step within the tenant, `about` whose words are in it. With `schema` the
        answer is JSON valid for it, as far as the model obeys: check it. Raises a `TeppanError` as
        the gateway does; what was answered by then is remembered for the next try.
        """
