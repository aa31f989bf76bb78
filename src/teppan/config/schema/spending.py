"""Money: prices, what may be spent, how much may be asked, and what is worth telling."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from teppan.config.schema.base import Dollars, Section

Whose = Literal["whole", "tenant", "key", "model"]


class PriceSettings(Section):
    """A price of your own, in US dollars per million tokens. It wins over the price library."""

    model: str = Field(description="`provider/name`, or a pattern such as `ollama/*`.")
    input: str = Field(description="Dollars per million input tokens.")
    output: str = Field(description="Dollars per million output tokens.")
    cached: str | None = Field(None, description="Dollars per million tokens read from cache.")
    cache_write: str | None = Field(
        None, description="Dollars per million tokens written to cache."
    )
    reasoning: str | None = Field(
        None, description="Dollars per million tokens of thought, where they cost another price."
    )
    batch: str | None = Field(
        None, description="The share of the price that batches cost, e.g. `0.5`."
    )
    since: str = Field(description="The day the price holds from, `YYYY-MM-DD`.")
    source: str = Field("", description="Where the price was read.")


class CostSettings(Section):
    """How money is counted, compared and reported."""

    tracking: bool = Field(
        True, description="Keep budgets, alerts and savings; the ledger itself is always kept."
    )
    time_zone: str = Field(
        "UTC", description="Whose midnight ends a day or month, e.g. `America/Los_Angeles`."
    )
    reference_model: str | None = Field(
        None, description="Savings are told against this model; unset takes the dearest one found."
    )
    unknown_price: Literal["refuse", "allow"] = Field(
        "refuse", description="What a hard budget does with a model whose price is unknown."
    )
    alert_daily: Dollars = Field("50", description="Dollars a day from which an alert is raised.")
    alert_monthly: Dollars = Field(
        "500", description="Dollars a month from which an alert is raised."
    )
    api_threshold: Dollars = Field(
        "300", description="Dollars a month of API cost above which a model of one's own may pay."
    )
    gpu_hour: Dollars = Field("1.20", description="Dollars for an hour of a rented GPU.")


class BudgetSettings(Section):
    """What may be spent: `[[budgets]]`, each with a name of its own."""

    name: str = Field(description="What the budget is called in errors, alerts and `teppan costs`.")
    whose: Whose = Field(
        "whole", description="Counts all spending, or that of each tenant, key or model apart."
    )
    only: str | None = Field(
        None, description="Just this tenant, key id or model; `openai/*` means all of a provider."
    )
    period: Literal["day", "month"] = Field("month", description="When it starts anew.")
    dollars: Dollars = Field(description="How much, in US dollars.")
    kind: Literal["hard", "soft"] = Field(
        "hard", description="`hard` refuses what might overshoot; `soft` only raises an alert."
    )


class LimitSettings(Section):
    """How much may be asked in a time: `[[limits]]`."""

    whose: Literal["whole", "tenant", "key"] = Field(
        "key", description="Counts everything, or each tenant or key apart."
    )
    only: str | None = Field(None, description="Just this tenant or key id.")
    requests: int | None = Field(None, ge=1, description="Most requests in the time.")
    tokens: int | None = Field(None, ge=1, description="Most tokens, in and out, in the time.")
    per: Literal["second", "minute", "hour", "day"] = Field("minute", description="The time.")
