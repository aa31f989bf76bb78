"""What a model costs: where every price comes from.

    Prices.rates("vendor/model", at)
      1. prices of your own (`[[prices]]` in the settings), the newest that holds on that day
      2. models that run on this host: nothing
      3. `rates.json`: list prices, taken from the genai-prices project by `refresh.py`
      4. none of these: unknown, which is not zero; it is said once in the log

`rates.json` instead of the library itself: importing that takes over a second and 68 MB, more than
the rest of the gateway (2026-11); a test holds both to the same prices.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import resources

import msgspec
import structlog
from msgspec import Struct

from teppan.core.money import MICROS_PER_DOLLAR, micros

_log = structlog.get_logger(__name__)

_MOST_WARNINGS = 1000
_APART = ("cached", "cache_write", "reasoning")


class Tier(Struct, frozen=True, array_like=True):
    """Prices in micro-dollars per million tokens, for requests of more than `above` input tokens.

    The tier a request reaches prices all of its tokens. `None` for `cached` and `cache_write`
    means that they cost what input costs, for `reasoning` that it costs what output costs.
    """

    above: int
    input: int
    output: int
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


class Rates(Struct, frozen=True):
    """What a model costs now; `tiers` ascend, the first is for every request.

    `batch` is the share of it that an answer costs which may take a day, in millionths; None where
    no such discount is known.
    """

    tiers: tuple[Tier, ...]
    version: str
    batch: int | None = None


class Override(Struct, frozen=True):
    """A price of one's own: `model` is `vendor/name`, or a pattern that ends with `*`."""

    model: str
    tier: Tier
    since: date
    source: str = ""
    batch: int | None = None

    @property
    def version(self) -> str:
        return f"own {self.since.isoformat()}"

    def covers(self, model: str) -> bool:
        if self.model.endswith("*"):
            return model.startswith(self.model[:-1])
        return model == self.model


def override(
    model: str,
    *,
    input: str,
    output: str,
    since: str,
    source: str = "",
    batch: str | None = None,
    **apart: str | None,
) -> Override:
    """An override as people write it: dollars per million tokens as text, `since` as YYYY-MM-DD.

    `apart` are `cached`, `cache_write` and `reasoning` where they have a price of their own.
    Raises `ValueError` for what is not a date or not a share, `ArithmeticError` for what is not a
    number.
    """
    unknown = set(apart) - set(_APART)
    if unknown:
        raise TypeError(f"a price has no field {min(unknown)!r}")
    given = [apart.get(name) for name in _APART]
    rates = [None if each is None else micros(each) for each in given]
    tier = Tier(0, micros(input), micros(output), *rates)
    if min(each or 0 for each in msgspec.structs.astuple(tier)) < 0:
        raise ValueError(f"a price of {model} is negative")
    share = None if batch is None else micros(batch)
    if share is not None and not 0 <= share <= MICROS_PER_DOLLAR:
        raise ValueError(f"the batch price of {model} must be a share between 0 and 1")
    return Override(model, tier, date.fromisoformat(since), source, share)


# --- the rows of rates.json --------------------------------------------------------------------


class Clause(Struct, frozen=True, omit_defaults=True):
    """Which names a row is for; exactly one field is set, all but `regex` ignore case."""

    equals: str | None = None
    starts: str | None = None
    ends: str | None = None
    contains: str | None = None
    regex: str | None = None
    any: tuple[Clause, ...] | None = None
    all: tuple[Clause, ...] | None = None

    def fits(self, name: str) -> bool:
        """Whether the (lower case) name is meant."""
        if self.any is not None:
            return any(clause.fits(name) for clause in self.any)
        if self.all is not None:
            return all(clause.fits(name) for clause in self.all)
        if self.equals is not None:
            return name == self.equals
        if self.starts is not None:
            return name.startswith(self.starts)
        if self.ends is not None:
            return name.endswith(self.ends)
        if self.contains is not None:
            return self.contains in name
        return self.regex is not None and re.search(self.regex, name) is not None


