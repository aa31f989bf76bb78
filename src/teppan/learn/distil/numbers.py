"""The same question about other people, days and prices, made by code alone.

    "A quote for 12 adults on December 24?"  ->  "A quote for 17 adults on December 9?"

The answer is asked anew, never edited. What names a thing is left as it is: telephones, codes,
years, post codes, `24/7`, fractions. The same seed gives the same variations.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import date, timedelta

from teppan.core.ids import content_hash

LARGEST = 500
"""A bare number up to here counts people or things; beyond it may be a code."""
TRIES = 20
"""Throws for one variation before there are no more."""
_BEFORE, _AFTER = r"(?<![\w.,:/#+-])", r"(?![\w/:%°-]|[.,]\d)"
_MONTHS = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre"
    r"|januar|februar|märz|mai|juni|juli|oktober|dezember"
)
_FIXED = re.compile(r"\+?\(?\d[\d().]*(?:[\s.-]?\(?\d[\d().]*)*")
"""A run of digits with what telephones are written with; long ones are one."""
_TELEPHONE = 7
"""Digits from which such a run is left alone."""

_Throw = Callable[[re.Match[str], random.Random], str]


def _iso(found: re.Match[str], dice: random.Random) -> str:
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        return (day + timedelta(days=dice.randint(1, 60))).isoformat()
    except (ValueError, OverflowError):
        return found[0]


def _day_first(found: re.Match[str], dice: random.Random) -> str:
    return f"{_other_day(int(found[1]), dice)}{found[2]}"


def _day_last(found: re.Match[str], dice: random.Random) -> str:
    return f"{found[1]}{_other_day(int(found[2]), dice)}"


def _east_day(found: re.Match[str], dice: random.Random) -> str:
    return f"{found[1]}{_other_day(int(found[2]), dice)}{found[3]}"


def _hour(found: re.Match[str], dice: random.Random) -> str:
    hour = int(found[1])
    if not 1 <= hour <= 12:
        return found[0]
    return f"{dice.choice([each for each in range(1, 13) if each != hour])}{found[2]}"


def _clock(found: re.Match[str], dice: random.Random) -> str:
    hour = int(found[1])
    if not 8 <= hour <= 23 or int(found[2]) > 59:
        return found[0]
    return f"{dice.choice([each for each in range(10, 23) if each != hour])}:{found[2]}"


def _price(found: re.Match[str], dice: random.Random) -> str:
    return f"{found[1]}{_scaled(found[2], dice)}"


def _price_last(found: re.Match[str], dice: random.Random) -> str:
    return f"{_scaled(found[1], dice)}{found[2]}"


def _count(found: re.Match[str], dice: random.Random) -> str:
    count = int(found[0])
    if not 2 <= count <= LARGEST or found[0].startswith("0"):
        return found[0]
    low, high = max(2, count - max(2, count // 2)), count + max(3, count)
    return str(dice.choice([each for each in range(low, high + 1) if each != count]))


_AMOUNT = r"(\d{1,3}(?:,\d{3})+|\d+)(?!\d|[.,]\d)"
_KINDS: tuple[tuple[re.Pattern[str], _Throw], ...] = (
    (re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?![\d-])"), _iso),
    (re.compile(rf"\b((?:{_MONTHS})\s+)(\d{{1,2}})(?![\w:])", re.I), _day_last),
    (re.compile(rf"(?<![\d.,:/-])(\d{{1,2}})(\.?\s+(?:de\s+)?(?:{_MONTHS})\b)", re.I), _day_first),
    (re.compile(r"(\d{1,2}月)(\d{1,2})([日号])"), _east_day),
    (re.compile(r"(?<![\d.,:/-])(\d{1,2})(\s?[ap]\.?m\b)", re.I), _hour),
    (re.compile(r"(?<![\d.,:/-])(\d{1,2}):(\d{2})(?![\d:])"), _clock),
    (re.compile(rf"([$€£¥]\s?){_AMOUNT}"), _price),
    (re.compile(r"(?<![\w.,:/#+-])(\d{1,6})(\s?(?:dollars?|usd|bucks|euros?|eur|€|円|元)\b)", re.I),
     _price_last),
    (re.compile(rf"{_BEFORE}\d{{1,3}}(?![A-Za-z0-9_/:%°-]|[.,]\d)"), _count),
)  # fmt: skip
"""In order: what an earlier kind reads, a later one does not."""


def vary(text: str, count: int) -> list[str]:
    """Up to `count` variations, each another text; none where no number may be another."""
    spans = _spans(text)
    if not spans:
        return []
    dice = random.Random(content_hash(text.encode("utf-8", "surrogatepass")))
    made: list[str] = []
    for _ in range(count * TRIES):
        if len(made) >= count:
            break
        new = _thrown(text, spans, dice)
        if new != text and new not in made:
            made.append(new)
    return made


def _spans(text: str) -> list[tuple[re.Match[str], _Throw]]:
    """What may be another, by place; nothing overlaps."""
    taken = [
        each.span()
        for each in _FIXED.finditer(text)
        if sum(letter.isdigit() for letter in each[0]) >= _TELEPHONE and not _iso_date(each[0])
    ]
    found: list[tuple[re.Match[str], _Throw]] = []
    for pattern, throw in _KINDS:
        for match in pattern.finditer(text):
            begin, end = match.span()
            if all(end <= low or begin >= high for low, high in taken):
                taken.append((begin, end))
                found.append((match, throw))
    return sorted(found, key=lambda each: each[0].start())


def _iso_date(text: str) -> bool:
    return re.fullmatch(r"\s*\d{4}-\d{2}-\d{2}\s*", text) is not None


def _thrown(text: str, spans: list[tuple[re.Match[str], _Throw]], dice: random.Random) -> str:
    parts, at = [], 0
    for match, throw in spans:
        parts += [text[at : match.start()], throw(match, dice)]
        at = match.end()
    return "".join([*parts, text[at:]])


def _other_day(day: int, dice: random.Random) -> int:
    if not 1 <= day <= 31:
        return day
    return dice.choice([each for each in range(1, 29) if each != day])


def _scaled(amount: str, dice: random.Random) -> str:
    """Another amount as round as this one."""
    value = int(amount.replace(",", ""))
    if value < 2:
        return amount
    step = 10 ** max(0, len(str(value)) - len(str(value).rstrip("0")))
    new = max(step, round(value * dice.choice((0.5, 0.6, 0.8, 1.2, 1.5, 2.0)) / step) * step)
    return f"{new:,}" if "," in amount else str(new)
