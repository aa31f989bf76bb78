"""Who is who in one conversation: the same person, address or number has the same placeholder.

`Ann Lee`, later `Ann` or `Ms. Lee`, are one; so are `(415) 555-0132` and `415.555.0132`. Where two
people share a name, the name alone is nobody's but its own.
"""

from __future__ import annotations

from teppan.learn.privacy.plain import plain
from teppan.learn.privacy.spans import Kind

_PHONE_DIGITS = 9
"""The last digits of a telephone number: the country code may be left out."""


class People:
    """Numbers what is found, from 1 for each kind, in the order of first sight."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._numbers: dict[tuple[Kind, str], int] = {}
        self._names: dict[frozenset[str], int] = {}
        self._met: dict[str, set[frozenset[str]]] = {}

    def meet(self, name: str) -> None:
        """A name that will come: a short one seen before it may be a part of it."""
        words = frozenset(_words(name))
        for word in words:
            self._met.setdefault(_index(word), set()).add(words)

    def reserve(self, label: str, number: int) -> None:
        """A placeholder that somebody wrote: it will be nobody's."""
        self._last[label] = max(self._last.get(label, 0), number)

    def placeholder(self, kind: Kind, value: str) -> str:
        return f"[{kind.upper()}_{self._number(kind, value)}]"

    def _number(self, kind: Kind, value: str) -> int:
        if kind == "name":
            return self._of_name(value)
        key = (kind, one_form(kind, value))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._next(kind)
        return number

    def _next(self, kind: Kind) -> int:
        label = kind.upper()
        self._last[label] = self._last.get(label, 0) + 1
        return self._last[label]

    def _of_name(self, value: str) -> int:
        words = frozenset(_words(value))
        known = self._names.get(words)
        if known is not None:
            return known
        whole = self._whole(words)
        number = self._names.get(whole)
        if number is None:
            number = self._names[whole] = self._next("name")
        self._names[words] = number
        self.meet(value)
        return number

    def _whole(self, words: frozenset[str]) -> frozenset[str]:
        """The one longest name this is a part of; itself where there are several, or none."""
        near = self._met.get(_index(min(words)), set())
        longer = [each for each in near if _within(words, each)]
        longest = max(longer, key=lambda each: (len(each), len("".join(each))), default=words)
        others = (each for each in longer if each != longest and not _within(each, longest))
        return words if any(others) else longest


def one_form(kind: Kind, value: str) -> str:
    """The same for all ways to write a value."""
    same = plain(value)[0].casefold()
    if kind == "email":
        for written, sign in ((" at ", "@"), (" arroba ", "@"), (" dot ", "."), (" punto ", ".")):
            same = same.replace(written, sign)
        for written, sign in (("at", "@"), ("arroba", "@"), ("dot", "."), ("punto", ".")):
            for left, right in ("[]", "()", "{}", "<>"):
                same = same.replace(f"{left}{written}{right}", sign)
        return "".join(same.split())
    letters = "".join(letter for letter in same if letter.isalnum())
    return letters[-_PHONE_DIGITS:] if kind == "phone" else letters


def _words(name: str) -> list[str]:
    """The words of a name, or its signs where it is written without spaces."""
    same = plain(name)[0].casefold().replace(".", " ").replace("・", " ")
    return same.split() or [same]


def _index(word: str) -> str:
    """Under what names are looked up: the word, or the first sign of one without spaces."""
    return word[:1] if word >= "\u3000" else word


def _within(part: frozenset[str], whole: frozenset[str]) -> bool:
    """Really a part: `ann` of `ann lee`, `王` of `王小明`."""
    if part < whole:
        return True
    if len(part) == len(whole) == 1 and part != whole:
        (short,), (long,) = part, whole
        return short >= "\u3000" and long.startswith(short)
    return False
