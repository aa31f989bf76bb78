"""Names in the environment that other systems already set, and the settings they mean here.

`TEPPAN_SECTION__FIELD` wins over them, and they win over `teppan.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MEANINGS: Mapping[str, tuple[str, str]] = {
    "AI_ROUTER_ENABLED": ("router", "enabled"),
    "AI_ROUTER_DEFAULT_PROVIDER": ("router", "default_provider"),
    "AI_ROUTER_COMPLEX_THRESHOLD": ("router", "complex_threshold"),
    "AI_ROUTER_ENSEMBLE_THRESHOLD": ("router", "ensemble_threshold"),
    "AI_COST_TRACKING_ENABLED": ("costs", "tracking"),
    "AI_COST_ALERT_THRESHOLD_DAILY": ("costs", "alert_daily"),
    "AI_COST_ALERT_THRESHOLD_MONTHLY": ("costs", "alert_monthly"),
    "AI_SHADOW_LEARNING_ENABLED": ("shadow", "enabled"),
    "AI_SHADOW_MODEL": ("shadow", "model"),
    "AI_SHADOW_SIMILARITY_THRESHOLD": ("shadow", "similarity"),
}


def with_environment(tables: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The tables, changed by what these names say; an empty value says nothing."""
    changed = dict(tables)
    for name, (section, field) in MEANINGS.items():
        value = environment.get(name, "").strip()
        below = changed.get(section, {})
        if value and isinstance(below, Mapping):
            changed[section] = {**below, field: value}
    return changed


def named_by(section: str, field: str, environment: Mapping[str, str]) -> str | None:
    """The name in the environment that a setting was taken from, so that errors can say it."""
    for name, meaning in MEANINGS.items():
        if meaning == (section, field) and environment.get(name, "").strip():
            return name
    return None
