"""Past answers with what became of them: read in pages, scored, the newest first.

Examples (`signals`) keep only what may be learned from; here also the failures count, so the traces
themselves are scored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.core.chat import ChatRequest
from teppan.core.ids import Scope
from teppan.core.signal import Score
from teppan.core.trace import JOB, Trace
from teppan.learn.gathering import Spoken, heard_in, newest_first
from teppan.learn.lessons.desk import Desk
from teppan.learn.links import Following, Links
from teppan.learn.scoring import Heard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAGE = 200
SURE = 0.5
QUESTION = 2_000


class Seen(Struct, frozen=True):
    """One answer of the past, and how good it was."""

    trace: Trace
    heard: Heard
    score: Score
    intent: str = ""

    @property
    def request(self) -> ChatRequest:
        assert self.trace.request is not None
        return self.trace.request

    @property
    def question(self) -> str:
        return self.request.question[:QUESTION]

    def told(self, known: float) -> bool:
        """Whether enough is known of it: so much of its score, or what capped it."""
        return self.score.known >= known or bool(self.score.capped)

    @property
    def answer(self) -> str:
        return self.trace.answer.text if self.trace.answer is not None else ""

    @property
    def place(self) -> str:
        """The conversation it belongs to."""
        return self.trace.episode or self.trace.id


async def seen(desk: Desk, scope: Scope, since: float, until: float) -> AsyncIterator[list[Seen]]:
    """The answers of a time, a page at a time, at most `look` of them. Raises `StoreError`.

    Answers of jobs, of agents, from memory, without words or unfinished are left out.
    """
    before: str | None = None
    left, links = desk.policy.look, Links()
    while left > 0:
        page = await desk.traces.list(scope, limit=min(PAGE, left), before=before)
        left -= len(page)
        after = {each.id: links.before(each) for each in newest_first(page) if each.endpoint != JOB}
        wanted = [
            each for each in page if since <= each.started < until and _tells(each, desk.models)
        ]
        said = await desk.talk.of_all(scope, wanted)
        found: list[Seen] = []
        for each in wanted:
            found.append(_seen(desk, each, after.get(each.id), said.get(each.id, Spoken())))
            await asyncio.sleep(0)  # the night may run beside answers: they go first
        if found:
            yield found
        if len(page) < PAGE or page[-1].started < since:
            return
        before = page[-1].id


def _tells(trace: Trace, models: Sequence[str]) -> bool:
    if trace.request is None or trace.answer is None or trace.status != "ok":
        return False
    if trace.endpoint == JOB or trace.remembered is not None:
        return False
    return trace.asked in models and bool(trace.answer.text.strip())


def _seen(desk: Desk, trace: Trace, after: Following | None, said: Spoken) -> Seen:
    assert trace.request is not None
    heard = heard_in(trace, after.question if after is not None else None, said)
    intent, probability = desk.intent_of(trace.request.question) if desk.intent_of else ("", 0.0)
    return Seen(trace, heard, desk.scorer.score(heard), intent if probability >= SURE else "")


async def vectors(desk: Desk, cases: Sequence[Seen]) -> NDArray[np.float32]:
    return await desk.embedder.embed([each.question for each in cases])


def distinct(
    cases: Sequence[Seen], rows: NDArray[np.float32], alike: float, given: int
) -> list[int]:
    """Places of the cases that are no more alike than so to those before them; the first `given`
    are there already, and none of the places."""
    kept = list(range(given))
    for at in range(given, len(cases)):
        if not kept or float((rows[kept] @ rows[at]).max()) < alike:
            kept.append(at)
    return kept[given:]
