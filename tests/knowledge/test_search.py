"""A question finds the pieces that bear on it, and nothing finds nothing."""

from __future__ import annotations

import numpy as np
import pytest

from teppan.core.errors import ProviderOverloaded
from teppan.knowledge import Chunk, Library
from teppan.knowledge.words import words
from teppan.providers.embed import HashingEmbedder

PIECES = [
    Chunk("facts.md", ("Prices",), "Adults are $55 each. Children from 6 to 12 are $30 each."),
    Chunk("facts.md", ("Travel",), "The first 30 miles are free. After that it is $2 per mile."),
    Chunk("facts.md", ("Food",), "The grill is shared, so there may be traces of shellfish."),
    Chunk("facts.md", ("Event",), "The show takes about 90 minutes. Tips are not included."),
    Chunk("zh.md", ("停车",), "我们的停车场在花园路，最多可以停二十辆车。"),
    Chunk("de.md", ("Anfahrt",), "Die Anfahrt ist bis 50 Kilometer kostenlos, danach 2 €."),
]


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("Is somebody with a shellfish allergy safe?", "Food"),
        ("how much do adults cost", "Prices"),
        ("Is the TIP included?", "Event"),
        ("请问停车场在哪里？", "停车"),
        ("Was kostet die Anfahrt?", "Anfahrt"),
        ("We live 45 miles away", "Travel"),
    ],
)
@pytest.mark.parametrize("embed", [None, HashingEmbedder().embed], ids=["words", "both"])
async def test_a_question_finds_its_piece(question: str, heading: str, embed: object) -> None:
    library = Library(PIECES, embed)  # type: ignore[arg-type]
    found = await library.search(question, 3)
    assert found[0].chunk.path == (heading,)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


async def test_of_two_pieces_with_the_same_words_the_one_that_says_them_together_is_first() -> None:
    told = Chunk("a", ("A",), "- blue boats\n- night trains\n- red cars\n- old roads")
    mixed = Chunk("b", ("B",), "- blue cars\n- red boats\n- night roads\n- old trains")
    others = [Chunk("c", ("C",), f"- thing {number}") for number in range(4)]
    for pieces in ([told, mixed, *others], [mixed, told, *others]):
        found = await Library(pieces).search("blue boats and night trains", 1)
        assert found[0].chunk == told


async def test_of_many_pieces_as_many_as_wanted_are_found_in_the_named_documents() -> None:
    pieces = [Chunk(f"{number % 2}.md", (str(number),), "tents and rain") for number in range(120)]
    others = [Chunk("2.md", (str(number),), "nothing here") for number in range(130)]
    library = Library([*pieces, *others])
    assert len(await library.search("rain", 100)) == 100
    within = await library.search("rain", 50, ["1.md"])
    assert len(within) == 50
    assert {each.chunk.source for each in within} == {"1.md"}


@pytest.mark.parametrize("question", ["thanks!", "hello there, how are you?", "", "¿Y tú?", "好的"])
async def test_small_talk_finds_nothing(question: str) -> None:
    assert await Library(PIECES).search(question, 3) == []


async def test_likeness_finds_what_no_word_does() -> None:
    async def embed(texts: object) -> np.ndarray:
        assert isinstance(texts, list)
        rows = [[1.0, 0.0] if "Travel" in text or "far" in text else [0.0, 1.0] for text in texts]
        return np.array(rows, np.float32)

    found = await Library(PIECES, embed).search("how far do you drive", 2)
    assert [each.chunk.path for each in found] == [("Travel",)]


async def test_an_embedder_that_is_away_leaves_the_words() -> None:
    async def embed(texts: object) -> np.ndarray:
        raise ProviderOverloaded("away")

    found = await Library(PIECES, embed).search("shellfish", 3)
    assert [each.chunk.path for each in found] == [("Food",)]


async def test_at_most_as_many_as_asked_for_and_none_of_an_empty_library() -> None:
    assert len(await Library(PIECES).search("adults children miles shellfish tips", 2)) == 2
    assert await Library(PIECES).search("adults", 0) == []
    assert await Library([]).search("adults", 3) == []


def test_the_version_changes_with_a_word() -> None:
    other = [*PIECES[1:], Chunk("facts.md", ("Prices",), "Adults are $56 each.")]
    assert Library(PIECES).version != Library(other).version
    assert Library([]).version == ""


def test_words_come_without_accents_plurals_and_function_words() -> None:
    assert words("The Adults and the adult") == ["adult", "adult"]
    assert words("Café") == words("cafe")
    assert words("停车场") == ["停车", "车场", "停", "车", "场"]
