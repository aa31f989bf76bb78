"""Which amounts an answer may name: those of the facts, and what follows from them exactly.

    listed     a price, where its subject is spoken of
    product    a price times what was counted (10 guests, 31 miles beyond 30)
    total      the base prices times their counts, at least the minimum, with any of the upgrades
               spoken of; what is left of it after a deposit; a tip of it

The subject of a clause decides which prices may stand in it: "breakfast is $9" is wrong where
breakfast is 5 and dinner 9, also when dinner is spoken of elsewhere. Counts are taken from the last
question that has any, then from earlier ones, then from the answer itself. What the customer named
may be repeated only where it is denied, or where the pack says so (a budget).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations, islice, product

from msgspec import Struct

from teppan.config.rules import Price, Rulebook
from teppan.serve.guard.counting import ZERO, Amount, Counted, Money
from teppan.serve.guard.reading import Reading
from teppan.serve.guard.saying import denies

_RATE = re.compile(
    r"[x×*@]|\b(?:at|per|each|a|por|cada|a razón|pro|je|jede[rns]?)\b|每|につき|毎", re.IGNORECASE
)
_UPGRADES, _CHOICES = 5, 40
"""Upgrades that are added up in all combinations, and ways that are looked at of each sum."""
_UNCOUNTED = 4
"""Most children, say, that are named one by one and not counted: `my kids are 3 and 7`."""
_TOLD = 5
"""Amounts that are named as wrong; there is no need to look for more."""


class Reckoning(Struct, frozen=True):
    """All that follows from prices and counts, for one question and answer."""

    listed: Mapping[str, frozenset[Decimal]]
    """Of each price: itself, and its products."""
    due: Mapping[str, frozenset[Decimal]]
    """Of each price: its products alone."""
    spoken: frozenset[str]
    totals: frozenset[Decimal]
    rates: frozenset[Decimal]
    """Sums for one person: a base price with upgrades."""
    bases: frozenset[Decimal]
    """Totals of base prices alone, before any minimum."""
    with_price: Mapping[str, frozenset[Decimal]]
    """Of each upgrade: the totals it is part of."""


def reckon(
    book: Rulebook, counts: Counted, question: str, history: str, answer: Reading
) -> Reckoning:
    """What may be named. `history` are the customer's earlier words."""
    everything = "\n".join((question, history, answer.text))
    prices = book.prices.values()
    spoken = frozenset(
        each.id for each in prices if each.about is None or each.about.search(everything)
    )
    due: dict[str, frozenset[Decimal]] = {}
    for price in prices:
        due[price.id] = frozenset(
            price.amount * max(ZERO, count - price.beyond)
            for count in _counts(book, price, counts, everything)
        )
    listed = {
        price.id: due[price.id] | ({price.amount} if price.percent is None else set())
        for price in prices
    }
    bases = _bases(book, counts, everything)
    least = [
        each.amount for each in prices if not each.per and not each.off and _is_least(book, each)
    ]
    floors = frozenset(max([base, *least]) for base in bases) | bases
    upgrades = [
        each
        for each in prices
        if each.id in spoken
        and not each.base
        and not each.off
        and each.percent is None
        and not _is_least(book, each)
    ]
    totals, with_price = _totals(floors, upgrades, due, listed)
    every = _after(totals | floors, book, spoken)
    return Reckoning(listed, due, spoken, every, _rates(book, upgrades), bases, with_price)


def _counts(book: Rulebook, price: Price, counts: Counted, everything: str) -> tuple[Decimal, ...]:
    """What a price may be multiplied by."""
    if not price.per:
        return ()
    known = counts.by_name.get(price.per, ())
    if price.fewer is not None and price.fewer.search(everything) and known:
        return tuple(Decimal(each) for each in range(int(max(known)) + 1))
    if price.base:
        return tuple(dict.fromkeys((*known, *counts.alone))) if known else _rest(counts)
    if price.beyond:
        return known or counts.bare
    parts = [value for name in book.counts[price.per].sum for value in counts.by_name.get(name, ())]
    return tuple(dict.fromkeys((*known, *parts, *counts.bare, *counts.answered)))


def _rest(counts: Counted) -> tuple[Decimal, ...]:
    """Numbers of nothing in particular, whole and without what is counted: `20, 4 of them kids`."""
    named = {each for some in counts.by_name.values() for each in some}
    less = [bare - each for bare in counts.bare for each in named if bare > each]
    return tuple(dict.fromkeys((*counts.bare, *less)))


def _is_least(book: Rulebook, price: Price) -> bool:
    """Whether a price is a minimum: some rule says so."""
    return any(
        price.id in check.prices and check.kind == "minimum"
        for rule in book.rules
        for check in rule.checks
    )


def _bases(book: Rulebook, counts: Counted, everything: str) -> frozenset[Decimal]:
    """Every way to add the base prices up, each times its count."""
    terms: list[list[Decimal]] = []
    for price in book.prices.values():
        if not price.base:
            continue
        known = price.per in counts.by_name
        if known or not terms:  # the first stands for whoever is counted without a name
            ways = _counts(book, price, counts, everything)
            terms.append([price.amount * count for count in ways] or [ZERO])
        elif price.about is not None and price.about.search(everything):
            few = range(min(len(counts.bare), _UNCOUNTED) + 1)
            terms.append([price.amount * count for count in few])
    found = (sum(way, ZERO) for way in islice(product(*terms), _CHOICES))
    return frozenset(each for each in found if each)


