"""Customers are answered in their language by agents too, whatever a model would rather speak.

The vendor is the test's own: it says exactly what a test wants, and translates from a small book.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from hibachi_desk import BOOKING, Brain, Desk, newest, obeying, results

# one gateway serves all tests here: opening it takes far longer than asking it
pytestmark = pytest.mark.asyncio(loop_scope="module")

QUESTION: Mapping[str, str] = {
    "es": "Hola, ¿cuánto cuesta una fiesta para veinte adultos en mi casa?",
    "zh": "你好，请问二十个大人在我家办派对要多少钱？",
    "ja": "こんにちは、自宅でのパーティー、大人20名でいくらですか。",
}
ANSWER: Mapping[str, str] = {
    "en": "It is $55 for each adult, and we cook at your place.",
    "es": "Son $55 por cada adulto, y cocinamos en su casa.",
    "zh": "每位成人$55，我们到您家里现场烹饪。",
    "ja": "大人お一人様$55で、ご自宅で調理いたします。",
}
TITLE = {"es": "Spanish", "zh": "Chinese", "ja": "Japanese"}
HANDOVER = {
    "es": "Lo he pasado a una persona",
    "zh": "我已转交给我们的同事",
    "ja": "担当者に引き継ぎました",
}
SAFE = {"es": "Quiero estar seguro", "zh": "为了给您准确的答复", "ja": "正確にお答えするため"}
WAGYU = {
    "es": "Sí, servimos wagyu por $10 más.",
    "zh": "有的，我们提供和牛，每位加$10。",
    "ja": "はい、和牛を$10追加でご用意できます。",
}
LETTER = (
    "\n\n> Dear Ana, thank you for your message. The chef will come to your house at six and "
    "bring everything with him. Please have a table ready for your guests. Best, the team"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Desk, Brain]]:
    brain = Brain(speaking("en"))
    async with obeying(
        tmp_path_factory.mktemp("desk"), brain, language={"translator": "mistral/mind"}
    ) as opened:
        yield opened, brain


@pytest_asyncio.fixture(loop_scope="module")
async def brain(house: tuple[Desk, Brain]) -> Brain:
    house[1].bodies.clear()
    return house[1]


@pytest_asyncio.fixture(loop_scope="module")
async def desk(house: tuple[Desk, Brain], brain: Brain) -> Desk:
    await house[0].clear()
    return house[0]


def speaking(language: str) -> Any:
    """Says the same answer in one language, whatever is asked."""
    return lambda body: translated(body) or ANSWER[language]


def translated(body: dict[str, Any], pairs: Mapping[str, str] | None = None) -> str:
    """The translation that is asked for; empty where something else is asked."""
    found = re.search(r"<text-\w+>\n(.*?)\n</text-", newest(body), re.DOTALL)
    if found is None:
        return ""
    for text, made in (pairs or {}).items():
        if found[1].startswith(text):
            return made
    here = re.sub(r"⟦\d⟧", "$55", found[1])
    language = next(key for key, each in TITLE.items() if each in str(body["messages"][0]))
    assert here == ANSWER["en"], found[1]
    return ANSWER[language].replace("$55", "⟦1⟧")


@pytest.mark.parametrize("language", QUESTION)
async def test_the_language_is_kept_where_a_message_tells_none(
    desk: Desk, brain: Brain, language: str
) -> None:
    brain.mind = speaking(language)
    talk = desk.talk()
    for words in (QUESTION[language], "ok", "Napa", f"ok{LETTER}"):
        assert await talk.say(words) == ANSWER[language]
        assert (await desk.trace(talk)).language == language
        assert f"Answer in {TITLE[language]}" in str(brain.bodies[-1]["messages"])


@pytest.mark.parametrize("language", QUESTION)
async def test_a_customer_who_turns_to_english_is_answered_in_english(
    desk: Desk, brain: Brain, language: str
) -> None:
    brain.mind = speaking(language)
    talk = desk.talk()
    await talk.say(QUESTION[language])
    brain.mind = speaking("en")
    await talk.say("Sorry, I would rather write in English now: how much is it for twenty adults?")
    assert (await desk.trace(talk)).language == "en"


@pytest.mark.parametrize("language", QUESTION)
async def test_the_handover_speaks_the_language_of_the_talk(
    desk: Desk, brain: Brain, language: str
) -> None:
    brain.mind = speaking(language)
    talk = desk.talk("agent/booking")
    await talk.say(QUESTION[language])
    brain.mind = lambda body: [("quote", {"adults": 10 + len(brain.bodies)})]
    assert HANDOVER[language] in await talk.say("ok")
    assert (await desk.called())[0].language == language


@pytest.mark.parametrize("language", QUESTION)
async def test_the_safe_answer_speaks_the_language_of_the_talk(
    desk: Desk, brain: Brain, language: str
) -> None:
    brain.mind = speaking(language)
    talk = desk.talk("agent/menu")
    await talk.say(QUESTION[language])
    brain.mind = lambda body: WAGYU[language]
    assert SAFE[language] in await talk.say("wagyu?")
    assert talk.headers["x-teppan-guarded"] == "replaced"


@pytest.mark.parametrize("language", QUESTION)
async def test_an_agent_that_answers_in_english_is_translated(
    desk: Desk, brain: Brain, language: str
) -> None:
    brain.mind = speaking("en")
    talk = desk.talk("agent/booking")
    other = QUESTION[language].replace("veinte", "treinta").replace("二十", "三十")
    answer = await talk.say(other.replace("20", "30"))  # the first question is remembered by now
    assert answer == ANSWER[language]
    roles = {call.role for call in (await desk.trace(talk)).calls}
    assert roles == {"single", "translation"}


async def test_a_booking_is_agreed_to_in_the_customers_language(desk: Desk, brain: Brain) -> None:
    """The proposal is the pack's, in English; the customer reads and answers Spanish."""
    reserve = (
        "Reservar el sábado 10 de octubre de 2026 a las 6 pm para Ana Lopez en 12 Oak Street, "
        "Sacramento: 10 adultos. El total es ⟦1⟧ antes de impuestos y propina. Un depósito de ⟦2⟧ "
        "reserva la fecha; se devuelve al cancelar hasta el martes 6 de octubre de 2026 a las 6 pm."
    )
    pairs = {"Reserve": reserve, "It is reserved": "Está reservado, el total es ⟦1⟧."}

    def mind(body: dict[str, Any]) -> Any:
        made = translated(body, pairs)
        if made:
            return made
        told = results(body)
        if not told:
            return [("book", BOOKING)]
        return told[0].split(": ", 1)[1] if "NOT DONE" in told[0] else "It is reserved for $550."

    brain.mind = mind
    talk = desk.talk("agent/booking")
    wish = "Hola, quiero reservar un chef para diez adultos el sábado 10 de octubre, por favor."
    proposed = await talk.say(wish)
    assert "Reservar el sábado 10 de octubre de 2026" in proposed
    assert "$550" in proposed
    await talk.say("Sí, está bien.")
    assert talk.used == [("book", "confirmed")]
    assert len(await desk.rows()) == 1


async def test_what_is_remembered_in_one_language_is_not_given_in_another(
    desk: Desk, brain: Brain
) -> None:
    asked = {
        "en": "What is the price per adult?",
        "es": "¿Cuál es el precio por adulto?",
        "zh": "每位成人的价格是多少？",
        "ja": "大人一人の料金はいくらですか。",
    }
    for _ in range(2):
        for language, question in asked.items():
            brain.mind = speaking(language)
            assert await desk.talk("agent/knowledge").say(question) == ANSWER[language]
    assert len(brain.bodies) == len(asked)


async def test_the_same_word_in_two_languages_is_remembered_twice(desk: Desk, brain: Brain) -> None:
    for _ in range(2):
        for language in QUESTION:
            brain.mind = speaking(language)
            talk = desk.talk("agent/knowledge", extra_headers={"x-teppan-episode": f"e-{language}"})
            talk.messages = []
            await talk.say(QUESTION[language])
            talk.messages = []
            assert await talk.say("Napa?") == ANSWER[language]
