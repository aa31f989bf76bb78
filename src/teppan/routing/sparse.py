"""Many texts as one sparse matrix beside a dense one, and ridge regression on both.

    minimise  sum_i w_i (y_i - x_i . b)^2 + penalty |b|^2      by conjugate gradients

numpy has no sparse matrices; products with one are a gather and a `bincount`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Entries = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]

DIRECT = 4000
"""Rows up to which all products of rows are kept: 64 MB."""
_STEPS, _CLOSE = 40, 1e-3
_PAIRS = 2_000_000


class Design:
    """Rows of sparse entries (`row`, `column`, `value`), then dense columns.

    `factors` (rows, repeats) repeats the sparse columns, each time with the row's factor on them.
    `shape` is (rows, repeats * sparse columns + dense columns).
    """

    def __init__(
        self,
        entries: Entries,
        columns: int,
        factors: NDArray[np.float32],
        dense: NDArray[np.float32],
    ) -> None:
        self.entries = entries
        self.columns = columns
        self.factors = factors
        self.dense = dense
        self._sparse = columns * factors.shape[1]
        self.shape = (len(dense), self._sparse + dense.shape[1])

    def times(self, weights: Array) -> Array:
        """The product with one weight for each column: a value for each row."""
        row, column, value = self.entries
        product: Array = self.dense @ weights[self._sparse :]
        for factor, some in zip(self.factors.T, self._repeats(weights), strict=True):
            product += factor * np.bincount(row, value * some[column], self.shape[0])
        return product

    def transposed(self, values: Array) -> Array:
        """The product of the transposed matrix with one value for each row."""
        row, column, value = self.entries
        sums = [
            np.bincount(column, value * (factor * values)[row], self.columns)
            for factor in self.factors.T
        ]
        return np.concatenate([*sums, values @ self.dense])

    def _repeats(self, weights: Array) -> Array:
        return weights[: self._sparse].reshape(-1, self.columns)


def gram(matrix: Design) -> NDArray[np.float32]:
    """The products of every row with every other, (rows, rows).

    Common columns are multiplied as a dense matrix, rare ones pair by pair.
    """
    row, column, value = matrix.entries
    rows = matrix.shape[0]
    order = np.argsort(column, kind="stable")
    row, column, value = row[order], column[order], value[order]
    counts = np.bincount(column, minlength=matrix.columns)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    common = counts > max(8, rows // 20)
    often = common[column]
    places = np.cumsum(common) - 1
    dense = np.zeros((rows, int(common.sum())), np.float32)
    dense[row[often], places[column[often]]] = value[often]
    found = (dense @ dense.T).astype(np.float64).ravel()
    for count in np.unique(counts[~common & (counts > 0)]):
        first = starts[~common & (counts == count)]
        for begin in range(0, len(first), max(1, _PAIRS // int(count) ** 2)):
            at = first[begin : begin + max(1, _PAIRS // int(count) ** 2), None] + np.arange(count)
            pair = row[at][:, :, None] * rows + row[at][:, None, :]
            product = value[at][:, :, None] * value[at][:, None, :]
            np.add.at(found, pair.ravel(), product.ravel().astype(np.float64))
    repeated = found.reshape(rows, rows) * (matrix.factors @ matrix.factors.T)
    whole: NDArray[np.float32] = (repeated + matrix.dense @ matrix.dense.T).astype(np.float32)
    return whole


class Solver:
    """Ridge regression of several targets on the rows of one design.

    Up to `DIRECT` rows the products of all rows are computed once, and every regression is solved
    directly; of more rows each is found by conjugate gradients.
    """

    def __init__(self, matrix: Design) -> None:
        self.matrix = matrix
        self._gram = gram(matrix) if matrix.shape[0] <= DIRECT else None

    def solve(self, targets: Array, weight: Array, penalty: float) -> tuple[Array, Array]:
        """Constants (targets,) and weights (columns, targets) that fit `targets` (rows, targets).

        `weight` is that of each row; rows of none are left out.
        """
        if self._gram is None:
            found = [ridge(self.matrix, target, weight, penalty) for target in targets.T]
            return np.array([each for each, _ in found]), np.column_stack(
                [each for _, each in found]
            )
        kept = np.flatnonzero(weight > 0.0)
        system = self._gram[np.ix_(kept, kept)].astype(np.float64)
        system[np.diag_indices_from(system)] += penalty / weight[kept]
        solved = np.linalg.solve(system, np.column_stack([targets[kept], np.ones(len(kept))]))
        constants = solved[:, :-1].sum(0) / solved[:, -1].sum()
        duals = np.zeros((self.matrix.shape[0], targets.shape[1]))
        duals[kept] = solved[:, :-1] - solved[:, -1:] * constants
        return constants, np.column_stack([self.matrix.transposed(each) for each in duals.T])


def ridge(matrix: Design, target: Array, weight: Array, penalty: float) -> tuple[float, Array]:
    """A constant and the weights of the columns; the constant is not penalised."""

    def back(values: Array) -> Array:
        return np.append(matrix.transposed(values), values.sum())

    penalties = np.append(np.full(matrix.shape[1], penalty), 0.0)
    start = float(weight @ target / weight.sum())
    found = np.append(np.zeros(matrix.shape[1]), start)
    residual = back(weight * (target - start))
    direction = residual.copy()
    size = float(residual @ residual)
    enough = size * _CLOSE**2
    for _ in range(_STEPS):
        if size <= enough:
            break
        seen = matrix.times(direction[:-1]) + direction[-1]
        image = back(weight * seen) + penalties * direction
        length = size / float(direction @ image)
        found += length * direction
        residual -= length * image
        before, size = size, float(residual @ residual)
        direction = residual + (size / before) * direction
    return float(found[-1]), found[:-1]
