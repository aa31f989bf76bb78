"""What no translation may change: kept out of it, or looked for after it.

kept out      addresses, codes, telephone numbers, amounts with their sign, names that were told;
              each stands as a mark ⟦1⟧ while the rest is translated, and must come back once
looked for    every other number: those of the text must be in the translation, and it may have
              no others; `twenty`, `二十人` and `２０` are 20, `3 pm` may be 15, May may be 5
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from msgspec import Struct

from teppan.estimate.guards import figures
from teppan.serve.guard.reading import digits

_NAMED = r"[A-ZÀ-Þ][\w'’.-]*"
_FULL = rf"({_NAMED}(?:[ \t]+(?:(?:de|del|la|van|von|da|bin)[ \t]+)*{_NAMED}){{0,3}})"
_INTRODUCED = (
    re.compile(
        rf"\b(?i:my name is|my name's|name's|this is|i am|i'm|me llamo|mi nombre es|soy"
        rf"|a nombre de|in the name of|under the name(?: of)?|mr\.?|mrs\.?|ms\.?|dr\.?|sra?\.?"
        rf"|señora?)[ \t]+{_FULL}"
    ),
    re.compile(
        r"(?:我叫|我姓|名字[是叫]|姓名[:：]?)\s*([\u4e00-\u9fff]{1,4}|[A-Za-z][\w'-]*)(?=[，。,.\s!！、]|$)"
    ),
    re.compile(
        r"(?:名前は|氏名[:：]?)\s*([\u4e00-\u9fff\u30a0-\u30ffA-Za-z]{1,12}?)(?=です|と|、|。|\s|$)"
    ),
    re.compile(
        r"([\u4e00-\u9fff\u30a0-\u30ff]{1,6}|[A-Z][a-z]+)(?=と申します|様|さん|先生|女士|小姐)"
    ),
)
_NOT_NAMES = frozenset(
    "i the a we you it from in so sorry not very is are here interested calling looking english "
    "spanish chinese japanese monday tuesday wednesday thursday friday saturday sunday january "
    "february march april may june july august september october november december "
    "皆 客 お客 奥 子供 お子 御客".split()
)
_KEPT = re.compile(
    r"https?://[!-~]+[\w/]|www\.[!-~]+[\w/]"  # addresses of pages
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w.])\+?\(?\d{2,4}\)?[ .-]\d{3,4}[ .-]?\d{3,4}(?![\w])"  # telephones
    r"|(?<![\w.,])(?:US)?[$€£¥￥]\s?\d+(?:[.,]\d+)*(?![\w%])"  # amounts with their sign
    r"|(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[A-Z0-9][A-Z0-9-]{3,}(?![\w-])"  # codes
    r"|(?<!\d)\d{7,}(?!\d)"
    r"|\[\d{1,3}\]",  # which piece of knowledge it is from
    re.ASCII,
)
_MARK = re.compile(r"[⟦\[【［〚]{1,2}\s*([0-9]{1,3})\s*[⟧\]】］〛]{1,2}")
_ANY_MARK = re.compile(r"⟦|⟧")

_MONTHS = (
    "January Jan enero", "February Feb febrero", "March Mar marzo", "April Apr abril", "May mayo",
    "June Jun junio", "July Jul julio", "August Aug agosto",
    "September Sept Sep septiembre setiembre", "October Oct octubre", "November Nov noviembre",
    "December Dec diciembre",
)  # fmt: skip
_ORDER = {name: place for place, each in enumerate(_MONTHS, start=1) for name in each.split()}
_MONTH = re.compile(rf"\b(?:{'|'.join(sorted(_ORDER, key=len, reverse=True))})\b")
_AFTERNOON = re.compile(
    r"\b(\d{1,2})(?::\d{2})?\s*(?:p\.?\s?m|de la (?:tarde|noche))"
    r"|(?:下午|晚上|午後|夜)\s*(\d{1,2})",
    re.IGNORECASE,
)
_TWENTIES = re.compile(r"\bveinti(\w+)", re.IGNORECASE)
_HOUR = re.compile(r"(?<!\d)(1[2-9]|2[0-3])(?=:\d{2}|\s*[時时点點h])")
_TEN_THOUSANDS = re.compile(r"(\d+(?:\.\d+)?)\s*[万萬]\s*(\d{1,4})?")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|º|ª|°)\b", re.IGNORECASE)
_SMALL = frozenset(("1", "2"))
"""Numbers that an article or a pair may be; a translation may write them or not."""
_DOUBTFUL = frozenset(("3", "5"))
"""Months whose English names are words of other meaning too."""
_OF_PARTS = frozenset(("0.5", "6", "12", "30", "50"))
"""What halves and dozens may be written as."""
_PARTS = re.compile(r"\b(?:half|medi[ao]|mitad|dozen|docena)\b|半|ダース|打", re.IGNORECASE)
_SUNDRY = re.compile(
    r"\b(?:a|an|one|un|una|uno|both|ambos|ambas|pair|couple|half|first|dozen|docena)\b"
    r"|[一二两兩]|半|双",
    re.IGNORECASE,
)


class Kept(Struct, frozen=True):
    """A text whose marks stand for `kept`, in their order."""

    text: str
    kept: tuple[str, ...] = ()

    def back(self, translated: str) -> str | None:
        """The translation with all in its place; None when a mark is lost, doubled or new."""
        found = [int(each) for each in _MARK.findall(unicodedata.normalize("NFKC", translated))]
        if sorted(found) != list(range(1, len(self.kept) + 1)):
            return None
        text = _MARK.sub(lambda match: self.kept[int(match.group(1)) - 1], translated)
        return None if _ANY_MARK.search(text) else text


def names_in(texts: Sequence[str]) -> tuple[str, ...]:
    """Names that people told of themselves or were called by, the longest first."""
    found: dict[str, None] = {}
    for text in texts:
        for pattern in _INTRODUCED:
            for match in pattern.finditer(text[:2_000]):
                name = match.group(1).strip(" .'’-")
                if name and name.split()[0].lower() not in _NOT_NAMES:
                    found[name] = None
    return tuple(sorted(found, key=len, reverse=True))


def keep_out(text: str, names: Sequence[str] = ()) -> Kept:
    """The text with marks in the place of what is not translated. A text that holds marks of its
    own is left as it is."""
    if _ANY_MARK.search(text):
        return Kept(text)
    named = [
        rf"(?<!\w){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name) for name in names
    ]
    pattern = re.compile("|".join([*named, f"(?:{_KEPT.pattern})"])) if named else _KEPT
    kept: list[str] = []

    def mark(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"⟦{len(kept)}⟧"

    return Kept(pattern.sub(mark, text), tuple(kept))


def lost(text: str, translated: str) -> str | None:
    """What is wrong with the numbers of a translation, in a few words; None when nothing is.

    Both without what was kept out of it.
    """
    here, there = _figures(text), _figures(translated)
    missing = here.written - there.all - _SMALL - (there.months - here.months)
    missing -= _on_other_clock(here, there)
    missing |= here.months - there.months - there.all - _DOUBTFUL
    if missing:
        return f"{', '.join(sorted(missing))} is missing"
    extra = there.written - here.all - _SMALL - (here.months - there.months)
    extra -= _on_other_clock(there, here)
    if _PARTS.search(text):
        extra -= _OF_PARTS
    if extra:
        return f"{', '.join(sorted(extra))} was not there"
    small = (here.written ^ there.written) & _SMALL - (here.all & there.all)
    small -= here.months | there.months
    if small and not _SUNDRY.search(f"{text}\n{translated}"):
        return f"{', '.join(sorted(small))} has changed"
    return None


def _on_other_clock(one: _Figures, other: _Figures) -> set[str]:
    """Numbers of one text that are hours and stand in the other as 15 for 3, or the other way."""
    found = set[str]()
    if one.afternoon:
        found |= {str(int(hour) - 12) for hour in other.late}
    if other.afternoon:
        found |= {hour for hour in one.late if str(int(hour) - 12) in other.all}
    return found


class _Figures(Struct, frozen=True):
    """`written` are the numbers in digits, `all` those in words too. `afternoon` says whether hours
    are said to be of one, `late` are those of a clock of 24; `months` are those that are named."""

    written: frozenset[str]
    all: frozenset[str]
    afternoon: bool
    late: frozenset[str]
    months: frozenset[str]


def _figures(text: str) -> _Figures:
    text = _MARK.sub(" ", unicodedata.normalize("NFKC", text))
    text = _ORDINAL.sub("", _TEN_THOUSANDS.sub(_unfolded, text))
    text = _TWENTIES.sub(_twenty, text)
    return _Figures(
        written=figures(text),
        all=figures(text) | figures(digits(text)),
        afternoon=_AFTERNOON.search(text) is not None,
        late=frozenset(_HOUR.findall(text)),
        months=frozenset(str(_ORDER[each]) for each in _MONTH.findall(text)),
    )


def _twenty(match: re.Match[str]) -> str:
    """`veintidós` is `veinte y dos`, which is known."""
    plain = unicodedata.normalize("NFD", match.group(1))
    return f"veinte y {''.join(each for each in plain if not unicodedata.combining(each))}"


def _unfolded(match: re.Match[str]) -> str:
    """`1万2000` is 12000."""
    return f"{float(match.group(1)) * 10_000 + int(match.group(2) or 0):.0f}"
