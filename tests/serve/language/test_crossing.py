"""Documents in another language than the question are found by the question's translation."""

from __future__ import annotations

from collections.abc import Sequence

from serve.language.conftest import TRANSLATOR, Hearing, calling, request
from teppan.core.errors import ProviderOverloaded
from teppan.core.ids import Scope
from teppan.knowledge import Chunk, Library
from teppan.serve.language import Crossing
from teppan.serve.strategies.scripted import Says

ANNA = Scope("anna", "key-a")
QUESTION = "雨の場合はどうなりますか"
RAIN = Chunk("f.md", ("Weather",), "If it rains we cook under a canopy or move the date.")
PRICES = Chunk("f.md", ("Prices",), "Adults are $55 each and children are $30 each.")
ASKED = Chunk("f.md", ("Weather",), RAIN.text, ("雨の場合", "¿y si llueve?"))


class Counting:
    """A library that remembers what was looked for."""

    def __init__(self, *chunks: Chunk) -> None:
        self.library = Library(chunks)
        self.looked: list[str] = []

    async def pieces(
        self, scope: Scope, question: str, most: int, within: Sequence[str] | None = None
    ) -> list[Chunk]:
        self.looked.append(question)
        return await self.library.pieces(scope, question, most)


async def test_documents_of_another_language_are_found(hearing: Hearing) -> None:
    known = Counting(PRICES, RAIN)
    crossing = Crossing(known, hearing())
    assert await crossing.pieces(ANNA, QUESTION, 2) == []
    asked = request(QUESTION)
    call = calling(asked, {TRANSLATOR: Says("What happens if it rains?")})
    await crossing.prepare(asked, ANNA, call)
    assert await crossing.pieces(ANNA, QUESTION, 2) == [RAIN]


async def test_documents_that_speak_the_language_need_no_translation(hearing: Hearing) -> None:
    crossing = Crossing(Counting(PRICES, ASKED), hearing())
    call = calling(request(QUESTION), {})
    await crossing.prepare(request(QUESTION), ANNA, call)
    assert call.calls == []
    assert await crossing.pieces(ANNA, QUESTION, 2) == [ASKED]


async def test_a_translation_that_fails_leaves_the_search_as_it_was(hearing: Hearing) -> None:
    crossing = Crossing(Counting(PRICES, RAIN), hearing())
    call = calling(request(QUESTION), {TRANSLATOR: ProviderOverloaded("down")})
    await crossing.prepare(request(QUESTION), ANNA, call)
    assert await crossing.pieces(ANNA, QUESTION, 2) == []


async def test_both_rankings_are_joined(hearing: Hearing) -> None:
    question = "¿El canopy cuesta algo?"
    canopy = Chunk("f.md", ("Canopy",), "The canopy is for rent.")
    crossing = Crossing(Counting(PRICES, RAIN, canopy), hearing())
    call = calling(request(question), {TRANSLATOR: Says("What does rent of the canopy cost?")})
    await crossing.prepare(request(question), ANNA, call)
    found = await crossing.pieces(ANNA, question, 3)
    assert found[0] == canopy
    assert RAIN in found
