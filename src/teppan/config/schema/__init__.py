"""Every setting, one class per section of `teppan.toml`, one sentence per field.

Settings are read once and frozen. A field that is not here is an error (`extra = forbid`), so
that a misspelt name is never silently ignored.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from teppan.config.schema.answering import GatewaySettings, ProviderSettings
from teppan.config.schema.base import Section
from teppan.config.schema.language import LanguageSettings
from teppan.config.schema.learning import LearnSettings, LearnWeights
from teppan.config.schema.remembering import (
    CacheSettings,
    ClusterSettings,
    ContextSettings,
    KnowledgeSettings,
)
from teppan.config.schema.routing import RouterSettings, RouterWeights, ShadowSettings
from teppan.config.schema.running import (
    BreakerSettings,
    ClockSettings,
    LogSettings,
    RetrySettings,
    ServerSettings,
    StoreSettings,
)
from teppan.config.schema.spending import (
    BudgetSettings,
    CostSettings,
    LimitSettings,
    PriceSettings,
)

__all__ = [
    "BreakerSettings",
    "BudgetSettings",
    "CacheSettings",
    "ClockSettings",
    "ClusterSettings",
    "ContextSettings",
    "CostSettings",
    "GatewaySettings",
    "KnowledgeSettings",
    "LanguageSettings",
    "LearnSettings",
    "LearnWeights",
    "LimitSettings",
    "LogSettings",
    "PriceSettings",
    "ProviderSettings",
    "RetrySettings",
    "RouterSettings",
    "RouterWeights",
    "Section",
    "ServerSettings",
    "Settings",
    "ShadowSettings",
    "StoreSettings",
]


class Settings(BaseSettings):
    """All settings: `teppan.toml`, over it `TEPPAN_SECTION__FIELD` in the environment."""

    model_config = SettingsConfigDict(
        env_prefix="TEPPAN_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    clocks: ClockSettings = ClockSettings()
    retry: RetrySettings = RetrySettings()
    breaker: BreakerSettings = BreakerSettings()
    gateway: GatewaySettings = GatewaySettings()
    router: RouterSettings = RouterSettings()
    costs: CostSettings = CostSettings()
    cache: CacheSettings = CacheSettings()
    context: ContextSettings = ContextSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    language: LanguageSettings = LanguageSettings()
    learn: LearnSettings = LearnSettings()
    shadow: ShadowSettings = ShadowSettings()
    cluster: ClusterSettings = ClusterSettings()
    log: LogSettings = LogSettings()
    providers: dict[str, ProviderSettings] = Field(
        {}, description="Vendors by name; a known name changes its catalogue row."
    )
    models: dict[str, dict[str, Any]] = Field(
        {}, description="Virtual models by name: `strategy = ...` and that strategy's settings."
    )
    prices: tuple[PriceSettings, ...] = Field((), description="Prices of your own.")
    budgets: tuple[BudgetSettings, ...] = Field((), description="What may be spent.")
    limits: tuple[LimitSettings, ...] = Field((), description="How much may be asked in a time.")