def _totals(
    floors: frozenset[Decimal],
    upgrades: Sequence[Price],
    due: Mapping[str, frozenset[Decimal]],
    listed: Mapping[str, frozenset[Decimal]],
) -> tuple[frozenset[Decimal], dict[str, frozenset[Decimal]]]:
    """Sums with upgrades: all of them, and of each upgrade those it is part of."""
    totals: set[Decimal] = set()
    with_price: dict[str, set[Decimal]] = {each.id: set() for each in upgrades}
    for size in range(1, min(len(upgrades), _UPGRADES) + 1):
        for chosen in combinations(upgrades[:_UPGRADES], size):
            parts = [due[each.id] or listed[each.id] for each in chosen]
            sums = {sum(way, ZERO) for way in islice(product(*parts), _CHOICES)}
            made = {base + extra for base in sorted(floors)[:_CHOICES] for extra in sums}
            if size > 1:
                made |= sums
            totals |= made
            for each in chosen:
                with_price[each.id] |= made
    return frozenset(totals), {name: frozenset(some) for name, some in with_price.items()}


def _rates(book: Rulebook, upgrades: Sequence[Price]) -> frozenset[Decimal]:
    singles = [each.amount for each in book.prices.values() if each.base]
    extras = [
        sum((each.amount for each in chosen), ZERO)
        for size in range(1, min(len(upgrades), _UPGRADES) + 1)
        for chosen in combinations(upgrades[:_UPGRADES], size)
    ]
    return frozenset([single + extra for single in singles for extra in extras] + extras)


def _after(
    totals: frozenset[Decimal], book: Rulebook, spoken: frozenset[str]
) -> frozenset[Decimal]:
    """The totals, what is left of them after what is paid before, and their percents."""
    found = set(totals)
    for price in book.prices.values():
        if price.id not in spoken:
            continue
        if price.off:
            found |= {total - price.amount for total in totals if total > price.amount}
        if price.percent is not None:
            shares = {total * price.percent / 100 for total in totals}
            found |= shares | {total + total * price.percent / 100 for total in totals}
    return frozenset(found)


def unexplained(
    book: Rulebook,
    money: Money,
    reckoning: Reckoning,
    answer: Reading,
    question: str,
    told: frozenset[Decimal],
    echo: re.Pattern[str] | None,
) -> list[Amount]:
    """The amounts of an answer that follow from nothing. `told` are those the customer named."""
    found = []
    subjects = _Subjects(book, question, answer.text)
    for amount in dict.fromkeys(money.amounts(answer)):
        if amount.value in reckoning.totals or _fits(book, reckoning, amount, subjects):
            continue
        if amount.value in told or echo is not None:
            echoed = echo is not None and echo.search(amount.sentence) is not None
            repeats = amount.value in told and (echoed or denies(amount.sentence))
            if repeats or (echoed and _left(amount.value, told, reckoning)):
                continue
        found.append(amount)
        if len(found) == _TOLD:
            break
    return found


class _Subjects:
    """Which prices a text speaks of; each text is searched once."""

    def __init__(self, book: Rulebook, question: str, answer: str) -> None:
        self._prices = tuple(book.prices.values())
        self._known: dict[tuple[str, str], list[Price]] = {}
        self._question = question
        self._answer = answer

    def of(self, text: str) -> list[Price]:
        return self._found("about", text)

    def loosely(self, text: str) -> list[Price]:
        return self._found("loosely", text)

    def near(self, amount: Amount) -> list[Price]:
        """Of the clause; else of the sentence and the question; else of the answer."""
        return (
            self.of(amount.clause)
            or list(dict.fromkeys((*self.of(amount.sentence), *self.of(self._question))))
            or self.of(self._answer)
        )

    def anywhere(self) -> list[Price]:
        return [*self.loosely(self._answer), *self.loosely(self._question)]

    def _found(self, field: str, text: str) -> list[Price]:
        known = self._known.get((field, text))
        if known is None:
            patterns = ((each, getattr(each, field)) for each in self._prices)
            known = [each for each, found in patterns if found is not None and found.search(text)]
            self._known[field, text] = known
        return known


def _left(value: Decimal, told: frozenset[Decimal], reckoning: Reckoning) -> bool:
    """Whether the value is what a total leaves of an amount the customer named."""
    return any(each + value in told or each - value in told for each in reckoning.totals)


def _fits(book: Rulebook, reckoning: Reckoning, amount: Amount, subjects: _Subjects) -> bool:
    """Whether the amount follows from what its clause is about, else from what all is about."""
    near = subjects.near(amount)
    if any(amount.value in _allowed(each, reckoning, amount, book) for each in near):
        return True
    here = subjects.loosely(amount.clause)
    if any(amount.value == each.amount or amount.value in reckoning.rates for each in here):
        return True
    if subjects.of(amount.clause):
        return False
    may = here or (subjects.anywhere() if not near else [])
    return any(amount.value in reckoning.listed[each.id] for each in may)


def _allowed(
    price: Price, reckoning: Reckoning, amount: Amount, book: Rulebook
) -> frozenset[Decimal]:
    """What may be named of one price here: of one with a free part, itself only as a rate."""
    products = reckoning.due[price.id]
    if price.beyond and products:
        unit = book.counts[price.per].after
        rate = _RATE.search(amount.clause) or (unit is not None and unit.search(amount.clause))
        return products | {price.amount} if rate else products
    return reckoning.listed[price.id]
