"""Writes `rates.json` anew: `python -m teppan.cost.refresh` (needs the genai-prices package).

What cannot be said in prices per token (fees per request or citation) is left out, so that the
model's price is unknown rather than too low.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from teppan.core.errors import ConfigError
from teppan.core.money import micros
from teppan.cost.prices import Book, Clause, Period, Row, Tier

_NOT_BY_TOKEN = ("requests_kcount", "output_citation_mtok", "input_mchars")

_NO_REASONING = re.compile(rb"(\[\d+,\d+,\d+,(?:\d+|null),(?:\d+|null)),null\]")


def book() -> Book:
    """The price list as the installed genai-prices has it."""
    try:
        import genai_prices
        from genai_prices.data import providers
    except ImportError:
        raise ConfigError("install genai-prices to refresh the price list") from None
    vendors = {provider.id: rows for provider in providers if (rows := _rows(provider))}
    return Book(
        version=f"genai-prices {genai_prices.__version__}",
        names=_other_names(providers),
        vendors={key: msgspec.Raw(msgspec.json.encode(rows)) for key, rows in vendors.items()},
    )


def _rows(provider: Any) -> list[Row]:
    rows = []
    for model in provider.models:
        conditional = model.prices if isinstance(model.prices, list) else None
        periods = (
            [_period(each.prices, each.constraint) for each in conditional]
            if conditional is not None
            else [_period(model.prices, None)]
        )
        whole = tuple(period for period in periods if period is not None)
        if whole and len(whole) == len(periods):
            rows.append(Row(_clause(model.match), whole))
    return rows


def _period(prices: Any, constraint: Any) -> Period | None:
    if prices.input_mtok is None and prices.output_mtok is None:
        return None
    if any(getattr(prices, name, None) is not None for name in _NOT_BY_TOKEN):
        return None
    since = getattr(constraint, "start_date", None)
    begin, end = getattr(constraint, "start_time", None), getattr(constraint, "end_time", None)
    return Period(
        _tiers(prices),
        since.isoformat() if since else None,
        (_clock(begin), _clock(end)) if begin is not None and end is not None else None,
    )


def _tiers(prices: Any) -> tuple[Tier, ...]:
    named = [
        getattr(prices, name, None)
        for name in (
            "input_mtok",
            "output_mtok",
            "cache_read_mtok",
            "cache_write_mtok",
            "output_reasoning_mtok",
        )
    ]
    starts = {0} | {tier.start for price in named for tier in getattr(price, "tiers", ())}
    return tuple(_tier(start, named) for start in sorted(starts))


def _tier(start: int, named: list[Any]) -> Tier:
    values = [_rate(price, start) for price in named]
    return Tier(start, values[0] or 0, values[1] or 0, *values[2:])


def _rate(price: Any, start: int) -> int | None:
    """Micro-dollars per million tokens in the tier that begins above `start`."""
    if price is None:
        return None
    if isinstance(price, Decimal):
        return micros(price)
    value = price.base
    for tier in price.tiers:
        if tier.start <= start:
            value = tier.price
    return micros(value)


def _clause(match: Any) -> Clause:
    inner = getattr(match, "or_", None)
    if inner is not None:
        return Clause(any=tuple(map(_clause, inner)))
    inner = getattr(match, "and_", None)
    if inner is not None:
        return Clause(all=tuple(map(_clause, inner)))
    if hasattr(match, "regex"):
        return Clause(regex=match.regex)
    if hasattr(match, "equals"):
        return Clause(equals=match.equals.lower())
    if hasattr(match, "starts_with"):
        return Clause(starts=match.starts_with.lower())
    if hasattr(match, "ends_with"):
        return Clause(ends=match.ends_with.lower())
    return Clause(contains=match.contains.lower())


def _other_names(providers: Any) -> dict[str, str]:
    """Names a vendor is also known by, where the library lists them one by one."""
    names = {}
    for provider in providers:
        match = provider.provider_match
        for each in getattr(match, "or_", [match]):
            if hasattr(each, "equals"):
                names[each.equals] = provider.id
    return names


def _clock(time: Any) -> str:
    offset = time.utcoffset()
    if offset:
        raise ConfigError("a price by the hour is not in UTC")
    return str(time.strftime("%H:%M:%S"))


def main() -> None:
    target = Path(__file__).with_name("rates.json")
    target.write_bytes(one_row_a_line(book()))


def one_row_a_line(book: Book) -> bytes:
    """The file's text: a changed price is one changed line."""
    vendors = [
        msgspec.json.encode(vendor) + b": [\n" + b",\n".join(_raw_rows(raw)) + b"\n]"
        for vendor, raw in book.vendors.items()
    ]
    head = msgspec.json.encode({"version": book.version, "names": book.names})
    return head[:-1] + b',"vendors":{\n' + b",\n".join(vendors) + b"\n}}\n"


def _raw_rows(raw: msgspec.Raw) -> list[bytes]:
    """The rows. The price of reasoning stands only where there is one: hardly anywhere."""
    rows = msgspec.json.decode(raw, type=list[msgspec.Raw])
    return [_NO_REASONING.sub(rb"\1]", bytes(row)) for row in rows]


if __name__ == "__main__":
    main()
