"""The rows of the tables: every model alone, and every strategy over what the gateway picks."""

from __future__ import annotations

from collections.abc import Mapping

from packing.asking import Way
from teppan.config.pack import Pack
from teppan.simulate.personas import Cast

CRITIC = "critic: teacher, student, critic"
WEAK = "critic: the cheapest is the student"
SINGLE = "model "

STRATEGIES: Mapping[str, str] = {
    "sample": "sample: the dearest, 5 times",
    "weighted": "weighted: majority of five",
    "consensus": "consensus: five, early stop",
    "specialist": "specialist",
    "cascade": "cascade: cheap first",
    "best_of_n": "best_of_n: three and a judge",
    "mixture": "mixture: three and a writer",
    "auto": "auto: by rules",
    "critic": CRITIC,
}
"""Strategies with the members that the gateway picks by price."""


def singles(cast: Cast) -> list[Way]:
    return [
        Way(
            f"{SINGLE}{persona.name}",
            {
                "strategy": "single",
                "model": f"{persona.vendor}/{persona.name}",
                "fallback": [],
            },
        )
        for persona in cast.personas.values()
    ]


def ensembles(cast: Cast) -> list[Way]:
    """Every strategy as the gateway fills it, and the critic whose student is the cheapest."""
    made = [Way(name, {"strategy": strategy}) for strategy, name in STRATEGIES.items()]
    return [*made, Way(WEAK, {"strategy": "critic", "student": _cheapest(cast)})]


def _cheapest(cast: Cast) -> str:
    chosen = min(cast.personas.values(), key=lambda each: each.price_in + each.price_out)
    return f"{chosen.vendor}/{chosen.name}"


def shipped(pack: Pack, best: Way) -> list[Way]:
    """The same under the pack's rules: the best model alone, then the pack's own models."""
    return [
        Way(best.name, best.model, ruled=True),
        *(
            Way(f"{name} ({table['strategy']})", name, ruled=True)
            for name, table in pack.models.items()
            if table.get("prompt")
        ),
    ]
