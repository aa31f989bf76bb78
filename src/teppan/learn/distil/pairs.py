"""What a shadow model said beside an answer -> an example of which of the two to prefer.

    the served answer's example ── chosen         the teacher's words, or those of who corrected it
    the shadow's answer         ── rejected       the student's, where it is worse

The student's is worse when it breaks a rule that the teacher's keeps, or when it contradicts an
answer that is known to be good. Where it only says it differently there is nothing to prefer, and
the served answer is an example by itself already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import Message
from teppan.core.ids import Scope, content_hash
from teppan.core.signal import Signal
from teppan.learn.distil import same
from teppan.store.shadow_words import ShadowSaid

LATE = 7 * 86_400.0
"""Seconds for which a pair is looked at again: people say later what they think of an answer."""
PAGE = 200

Report = Callable[[int, int, str], None]
Breaks = Callable[[Sequence[Message], str], bool]
"""Whether an answer to a conversation breaks the rules of the business, as code checks them."""


class Said(Protocol):
    async def list(
        self, scope: Scope, *, since: float, until: float, after: str, limit: int
    ) -> Sequence[ShadowSaid]: ...


class Examples(Protocol):
    async def get(self, scope: Scope, trace_id: str) -> Signal | None: ...

    async def put(self, scope: Scope, made: Sequence[Signal]) -> int: ...

    async def drop(self, scope: Scope, trace_ids: Sequence[str]) -> int: ...


class PairDesk(Struct, frozen=True):
    """What the stage works with."""

    said: Said
    signals: Examples
    breaks: Breaks | None = None


class Paired(Struct, frozen=True):
    """Shadow answers that were looked at, the pairs that stand now, how many of them are new, and
    those that were pairs and are no more."""

    looked_at: int = 0
    pairs: int = 0
    new: int = 0
    dropped: int = 0


async def pairs(desk: PairDesk, scope: Scope, since: float, until: float, report: Report) -> Paired:
    """Makes pairs of what shadows said in `[since, until)`, and looks at those of the week before
    again. It may be cut anywhere and run again: a pair is one row. Raises `StoreError`."""
    total, after = Paired(), ""
    while True:
        page = await desk.said.list(
            scope, since=min(since, until - LATE), until=until, after=after, limit=PAGE
        )
        made, gone = [], []
        for said in page:
            taught = await desk.signals.get(scope, said.trace_id)
            pair = pair_of(said, taught, desk.breaks)
            if pair is None:
                gone.append(said.id)
            else:
                made.append(pair)
        new = await desk.signals.put(scope, made)
        dropped = await desk.signals.drop(scope, gone)
        total = Paired(
            total.looked_at + len(page),
            total.pairs + len(made),
            total.new + new,
            total.dropped + dropped,
        )
        report(total.looked_at, total.looked_at, "shadow answers")
        if len(page) < PAGE:
            return total
        after = page[-1].id


def pair_of(said: ShadowSaid, taught: Signal | None, breaks: Breaks | None = None) -> Signal | None:
    """The pair that a shadow's answer makes with the example of the served one, whose quality and
    reasons it shares; `None` where there is no such example, or nothing to prefer."""
    if taught is None or not worse(said, taught, breaks):
        return None
    return replace(
        taught,
        id=f"sig_{content_hash(said.id.encode())[:26]}",
        trace_id=said.id,
        rejected=(said.text,),
        cost=None,
        provenance=replace(taught.provenance, source="shadow"),
        at=said.at,
    )


def worse(said: ShadowSaid, taught: Signal, breaks: Breaks | None = None) -> bool:
    """Whether the student's answer is worse than the one that is taught."""
    question = next((each.text for each in reversed(taught.messages) if each.role == "user"), "")
    if said.same or same.same(question, taught.chosen, said.text):
        return False
    if breaks is not None and breaks(taught.messages, said.text):
        return not breaks(taught.messages, taught.chosen)
    good = taught.trains or taught.truth is not None
    return good and same.against(question, taught.chosen, said.text)
