"""What a fit is made of, how its error is told, and when it is too old."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from msgspec.structs import fields, replace

from learn.test_scoring import SCORER, trace
from teppan.core.chat import ChatRequest, Choice, Completion, say
from teppan.core.ids import Scope
from teppan.core.trace import JOB, Trace
from teppan.estimate.predictor import Labelled
from teppan.learn import assessing
from teppan.learn.assessing import (
    Desk,
    Wanted,
    example,
    fit,
    gathered,
    live,
    outcome_of,
    split,
    staleness,
)
from teppan.learn.gathering import Spoken
from teppan.learn.scoring import Heard, Reviewed

ANNA = Scope("anna", "key_1")
DAY = 86_400.0


@dataclass
class World:
    """Traces and what was said of them, kept in memory: the desk's past, talks and kept."""

    traces: list[Trace] = field(default_factory=list)
    said: dict[str, Spoken] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)

    async def pages(
        self, scope: Scope, since: float, until: float
    ) -> AsyncIterator[Sequence[Trace]]:
        found = [each for each in self.traces if since <= each.started < until]
        found = [each for each in found if each.id in self.said]
        found.sort(key=lambda each: each.started, reverse=True)
        for begin in range(0, len(found), 100):
            yield found[begin : begin + 100]

    async def of_all(self, scope: Scope, traces: Sequence[Trace]) -> dict[str, Spoken]:
        return {each.id: self.said.get(each.id, Spoken()) for each in traces}

    async def put(self, scope: Scope, kind: str, id: str, body: bytes) -> bool:
        self.puts.append(id)
        new = self.bodies.get(kind) != body
        self.bodies[kind] = body
        return new

    async def body(self, scope: Scope, kind: str) -> bytes | None:
        return self.bodies.get(kind)

    def desk(self, **wanted: Any) -> Desk:
        return Desk(self, self, self, SCORER, Wanted(**wanted))


def answered(number: int, hedging: bool, at: float, **more: Any) -> Trace:
    text = "Perhaps adults pay $55, I think." if hedging else "Adults pay $55 for the dinner."
    request = ChatRequest(model="s", messages=(say("user", f"What do adults pay, {number}?"),))
    answer = Completion("m", (Choice(say("assistant", text), "stop"),))
    made = trace(served="vendor/m")
    return replace(
        made,
        **{
            "id": f"tr_{number}",
            "started": at,
            "episode": f"talk_{number // 2}",
            "request": request,
            "answer": answer,
            **more,
        },
    )


def world(many: int, seed: int, *, begin: float = 0.0, turned: bool = False) -> World:
    """Hedging answers are rated well one time of five, the others nine times of ten; `turned` the
    other way round."""
    chance, made = np.random.default_rng(seed), World()
    for number in range(many):
        hedging = bool(chance.random() < 0.4)
        happy = bool(chance.random() < (0.2 if hedging != turned else 0.9))
        each = answered(number + 10_000 * seed, hedging, begin + number * DAY / 100)
        made.traces.append(each)
        made.said[each.id] = Spoken((1.0,) if happy else (0.0,))
    return made


def quiet(done: int, total: int, what: str) -> None:
    return None


async def test_what_people_said_is_predicted_and_its_error_shown():
    made = world(900, 1)
    found = await fit(made.desk(), ANNA, 8 * DAY, 9 * DAY, quiet)
    assert found.refused == ""
    assert found.new
    assert (found.traces, found.examples) == (900, 900)
    error = found.error
    assert error is not None
    assert error.over_constant.low > 0.0
    assert error.ours.auc.value > 0.75
    assert error.ours.ece.value < 0.1
    assert error.ours.answers == pytest.approx(225, abs=5)
    kept = await live(made.desk(), ANNA)
    assert kept is not None
    assert kept.predictor.id == found.id
    assert kept.predictor.decides


async def test_a_fit_run_again_is_the_same_and_not_new():
    made = world(600, 2)
    one = await fit(made.desk(), ANNA, 0.0, 6 * DAY, quiet)
    two = await fit(made.desk(), ANNA, 0.0, 6 * DAY, quiet)
    assert one.id == two.id
    assert (one.new, two.new) == (True, False)


async def test_too_few_are_refused_with_what_is_missing():
    made = world(120, 3)
    found = await fit(made.desk(), ANNA, 0.0, 9 * DAY, quiet)
    assert "200 scored answers are needed, 90 are there" in found.refused
    assert made.puts == []
    assert (await staleness(made.desk(), ANNA, 9 * DAY)).why == "nothing is fitted"


async def test_noise_never_decides():
    chance, made = np.random.default_rng(4), world(900, 4)
    made.said = {each.id: Spoken((1.0 if chance.random() < 0.7 else 0.0,)) for each in made.traces}
    found = await fit(made.desk(), ANNA, 0.0, 9 * DAY, quiet)
    if not found.refused:
        kept = await live(made.desk(), ANNA)
        assert kept is not None
        assert not kept.predictor.decides
        assert abs(kept.error.ours.auc.value - 0.5) < 0.1


async def test_answers_of_which_nothing_outside_is_known_teach_nothing():
    made = world(10, 5)
    made.said = {}
    examples, seen = await gathered(made.desk(), ANNA, 0.0, DAY, quiet)
    assert (examples, seen) == ([], 0)


