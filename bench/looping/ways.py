"""The gateway of the month: what customers may be answered by, and what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from teppan.cli.demo import packaged, simulated_settings
from teppan.config.schema import Settings
from teppan.config.schema.learning import LearnSettings
from teppan.config.schema.running import LogSettings, StoreSettings
from teppan.simulate.server import Fleet

MODELS: dict[str, dict[str, Any]] = {
    "loop/small": {"strategy": "single", "model": "mistral/sim-mistral-small", "fallback": []},
    "loop/chat": {"strategy": "single", "model": "deepseek/sim-deepseek-chat", "fallback": []},
    "loop/large": {"strategy": "single", "model": "anthropic/sim-claude-large", "fallback": []},
    "loop/consensus": {"strategy": "consensus"},
    "loop/critic": {"strategy": "critic"},
}
"""Every conversation has one of them, by a throw of the dice."""


def settings_of(fleet: Fleet, store: Path, *, collect: float = 0.0) -> Settings:
    """With `collect` 0 every whole answer makes an example, so that every score can be seen."""
    base = simulated_settings(fleet, packaged(), store.parent, 0)
    terms = dict.fromkeys(fleet.cast.vendors, "free")
    return base.model_copy(
        update={
            "store": StoreSettings(url=f"sqlite:///{store}", durability="process", trace_days=0),
            "log": LogSettings(level="error"),
            "models": {name: {**table, "prompt": "support"} for name, table in MODELS.items()},
            "learn": LearnSettings(collect=collect, terms=terms),
        }
    )
