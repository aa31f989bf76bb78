"""Questions that are nearly the same are found; variations by code and by a model are checked."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil_desk import ENGLISH, Leaks, NoLeaks, task
from teppan.learn.distil import expanding
from teppan.learn.distil.alike import Alike
from teppan.learn.distil.expanding import Check, Refusals
from teppan.learn.distil.numbers import vary
from teppan.routing.language import Languages

SEED = task("How much is dinner for 12 adults on December 24?", language="en")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("How much for 12 adults?", "how much for 12 adults", True),
        ("Please, how much is dinner for 12 adults?", "How much is the dinner for 12 adults", True),
        ("How much for 12 adults?", "How much for 14 adults?", False),
        ("Do you come to Davis?", "Is gyoza on the menu?", False),
        ("大人12名でいくらですか", "大人14名でいくらですか", False),
        ("大人12名でいくらですか", "大人12名で、いくらですか。", True),
    ],
)
def test_other_words_for_the_same_are_found_and_other_numbers_are_another_question(
    one: str, other: str, same: bool
) -> None:
    known = Alike()
    known.add(one, "the first")
    assert (known.find(other) == "the first") == same


words = st.lists(st.sampled_from("ab cd ef gh ij kl mn op qr st".split()), min_size=1, max_size=10)


@given(st.lists(words, max_size=12), words)
def test_what_is_found_by_its_rarest_words_is_what_is_found_by_looking_at_all(
    known: list[list[str]], asked: list[str]
) -> None:
    among = Alike(" ".join(each) for each in known)
    wanted = set(asked)
    near = any(len(set(each) & wanted) >= 0.85 * len(set(each) | wanted) for each in known)
    assert (among.find(" ".join(asked)) is not None) == near


@pytest.mark.parametrize(
    "text",
    [
        "Call me at (916) 555-0123",
        "Are you open 24/7?",
        "Is it 1/2 price in 95814?",
        "My order A4-123 from 2024",
        "What do adults pay?",
        "I have 1 question",
    ],
)
def test_what_names_a_thing_is_left_alone(text: str) -> None:
    assert vary(text, 5) == []


def test_people_days_hours_and_prices_become_others() -> None:
    for new in vary("A quote for 12 adults on December 24 at 7pm under $1,100 (12人、12月24日)", 5):
        found = re.fullmatch(
            r"A quote for (\d+) adults on December (\d+) at (\d+)pm under \$([\d,]+) "
            r"\((\d+)人、12月(\d+)日\)",
            new,
        )
        assert found is not None
        adults, day, hour, price = (int(each.replace(",", "")) for each in found.groups()[:4])
        assert adults >= 2
        assert 1 <= day <= 28
        assert 1 <= hour <= 12
        assert price % 100 == 0


@given(st.text(max_size=120), st.integers(1, 6))
def test_variations_are_others_and_the_same_each_time(text: str, count: int) -> None:
    made = vary(text, count)
    assert len(made) <= count
    assert len({text, *made}) == len(made) + 1
    assert made == vary(text, count)
    bare = re.compile(r"[\d,.]+")
    assert all(bare.sub("", each) == bare.sub("", text) for each in made)


def check(*evaluated: str, languages: Languages = ENGLISH) -> Check:
    known = Alike()
    known.add(SEED.question)
    return Check(known, Leaks(*evaluated) if evaluated else NoLeaks(), languages)


def written(*texts: str) -> str:
    return json.dumps(
        {"messages": [{"number": at, "text": text} for at, text in enumerate(texts, start=1)]}
    )


def test_what_a_model_writes_is_a_task_of_its_own_without_the_answer_of_its_seed() -> None:
    wanted, refused = expanding.wishes(SEED, 2), Refusals()
    seed = task(SEED.question, reference="$660", intent="pricing", user="u1", trace_id="tr_9")
    text = "```json\n" + written("Price of a meal for 12 grown-ups, Dec 24?") + "\n```"
    (made,) = expanding.read(text, seed, wanted, check(), refused)
    assert (made.made, made.reference, made.intent) == ("paraphrase", "", "pricing")
    assert (made.seed, made.user, made.trace_id) == (seed.content, "u1", "tr_9")
    assert refused == Refusals()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("How much is dinner for 14 adults on December 24?", "numbers"),
        ("how much is a dinner for 12 adults on December 24", "known"),
        ("Dinner, 12 of us, on December 24?", "leaking"),
        ("", "unread"),
    ],
)
def test_what_is_no_new_question_about_the_same_is_counted_and_left_out(
    text: str, reason: str
) -> None:
    refused = Refusals()
    known = check("Dinner, 12 of us, on December 24?")
    wanted = expanding.wishes(SEED, 1)
    assert expanding.read(written(text), SEED, wanted, known, refused) == []
    assert getattr(refused, reason) == 1


@pytest.mark.parametrize("text", ["no JSON", '{"messages": [{"number": 9, "text": "a"}]}', "[]"])
def test_what_cannot_be_read_gives_nothing(text: str) -> None:
    refused = Refusals()
    assert expanding.read(text, SEED, expanding.wishes(SEED, 1), check(), refused) == []
    assert refused.unread == 1


def test_a_wish_for_another_language_is_held_to_it() -> None:
    both = Languages(("en", "es"))
    both.load()
    wanted = [each for each in expanding.wishes(SEED, 3, ("es",)) if each.language == "es"]
    refused = Refusals()
    spanish = "¿Cuánto cuesta una cena para 12 adultos el 24 de diciembre?"
    english = "What would a dinner cost us, with 12 adults on the 24 of December?"
    (made,) = expanding.read(written(spanish), SEED, wanted, check(languages=both), refused)
    assert made.language == "es"
    assert expanding.read(written(english), SEED, wanted, check(languages=both), refused) == []
    assert refused.language == 1


def test_the_prompt_holds_the_question_and_every_wish() -> None:
    wanted = expanding.wishes(SEED, 3, ("es",))
    (message,) = expanding.prompt(SEED, wanted)
    assert SEED.question in message.text
    assert all(each.told in message.text for each in wanted)
    assert expanding.key(SEED, wanted, "a/b") != expanding.key(SEED, wanted, "a/c")
