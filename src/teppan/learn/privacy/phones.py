"""Telephone numbers of any country: by their own form, or because the words before say so.

What looks like one is asked of libphonenumber's data (the package `phonenumbers`): after a `+` for
the whole world, without it for the regions of the languages. A number that the words before call
one is taken whatever its form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any

from teppan.core.errors import ConfigError
from teppan.learn.privacy.cues import word
from teppan.learn.privacy.spans import Span

REGIONS = MappingProxyType(
    {
        "en": ("US", "GB", "AU"),
        "es": ("ES", "MX", "AR", "CO"),
        "zh": ("CN", "TW", "HK"),
        "ja": ("JP",),
        "de": ("DE", "AT", "CH"),
        "fr": ("FR", "BE"),
        "it": ("IT",),
        "pt": ("BR", "PT"),
        "ko": ("KR",),
    }
)
"""Where people of a language may be when they leave the country code out."""

_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_$€£¥#])(?<!\d[.,/:-])(?:\+ ?|\()?(?:\+?\d)(?:[ .()/ー-]{0,3}\d){5,16}"
    r"(?P<ext>(?:,? ?(?:ext\.?|x|int\.?|durchwahl) ?\d{1,6})?)(?![A-Za-z0-9_]|[.,:/-]\d)",
    re.IGNORECASE,
)
_CUE = re.compile(
    "(?:"
    + word(
        "phone", "tel(?:e(?:phone|fon|fono)|éfono)?", "cell", "mobile?", "móvil", "celular",
        "cel(?![a-z])", "num(?![a-z])", "my #", "call",
        "text", "ring", "fax", "whats ?app", "reach", "dial", "ll[aá]me(?:n|me|nme|nos|la|lo)?",
        "llama(?:r|me)",
        "handy(?:nummer)?", "rufnummer", "rufen", "anrufen", "mobil", "erreichen", "my number",
        "fijo",
        "mi n[úu]mero", "número", "contact",
    )
    + r"|电话|電話|手机|手機|号码|致电|拨打|打|連絡先|携帯|フリーダイヤル|ダイヤル)[^\d\n+]{0,30}$",
    re.IGNORECASE,
)  # fmt: skip
_DATE = re.compile(
    r"(?:(?:19|20)\d\d[-/. ](?:0?\d|1[0-2])[-/. ](?:[0-2]?\d|3[01])"
    r"|(?:[0-2]?\d|3[01])[-/.](?:[0-2]?\d|3[01])[-/.](?:19|20)?\d\d)(?!\d)"
)
_AMOUNT = re.compile(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?$")
_CUE_REACH = 48
"""Letters before a number in which a word may call it one."""
_BARE = 10
"""Digits from which a number without any separator may be one of a region."""


def library() -> Any:
    """The package `phonenumbers`. Raises `ConfigError` when it is not installed."""
    try:
        return import_module("phonenumbers")
    except ImportError as error:
        raise ConfigError(
            "to find telephone numbers the package `phonenumbers` is needed: "
            "pip install phonenumbers"
        ) from error


class Phones:
    """`regions` are two-letter countries to try besides those of the languages.

    Raises `ConfigError` without the package `phonenumbers`.
    """

    def __init__(self, regions: Sequence[str] = ()) -> None:
        self._library = library()
        self._regions = tuple(regions)

    def matches(self, text: str, languages: Sequence[str]) -> Iterator[Span]:
        named = [region for each in languages or REGIONS for region in REGIONS.get(each, ())]
        regions = tuple(dict.fromkeys((*self._regions, *named)))
        for found in _NUMBER.finditer(text):
            start, end = found.span()
            said = _CUE.search(text, max(0, start - _CUE_REACH), start) is not None
            base = found.start("ext")
            digits = sum(letter.isdigit() for letter in text[start:base])
            if _DATE.match(text, start) or _AMOUNT.fullmatch(text, start, base):
                continue
            if said and 6 <= digits <= 15:
                yield Span(start, end, "phone", 0.95)
                continue
            whole = self._valid(text[start:base], regions, digits)
            if whole:
                yield Span(start, end if whole == base - start else start + whole, "phone", 0.9)

    def _valid(self, written: str, regions: Sequence[str], digits: int) -> int:
        """How many letters from the start are a valid number; 0 when none are."""
        international = written.lstrip("(").startswith(("+", "00"))
        bare = not re.search(r"\d[ .()/ー-]+\d", written)
        if not international and bare and digits < _BARE:
            return 0
        for length in _shorter(written):
            part = written[:length].replace("ー", "-")
            if international and self._is(f"+{part.lstrip('(+0 ')}", None):
                return length
            if not international and any(self._national(part, region, bare) for region in regions):
                return length
        return 0

    def _national(self, written: str, region: str, bare: bool) -> bool:
        """Numbers that nobody calls one must look like one: a trunk 0, or a form of their own."""
        digits = "".join(letter for letter in written if letter.isdigit())
        if region in ("US", "CN"):
            own = len(digits) in ((10, 11) if region == "US" else (10, 11, 12))
        elif region in ("ES", "HK", "MX", "CO"):
            own = not bare and len(digits) >= 8
        else:
            own = digits[0] == "0" and len(digits) >= 9
        return own and self._is(written, region)

    def _is(self, written: str, region: str | None) -> bool:
        try:
            number = self._library.parse(written, region)
        except self._library.NumberParseException:
            return False
        if region is None:
            return bool(self._library.is_possible_number(number))
        return bool(self._library.is_valid_number(number))


def _shorter(written: str) -> Iterator[int]:
    """The whole length, then without the last group, and so on, down to seven letters."""
    yield len(written)
    for found in reversed(list(re.finditer(r"[ ]", written))):
        if found.start() >= 7:
            yield found.start()
