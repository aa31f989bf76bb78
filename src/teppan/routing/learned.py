"""How well each model would answer this question, learned from traces; and which is worth asking.

    quality of model m  =  constant_m + pieces . P_m + form . F_m + pieces x axes . A_m
                           + meaning . E_m
    worth of model m    =  quality of m - price x expected cost of m

Pieces are words, their neighbours and runs of letters; what a piece tells may depend on the form
of the question it stands in, along a few axes. The difference of two models' qualities is what
matters, the *gain* of asking the dearer one: many questions defeat both, and there it is nothing
(`learning.py` fits it so). On public router benchmarks such plain methods are on the frontier (Hu
et al. 2024, arXiv 2403.12031). The curves of the state make the qualities probabilities; its
frontier says what each price of quality comes to, on questions that the fit had not seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.estimate.confidence import Calibration
from teppan.routing.meaning import Meaning, near
from teppan.routing.surface import figures
from teppan.routing.terms import KINDS, pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CENT = 10_000
"""Micro-dollars."""
SURE = 3.0
"""Standard errors by which a gain may be less than was measured. 1.645 would be enough for 95 %,
were all questions independent; but customers ask the same again in other words, and in simulated
months the true errors were about twice these."""
MARGIN = 0.01
"""Quality by which the reference may be missed at most, unless another is asked for."""
FARTHEST = 3.0
"""Spreads from the mean beyond which a figure of form counts no more."""


class Point(Struct, frozen=True):
    """What a price of quality comes to: mean quality, and mean cost in micro-dollars.

    `gain` is the mean quality over that of the router's reference on the same questions, `error`
    its standard error; both `None` where they were not measured.
    """

    price: float
    quality: float
    cost: float
    gain: float | None = None
    error: float | None = None


class Predicted(Struct, frozen=True):
    """Of one model: its raw quality, and the probability of a good answer that it stands for."""

    raw: float
    chance: float


class Router(Struct, frozen=True, dict=True):
    """A fitted router, the state `router` of a release.

    `weights` are float32: one row for each piece (by the order of `terms`, words then letters),
    the same again for each of the `axes` of form, then one for each figure and landmark; one
    column for each model. `scales` are the inverse frequencies of
    the pieces. `costs` are mean micro-dollars of an answer, by model, where they were known. The
    frontier was measured where questions were answered by several models, else it is `estimated`
    from the predictions. `reference` is the model whose quality is to be kept, `price` what the
    router aims at.
    """

    models: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]
    scales: bytes
    weights: bytes
    constants: tuple[float, ...]
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    axes: bytes = b""
    form: float = 1.0
    meaning: Meaning | None = None
    curves: Mapping[str, Calibration] = {}
    costs: Mapping[str, float] = {}
    frontier: tuple[Point, ...] = ()
    price: float = 0.0
    favourite: str = ""
    reference: str = ""
    head_start: float = 0.0
    examples: int = 0
    estimated: bool = False

    def predict(self, text: str, vector: NDArray[np.float32] | None = None) -> dict[str, Predicted]:
        """Each model's expected quality on this question.

        `vector` is its embedding by the embedder named in `meaning`; without it the words decide.
        """
        import numpy as np

        total = np.array(self.constants)
        begin, chosen, values = 0, list[int](), list[float]()
        for kind, known, scales in zip(KINDS, self._places, self._scales, strict=True):
            found = weighed(pieces(text, kind), known, scales)
            chosen += [begin + place for place in found]
            values += found.values()
            begin += len(known)
        shape = np.array(self.shape_of(text))
        factors = np.append(1.0, self._axes @ shape)
        if chosen:
            places, row = np.array(chosen), np.array(values)
            for repeat, factor in enumerate(factors):
                total += factor * (row @ self._weights[places + repeat * begin])
        form = begin * len(factors)
        total += shape @ self._weights[form : form + len(shape)]
        if self.meaning is not None and vector is not None:
            total += near(self.meaning, vector[None, :])[0] @ self._weights[form + len(shape) :]
        return {
            model: Predicted(float(raw), self._chance(model, float(raw)))
            for model, raw in zip(self.models, total, strict=True)
        }

    def shape_of(self, text: str) -> list[float]:
        """The figures of a text's form, made comparable."""
        scale = self.form / math.sqrt(len(self.means))
        return [
            scale * max(-FARTHEST, min(FARTHEST, (figure - mean) / spread))
            for figure, mean, spread in zip(figures(text), self.means, self.spreads, strict=True)
        ]

    def _chance(self, model: str, raw: float) -> float:
        curve = self.curves.get(model)
        return curve.of(raw) if curve is not None else min(1.0, max(0.0, raw))

    @cached_property
    def _places(self) -> tuple[dict[str, int], ...]:
        return tuple({term: place for place, term in enumerate(terms)} for terms in self.terms)

    @cached_property
    def _scales(self) -> tuple[list[float], ...]:
        import numpy as np

        every = np.frombuffer(self.scales, np.float32).tolist()
        begins = [0, *accumulate(len(terms) for terms in self.terms)]
        return tuple(every[begin:end] for begin, end in pairwise(begins))

    @cached_property
    def _axes(self) -> NDArray[np.float32]:
        import numpy as np

        return np.frombuffer(self.axes, np.float32).reshape(-1, len(self.means))

    @cached_property
    def _weights(self) -> NDArray[np.float32]:
        import numpy as np

        return np.frombuffer(self.weights, np.float32).reshape(-1, len(self.models))


