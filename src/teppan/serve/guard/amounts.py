"""Which amounts an answer may name: those of the facts, and what follows from them exactly.

    listed     a price, where its subject is spoken of
    product    a price times what was counted (10 guests, 31 miles beyond 30)
    total      the base prices times their counts, at least the minimum, with any of the upgrades
               spoken of; what is left of it after a deposit; a tip of it

The subject of a clause decides which prices may stand in it: "filet mignon is $10" is wrong where
filet is 5 and lobster 10, also when lobster is spoken of elsewhere. Counts are taken from the last
question that has any, then from earlier ones, then from the answer itself. What the customer named
may be repeated only where it is denied, or where the pack says so (a budget).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations, product

from msgspec import Struct

from teppan.config.rules import Count, Price, Rulebook
from teppan.serve.guard.reading import Reading

_NUMBER = r"\d{1,3}(?:[,.]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_BARE = re.compile(rf"(?<![\w$€£¥.,])({_NUMBER})(?![\w%]|[.,]\d| ?%)")
_BETWEEN = re.compile(r"[ -]?(?:[^\W\d]{1,14}[ -]){0,2}")
_UPGRADES, _CHOICES = 6, 400
"""Upgrades that are added up in all combinations, and totals that are looked at."""
_MOST_COUNTED = 1_000
ZERO = Decimal(0)


class Amount(Struct, frozen=True):
    """An amount of money and where it stands: its clause, its sentence."""

    value: Decimal
    clause: str
    sentence: str


class Counted(Struct, frozen=True):
    """What was counted: by name the numbers it may be; `bare` are numbers of the question that
    nothing tells the name of."""

    by_name: Mapping[str, tuple[Decimal, ...]]
    bare: tuple[Decimal, ...]


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


class Money:
    """Finds amounts in texts, as a rulebook says they are written. Built once."""

    def __init__(self, book: Rulebook) -> None:
        signs = "|".join(re.escape(each) for each in sorted(book.money, key=len, reverse=True))
        self._signed = re.compile(rf"(?:{signs})\s?({_NUMBER})(?!\d)") if signs else None
        self._after = (
            re.compile(rf"(?<![\d.,])({_NUMBER})\s?(?={book.money_words.pattern})", re.IGNORECASE)
            if book.money_words is not None
            else None
        )

    def found(self, text: str) -> list[Decimal]:
        values = [number(each.group(1)) for each in self._matches(text)]
        return list(dict.fromkeys(values))

    def without(self, text: str) -> str:
        """The text without its amounts, so that they are not counted as guests."""
        for pattern in (self._signed, self._after):
            if pattern is not None:
                text = pattern.sub(" § ", text)
        return text

    def amounts(self, reading: Reading) -> Iterator[Amount]:
        for clauses in reading.sentences:
            sentence = ", ".join(clauses)
            for clause in clauses:
                for value in self.found(clause):
                    yield Amount(value, clause, sentence)

    def _matches(self, text: str) -> Iterator[re.Match[str]]:
        for pattern in (self._signed, self._after):
            if pattern is not None:
                yield from pattern.finditer(text)


def number(written: str) -> Decimal:
    """`1,100.50`, `1.100,50`, `1100` as a number; what stands before three digits is no point."""
    whole = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", written)
    return Decimal(whole.replace(",", ".")).normalize() + ZERO


def counted(book: Rulebook, money: Money, questions: Sequence[Reading], answer: Reading) -> Counted:
    """What customer (last question first) and answer count."""
    told = [money.without(each.text) for each in questions]
    by_name: dict[str, tuple[Decimal, ...]] = {}
    for name, count in book.counts.items():
        for text in told:
            found = _numbers(text, count)
            if found:
                by_name[name] = found
                break
    _summed(book, by_name)
    bare = _bare(told[0]) if told else ()
    own = money.without(answer.text)
    for name, count in book.counts.items():
        if name not in by_name:
            found = _numbers(own, count)
            if found:
                by_name[name] = found
    return Counted(by_name, bare)


def _numbers(text: str, count: Count) -> tuple[Decimal, ...]:
    """The numbers that count this, in the order they stand."""
    found: dict[Decimal, None] = {}
    for each in _BARE.finditer(text) if count.after is not None else ():
        gap = _BETWEEN.match(text, each.end())
        at = each.end()
        spots = [at, at + 1, *(gap_end for gap_end in _gaps(text, at, gap))]
        if any(count.after is not None and count.after.match(text, spot) for spot in spots):
            found[number(each.group(1))] = None
    for each in count.before.finditer(text) if count.before is not None else ():
        after = re.compile(rf"\s?({_NUMBER})").match(text, each.end())
        if after is not None:
            found[number(after.group(1))] = None
    # CJK writes numbers against the sign before them; the word border of `_BARE` is no border there
    for each in re.finditer(rf"(?<=[\u2e80-\uffef])({_NUMBER})", text):
        if count.after is not None and count.after.match(text, each.end()):
            found[number(each.group(1))] = None
    for each in re.finditer(rf"({_NUMBER})(?=[\u2e80-\uffef])", text):
        if count.after is not None and count.after.match(text, each.end()):
            found[number(each.group(1))] = None
    return tuple(value for value in found if value <= _MOST_COUNTED)


def _gaps(text: str, begin: int, gap: re.Match[str] | None) -> Iterator[int]:
    """Where the words that may stand between a number and its unit end."""
    end = gap.end() if gap is not None else begin
    for at in range(begin + 1, end + 1):
        if text[at - 1] in " -":
            yield at


def _summed(book: Rulebook, by_name: dict[str, tuple[Decimal, ...]]) -> None:
    """Guests are adults and children: whichever is not said follows from the others."""
    for name, count in book.counts.items():
        if not count.sum:
            continue
        known = [part for part in count.sum if part in by_name]
        if name not in by_name and known:
            ways = product(*(by_name[part] for part in known))
            by_name[name] = tuple(dict.fromkeys(sum(way, ZERO) for way in ways))
        elif name in by_name and len(known) < len(count.sum):
            rest = [part for part in count.sum if part not in by_name]
            taken = [sum(way, ZERO) for way in product(*(by_name[part] for part in known))]
            left = [whole - part for whole in by_name[name] for part in taken if whole >= part]
            by_name[rest[0]] = tuple(dict.fromkeys(left)) or by_name[name]


def _bare(text: str) -> tuple[Decimal, ...]:
    values = [number(each.group(1)) for each in _BARE.finditer(text)]
    return tuple(dict.fromkeys(value for value in values if 0 < value <= _MOST_COUNTED))[:8]


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
    if price.base or price.beyond:
        return known or counts.bare
    parts = [value for name in book.counts[price.per].sum for value in counts.by_name.get(name, ())]
    return tuple(dict.fromkeys((*known, *parts, *counts.bare)))


def _is_least(book: Rulebook, price: Price) -> bool:
    """Whether a price is a minimum: some rule says so."""
    return any(
        price.id in check.prices and check.kind == "minimum"
        for rule in book.rules
        for check in rule.checks
    )


def _bases(book: Rulebook, counts: Counted, everything: str) -> frozenset[Decimal]:
    """Every way to add the base prices up, each times its count."""
    terms = []
    for price in book.prices.values():
        if not price.base:
            continue
        known = counts.by_name.get(price.per, ())
        if known:
            ways = _counts(book, price, counts, everything)
            terms.append([price.amount * count for count in ways])
    if not terms:
        first = next((each for each in book.prices.values() if each.base), None)
        bare = counts.bare if first is not None else ()
        return frozenset(first.amount * each for each in bare) if first is not None else frozenset()
    found = (sum(way, ZERO) for way in _some(product(*terms)))
    return frozenset(each for each in found if each)


def _some(ways: Iterator[tuple[Decimal, ...]]) -> Iterator[tuple[Decimal, ...]]:
    for number_of, way in enumerate(ways):
        if number_of == _CHOICES:
            return
        yield way


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
            sums = {sum(way, ZERO) for way in _some(product(*parts))}
            made = {base + extra for base in floors for extra in sums}
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
    from teppan.serve.guard.saying import denies

    found = []
    whole = f"{answer.text}\n{question}"
    for amount in money.amounts(answer):
        if amount.value in reckoning.totals or _fits(book, reckoning, amount, whole):
            continue
        repeats = amount.value in told and (
            denies(amount.sentence) or (echo is not None and echo.search(amount.sentence))
        )
        if not repeats:
            found.append(amount)
    return found


def _fits(book: Rulebook, reckoning: Reckoning, amount: Amount, whole: str) -> bool:
    """Whether the amount follows from what its clause is about, else from what all is about."""
    prices = book.prices.values()
    near: list[Price] = []
    for text in (amount.clause, amount.sentence, whole):
        near = [each for each in prices if each.about is not None and each.about.search(text)]
        if near:
            break
    if any(amount.value in _allowed(each, reckoning, amount, book) for each in near):
        return True
    return any(
        amount.value == each.amount
        or (not near and amount.value in reckoning.listed[each.id])
        or (amount.value in reckoning.rates and each.loosely.search(amount.clause))
        for each in prices
        if each.loosely is not None and each.loosely.search(amount.clause if near else whole)
    )


def _allowed(
    price: Price, reckoning: Reckoning, amount: Amount, book: Rulebook
) -> frozenset[Decimal]:
    """What may be named of one price here: of one with a free part, itself only as a rate."""
    products = reckoning.due[price.id]
    if price.beyond and products:
        unit = book.counts[price.per].after
        rate = unit is not None and unit.search(amount.clause) is not None
        return products | {price.amount} if rate else products
    return reckoning.listed[price.id]
