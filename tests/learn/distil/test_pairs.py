"""A shadow's answer that is worse than the served one makes a pair, once, and no other does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from distil_desk import SCOPE, Shelf, quiet
from teppan.core.chat import Message, say
from teppan.core.ids import Scope
from teppan.core.signal import Provenance, Score, Signal
from teppan.learn.distil.pairs import LATE, PairDesk, pair_of, pairs
from teppan.store.shadow_words import ShadowSaid

TAUGHT = Signal(
    id="sig_1",
    tenant="anna",
    trace_id="tr_1",
    episode="ep",
    user="u1",
    messages=(say("user", "What do 12 adults pay?"),),
    chosen="12 adults pay $660.",
    score=Score(0.95),
    provenance=Provenance("a/large", "free"),
)
WRONG = ShadowSaid(
    id="tr_s",
    trace_id="tr_1",
    model="b/small",
    text="It is $605.",
    likeness=0.5,
    same=False,
    at=9.0,
)


def breaks(messages: Sequence[Message], text: str) -> bool:
    return "guarantee" in text


@pytest.mark.parametrize(
    ("said", "taught", "worse"),
    [
        (WRONG, TAUGHT, True),
        (replace(WRONG, text="They pay $660."), TAUGHT, False),
        (replace(WRONG, same=True), TAUGHT, False),
        (replace(WRONG, text="Please call us."), TAUGHT, False),
        (WRONG, replace(TAUGHT, blocked=("no good outcome",)), False),
        (WRONG, replace(TAUGHT, blocked=("x",), truth="$660"), True),
        (replace(WRONG, text="We guarantee it."), replace(TAUGHT, blocked=("x",)), True),
        (
            replace(WRONG, text="We guarantee it."),
            replace(TAUGHT, chosen="It is $660, we guarantee that."),
            False,
        ),
        (WRONG, None, False),
    ],
)
def test_a_student_is_worse_when_it_contradicts_what_is_good_or_breaks_a_rule(
    said: ShadowSaid, taught: Signal | None, worse: bool
) -> None:
    pair = pair_of(said, taught, breaks)
    assert (pair is not None) == worse
    if pair is not None:
        assert taught is not None
        assert (pair.chosen, pair.rejected) == (taught.chosen, (said.text,))
        assert (pair.trace_id, pair.provenance.source) == ("tr_s", "shadow")
        assert (pair.user, pair.episode, pair.blocked) == ("u1", "ep", taught.blocked)


class Said:
    def __init__(self, *said: ShadowSaid) -> None:
        self.said = said

    async def list(
        self, scope: Scope, *, since: float, until: float, after: str, limit: int
    ) -> Sequence[ShadowSaid]:
        found = [each for each in self.said if since <= each.at < until and each.id > after]
        return sorted(found, key=lambda each: each.id)[:limit]


class Examples(Shelf):
    async def get(self, scope: Scope, trace_id: str) -> Signal | None:
        return self.kept.get(trace_id)


async def test_the_stage_makes_each_pair_once_and_takes_back_what_is_one_no_more() -> None:
    examples = Examples()
    many = [replace(WRONG, id=f"tr_s{at:03}", at=LATE + at) for at in range(450)]
    desk = PairDesk(Said(*many), examples)
    await examples.put(SCOPE, [TAUGHT])
    first = await pairs(desk, SCOPE, LATE, LATE + 1_000, quiet)
    assert (first.looked_at, first.pairs, first.new) == (450, 450, 450)
    assert (await pairs(desk, SCOPE, LATE, LATE + 1_000, quiet)).new == 0
    assert len(examples.kept) == 451
    await examples.put(SCOPE, [replace(TAUGHT, blocked=("nobody liked it",))])
    last = await pairs(desk, SCOPE, LATE + 900, LATE + 1_000, quiet)  # and the week before it
    assert (last.pairs, last.dropped, len(examples.kept)) == (0, 450, 1)