def weighed(
    counts: Mapping[str, int], places: Mapping[str, int], scales: Sequence[float]
) -> dict[int, float]:
    """The known pieces of a text by their place, weighed by frequency; the row has length one."""
    row = {
        place: scales[place] if count == 1 else (1.0 + math.log(count)) * scales[place]
        for piece, count in counts.items()
        if (place := places.get(piece)) is not None
    }
    length = math.sqrt(sum(value * value for value in row.values()))
    return {place: value / length for place, value in row.items()} if length else row


def worth(
    router: Router,
    predicted: Mapping[str, Predicted],
    costs: Mapping[str, float],
    price: float,
) -> dict[str, float]:
    """What each model is worth: its quality less what its cost is worth, at `price` of quality for
    a cent. Where only quality counts the favourite has a head start: the highest of many guesses
    is a lucky one.
    """
    lead = router.head_start if price <= 0.0 else 0.0
    return {
        model: each.raw
        - price * costs.get(model, 0.0) / CENT
        + (lead if model == router.favourite else 0.0)
        for model, each in predicted.items()
    }


def price_as_good(points: Sequence[Point], margin: float) -> float | None:
    """The price of the cheapest point that is not worse than the reference by more than `margin`,
    a test of non-inferiority; `None` where no point passes, or none was measured.

    The points are tested from the dearest on, and the first that fails ends it: so a lucky one
    among many is not taken (fixed sequence testing, Angelopoulos et al. 2021, arXiv 2110.01052).
    """
    found = None
    for point in points:
        if point.gain is None or point.error is None:
            break
        if point.gain - SURE * point.error < -margin - 1e-9:
            break
        found = point.price
    return found


def price_for(points: Sequence[Point], quality: float) -> float | None:
    """The price of the cheapest point that keeps this share of the best quality among them."""
    best = max((point.quality for point in points), default=0.0)
    enough = [point for point in points if point.quality >= quality * best - 1e-9]
    return min(enough, key=lambda point: point.cost).price if enough else None


def price_within(points: Sequence[Point], cost: float) -> float | None:
    """The price of the best point that costs at most so many micro-dollars a question."""
    within = [point for point in points if point.cost <= cost]
    return max(within, key=lambda point: (point.quality, -point.cost)).price if within else None
