"""Money is a whole number of micro-dollars (1 US dollar = 1,000,000); unknown is `None`.

Rates are kept as micro-dollars per million tokens, which every published price is a whole
number of. A cost is rounded once, at the end, half up; so the sum over a ledger is the sum of
its rows to the last micro-dollar.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

Micros = int
"""Micro-dollars."""

MICROS_PER_DOLLAR = 1_000_000
TOKENS_PER_RATE = 1_000_000


def micros(dollars: Decimal | str | int) -> Micros:
    """Micro-dollars of an exact amount in dollars; a float is refused because it is not exact."""
    if isinstance(dollars, float):
        raise TypeError("give dollars as a string or Decimal: a float is not exact")
    amount = Decimal(dollars) * MICROS_PER_DOLLAR
    return int(amount.to_integral_value(rounding=ROUND_HALF_UP))


def dollars(amount: Micros | None, places: int = 6) -> str:
    """`$0.001234`, or `unknown`."""
    if amount is None:
        return "unknown"
    value = (Decimal(amount) / MICROS_PER_DOLLAR).quantize(Decimal(1).scaleb(-places))
    return f"-${-value}" if value < 0 else f"${value}"


def charge(*parts: tuple[int, int]) -> Micros:
    """The cost of `(tokens, micro-dollars per million tokens)` pairs, rounded half up once."""
    total = 0
    for tokens, rate in parts:
        total += tokens * rate
    return (2 * total + TOKENS_PER_RATE) // (2 * TOKENS_PER_RATE)


def total(amounts: Iterable[Micros | None]) -> Micros | None:
    """The sum, or `None` as soon as one amount is unknown: unknown is never zero."""
    result = 0
    for amount in amounts:
        if amount is None:
            return None
        result += amount
    return result
