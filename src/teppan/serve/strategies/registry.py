"""Every strategy by its name: the list to add a new one to.

`build` turns the table of a virtual model in `teppan.toml` into a strategy, once, at start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from teppan.core.chat import Json
from teppan.core.errors import ConfigError
from teppan.serve.strategies.auto import Auto, AutoSettings, Guide
from teppan.serve.strategies.base import Strategy
from teppan.serve.strategies.best_of_n import BestOfN, BestOfNSettings
from teppan.serve.strategies.cascade import Cascade, CascadeSettings
from teppan.serve.strategies.consensus import Consensus, ConsensusSettings
from teppan.serve.strategies.critic import CriticSettings, TeacherStudentCritic
from teppan.serve.strategies.fallback import Fallback, FallbackSettings
from teppan.serve.strategies.meaning import Embed
from teppan.serve.strategies.mixture import Mixture, MixtureSettings
from teppan.serve.strategies.sample import Sample, SampleSettings
from teppan.serve.strategies.single import Single, SingleSettings
from teppan.serve.strategies.specialist import Specialist, SpecialistSettings
from teppan.serve.strategies.weighted import Weighted, WeightedSettings


class Kind(Struct, frozen=True):
    """A strategy's settings type and how it is made; `embeds` when it compares meanings, `routes`
    when it chooses by the question.
    """

    settings: type[Struct]
    make: Callable[..., Strategy]
    embeds: bool = False
    routes: bool = False


STRATEGIES: Mapping[str, Kind] = MappingProxyType(
    {
        "single": Kind(SingleSettings, Single),
        "fallback": Kind(FallbackSettings, Fallback),
        "specialist": Kind(SpecialistSettings, Specialist),
        "best_of_n": Kind(BestOfNSettings, BestOfN),
        "weighted": Kind(WeightedSettings, Weighted, embeds=True),
        "consensus": Kind(ConsensusSettings, Consensus, embeds=True),
        "critic": Kind(CriticSettings, TeacherStudentCritic),
        "cascade": Kind(CascadeSettings, Cascade, embeds=True),
        "mixture": Kind(MixtureSettings, Mixture),
        "sample": Kind(SampleSettings, Sample, embeds=True),
        "auto": Kind(AutoSettings, Auto, routes=True),
    }
)

_NAMING = (
    "model",
    "models",
    "teacher",
    "student",
    "critic",
    "judge",
    "aggregator",
    "specialists",
    "simple",
    "medium",
    "complex",
    "tools",
    "default",
    "escalate_to",
    "regenerate",
    "second",
    "fallback",
)
"""The settings that name models."""


def build(
    name: str,
    settings: Mapping[str, Json],
    embed: Embed | None = None,
    guide: Guide | None = None,
) -> Strategy:
    """The strategy `name` with these settings.

    `embed` compares meanings; without it only equal words mean the same. `guide` is what a router
    knows of the gateway around it. Raises `ConfigError`,
    naming the field, for a strategy or a setting that does not exist or cannot be.
    """
    kind = _kind(name)
    read = read_settings(name, settings)
    if kind.routes:
        return kind.make(read, guide)
    return kind.make(read, embed) if kind.embeds else kind.make(read)


def read_settings(name: str, settings: Mapping[str, Json]) -> Struct:
    """The settings as their own type; raises `ConfigError` that names the field."""
    try:
        return msgspec.convert(dict(settings), _kind(name).settings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"strategy {name}: {error}") from error


def mentioned(settings: Struct) -> tuple[str, ...]:
    """Every model that a strategy with these settings may ask, each once."""
    return tuple(dict.fromkeys(_names(settings)))


def _names(settings: Struct) -> Iterator[str]:
    for field in _NAMING:
        value: Any = getattr(settings, field, None)
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from value.values()
        elif value is not None:
            yield from value


def _kind(name: str) -> Kind:
    kind = STRATEGIES.get(name)
    if kind is None:
        raise ConfigError(f"no strategy {name!r}: there are {', '.join(STRATEGIES)}")
    return kind
