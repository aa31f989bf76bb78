"""Who can be asked, and how requests are answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from teppan.config.schema.base import Section


class ProviderSettings(Section):
    """One vendor: a row of the catalogue changed, or an OpenAI-compatible address of your own."""

    url: str | None = Field(None, description="Address of the API, up to and with `/v1`.")
    dialect: Literal["openai_chat", "openai_responses", "anthropic", "google"] | None = Field(
        None, description="Wire format; `openai_chat` for anything OpenAI-compatible."
    )
    keys: tuple[str, ...] = Field(
        (), description="Where keys are: `env:NAME` or `file:PATH`; several are rotated."
    )
    models: tuple[str, ...] = Field(
        (), description="Names of models to offer; empty asks the vendor for its list."
    )
    headers: dict[str, str] = Field({}, description="Further headers sent with every request.")
    local: bool | None = Field(
        None, description="The models run on this host: they come last in fallback chains."
    )
    capabilities: dict[str, dict[str, Any]] = Field(
        {}, description="What single models take: by name, fields as in the catalogue."
    )


class GatewaySettings(Section):
    """How requests are answered."""

    fallback: tuple[str, ...] = Field(
        (), description="Models tried in this order when the one that was asked fails."
    )
    max_depth: int = Field(4, ge=1, le=10, description="How deep virtual models may nest.")
    max_calls: int = Field(
        64, ge=1, description="Most model calls for one request, retries included."
    )
    pack: str | None = Field(None, description="Folder of the business pack to serve.")
    fitted: str | None = Field(
        None,
        description="File of fitted estimators (voters, confidence, ...) that "
        "`teppan backtest --fit` wrote.",
    )
