"""What a fitted router may promise, measured on questions that its regressions had not seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from teppan.estimate import confidence
from teppan.estimate.minimise import Array
from teppan.routing.asked import Asked
from teppan.routing.learned import MARGIN, Point, Predicted, Router, price_as_good, worth

FEWEST = 40
"""Questions that several models answered, below which a frontier is only estimated."""

_PRICES = (0.0, *(10.0 ** (step / 6.0 - 4.0) for step in range(43)))
_HEAD_STARTS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 2.0)
_SURE = 2.5
"""Standard errors of a one-sided bound that holds in 95 % of cases for the best of all head starts
that are looked at (Bonferroni's correction for eight of them)."""
_CAUTION = 0.03
"""The head start where nothing could be measured."""

Guesses = Sequence[Mapping[str, Predicted]]


def promising(
    router: Router, asked: Sequence[Asked], blind: Guesses, reference: str = ""
) -> Router:
    """The router with curves, head start, frontier and the price it aims at. `blind` are what
    regressions that had not seen the questions expected; empty where there was none.

    It aims at the least cost that keeps the quality of `reference`, of the best single model where
    the reference was not among the models. Nobody measured that where each question was answered
    by one: there it aims at the highest quality.
    """
    models = router.models
    curves = {model: _curve(model, asked, blind) for model in models}
    favourite = _favourite(asked, models, router.costs)
    reference = reference if reference in models else favourite
    router = replace(router, curves=curves, favourite=favourite, reference=reference)
    pairs = [(each, guess) for each, guess in zip(asked, blind, strict=True) if guess]
    several = [(each, guess) for each, guess in pairs if len(each.qualities) > 1]
    if len(several) >= FEWEST:
        router = replace(router, head_start=_head_start(router, several))
        points = frontier(router, several)
        return replace(router, frontier=points, price=price_as_good(points, MARGIN) or 0.0)
    router = replace(router, head_start=_CAUTION, estimated=True)
    imagined = [(_imagined(each, guess, curves), guess) for each, guess in pairs]
    return replace(router, frontier=frontier(router, imagined))


def _imagined(
    each: Asked, guess: Mapping[str, Predicted], curves: Mapping[str, confidence.Calibration]
) -> Asked:
    """The question as if every model had answered it as well as it is expected to."""
    return replace(each, qualities={name: curves[name].of(guess[name].raw) for name in guess})


def _curve(
    model: str, asked: Sequence[Asked], blind: Sequence[Mapping[str, Predicted]]
) -> confidence.Calibration:
    pairs = [
        (guess[model].raw, each.qualities[model])
        for each, guess in zip(asked, blind, strict=True)
        if guess and model in each.qualities
    ]
    return confidence.fit([raw for raw, _ in pairs], [right for _, right in pairs])


def _favourite(asked: Sequence[Asked], models: Sequence[str], costs: Mapping[str, float]) -> str:
    """The model with the best answers on the whole, the cheapest among equals."""
    given: dict[str, list[float]] = defaultdict(list)
    for each in asked:
        for model, quality in each.qualities.items():
            given[model].append(quality)

    def merit(model: str) -> tuple[float, float]:
        rate = (sum(given[model]) + 2.0) / (len(given[model]) + 4.0)
        return round(rate, 9), -costs.get(model, 0.0)

    return max(models, key=merit)


Guessed = Sequence[tuple[Asked, Mapping[str, Predicted]]]


def _head_start(router: Router, guessed: Guessed) -> float:
    """How much better another model must look before it is preferred to the favourite.

    That which gains most over staying with the favourite, by the low end of its interval (95 %,
    one-sided); where none gains, the favourite always answers when only quality counts.
    """

    def gains(head_start: float) -> Array:
        leaning = replace(router, head_start=head_start)
        return np.array(
            [
                quality - each.qualities.get(router.favourite, quality)
                for each, _, quality, _ in _routed(leaning, guessed, 0.0)
            ]
        )

    best, found = 0.0, _HEAD_STARTS[-1]
    for head_start in _HEAD_STARTS:
        gain = gains(head_start)
        error = float(gain.std()) / max(1.0, len(gain)) ** 0.5
        low = float(gain.mean()) - _SURE * error
        if low > best:
            best, found = low, head_start
    return found


def frontier(router: Router, guessed: Guessed) -> tuple[Point, ...]:
    """What each price of quality comes to on these questions, the dearest choice first."""
    points: list[Point] = []
    for price in _PRICES:
        routed = list(_routed(router, guessed, price))
        if not routed:
            return ()
        quality = float(np.mean([quality for *_, quality, _ in routed]))
        cost = float(np.mean([cost for *_, cost in routed]))
        if not points or cost < points[-1].cost - 1e-9:
            gain, error = _over_reference(router, routed)
            points.append(Point(round(price, 8), round(quality, 6), round(cost, 3), gain, error))
    return tuple(points)


def _over_reference(
    router: Router, routed: Sequence[tuple[Asked, str, float, float]]
) -> tuple[float | None, float | None]:
    """The mean gain over the reference where it answered too, and its standard error; `None` where
    that is estimated only, or of too few questions.

    Where others were chosen the error is that of one more difference than was seen: none in `n`
    questions does not prove that there is none (three in `n` is the usual bound).
    """
    beside = [each for each in routed if router.reference in each[0].qualities]
    if router.estimated or len(beside) < FEWEST:
        return None, None
    gains = np.array([each[2] - each[0].qualities[router.reference] for each in beside])
    unseen = float(any(chosen != router.reference for _, chosen, *_ in beside))
    error = float(gains.var() * len(gains) + unseen) ** 0.5 / len(gains)
    return round(float(gains.mean()), 6), round(error, 6)


def _routed(
    router: Router, guessed: Guessed, price: float
) -> list[tuple[Asked, str, float, float]]:
    """The model that would be asked, of those whose answer is known; its quality and its cost."""
    found = []
    for each, guess in guessed:
        known = {model: guess[model] for model in each.qualities if model in guess}
        if not known:
            continue
        values = worth(router, known, router.costs, price)
        chosen = max(known, key=lambda model: values[model])
        cost = each.costs.get(chosen, router.costs.get(chosen, 0.0))
        found.append((each, chosen, each.qualities[chosen], cost))
    return found
