"""The rows of the table: how the month's requests are answered, and in what surroundings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from teppan.cli.demo import packaged, simulated_settings
from teppan.config.schema import Settings
from teppan.config.schema.remembering import CacheSettings, ContextSettings
from teppan.config.schema.running import LogSettings, StoreSettings
from teppan.config.schema.spending import PriceSettings
from teppan.simulate.personas import Cast, load_cast
from teppan.simulate.server import Fleet

REFERENCE = "anthropic/sim-claude-large"
"""The dearest persona, and the best at support."""
CHEAPEST = "mistral/sim-mistral-small"
SECOND = "deepseek/sim-deepseek-chat"
LOCAL_VENDOR = "ollama"
MODEL = "month/asked"

_OFF: Mapping[str, Any] = {"exact": False, "semantic": False}
_EXACT: Mapping[str, Any] = {"exact": True, "semantic": False}
_HOUR: Mapping[str, Any] = {**_EXACT, "ttl": 3600.0, "ttl_by_intent": {}}
_PACK: Mapping[str, Any] = {}
"""Whatever the pack says."""
_WHOLE: Mapping[str, Any] = {"apply": "off", "knowledge_chunks": 0}
_SUMMARIES: Mapping[str, Any] = {"apply": "virtual"}
_LOOKED_UP: Mapping[str, Any] = {"apply": "virtual", "knowledge_chunks": 3}


@dataclass(frozen=True, slots=True)
class Way:
    """A row: the virtual model that is asked, and the settings around it."""

    name: str
    model: Mapping[str, Any]
    cache: Mapping[str, Any] = field(default_factory=lambda: _OFF)
    context: Mapping[str, Any] = field(default_factory=lambda: _WHOLE)
    learned: bool = False


def single(model: str) -> dict[str, Any]:
    return {"strategy": "single", "model": model, "fallback": [], "prompt": "support"}


CLIMB = "month/climb"
"""Two cheap models and, where they do not agree, the reference: a member of the router."""
MEMBERS = (
    "mistral/sim-mistral-small",
    "google/sim-gemini-flash",
    "openai/sim-gpt-small",
    "deepseek/sim-deepseek-chat",
    "anthropic/sim-claude-small",
    CLIMB,
    REFERENCE,
)
"""The reference, five cheaper ones of five houses, and the cascade."""
_CLIMB: Mapping[str, Any] = {
    "strategy": "cascade",
    "models": [MEMBERS[1], MEMBERS[3], REFERENCE],
    "critic": None,
    "agree_at": 0.5,
    "alike": 0.5,
}
_RULES: Mapping[str, Any] = {"strategy": "auto", "kind": "rules", "prompt": "support"}
_LEARNED: Mapping[str, Any] = {
    "strategy": "auto",
    "kind": "learned",
    "models": list(MEMBERS),
    "quality": 0.99,
    "sticky": 0.0,
    "prompt": "support",
}
_AS_FITTED: Mapping[str, Any] = {key: each for key, each in _LEARNED.items() if key != "quality"}
"""Aims at what `teppan route fit` leaves it at: not worse than the reference."""

WHOLE = "router + cache + context"

WAYS = (
    Way("all on the reference", single(REFERENCE)),
    Way("all on the cheapest", single(CHEAPEST)),
    Way("all on a cheap good one", single(SECOND)),
    Way("cascade", {**_CLIMB, "prompt": "support"}),
    Way("router: rules", _RULES),
    Way("router: learned", _LEARNED, learned=True),
    Way("router: learned, as fitted", _AS_FITTED, learned=True),
    Way("exact cache, an hour", single(REFERENCE), cache=_HOUR),
    Way("exact cache", single(REFERENCE), cache=_EXACT),
    Way("semantic cache", single(REFERENCE), cache=_PACK),
    Way("context: summaries", single(REFERENCE), context=_SUMMARIES),
    Way(
        "context: facts looked up",
        {**single(REFERENCE), "prompt": "brief"},
        context=_LOOKED_UP,
    ),
    Way("rules + cache + context", _RULES, cache=_PACK, context=_SUMMARIES),
    Way(WHOLE, _LEARNED, cache=_PACK, context=_SUMMARIES, learned=True),
)


def single_way(model: str) -> Way:
    """All on one model, real or virtual, nothing saved."""
    table = {**_CLIMB, "prompt": "support"} if model == CLIMB else single(model)
    return Way(f"all on {model}", table)


LIMIT = "limit: cheapest that is right"


def paid_cast() -> Cast:
    """The personas that cost money: a caterer has no graphics card."""
    cast = load_cast()
    vendors = {name: one for name, one in cast.vendors.items() if name != LOCAL_VENDOR}
    personas = {key: one for key, one in cast.personas.items() if key[0] != LOCAL_VENDOR}
    return replace(cast, vendors=vendors, personas=personas)


def settings_of(
    way: Way,
    fleet: Fleet,
    store: Path,
    cached: float | None = None,
    fitted: Path | None = None,
) -> Settings:
    """The gateway of a row. `cached` is what a vendor asks for a cached token, as a share of the
    price; `fitted` the file of what was learned.
    """
    base = simulated_settings(fleet, packaged(), store.parent, 0)
    update = {
        "store": StoreSettings(url=f"sqlite:///{store}", durability="process", trace_days=0),
        "log": LogSettings(level="error"),
        "models": {MODEL: dict(way.model), CLIMB: dict(_CLIMB)},
        "cache": CacheSettings(**way.cache),
        "context": ContextSettings(**way.context),
    }
    if fitted is not None:
        update["gateway"] = base.gateway.model_copy(update={"fitted": str(fitted)})
    if cached is not None:
        update["prices"] = tuple(_discounted(each, cached) for each in base.prices)
    return base.model_copy(update=update)


def _discounted(price: PriceSettings, share: float) -> PriceSettings:
    return price.model_copy(update={"cached": f"{float(price.input) * share:.6f}"})


def environment(key: str) -> dict[str, str]:
    """What the gateway sees of the environment: the simulated key, and no key of anybody's."""
    return {key: os.environ[key]}
