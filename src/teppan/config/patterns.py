"""Regular expressions of a pack, made harmless when they are read.

A pack is a file of words, and its patterns run on every answer: none may take long on any text.
What is refused is what makes matching slow: a repeat inside an endless repeat, and choices whose
product is too large (`WAYS`, an endless repeat counts as `ENDLESS`). Letters match whole words, in
any case; patterns with signs of scripts without spaces match anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any

LONGEST = 300
"""Characters of one pattern."""
WAYS, ENDLESS = 2_500, 50
"""Ways in which one pattern may be tried at one place, and as how many an endless repeat counts."""

_SPACELESS = re.compile("[\u0e00-\u0eff\u2e80-\u9fff\uac00-\ud7af\uff66-\uff9f]")
_LETTER = "0-9A-Za-z\u00c0-\u024f\u0370-\u052f"


class BadPattern(ValueError):
    """A pattern that cannot be used; the message says which and why."""


def compiled(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """One pattern for all of them, the first that fits; `None` for none. Raises `BadPattern`."""
    if not patterns:
        return None
    for pattern in patterns:
        check(pattern)
    return re.compile("|".join(map(_bounded, patterns)), re.IGNORECASE)


def check(pattern: str) -> None:
    """Raises `BadPattern` for one that is no regular expression, or may be slow."""
    if not pattern.strip():
        raise BadPattern("a pattern is empty; it would match everything")
    if len(pattern) > LONGEST:
        raise BadPattern(f"`{pattern[:40]}...` has more than {LONGEST} characters")
    try:
        re.compile(pattern)
        tree = import_module("re._parser").parse(pattern, re.IGNORECASE)
    except re.error as error:
        raise BadPattern(f"`{pattern}` is no regular expression: {error}") from None
    except RecursionError:
        raise BadPattern(f"`{pattern[:40]}...` is nested too deep") from None
    if re.match(pattern, ""):
        raise BadPattern(f"`{pattern}` matches the empty text, so it would match everything")
    ways = _ways(tree, False, pattern)
    if ways > WAYS:
        raise BadPattern(
            f"`{pattern}` can be tried in {ways} ways at one place, {WAYS} are allowed; "
            "bound its repeats (`.{0,20}`) or make two patterns of it"
        )


def _bounded(pattern: str) -> str:
    """Whole words, where words stand apart."""
    if _SPACELESS.search(pattern):
        return f"(?:{pattern})"
    return f"(?<![{_LETTER}])(?:{pattern})(?![{_LETTER}])"


def _ways(tree: Any, inside: bool, pattern: str) -> int:
    """How many ways there are through a parsed pattern; `inside` an endless repeat."""
    ways = 1
    for operation, given in tree:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, body = given
            endless = int(high) > ENDLESS * 4
            if endless and inside:
                raise BadPattern(f"`{pattern}` repeats without end inside a repeat")
            inner = _ways(body, inside or int(high) > 1, pattern)
            several = ENDLESS if endless else int(high) - int(low) + 1
            ways *= several * inner ** min(max(1, int(high)), 4)
        elif name == "BRANCH":
            each = [_ways(branch, inside, pattern) for branch in given[1]]
            ways *= max(each) * (2 if max(each) > 1 else 1)  # few of them fit at one place
        elif name == "SUBPATTERN":
            ways *= _ways(given[-1], inside, pattern)
        elif name == "ATOMIC_GROUP":
            ways *= _ways(given, inside, pattern)
        elif name in ("ASSERT", "ASSERT_NOT"):
            ways *= _ways(given[1], inside, pattern)
        elif name.startswith("GROUPREF"):
            raise BadPattern(f"`{pattern}` refers back to a group, which may be slow")
    return ways
