"""Whether an example holds a question of an evaluation set: word for word, or nearly.

Every user message of a conversation is looked at, against every question of every set, and none is
missed that shares enough: a question of which `share` of the runs stand in a message has at least
one of its rarest runs there, so only those are looked up (prefix filter, Chaudhuri et al. 2006).
Figures are letters here like others: the same question about another number may be found. A
translation is not recognised.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from teppan.learn.datasets.evaluation import EvaluationSet
from teppan.learn.datasets.sameness import bare
from teppan.learn.datasets.shingles import Hashes, plain, shared, shingles

SHARE = 0.8
"""Share of a question's runs that stand in a message which holds it."""
SHORTEST, SHORTEST_DENSE = 12, 6
"""Runs of a question that may be found inside another text; a shorter one must be all of it, but
for what is polite. In scripts without spaces a run says more."""
_DENSE = re.compile(r"[\u0e00-\u10ff\u3040-\u9fff]")


class Leak(Struct, frozen=True):
    """Which set an example holds a question of, and whether word for word."""

    name: str
    exact: bool

    @property
    def why(self) -> str:
        return f"leak: {'a' if self.exact else 'nearly a'} question of {self.name}"


class _Held(Struct, frozen=True):
    name: int
    runs: Hashes


class LeakCheck:
    """Holds the questions of all sets, indexed once."""

    def __init__(self, sets: Sequence[EvaluationSet], share: float = SHARE) -> None:
        self._share = share
        self.names = [each.name for each in sets]
        self.sizes = [len(each.texts) for each in sets]
        self._exact: dict[str, int] = {}
        self._polite: dict[str, int] = {}
        held: list[_Held] = []
        for number, each in enumerate(sets):
            for text in (*each.texts, *each.also):
                words = plain(text)
                if words and words not in self._exact:
                    self._exact[words] = number
                    self._polite.setdefault(bare(text), number)
                    if _tells(words, shingles(words)):
                        held.append(_Held(number, shingles(words)))
        self._held = held
        often = Counter(run for one in self._held for run in one.runs.tolist())
        self._rare: dict[int, list[int]] = defaultdict(list)
        for place, one in enumerate(self._held):
            needed = math.ceil(share * len(one.runs))
            rarest = sorted(one.runs.tolist(), key=lambda run: (often[run], run))
            for run in rarest[: len(rarest) - needed + 1]:
                self._rare[run].append(place)
        self._known = np.array(sorted(self._rare), np.uint64)

    def find(self, said: Sequence[str]) -> Leak | None:
        """The first leak in what users said; the last of these texts is the question. A very short
        question of a set is looked for there alone, and word for word: everybody says "yes"."""
        for place, text in enumerate(said):
            words = plain(text)
            exact = self._exact.get(words)
            if exact is not None and (place == len(said) - 1 or _tells(words, shingles(words))):
                return Leak(self.names[exact], True)
            near = self._near(words)
            if near is None and place == len(said) - 1:
                near = self._polite.get(bare(text))
            if near is not None:
                return Leak(self.names[near], False)
        return None

    def _near(self, words: str) -> int | None:
        runs = shingles(words)
        if not len(runs) or not len(self._known):
            return None
        rare = np.intersect1d(runs, self._known, assume_unique=True)
        seen = sorted({place for run in rare.tolist() for place in self._rare[run]})
        for place in seen:
            held = self._held[place]
            if shared(held.runs, runs) >= self._share * len(held.runs):
                return held.name
        return None


def _tells(words: str, runs: Hashes) -> bool:
    """Whether a text is long enough to be known by, wherever it stands."""
    return len(runs) >= (SHORTEST_DENSE if _DENSE.search(words) else SHORTEST)
