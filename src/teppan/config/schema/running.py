"""The process: where it listens, what it keeps, how patient it is, what it logs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from teppan.config.schema.base import Seconds, Section


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
