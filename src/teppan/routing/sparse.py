"""Many texts as one sparse matrix beside a dense one, and ridge regression on both.

    minimise  sum_i w_i (y_i - x_i . b)^2 + penalty |b|^2      by conjugate gradients

numpy has no sparse matrices; products with one are a gather and a `bincount`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_STEPS, _CLOSE = 60, 1e-4


class Design:
    """Rows of sparse entries (`row`, `column`, `value`), then dense columns.

    `shape` is (rows, sparse columns + dense columns).
    """

    def __init__(
        self,
        row: NDArray[np.int64],
        column: NDArray[np.int64],
        value: NDArray[np.float32],
        columns: int,
        dense: NDArray[np.float32],
    ) -> None:
        self.shape = (len(dense), columns + dense.shape[1])
        self._row, self._column, self._value = row, column, value
        self._columns = columns
        self._dense = dense

    def times(self, weights: Array) -> Array:
        """The product with one weight for each column: a value for each row."""
        gathered = self._value * weights[self._column]
        sums = np.bincount(self._row, gathered, self.shape[0])
        product: Array = sums + self._dense @ weights[self._columns :]
        return product

    def transposed(self, values: Array) -> Array:
        """The product of the transposed matrix with one value for each row."""
        spread = self._value * values[self._row]
        return np.concatenate(
            [np.bincount(self._column, spread, self._columns), values @ self._dense]
        )

    def rows(self, chosen: NDArray[np.bool_]) -> Design:
        """The design of some of the rows, in their order."""
        place = np.cumsum(chosen) - 1
        kept = chosen[self._row]
        return Design(
            place[self._row[kept]],
            self._column[kept],
            self._value[kept],
            self._columns,
            self._dense[chosen],
        )


def ridge(matrix: Design, target: Array, weight: Array, penalty: float) -> tuple[float, Array]:
    """A constant and the weights of the columns; the constant is not penalised."""
    total = float(weight.sum())
    constant = float(weight @ target) / total
    left = target - constant
    found = np.zeros(matrix.shape[1])
    residual = matrix.transposed(weight * left)
    direction = residual.copy()
    size = float(residual @ residual)
    enough = size * _CLOSE**2
    for _ in range(_STEPS):
        if size <= enough:
            break
        image = matrix.transposed(weight * matrix.times(direction)) + penalty * direction
        length = size / float(direction @ image)
        found += length * direction
        residual -= length * image
        before, size = size, float(residual @ residual)
        direction = residual + (size / before) * direction
    constant += float(weight @ (left - matrix.times(found))) / total
    return constant, found
