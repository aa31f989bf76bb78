"""What a pack knows better than the defaults: settings of a business, under those of its operator.

A pack may carry the tables `[cache]`, `[context]`, `[router]` and `[language]`. A field counts
where neither `teppan.toml` nor the environment says anything about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from teppan.config.load import told
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError

SECTIONS = ("cache", "context", "router", "language")


def with_pack(settings: Settings, tables: Mapping[str, Mapping[str, Any]], origin: str) -> Settings:
    """The settings, with the pack's under them. Raises `ConfigError` naming `origin` and field."""
    changed = {}
    for name, table in tables.items():
        section = getattr(settings, name)
        said = {field: getattr(section, field) for field in section.model_fields_set}
        try:
            changed[name] = type(section)(**{**table, **said})
        except ValidationError as error:
            raise ConfigError(f"{origin}: [{name}] {told(error)}") from None
    return settings.model_copy(update=changed) if changed else settings
