"""Tables -> virtual models: `teppan/STRATEGY`, the pack's, and those of the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from teppan.build.routing import Routing
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError
from teppan.providers.embed import HashingEmbedder
from teppan.serve.language import Interpreter, Spoken
from teppan.serve.lineup import Lineup, filled
from teppan.serve.models import Virtual
from teppan.serve.strategies.base import Strategy
from teppan.serve.strategies.registry import STRATEGIES, mentioned, read_settings
from teppan.serve.strategies.registry import build as build_strategy

ROUTER = "auto"
"""The strategy that chooses by the question."""


def virtual_models(
    settings: Settings,
    pack: Pack | None,
    lineup: Lineup,
    routing: Routing | None = None,
    agents: Sequence[Virtual] = (),
    ear: Interpreter | None = None,
) -> list[Virtual]:
    """`teppan/STRATEGY` for each strategy, the pack's models and agents, those of the settings.

    `routing` is what routers go by; without it they know no prices and keep no records. Those that
    speak for a business answer in the language that `ear` hears.
    """
    tables: dict[str, dict[str, Any]] = {}
    if lineup.panel:
        tables |= {f"teppan/{name}": {"strategy": name} for name in STRATEGIES}
    tables |= pack.models if pack else {}
    tables |= settings.models
    constitution = pack.constitution if pack else ""
    made = [virtual(name, table, lineup, constitution, routing) for name, table in tables.items()]
    made += [each for each in agents if each.name not in tables]
    if routing is not None:
        routing.know(made)
    if ear is not None:
        made = [
            replace(each, strategy=Spoken(each.strategy, ear)) if each.prompt else each
            for each in made
        ]
    return made


def virtual(
    name: str,
    table: Mapping[str, Any],
    lineup: Lineup,
    constitution: str,
    routing: Routing | None = None,
) -> Virtual:
    """One virtual model from its table. Raises `ConfigError` naming the model and the field."""
    settings = dict(table)
    strategy = settings.pop("strategy", None)
    prompt, about = settings.pop("prompt", None), settings.pop("about", "")
    if not isinstance(strategy, str):
        raise ConfigError(f"models.{name}: `strategy` must be one of {', '.join(STRATEGIES)}")
    if strategy == "critic" and prompt and "constitution" not in settings:
        settings["constitution"] = constitution
    guide = None
    if strategy == ROUTER and routing is not None:
        settings, guide = routing.table(settings), routing.guide(name)
    try:
        parts = filled(strategy, settings, lineup)
        made = build_strategy(strategy, parts, embedder(), guide)
        asks = mentioned(read_settings(strategy, parts))
    except ConfigError as error:
        raise ConfigError(f"models.{name}: {error.message}") from error
    return Virtual(name, made, prompt, about, asks)


def direct(fallback: tuple[str, ...], model: str) -> Strategy:
    """How one real model answers: alone, or first in the gateway's chain."""
    chain = tuple(name for name in fallback if name != model)
    return build_strategy("single", {"model": model, "fallback": chain})


def embedder() -> Any:
    return HashingEmbedder().embed
