"""Finding the lowest point of a smooth function of many weights: L-BFGS (Liu and Nocedal 1989)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array]]
"""The value and the gradient at a point."""

_MEMORY = 8
_SUFFICIENT = 1e-4
_HALVINGS = 30
_NEGLIGIBLE = 1e-7


def minimise(
    objective: Objective, start: Array, *, steps: int = 200, tolerance: float = 1e-5
) -> Array:
    """The point where `objective` is lowest, from `start`.

    Ends when a step no longer lowers the value, when no part of the gradient exceeds `tolerance`
    times the size of the first one, or after `steps`. Deterministic. Meant for convex objectives,
    such as penalised likelihoods.
    """
    point = start.copy()
    value, gradient = objective(point)
    limit = tolerance * max(1.0, float(np.abs(gradient).max(initial=0.0)))
    memory: deque[tuple[Array, Array]] = deque(maxlen=_MEMORY)
    for _ in range(steps):
        if np.abs(gradient).max(initial=0.0) <= limit:
            break
        direction = _direction(gradient, memory)
        slope = float(gradient @ direction)
        if slope >= 0.0:
            memory.clear()
            direction, slope = -gradient, -float(gradient @ gradient)
        length = 1.0 if memory else min(1.0, 1.0 / float(np.abs(gradient).sum()))
        for _ in range(_HALVINGS):
            ahead = point + length * direction
            new_value, new_gradient = objective(ahead)
            if new_value <= value + _SUFFICIENT * length * slope:
                break
            length *= 0.5
        else:
            break
        moved, turned = ahead - point, new_gradient - gradient
        if float(moved @ turned) > 1e-12:
            memory.append((moved, turned))
        settled = value - new_value <= _NEGLIGIBLE * max(1.0, abs(value))
        point, value, gradient = ahead, new_value, new_gradient
        if settled:
            break
    return point


def _direction(gradient: Array, memory: deque[tuple[Array, Array]]) -> Array:
    """Minus the gradient times the remembered curvature (the two-loop recursion)."""
    direction = -gradient
    scales = []
    for moved, turned in reversed(memory):
        scale = float(moved @ direction) / float(moved @ turned)
        direction = direction - scale * turned
        scales.append(scale)
    if memory:
        moved, turned = memory[-1]
        direction = direction * (float(moved @ turned) / float(turned @ turned))
    for (moved, turned), scale in zip(memory, reversed(scales), strict=True):
        back = float(turned @ direction) / float(moved @ turned)
        direction = direction + (scale - back) * moved
    return direction
