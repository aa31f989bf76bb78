"""Every setting, one class per section of `teppan.toml`, one sentence per field.

Settings are read once and frozen. A field that is not here is an error (`extra = forbid`), so
that a misspelt name is never silently ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Section(BaseModel):
    """A frozen part of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(Section):
    """Where and how the gateway listens."""

    host: str = Field("127.0.0.1", description="Address to bind; anything public needs a key.")
    port: int = Field(8080, ge=0, le=65_535, description="Port to bind; 0 takes a free one.")
    body_limit: int = Field(
        20_000_000, ge=1_000, description="Largest request body in bytes; larger ones get 413."
    )
    keep_alive: Seconds = Field(
        10.0, description="Seconds of silence in a stream before a keep-alive is sent."
    )
    drain: Seconds = Field(
        20.0, description="Seconds that open requests get to finish after SIGTERM."
    )
    require_key: bool | None = Field(
        None,
        description="Ask every client for a key; unset means yes as soon as a key exists "
        "or the address is public.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Further host names a client may use to reach a loopback gateway."
    )


class StoreSettings(Section):
    """Where traces, money and keys are kept."""

    url: str = Field(
        "sqlite:///teppan.db",
        description="`sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`.",
    )
    durability: Literal["power", "process"] = Field(
        "power",
        description="What acknowledged money survives: a power cut, or only the process's death.",
    )
    trace_days: int = Field(90, ge=0, description="Days that traces are kept; 0 keeps them.")
    trace_content: bool = Field(
        True, description="Keep the words of questions and answers in traces."
    )


class ClockSettings(Section):
    """The four clocks of one attempt at a vendor, and the one of the whole request."""

    connect: Seconds = Field(5.0, description="Seconds to reach the vendor.")
    first_token: Seconds = Field(60.0, description="Seconds until the vendor's first word.")
    idle: Seconds = Field(30.0, description="Seconds between two pieces of a stream.")
    total: Seconds = Field(300.0, description="Seconds for one attempt as a whole.")
    deadline: Seconds = Field(
        600.0, description="Seconds for the whole request, all tries and members included."
    )


class RetrySettings(Section):
    """How often and how long a failed attempt is tried again."""

    attempts: int = Field(3, ge=1, le=10, description="Most attempts at one model.")
    first_wait: Seconds = Field(
        0.5, description="Longest first wait; each further one may be twice as long."
    )
    longest_wait: Seconds = Field(8.0, description="Longest wait of our own choosing.")
    longest_asked: Seconds = Field(
        20.0, description="Longest wait a vendor may ask for; more means another model."
    )
    extra_share: float = Field(
        0.2, ge=0, le=1, description="Most extra calls, as a share of all calls, at any time."
    )


class BreakerSettings(Section):
    """When a failing model or key is left alone, and when it is tried again."""

    consecutive: int = Field(5, ge=1, description="Failures in a row that open the circuit.")
    failure_rate: float = Field(
        0.5, gt=0, le=1, description="Share of failures in the window that opens it."
    )
    window: Seconds = Field(30.0, description="Seconds the share is counted over.")
    rest: Seconds = Field(
        5.0, description="Seconds of rest before one probe is let through; failed probes double it."
    )


class LogSettings(Section):
    """The log: it goes to stderr, and never holds keys or the words of customers."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is logged."
    )
    format: Literal["auto", "text", "json"] = Field(
        "auto", description="`text` for people, `json` for programs; `auto` asks the terminal."
    )


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


class PriceSettings(Section):
    """A price of your own, in US dollars per million tokens. It wins over the price library."""

    model: str = Field(description="`provider/name`, or a pattern such as `ollama/*`.")
    input: str = Field(description="Dollars per million input tokens.")
    output: str = Field(description="Dollars per million output tokens.")
    cached: str | None = Field(None, description="Dollars per million tokens read from cache.")
    cache_write: str | None = Field(
        None, description="Dollars per million tokens written to cache."
    )
    since: str = Field(description="The day the price holds from, `YYYY-MM-DD`.")
    source: str = Field("", description="Where the price was read.")


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
    log: LogSettings = LogSettings()
    providers: dict[str, ProviderSettings] = Field(
        {}, description="Vendors by name; a known name changes its catalogue row."
    )
    models: dict[str, dict[str, Any]] = Field(
        {}, description="Virtual models by name: `strategy = ...` and that strategy's settings."
    )
    prices: tuple[PriceSettings, ...] = Field((), description="Prices of your own.")
