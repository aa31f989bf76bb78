"""The sparse design behaves as the dense matrix it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from teppan.routing import sparse
from teppan.routing.sparse import Design, Solver, gram, ridge

ROWS, COLUMNS = 60, 300


def both() -> tuple[Design, np.ndarray]:
    chance = np.random.default_rng(0)
    matrix = (chance.random((ROWS, COLUMNS)) < 0.05) * chance.random((ROWS, COLUMNS))
    matrix[:, :5] = chance.random((ROWS, 5))
    dense = chance.random((ROWS, 4)).astype(np.float32)
    factors = chance.random((ROWS, 3)).astype(np.float32)
    row, column = np.nonzero(matrix)
    made = Design((row, column, matrix[row, column].astype(np.float32)), COLUMNS, factors, dense)
    whole = np.column_stack([*(matrix * factors[:, [at]] for at in range(3)), dense])
    return made, whole


def test_products_are_those_of_the_whole_matrix() -> None:
    made, whole = both()
    some = np.random.default_rng(1).random(whole.shape[1])
    assert made.shape == whole.shape
    assert made.times(some) == pytest.approx(whole @ some, abs=1e-4)
    assert made.transposed(some[:ROWS]) == pytest.approx(whole.T @ some[:ROWS], abs=1e-4)
    assert gram(made) == pytest.approx(whole @ whole.T, abs=1e-3)


def test_the_direct_way_and_conjugate_gradients_find_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, whole = both()
    chance = np.random.default_rng(2)
    targets, weight = chance.random((ROWS, 2)), chance.random(ROWS)
    weight[:7] = 0.0
    constants, weights = Solver(made).solve(targets, weight, 3.0)
    inputs = np.column_stack([whole, np.ones(ROWS)])
    penalty = np.diag([3.0] * whole.shape[1] + [0.0])
    normal = inputs.T @ (inputs * weight[:, None]) + penalty
    wanted = np.linalg.solve(normal, inputs.T @ (targets * weight[:, None]))
    assert constants == pytest.approx(wanted[-1], abs=1e-3)
    assert weights == pytest.approx(wanted[:-1], abs=1e-3)
    constant, own = ridge(made, targets[:, 0], weight, 3.0)
    assert constant == pytest.approx(constants[0], abs=1e-2)
    assert own == pytest.approx(weights[:, 0], abs=1e-2)
    monkeypatch.setattr(sparse, "DIRECT", 10)
    stepwise, _ = Solver(made).solve(targets, weight, 3.0)
    assert stepwise == pytest.approx(constants, abs=1e-2)
