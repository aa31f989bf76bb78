"""Likeness is estimated well, and what is alike enough meets whatever its place among many."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from teppan.learn.datasets.near import agreement, meetings, short, signed
from teppan.learn.datasets.shingles import alike, plain, shingles

TEXT = st.text(min_size=0, max_size=200)


@given(TEXT, st.integers(0, 3))
def test_shingles_are_sorted_and_each_once(text: str, salt: int) -> None:
    runs = shingles(plain(text), salt)
    assert (np.diff(runs.astype(object)) > 0).all()


@given(TEXT)
def test_case_spacing_and_punctuation_make_no_difference(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert plain(f" {text} ! ") == plain(text)


def test_placeholders_are_alike_whatever_their_numbers() -> None:
    assert plain("Hi [NAME_1], call [PHONE_2]") == plain("hi [NAME_7] call [PHONE_1]!")
    assert plain("[Not one]") == "not one"


def test_texts_without_spaces_are_compared_by_pairs_of_letters() -> None:
    one, other = shingles(plain("每位大人多少钱？请报价")), shingles(plain("每位大人多少钱请报价"))
    assert alike(one, other) > 0.8
    assert alike(one, shingles(plain("你们星期天营业吗"))) < 0.1


@given(TEXT, TEXT)
def test_likeness_is_symmetric_and_whole_only_with_itself(one: str, other: str) -> None:
    first, second = shingles(plain(one)), shingles(plain(other))
    assert alike(first, second) == alike(second, first)
    assert alike(first, first) == 1.0


def words(chance: random.Random, many: int) -> list[str]:
    return ["".join(chance.choices("abcdefghij", k=5)) for _ in range(many)]


def test_signatures_estimate_likeness_without_bias() -> None:
    chance = random.Random(3)
    errors = []
    for _ in range(150):
        common = words(chance, chance.randrange(2, 30))
        one = shingles(" ".join([*common, *words(chance, 6)]))
        other = shingles(" ".join([*common, *words(chance, 6)]))
        told = float(agreement(short(signed(one)), short(signed(other))))
        errors.append(told - alike(one, other))
    assert abs(np.mean(errors)) < 0.01
    assert np.std(errors) < 0.05


def test_what_is_alike_meets_and_strangers_rarely_do() -> None:
    chance = random.Random(4)
    texts = []
    for _ in range(300):
        said = words(chance, 20)
        texts += [" ".join(said), " ".join([*said[:-1], "zz"])]
    signatures = np.stack([short(signed(shingles(each))) for each in texts])
    met = {tuple(pair) for pairs in meetings(signatures) for pair in pairs.tolist()}
    assert {(2 * n, 2 * n + 1) for n in range(300)} <= met
    assert len(met) < 3_000


def test_a_crowd_of_equals_meets_without_all_pairs() -> None:
    signatures = np.stack([short(signed(shingles("the same words")))] * 500)
    pairs = next(iter(meetings(signatures)))
    assert len(pairs) < 500 * 52
    assert set(pairs[:, 1].tolist()) == set(range(1, 500))
    assert list(meetings(signatures[:0])) == []
