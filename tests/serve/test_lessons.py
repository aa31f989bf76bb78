"""Lessons go to the questions they bear on, as advice behind the prompt, but for chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from teppan.core.chat import ChatRequest, say
from teppan.core.errors import ConfigError
from teppan.core.ids import Scope
from teppan.knowledge.lessons import Measure, block, told
from teppan.providers.embed import HashingEmbedder
from teppan.serve.lessons import LiveLessons, NoLessons
from teppan.store.lesson_rows import Lesson, Live

ANNA, BEN = Scope("anna", "a"), Scope("ben", "b")
MEASURE = Measure(most=2, floor=0.3, kin=0.1, letters=300)


def live(id: str, rule: str, *texts: str, **more: Any) -> Live:
    return Live(Lesson(id=id, model="support", rule=rule, origin="tr_1", **more), (rule, *texts))


TRAVEL = live("les_1", "Name the fee for each mile.", "What does travel to Ulm cost?")
DEPOSIT = live("les_2", "Say that a deposit is due.", "Is a deposit needed to book?")


class Book:
    def __init__(self, lives: Sequence[Live] = (TRAVEL, DEPOSIT)) -> None:
        self.lives = tuple(lives)
        self.looked = 0

    def live(self, scope: Scope) -> tuple[Live, ...]:
        self.looked += 1
        return self.lives if scope == ANNA else ()

    def version(self, scope: Scope) -> str:
        return "v1" if scope == ANNA else ""


def lessons(book: Book, *, luck: float = 0.99, **more: Any) -> LiveLessons:
    made = {"measure": MEASURE, "withhold": 0.1, "chance": lambda: luck, **more}
    return LiveLessons(book, made.pop("embedder", HashingEmbedder()), **made)


def ask(question: str, **more: Any) -> tuple[ChatRequest, ChatRequest]:
    asked = ChatRequest(model="support", messages=(say("user", question),), **more)
    prompt = say("system", "You are kind. Prices are facts.")
    return ChatRequest(model="support", messages=(prompt, *asked.messages)), asked


async def test_a_question_gets_what_bears_on_it_behind_the_prompt() -> None:
    given = await lessons(Book()).give(*ask("What does travel to Jena cost?"), ANNA)
    assert (given.lessons, given.withheld) == (("les_1",), ())
    roles = [each.role for each in given.request.messages]
    assert roles == ["system", "system", "user"]
    assert "- [les_1] Name the fee for each mile." in given.request.messages[1].text
    assert "les_2" not in given.request.messages[1].text


async def test_others_get_none() -> None:
    request, asked = ask("Do you have music?")
    assert (await lessons(Book()).give(request, asked, ANNA)).request is request
    request, asked = ask("What does travel to Jena cost?")
    assert (await lessons(Book()).give(request, asked, BEN)).request is request
    other = ChatRequest(model="other", messages=asked.messages)
    assert (await lessons(Book()).give(request, other, ANNA)).request is request


async def test_by_chance_all_of_them_are_held_back_and_that_is_told() -> None:
    request, asked = ask("What does travel to Jena cost?")
    given = await lessons(Book(), luck=0.05).give(request, asked, ANNA)
    assert given.request is request
    assert (given.lessons, given.withheld) == ((), ("les_1",))


async def test_a_conversation_is_decided_once() -> None:
    serving = lessons(Book(), withhold=0.5)
    for number in range(40):
        request, asked = ask("What does travel to Jena cost?", episode=f"ep_{number}")
        found = {bool((await serving.give(request, asked, ANNA)).lessons) for _ in range(3)}
        assert len(found) == 1


async def test_the_share_held_back_is_the_share_wanted() -> None:
    serving, held = lessons(Book(), withhold=0.1), 0
    for number in range(1000):
        request, asked = ask("What does travel to Jena cost?", episode=f"ep_{number}")
        held += bool((await serving.give(request, asked, ANNA)).withheld)
    assert 60 <= held <= 145


async def test_intent_and_language_limit_where_a_lesson_goes() -> None:
    asks = "What does travel cost?"
    priced = live("les_1", "Name the fee.", asks, intent="pricing")
    book = Book([priced, live("les_2", "Name the fee, please.", asks, language="de")])
    request, asked = ask("What does travel cost?")
    sure = lessons(book, intent_of=lambda text: ("pricing", 0.9))
    unsure = lessons(book, intent_of=lambda text: ("pricing", 0.2))
    assert (await sure.give(request, asked, ANNA, "en")).lessons == ("les_1",)
    assert (await unsure.give(request, asked, ANNA, "en")).lessons == ()
    assert (await sure.give(request, asked, ANNA, "de")).lessons == ("les_1", "les_2")


async def test_there_are_never_more_than_so_many_nor_longer_than_so_much() -> None:
    many = [live(f"les_{n}", f"Name the fee for mile {n}.", "What does travel cost?")
            for n in range(9)]  # fmt: skip
    given = await lessons(Book(many)).give(*ask("What does travel cost?"), ANNA)
    assert len(given.lessons) == 2
    short = Measure(most=9, floor=0.3, letters=60)
    given = await lessons(Book(many), measure=short).give(*ask("What does travel cost?"), ANNA)
    assert len(given.lessons) == 2


async def test_without_lessons_nothing_is_embedded() -> None:
    class Never(HashingEmbedder):
        async def embed(self, texts: Any, observe: Any = None) -> Any:
            raise AssertionError

    request, asked = ask("What does travel to Jena cost?")
    assert (await lessons(Book(), embedder=Never()).give(request, asked, BEN)).lessons == ()
    other = ChatRequest(model="other", messages=asked.messages)
    assert (await lessons(Book(), embedder=Never()).give(request, other, ANNA)).lessons == ()


async def test_when_they_cannot_be_found_the_answer_is_made_without() -> None:
    class Broken(HashingEmbedder):
        async def embed(self, texts: Any, observe: Any = None) -> Any:
            raise ConfigError("the folder is gone")

    serving = lessons(Book(), embedder=Broken())
    request, asked = ask("What does travel to Jena cost?")
    assert (await serving.give(request, asked, ANNA)).request is request
    assert serving.notes == ("answers are made without lessons: the folder is gone",)


async def test_a_try_out_brings_its_own() -> None:
    request, asked = ask("What does travel to Jena cost?")
    messages = told(asked.messages, {"les_9": "Name the fee."})
    trying = ChatRequest(model="support", messages=messages)
    assert (await lessons(Book()).give(request, trying, ANNA)).request is request


@pytest.mark.parametrize("rules", [{"les_1": "Be kind."}, {"les_1": "Be kind.", "les_2": "Go."}])
def test_the_same_lessons_are_the_same_words(rules: dict[str, str]) -> None:
    assert block(rules) == block(dict(rules))
    assert all(f"- [{id}] {rule}" in block(rules) for id, rule in rules.items())


async def test_a_gateway_without_lessons_gives_none() -> None:
    request, asked = ask("What does travel to Jena cost?")
    nothing = NoLessons()
    assert (await nothing.give(request, asked, ANNA)).request is request
    assert (nothing.version(ANNA), nothing.notes) == ("", ())
