"""Who plays which part when the settings do not say: members picked from the models found.

Price stands in for skill, because it is the only thing known of every model before anything was
asked: the dearest of each provider is its flagship. Providers are mixed first, since models of
one house err together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from teppan.core.chat import Json

PANEL = 5
"""Most members of a panel: a few good voters beat many mixed ones."""

STEPS = 3
"""Steps of a cascade."""

ENSEMBLE = "teppan/consensus"
"""Where a router sends what is too hard for one model."""


class Offered(Struct, frozen=True):
    """A model that may play a part. `rate` is micro-dollars per million tokens in and out, added;
    `None` when unknown, 0 for a model on this host."""

    model: str
    rate: int | None = None

    @property
    def provider(self) -> str:
        return self.model.partition("/")[0]


class Lineup(Struct, frozen=True):
    """The parts: `panel` dearest first, `steps` cheapest first. Empty when nothing was found.

    `student` is the best that is neither teacher nor critic: one much weaker gives a critic more
    wrong answers to choose than right ones to compare with. `second` is the next one: asked when
    neither answer is good enough.
    """

    panel: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    critic: str = ""
    student: str = ""
    second: str | None = None

    @property
    def best(self) -> str:
        return self.panel[0]

    @property
    def cheap(self) -> str:
        return self.steps[0]


def line_up(offered: Sequence[Offered]) -> Lineup:
    """The parts of these models; ties go to the one offered first."""
    if not offered:
        return Lineup()
    dearest = sorted(offered, key=lambda each: -(each.rate or 0))
    panel = _mixed(dearest)[:PANEL]
    cheapest = sorted(offered, key=lambda each: each.rate if each.rate is not None else 10**12)
    steps = _mixed(cheapest)[: STEPS - 1]
    best = panel[0]
    others = [each for each in panel if each.provider != best.provider] or panel[1:] or [best]
    critic = others[0]
    rest = [each for each in panel if each not in (best, critic)]
    return Lineup(
        panel=tuple(each.model for each in panel),
        steps=(*(each.model for each in steps if each != best), best.model),
        critic=critic.model,
        student=(rest or steps)[0].model,
        second=rest[1].model if len(rest) > 1 else None,
    )


def targets(lineup: Lineup) -> dict[str, Json]:
    """Who answers which kind of question: the cheapest, the best, or an ensemble."""
    return {
        "simple": lineup.cheap,
        "medium": lineup.best,
        "complex": ENSEMBLE,
        "tools": lineup.best,
        "default": lineup.best,
        "models": tuple(dict.fromkeys((*lineup.steps, *lineup.panel))),
        "fallback": lineup.panel,
    }


def filled(strategy: str, settings: Mapping[str, Any], lineup: Lineup) -> dict[str, Json]:
    """The settings with the parts they leave open taken from the lineup."""
    parts: dict[str, dict[str, Json]] = {
        "single": {"model": lineup.best, "fallback": lineup.panel[1:]},
        "fallback": {"models": lineup.panel},
        "specialist": {
            "specialists": {"math": lineup.best, "code": lineup.best},
            "default": lineup.cheap,
            "fallback": lineup.panel,
        },
        "best_of_n": {"models": lineup.panel[:3], "judge": lineup.critic},
        "weighted": {"models": lineup.panel},
        "consensus": {"models": lineup.panel},
        "critic": {
            "teacher": lineup.best,
            "student": lineup.student,
            "second": lineup.second,
            "critic": lineup.critic,
            "fallback": lineup.panel,
        },
        "cascade": {"models": lineup.steps, "critic": lineup.critic},
        "mixture": {"models": lineup.panel[:3], "aggregator": lineup.best},
        "sample": {"model": lineup.best},
        "auto": targets(lineup),
    }
    return {**parts.get(strategy, {}), **settings}


def _mixed(ranked: Sequence[Offered]) -> list[Offered]:
    """The same order, but the first of every provider before the second of any."""
    seen: dict[str, int] = {}
    rounds = []
    for place, each in enumerate(ranked):
        turn = seen.get(each.provider, 0)
        seen[each.provider] = turn + 1
        rounds.append((turn, place, each))
    return [each for _, _, each in sorted(rounds, key=lambda row: row[:2])]
