"""A planted relation is found and calibrated; noise gives the base rate."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from teppan.estimate import predictor
from teppan.estimate.confidence import expected_calibration_error
from teppan.estimate.predictor import FEWEST, Predictor, fit, labelled, missing
from teppan.estimate.seen import Seen, features
from teppan.learn.evals.chances import auc, errors

TASKS = ("menu", "price")
MODELS = ("a/small", "b/large")


def seen(chance, number):
    hedging = chance.random() < 0.4
    share = float(chance.random())
    return Seen(
        question=f"What about number {number % 7}?",
        text="Perhaps it is so, I think." if hedging else "It is so, and " * 3,
        model=MODELS[number % 2],
        task_type=TASKS[int(chance.integers(2))],
        share=share if number % 3 else None,
    )


def truth(each: Seen) -> float:
    """The planted relation: hedging, the model, a vote where one was held, and a weak pair."""
    odds = 1.2 - 2.0 * ("Perhaps" in each.text) - 1.0 * (each.model == "a/small")
    odds += 2.0 * (each.share - 0.5) if each.share is not None else 0.0
    odds -= 1.0 if each.model == "a/small" and each.task_type == "price" else 0.0
    return 1.0 / (1.0 + math.exp(-odds))


def planted(many, seed, *, noise=False):
    chance = np.random.default_rng(seed)
    found = []
    for number in range(many):
        each = seen(chance, number)
        rate = 0.7 if noise else truth(each)
        good = float(chance.random() < rate)
        found.append((labelled(each, good, f"talk {number // 2}", float(number)), rate, each))
    return found


@pytest.fixture(scope="module")
def fitted() -> Predictor:
    made = fit([each for each, _, _ in planted(2000, 1)])
    assert made is not None
    return made


def test_a_planted_relation_is_found_and_calibrated(fitted):
    later = planted(3000, 2)
    stated = [fitted.of(each) for _, _, each in later]
    good = [each.good for each, _, _ in later]
    rates = [rate for _, rate, _ in later]
    assert expected_calibration_error(stated, good) < 0.04
    assert float(np.abs(np.array(stated) - np.array(rates)).mean()) < 0.06
    best = auc(np.array(rates), np.array(good))
    assert auc(np.array(stated), np.array(good)) > best - 0.02


def test_noise_gives_the_base_rate():
    made = fit([each for each, _, _ in planted(2000, 3, noise=True)])
    later = planted(2000, 4, noise=True)
    stated = np.array([made.of(each) for _, _, each in later])
    good = np.array([each.good for each, _, _ in later])
    assert float(stated.mean()) == pytest.approx(0.7, abs=0.03)
    assert float(stated.std()) < 0.08
    assert auc(stated, good) == pytest.approx(0.5, abs=0.05)


def test_what_is_missing_has_a_weight_of_its_own():
    """Answers without a vote are the bad ones here: that alone must tell them."""
    chance = np.random.default_rng(5)
    rows = []
    for number in range(600):
        held = bool(chance.random() < 0.5)
        each = Seen(question="q?", text="so it is.", model="m", share=0.6 if held else None)
        good = float(chance.random() < (0.9 if held else 0.2))
        rows.append(labelled(replace(each, share=each.share), good, f"g{number}"))
    made = fit([*rows, labelled(Seen(question="q", text="so.", model="m", share=0.9), 1.0, "z")])
    held = Seen(question="q?", text="so it is.", model="m", share=0.6)
    assert made.of(held) > 0.8
    assert made.of(replace(held, share=None)) < 0.3


def test_too_few_examples_are_refused_and_counted():
    few = [each for each, _, _ in planted(FEWEST - 1, 6)]
    assert fit(few) is None
    assert f"{FEWEST} scored answers are needed, {FEWEST - 1} are there" in missing(few)
    all_good = [replace(each, good=1.0) for each, _, _ in planted(FEWEST, 6)]
    assert fit(all_good) is None
    assert "bad ones are needed, 0 are there" in missing(all_good)


def test_a_state_is_read_back_as_it_was(fitted):
    again = msgspec.json.decode(msgspec.json.encode(fitted), type=Predictor)
    assert again == fitted
    assert again.id == fitted.id
    assert fitted.id.startswith("fit_")


def test_the_same_examples_give_the_same_state(fitted):
    assert fit([each for each, _, _ in planted(2000, 1)]).id == fitted.id


def test_a_state_holds_no_words(fitted):
    text = msgspec.json.encode(fitted).decode()
    assert "What about" not in text
    assert "number" not in text
    assert all(mark.partition("=")[2].isdigit() for mark in fitted.marks if "word=" in mark)


def test_marks_of_one_conversation_teach_nothing():
    rows = [each for each, _, _ in planted(600, 7)]
    rare = [replace(each, marks=("task=secret",), group="one") for each in rows[:50]]
    assert "task=secret" not in fit([*rows, *rare]).marks


def test_words_count_only_where_they_help():
    """Questions that never come again must not be learned by heart."""
    chance = np.random.default_rng(8)
    rows = []
    for number in range(400):
        text = " ".join(f"w{int(each)}" for each in chance.integers(0, 60, 12))
        each = Seen(question=text, text="so it is.", model="m")
        rows.append(labelled(each, float(chance.random() < 0.5), f"g{number}"))
    words = [weight for mark, weight in fit(rows).marks.items() if mark.startswith("word=")]
    assert max(map(abs, words), default=0.0) < 0.3


json = st.floats(allow_nan=True, allow_infinity=True)


@given(st.text(), st.text(), st.text(max_size=9), json | st.none(), st.integers(0, 9))
def test_any_answer_has_a_probability(fitted, question, text, model, share, turns):
    each = Seen(question=question, text=text, model=model, share=None, turns=turns)
    if share is not None and math.isfinite(share):
        each = replace(each, share=share, similarity=share)
    assert 0.0 <= fitted.of(each) <= 1.0
    assert 0.0 <= fitted.raw(*features(each), each.model) <= 1.0


def test_intervals_hold_what_they_measure():
    later = planted(1500, 9)
    rates = [rate for _, rate, _ in later]
    found = errors(rates, [each.good for each, _, _ in later], [each.group for each, _, _ in later])
    expected = float(np.mean([rate * (1.0 - rate) for rate in rates]))
    assert found.brier.low < expected < found.brier.high
    assert found.auc.low < found.auc.value < found.auc.high
    assert found.answers == 1500


def test_whole_conversations_are_kept_out_together():
    rows = [each for each, _, _ in planted(400, 10)]
    copies = [replace(each, group=each.group) for each in rows]
    assert fit([*rows, *copies]).examples == 800
    assert predictor.missing(rows) == ""