class Period(Struct, frozen=True, omit_defaults=True):
    """Prices that hold from a day on, or every day between two hours (UTC, `HH:MM:SS`)."""

    tiers: tuple[Tier, ...]
    since: str | None = None
    hours: tuple[str, str] | None = None

    def holds(self, moment: datetime) -> bool:
        if self.since is not None and moment.date().isoformat() < self.since:
            return False
        if self.hours is None:
            return True
        begin, end = self.hours
        clock = moment.strftime("%H:%M:%S")
        return begin <= clock < end if begin <= end else not end <= clock < begin


class Row(Struct, frozen=True):
    """One model; the last period that holds is the price."""

    fits: Clause
    periods: tuple[Period, ...]


class Book(Struct, frozen=True):
    """The whole file; a vendor's rows stay undecoded until somebody asks for that vendor."""

    version: str
    names: Mapping[str, str]
    vendors: Mapping[str, msgspec.Raw]


def shipped() -> Book:
    """The price list that comes with Teppan."""
    data = resources.files("teppan.cost").joinpath("rates.json").read_bytes()
    return msgspec.json.decode(data, type=Book)


class Batches(Struct, frozen=True):
    """What share of its price each vendor asks for an answer that may take a day."""

    as_of: str
    source: str
    shares: Mapping[str, str]


def batches() -> dict[str, int]:
    """The shares that come with Teppan, in millionths."""
    data = resources.files("teppan.cost").joinpath("batch.json").read_bytes()
    found = msgspec.json.decode(data, type=Batches)
    return {vendor: micros(share) for vendor, share in found.shares.items()}


# --- looking prices up -------------------------------------------------------------------------


class Prices:
    """Finds a model's rates. Not fast: `meter.py` remembers what was found."""

    def __init__(
        self,
        overrides: Sequence[Override] = (),
        local: Collection[str] = (),
        book: Book | None = None,
    ) -> None:
        self._overrides = sorted(overrides, key=lambda each: each.since, reverse=True)
        self._local = frozenset(local)
        self._book = book or shipped()
        self._batches = batches()
        self._rows: dict[str, tuple[Row, ...]] = {}
        self._warned: set[str] = set()

    def rates(self, model: str, at: float) -> Rates | None:
        """The rates of `vendor/name` at a moment (seconds since 1970), or None when unknown."""
        moment = datetime.fromtimestamp(at, UTC)
        vendor, _, name = model.partition("/")
        return (
            self._own(model, moment.date())
            or (Rates((Tier(0, 0, 0),), "local") if vendor in self._local else None)
            or self._listed(vendor, name.lower(), moment)
        )

    def warn_once(self, model: str) -> None:
        """Says in the log that a model's price is unknown."""
        if model not in self._warned and len(self._warned) < _MOST_WARNINGS:
            self._warned.add(model)
            _log.warning("price.unknown", model=model, remedy="add it under [[prices]]")

    def _own(self, model: str, day: date) -> Rates | None:
        """The newest override that holds; one that names the model goes before a pattern."""
        best: Override | None = None
        for each in self._overrides:
            if each.since <= day and each.covers(model):
                if each.model == model:
                    best = each
                    break
                best = best or each
        return None if best is None else Rates((best.tier,), best.version, best.batch)

    def _listed(self, vendor: str, name: str, moment: datetime) -> Rates | None:
        # `name:host` asks a router for one of its hosts, which has prices of its own.
        hosted, _, host = name.rpartition(":")
        for key, called in ((vendor, name), (f"{vendor}_{host}", hosted)):
            for row in self._vendor_rows(key) if called else ():
                if row.fits.fits(called):
                    tiers = _at(row, moment).tiers
                    return Rates(tiers, self._book.version, self._batches.get(vendor))
        return None

    def _vendor_rows(self, vendor: str) -> tuple[Row, ...]:
        rows = self._rows.get(vendor)
        if rows is None:
            raw = self._book.vendors.get(self._book.names.get(vendor, vendor))
            if raw is None:
                return ()
            rows = self._rows[vendor] = msgspec.json.decode(raw, type=tuple[Row, ...])
        return rows


def _at(row: Row, moment: datetime) -> Period:
    """The last period that holds, else the first."""
    return next((each for each in reversed(row.periods) if each.holds(moment)), row.periods[0])
