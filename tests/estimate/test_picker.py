"""The picker learns what judges preferred, and says nothing where it has learned nothing."""

from __future__ import annotations

import random

import msgspec

from teppan.estimate import picker
from teppan.estimate.picker import Judged, Picker, shown


def simulated(count: int) -> list[Judged]:
    """Model `a` is better than `b`; whoever refuses is bad."""
    chance = random.Random(7)
    judged = []
    for number in range(count):
        replies, scores = [], []
        for model, quality in (("a", 0.7), ("b", 0.5)):
            refuses = chance.random() < 0.3
            text = "Sorry, I cannot help." if refuses else f"Here is what I know about {number}."
            replies.append((model, text))
            scores.append(0.1 if refuses else quality)
        judged.append(Judged(f"Tell me about {number}", tuple(replies), tuple(scores)))
    return judged


def test_the_better_model_is_picked_unless_it_refuses() -> None:
    fitted = picker.fit(simulated(100))
    assert fitted is not None
    a, b = fitted.scores("Tell me about 7", [("a", "Here is what I know."), ("b", "Here it is.")])
    assert a > b
    a, b = fitted.scores("Tell me about 7", [("a", "Sorry, I cannot."), ("b", "Here it is.")])
    assert b > a


def test_the_favourite_stands_where_its_rivals_are_only_lucky() -> None:
    """Every text is alike and `sure` is the best on the whole: whoever else is picked is luck."""
    chance = random.Random(3)
    judged = [
        Judged(
            f"Question {number}",
            tuple(
                (model, f"{'word ' * chance.randint(5, 60)}.") for model in ("sure", "x", "y", "z")
            ),
            (0.5, *(float(chance.random() < 0.47) for _ in range(3))),
        )
        for number in range(200)
    ]
    fitted = picker.fit(judged)
    assert fitted is not None
    assert (fitted.favourite, fitted.head_start > 0.0) == ("sure", True)
    picks = [
        each.replies[fitted.pick(each.replies, fitted.scores("?", each.replies))] for each in judged
    ]
    assert sum(model == "sure" for model, _ in picks) > 150


def test_a_model_never_seen_is_an_average_one() -> None:
    fitted = picker.fit(simulated(100))
    assert fitted is not None
    text = "Here is what I know about this."
    a, new, b = fitted.scores("Tell me", [("a", text), ("new", text), ("b", text)])
    assert a > new > b


def test_too_few_examples_teach_nothing_and_the_state_survives_json() -> None:
    assert picker.fit(simulated(3)) is None
    fitted = picker.fit(simulated(40))
    assert msgspec.json.decode(msgspec.json.encode(fitted), type=Picker) == fitted


def test_figures_exist_for_any_number_of_texts() -> None:
    assert shown("question", []) == []
    assert len(shown("question", [""])) == 1
