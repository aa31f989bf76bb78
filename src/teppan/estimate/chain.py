"""Which models a cascade asks, in which order, and when it stops: fitted on recorded answers.

    all models ── not hopeless ──> every chain of up to four ── stop when two agree ──> a shortlist
    shortlist ── stopping rules fitted backwards, for several prices of quality ──> the best
                                                                       within the budget
    the best ── `table` (arrays), `stopping` (when to go on), `scorer` (the same figures, live)

Nothing but the answers decides: no model is known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from msgspec import Struct

from teppan.estimate.scorer import Scorers, Step, key_of
from teppan.estimate.stopping import Rule, Stages
from teppan.estimate.table import Columns, Example, Table, two_agree
from teppan.estimate.voters import VoterWeights

LONGEST = 4
_HOPELESS = 0.2
"""A model this much worse than a cheaper one is left out."""
_MODELS = 14
"""At most so many models are combined: 14 make 1,470 chains."""
_SHORTLIST = 12
_PRICES = (0.02, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5, 0.8, 1.3, 2.5)
"""What the cost of one answer of the best model may be worth, in quality."""


class Chain(Struct, frozen=True):
    """A fitted cascade: `models` by price, and what was fitted for each of its steps.

    `quality` and `cost` are what it reached on the examples it was fitted on.
    """

    models: tuple[str, ...]
    scorers: Scorers
    quality: float
    cost: float


class _Found(Struct, frozen=True, order=True):
    """A chain with its rule; the best is the greatest."""

    quality: float
    saved: float
    columns: Columns
    price: float


def fit(
    examples: Sequence[Example],
    models: Sequence[str],
    voters: VoterWeights,
    budgets: Sequence[float],
) -> list[Chain | None]:
    """For each budget the cascade of the highest quality whose mean cost stays within it, with a
    standard error to spare for the questions to come.

    Budgets are in the unit of `Given.cost`. `None` where no chain is that cheap. A model that is
    missing from an example gave no answer there.
    """
    table = Table(examples, models, voters)
    stages = Stages(table)
    usable = _usable(table)
    plain = {columns: two_agree(table, columns) for columns in _chains(usable)}
    return [_best(stages, usable, plain, budget) for budget in budgets]


def _usable(table: Table) -> Columns:
    """The models by price without those that a cheaper one beats by far."""
    best, behind = 0.0, {}
    for place in table.by_price:
        behind[place] = best - table.quality[place]
        best = max(best, table.quality[place])
    near = [place for place in table.by_price if behind[place] <= _HOPELESS]
    kept = sorted(near, key=lambda place: behind[place])[:_MODELS]
    return tuple(place for place in table.by_price if place in kept)


def _chains(usable: Columns) -> list[Columns]:
    return [chain for size in range(3, LONGEST + 1) for chain in combinations(usable, size)]


def _best(
    stages: Stages,
    usable: Columns,
    plain: Mapping[Columns, tuple[float, float]],
    budget: float,
) -> Chain | None:
    table = stages.table
    able = [each for each in plain if table.price[each[0]] <= budget]
    able.sort(key=lambda each: _thinned(table, each, plain[each], budget), reverse=True)
    chains = able[:_SHORTLIST]
    chains += [(place,) for place in usable]
    chains += [pair for pair in combinations(usable, 2) if table.price[pair[0]] <= budget]
    dearest = max(float(table.price[place]) for place in usable) or 1.0
    tries = [
        _Found(played.quality, -played.cost, columns, price / dearest)
        for columns in chains
        for price in (_PRICES if len(columns) > 1 else _PRICES[:1])
        for played in [stages.unseen(columns, price / dearest)]
        if played.cost + played.error <= budget
    ]
    if not tries:
        return None
    found = max(tries)
    rule = stages.rule(found.columns, found.price)
    return Chain(
        models=tuple(table.models[place] for place in found.columns),
        scorers=_scorers(table, found.columns, rule),
        quality=found.quality,
        cost=-found.saved,
    )


def _thinned(
    table: Table, columns: Columns, plain: tuple[float, float], budget: float
) -> tuple[float, Columns]:
    """What asking until two agree would come to if it went on for only as many questions as the
    budget allows: the chain's own rule chooses them better.
    """
    quality, cost = plain
    first = columns[0]
    part = min(1.0, (budget - table.price[first]) / max(1e-9, cost - table.price[first]))
    return table.quality[first] + part * (quality - table.quality[first]), columns


def _scorers(table: Table, columns: Columns, rule: Rule) -> Scorers:
    names = [table.models[place] for place in columns]
    lengths = {table.models[place]: table.length_of(place) for place in columns}
    steps = {}
    for size, (chance, gain) in enumerate(zip(rule.chances, rule.gains, strict=True), start=1):
        steps[key_of(names[:size])] = Step(
            tuple(map(float, chance)),
            tuple(map(float, gain)),
            {name: lengths[name] for name in names[:size]},
        )
    return Scorers(steps)
