"""Bits first, then exactly: as good as comparing all."""

from __future__ import annotations

import numpy as np
import pytest

from teppan.store.vectors.exact import SMALL, Block


@pytest.mark.parametrize(("dimensions", "size"), [(384, 12_000), (64, 6000), (512, 5000)])
def test_near_rows_are_not_overlooked_in_a_large_block(dimensions: int, size: int) -> None:
    chance = np.random.default_rng(3)
    middles = chance.standard_normal((size // 20, dimensions))
    rows = middles[chance.integers(0, len(middles), size)]
    rows = rows + 0.6 * chance.standard_normal((size, dimensions)) + 0.6 * middles[0]
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    block = Block(dimensions)
    for number, row in enumerate(rows):
        block.add(str(number), row)
    assert size > SMALL
    missed = 0
    for at in chance.integers(0, size, 200):
        asked = rows[at] + chance.standard_normal(dimensions) * (0.6 / dimensions**0.5)
        asked = (asked / np.linalg.norm(asked)).astype(np.float32)
        best = int((rows @ asked).argmax())
        missed += block.nearest(asked, 1)[0].id != str(best)
    assert missed <= 1


def test_a_block_that_shrinks_and_grows_again_stays_right() -> None:
    chance = np.random.default_rng(5)
    rows = chance.standard_normal((SMALL + 300, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    block = Block(16)
    for number, row in enumerate(rows):
        block.add(str(number), row)
    for number in range(0, len(rows), 2):
        block.remove(str(number))
    for number in range(0, len(rows), 4):
        block.add(str(number), rows[number])
    there = {number for number in range(len(rows)) if number % 2 or number % 4 == 0}
    assert len(block) == len(there)
    for at in (1, 4, 777, 4000):
        assert block.nearest(rows[at], 1)[0].id == str(at)
    gone = block.nearest(rows[2], 1)[0]
    assert gone.id != "2"