def test_what_jobs_asked_failed_or_kept_no_words_teaches_nothing():
    desk, told = World().desk(), (1.0,)
    assert example(desk, Heard(trace=answered(1, False, 0.0), ratings=told)) is not None
    for more in ({"status": "failed"}, {"request": None}, {"answer": None}):
        assert example(desk, Heard(trace=answered(1, False, 0.0, **more), ratings=told)) is None


async def test_what_jobs_asked_is_left_out():
    made = World([answered(1, False, 0.0, endpoint=JOB)], {"tr_1": Spoken((1.0,))})
    assert (await gathered(made.desk(), ANNA, 0.0, DAY, quiet))[0] == []


def test_what_is_heard_later_moves_the_label_and_no_figure():
    """Every field of what is heard of an answer but the answer itself."""
    desk = World().desk()
    plain = example(desk, Heard(trace=answered(1, False, 0.0), ratings=(1.0,)))
    assert plain is not None
    later: dict[str, Any] = {
        "before": ["Hello"],
        "after": ["That is terrible, a person please!"],
        "answers": ["Adults pay $60 for the dinner."],
        "ratings": (0.0, 0.0),
        "outcomes": {"abandoned": 1.0},
        "corrected": "Adults pay $60.",
        "reviewed": Reviewed("rejected"),
    }
    assert set(later) == {each.name for each in fields(Heard)} - {"trace"}
    for name, value in later.items():
        heard = Heard(trace=answered(1, False, 0.0), **{"ratings": (1.0,), name: value})
        other = example(desk, heard)
        assert other is not None
        assert replace(other, good=plain.good) == plain


def test_a_reviewed_answer_counts_without_a_rating():
    desk = World().desk()
    heard = Heard(trace=answered(1, False, 0.0), reviewed=Reviewed("rejected"))
    found = example(desk, heard)
    assert found is not None
    assert found.good == 0.0


def labelled_at(group: str, at: float) -> Labelled:
    return Labelled(figures={}, marks=(), model="m", good=1.0, group=group, at=at)


def test_a_conversation_is_on_one_side_of_the_cut_and_later_ones_began_later():
    rows = [labelled_at(f"g{number % 9}", float(number)) for number in range(90)]
    earlier, later = split(rows)
    assert not {each.group for each in earlier} & {each.group for each in later}
    began = {
        group: min(e.at for e in rows if e.group == group) for group in {r.group for r in rows}
    }
    assert max(began[each.group] for each in earlier) < min(began[each.group] for each in later)
    assert len(earlier) + len(later) == 90


async def test_a_fit_that_still_tells_what_comes_is_not_stale():
    made = world(600, 6)
    await fit(made.desk(), ANNA, 0.0, 6 * DAY, quiet)
    more = world(400, 7, begin=6 * DAY)
    made.traces += more.traces
    made.said |= more.said
    found = await staleness(made.desk(), ANNA, 20 * DAY)
    assert (found.stale, found.answers) == (False, 400)
    assert found.error is not None
    assert found.error.auc.value > 0.75


async def test_a_fit_whose_relation_turned_round_is_stale():
    made = world(600, 8)
    await fit(made.desk(), ANNA, 0.0, 6 * DAY, quiet)
    more = world(400, 9, begin=6 * DAY, turned=True)
    made.traces += more.traces
    made.said |= more.said
    found = await staleness(made.desk(), ANNA, 20 * DAY)
    assert found.stale
    assert found.gain is not None
    assert found.gain.high < 0.0


async def test_few_answers_tell_nothing_of_its_age():
    made = world(600, 10)
    await fit(made.desk(), ANNA, 0.0, 6 * DAY, quiet)
    found = await staleness(made.desk(), ANNA, 20 * DAY)
    assert not found.stale
    assert "tell how it does" in found.why


async def test_only_the_newest_are_taken():
    made = world(500, 11)
    examples, seen = await gathered(made.desk(most=150), ANNA, 0.0, 9 * DAY, quiet)
    assert (len(examples), seen) == (150, 200)
    assert min(each.at for each in examples) == pytest.approx(350 * DAY / 100)


async def test_progress_is_told():
    told: list[int] = []
    made = world(250, 12)
    await gathered(made.desk(), ANNA, 0.0, 9 * DAY, lambda done, total, what: told.append(done))
    assert told == [100, 200, 250]


def test_the_state_is_called_as_serving_asks_for_it():
    assert assessing.predictor.STATE == "predictor"


@pytest.mark.parametrize(
    ("told", "good"),
    [
        ({"ratings": (1.0,)}, True),
        ({"ratings": (0.75,)}, True),
        ({"ratings": (0.5,)}, False),
        ({"outcomes": {"booking": 1.0}}, True),
        ({"outcomes": {"abandoned": 1.0}}, False),
        ({"ratings": (1.0,), "outcomes": {"abandoned": 1.0}}, False),
        ({"ratings": (0.0,), "reviewed": Reviewed("approved")}, True),
        ({"ratings": (1.0,), "corrected": "It is $60."}, False),
        ({}, None),
        ({"after": ["Great, thank you!"]}, None),
    ],
)
def test_good_is_what_people_said_and_what_came_of_it(told, good):
    heard = Heard(trace=answered(1, False, 0.0), **told)
    assert outcome_of(World().desk(), heard) is good


def test_what_an_answer_is_made_of_is_no_label():
    """Off topic, slow and long: a score knows, but a fit would only find its own figures again."""
    text = Completion("m", (Choice(say("assistant", "Other things. " * 300), "stop"),))
    off = answered(1, False, 0.0, answer=text, latency=300.0)
    assert outcome_of(World().desk(), Heard(trace=off, ratings=(1.0,))) is True
