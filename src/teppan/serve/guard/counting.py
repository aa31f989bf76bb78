"""Amounts and counts as people write them: `$1,100`, `1.100,50 €`, `ten guests`, `大人10名`.

Counts are taken from the last question that has any, then from earlier ones, then from the answer
itself. Guests are adults and children: whichever is not said follows from the others. Nights of
rooms are rooms times nights: of what nobody counted there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product
from math import prod

from msgspec import Struct

from teppan.config.rules import Count, Rulebook
from teppan.serve.guard.reading import Reading

_NUMBER = (
    r"(?:\d{1,3}(?:[,.]\d{3})+|\d+)(?:\.\d{1,2}|,\d{2}(?![\u2e80-\uffef]))?(?![\d]|[.,]\d{3}(?!\d))"
)
_ALONE = re.compile(
    r"(?<![\w$€£¥.,:/-])(\d{1,3})(?=\s*(?:$|[?!,;()]|\.(?!\d)|(?:or|and|vs|versus|then|o|y|to|oder|und|bis)\b))",
    re.IGNORECASE,
)
"""A number of a question that stands for itself: `10 or 20 guests`, `then 14?`."""
_BARE = re.compile(rf"(?<![\w$€£¥.,])({_NUMBER})(?![\w%]|[.,]\d| ?%)")
_BETWEEN = re.compile(r"[ -]?(?:[^\W\d]{1,14}[ -]){0,2}")
_MOST_COUNTED = 1_000
ZERO = Decimal(0)
_ONE = Decimal(1)


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
    alone: tuple[Decimal, ...] = ()
    """Those of them that stand for themselves."""
    answered: tuple[Decimal, ...] = ()
    """Numbers of the answer that count nothing named, up to the most that was counted: `6 late
    breakfasts`; so many may have an upgrade."""


class Money:
    """Finds amounts in texts, as a rulebook says they are written. Built once."""

    def __init__(self, book: Rulebook) -> None:
        signs = "|".join(re.escape(each) for each in sorted(book.money, key=len, reverse=True))
        self._signed = re.compile(rf"(?:{signs})\s?({_NUMBER})(?!\d)") if signs else None
        units = [book.money_words.pattern] if book.money_words is not None else []
        if signs:  # `12,50 €`; but `12 $55` are twelve of something
            units.append(rf"(?:{signs})(?!\s?\d|\w)")
        self._after = (
            re.compile(rf"(?<![\d.,])({_NUMBER})\s?(?={'|'.join(units)})", re.IGNORECASE)
            if units
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
        found = _numbers(own, count)
        before = by_name.get(name, ())
        kept = [each for each in found if not before or _changed(each, before, bare)]
        if kept:
            by_name[name] = tuple(dict.fromkeys((*before, *kept)))
    _multiplied(book, by_name)
    most = max((each for some in by_name.values() for each in some), default=ZERO)
    counted_there = {each for count in book.counts.values() for each in _numbers(own, count)}
    few = tuple(each for each in _bare(own) if each <= most and each not in counted_there)
    return Counted(by_name, bare, _alone(told[0]) if told else (), few)


def _changed(now: Decimal, before: tuple[Decimal, ...], bare: tuple[Decimal, ...]) -> bool:
    """Whether a count of the answer is the customer's and some more or fewer: `2 cannot come`."""
    return any(abs(now - each) in bare and now != each for each in before)


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
        elif known and len(known) == len(count.sum):
            ways = product(*(by_name[part] for part in known))
            whole = tuple(sum(way, ZERO) for way in ways)
            by_name[name] = tuple(dict.fromkeys((*whole, *by_name[name])))
        elif name in by_name:
            rest = [part for part in count.sum if part not in by_name]
            taken = [sum(way, ZERO) for way in product(*(by_name[part] for part in known))]
            left = [whole - part for whole in by_name[name] for part in taken if whole > part]
            if left:
                by_name[rest[0]] = tuple(dict.fromkeys(left))


def _multiplied(book: Rulebook, by_name: dict[str, tuple[Decimal, ...]]) -> None:
    """Counts that are the product of others: `2 rooms for 3 nights`."""
    for name, count in book.counts.items():
        if any(part in by_name for part in count.times):
            ways = product(*(by_name.get(part, (_ONE,)) for part in count.times))
            values = dict.fromkeys(prod(way, start=_ONE) for way in ways)
            by_name[name] = tuple(dict.fromkeys((*values, *by_name.get(name, ()))))


def _alone(text: str) -> tuple[Decimal, ...]:
    return tuple(dict.fromkeys(number(each.group(1)) for each in _ALONE.finditer(text)))[:4]


def _bare(text: str) -> tuple[Decimal, ...]:
    values = [number(each.group(1)) for each in _BARE.finditer(text)]
    return tuple(dict.fromkeys(value for value in values if 0 < value <= _MOST_COUNTED))[:8]
