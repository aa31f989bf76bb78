"""What is private in a text, where it stands, and who finds it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, get_args

from msgspec import Struct

Kind = Literal[
    "name",
    "email",
    "phone",
    "address",
    "card",
    "account",
    "id",
    "code",
    "ip",
    "secret",
    "birth",
    "handle",
]
"""`account`: of a bank; `id`: what a state gives out, plates too; `code`: of a booking or an order;
`birth`: a date of birth; `handle`: a name on a platform."""

KINDS: tuple[Kind, ...] = get_args(Kind)

STRUCTURED: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind not in ("name", "address"))
"""Kinds with a form that can be checked, or with words before them that name them."""


class Span(Struct, frozen=True, order=True):
    """`text[start:end]` is private; `sure` in [0, 1] decides between spans that overlap."""

    start: int
    end: int
    kind: Kind
    sure: float = 0.9


class Detector(Protocol):
    """Finds what is private. Never raises, whatever the text; `languages` empty means all it knows.

    Spans may overlap; `settled` says which hold.
    """

    def find(self, text: str, languages: Sequence[str] = ()) -> list[Span]: ...


def settled(spans: Iterable[Span], text: str) -> list[Span]:
    """The spans without overlaps, in order: the surest wins, then the longest.

    What is left of the others beside the winner stays private: better a word too many than half a
    name. Pieces without a letter or digit are dropped.
    """
    taken: list[tuple[int, int]] = []
    kept: list[Span] = []
    for span in sorted(set(spans), key=lambda each: (-each.sure, each.start - each.end, each)):
        free = _free(span, taken)
        if span.kind == "email" and free != [(span.start, span.end)]:
            continue  # the host of an address with a password: nobody's
        for start, end in free:
            start, end = _trimmed(text, start, end)
            if start < end:
                kept.append(Span(start, end, span.kind, span.sure))
                taken.insert(bisect_left(taken, (start, end)), (start, end))
    return sorted(kept)


def _free(span: Span, taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of the span that nobody has; `taken` is sorted and without overlaps."""
    parts, at = [], span.start
    place = max(0, bisect_left(taken, (span.start, span.start)) - 1)
    while place < len(taken) and taken[place][0] < span.end:
        start, end = taken[place]
        if end > at:
            if start > at:
                parts.append((at, start))
            at = max(at, end)
        place += 1
    if at < span.end:
        parts.append((at, span.end))
    return parts


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without space and commas at the ends; empty when nothing else is in it."""
    while start < end and (text[start].isspace() or text[start] in ",;"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",;"):
        end -= 1
    if not any(letter.isalnum() for letter in text[start:end]):
        return end, end
    return start, end
