"""`/v1/outcomes`: what came of an answer or a conversation, told by the business.

    POST /v1/outcomes  {"episode": "ep-9", "metric": "booking", "amount": "1100.00", "id": "bk-17"}
                       {"trace_id": "tr_...", "metric": "csat", "value": 4.5, "at": 1764300000}
    DELETE /v1/outcomes/{id}                                            it did not come so

Known metrics are booking, resolved, escalated and abandoned; any other name may be used. Without an
`id` of the client's there is one outcome of each metric for each target: told again it is changed.
Not for feedback keys: what a page tells of money, anybody could.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from teppan.core.chat import Json
from teppan.core.errors import BadRequest
from teppan.core.ids import Scope
from teppan.core.money import MICROS_PER_DOLLAR, Micros
from teppan.server.exchange import Exchange
from teppan.server.feedback import MAX_BODY, MAX_ID, MAX_USER, id_in, named_text
from teppan.server.fields import Fields, bad
from teppan.server.once import Once, give
from teppan.server.replays import Replays
from teppan.server.routes import NAME, Route

if TYPE_CHECKING:
    from teppan.serve.feedback.outcomes import OutcomeDesk
    from teppan.store.outcomes import Outcome

PATH = "/v1/outcomes"
TOOL = "tool:"
MOST_AMOUNT = 1_000_000_000
MOST_VALUE = 1e12
LATEST = 4_102_444_800.0
"""2100-01-01."""
_METRIC = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


class OutcomeRoutes:
    """Handlers; an outcome is durable before 200 is said."""

    def __init__(self, desk: OutcomeDesk, once: Once) -> None:
        self._desk = desk
        self._once = once

    async def tell(self, exchange: Exchange, scope: Scope) -> None:
        async def work(body: dict[str, Json]) -> dict[str, Json]:
            return card(await self._desk.take(read(body), scope))

        await self._once(exchange, scope, work)

    async def withdraw(self, exchange: Exchange, scope: Scope) -> None:
        gone = await self._desk.withdraw(id_in(exchange, PATH), scope)
        await give(exchange, card(gone))


def routes(desk: OutcomeDesk, most: int, replays: Replays | None = None) -> list[Route]:
    """The routes; `most` bytes is what a body may have anywhere."""
    handlers = OutcomeRoutes(desk, Once(min(most, MAX_BODY), replays))
    return [
        Route("POST", PATH, "user", handlers.tell),
        Route("DELETE", f"{PATH}/{NAME}", "user", handlers.withdraw),
    ]


def card(outcome: Outcome) -> dict[str, Json]:
    """An outcome as JSON; the amount is text, because that is exact."""
    told: dict[str, Json] = {
        "object": "outcome",
        "id": outcome.id,
        "metric": outcome.metric,
        "value": outcome.value,
        "trace_id": outcome.trace_id or None,
        "episode": outcome.episode or None,
        "version": outcome.version,
    }
    if outcome.amount is not None:
        amount = Decimal(outcome.amount) / MICROS_PER_DOLLAR
        told |= {"amount": f"{amount:f}", "currency": outcome.currency}
    if outcome.ref:
        told["ref"] = outcome.ref
    if outcome.withdrawn:
        told["withdrawn"] = True
    return told


def read(body: dict[str, Json]) -> Outcome:
    """The outcome in a body. Raises `BadRequest` that names the field."""
    from teppan.store.outcomes import Outcome

    fields = Fields(body)
    trace_id = named_text(fields, "trace_id", MAX_ID)
    episode = named_text(fields, "episode", MAX_USER)
    metric = fields.need_text("metric")
    if _METRIC.fullmatch(metric) is None:
        bad("metric", "a short name of small letters, digits, `_`, `.` and `-`", metric)
    value = fields.number("value", -MOST_VALUE, MOST_VALUE)
    amount, currency = _amount(fields.raw("amount")), fields.text("currency")
    if currency is not None and _CURRENCY.fullmatch(currency) is None:
        bad("currency", "three capital letters, as `USD`", currency)
    if currency is not None and amount is None:
        raise BadRequest("a `currency` needs an `amount`", param="amount")
    ref = named_text(fields, "id", MAX_USER)
    if ref.startswith(TOOL):
        bad("id", f"a name that does not begin with `{TOOL}`", ref)
    happened = _instant(fields.raw("at"))
    unknown = fields.rest()
    if unknown:
        raise BadRequest(f"an outcome has no field `{next(iter(unknown))[:60]}`")
    if not trace_id and not episode:
        bad("episode", "the conversation's name (or send `trace_id`, the answer's)")
    return Outcome(
        metric=metric,
        value=1.0 if value is None else float(value),
        trace_id=trace_id,
        episode=episode,
        ref=ref,
        amount=amount,
        currency="" if amount is None else currency or "USD",
        happened=happened,
    )


def _amount(given: Json) -> Micros | None:
    """Money in micro units, exactly as it was written: 1100, 1100.25 or "1100.25"."""
    if given is None:
        return None
    wanted = "an amount with at most six decimals, as 1100.25 or its text"
    if type(given) is str and _DECIMAL.fullmatch(given) is None:
        bad("amount", wanted, given)
    if type(given) not in (int, float, str):
        bad("amount", wanted, given)
    amount = Decimal(str(given))  # of a float the shortest text that means it: what was sent
    if not amount.is_finite() or abs(amount) > MOST_AMOUNT:
        bad("amount", f"at most {MOST_AMOUNT:,}", given)
    micros = amount * MICROS_PER_DOLLAR
    if micros != micros.to_integral_value():
        bad("amount", wanted, given)
    return int(micros)


def _instant(given: Json) -> float | None:
    """Seconds since 1970, or a time in ISO 8601 with its zone."""
    if given is None:
        return None
    seconds: float = given if type(given) in (int, float) else _parsed(given)
    if not 0 <= seconds <= LATEST:
        bad("at", "seconds since 1970, or a time as 2026-11-28T12:00:00Z", given)
    return float(seconds)


def _parsed(given: Json) -> float:
    """The seconds of a time with a zone; -1 for what is none."""
    if type(given) is not str or len(given) > 40:
        return -1.0
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        return -1.0
    return -1.0 if moment.tzinfo is None else moment.timestamp()
