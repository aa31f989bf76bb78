"""BM25 and the joining of ranks, against what they must do."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.knowledge.ranking import FUSION, Bag, Corpus, by_parts, by_words, joined, worth


def corpus(bags: list[Bag]) -> Corpus:
    having: dict[str, int] = {}
    for bag in bags:
        for word in bag.counts:
            having[word] = having.get(word, 0) + 1
    return Corpus(len(bags), sum(bag.length for bag in bags), having)


def test_bm25_is_the_formula() -> None:
    bags = [Bag.of("a a b".split()), Bag.of("b c".split()), Bag.of("c d d d d".split())]
    score = by_words(["a"], bags, corpus(bags))
    rarity = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    assert math.isclose(score[0], rarity * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / (10 / 3))))
    assert score[1:] == [0.0, 0.0]


def test_a_word_that_most_pieces_have_tells_nothing() -> None:
    bags = [Bag.of(["the", str(n)]) for n in range(6)]
    assert by_words(["the"], bags, corpus(bags)) == [0.0] * 6


def test_the_two_best_parts_of_a_piece_count_and_not_its_other_words() -> None:
    together = [Bag.of("a b".split()), Bag.of("c d".split()), Bag.of("e f".split())]
    apart = [Bag.of("a c".split()), Bag.of("b d".split()), Bag.of("e f".split())]
    known = Corpus(8, 48, {"a": 2, "b": 2})
    one, other = by_parts(["a", "b"], [together, apart], known)
    assert one > 0
    assert math.isclose(one, other)  # both words in one part, or each in one
    long = [*apart, *(Bag.of(["z"]) for _ in range(50))]
    assert by_parts(["a", "b"], [long], known)[0] > 0
    assert by_parts(["a"], [[], [Bag.of(["z"])]], known) == [0.0, 0.0]


def test_counted_in_two_places_is_counted_as_one() -> None:
    bags = [Bag.of(text.split()) for text in ("a b", "a c", "c d", "e e")]
    whole = by_words(["a", "e"], bags, corpus(bags))
    parts = corpus(bags[:2]).with_(corpus(bags[2:]), ["a", "e"])
    assert by_words(["a", "e"], bags, parts) == whole


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 9), min_size=1, max_size=8))
def test_a_better_score_is_never_worth_less(scores: list[float]) -> None:
    worths = worth(scores)
    for one, a in zip(scores, worths, strict=True):
        for other, b in zip(scores, worths, strict=True):
            assert a >= b or one < other
    assert all((a > 0) == (score > 0) for a, score in zip(worths, scores, strict=True))


def test_two_second_places_may_beat_a_first() -> None:
    both = joined([[3, 2, 0], [0, 2, 3]])
    assert both[1] == 2 / (FUSION + 2)
    assert max(both) == both[1]
