"""Which examples are in, and on which side: all decisions over a table of what matters of each.

    qualified ── leaks ── one of each that say the same ── no contradictions ── sides

The table holds no words, so that a million rows fit into memory; the words of those that ask nearly
the same are fetched a few at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from teppan.core.signal import Terms
from teppan.learn.datasets.choosing import SLIPS, Rival, Taste, chosen
from teppan.learn.datasets.examples import SERVED, Example
from teppan.learn.datasets.leaks import LeakCheck
from teppan.learn.datasets.making import calls_tools
from teppan.learn.datasets.near import PLACES, Signatures, agreement, meetings, short, signed
from teppan.learn.datasets.sameness import bare
from teppan.learn.datasets.shingles import plain, shingles
from teppan.learn.datasets.splitting import ACROSS, Placed, Union, split

QUALITIES = (0.99, 0.95, 0.9, 0.8, 0.7)
FETCHED = 400
"""Rows whose words are in memory together, at least a whole group."""
PAIRS = 4_000_000
"""Pairs that are compared at once."""

PAGE = 10_000
Pairs = NDArray[np.int64]
Fetch = Callable[[Sequence[str]], Awaitable[Mapping[str, Example]]]


class Recipe(Struct, frozen=True, kw_only=True):
    """How a training set is made. `quality` is what an answer must have that no person vouches
    for, `terms` what may be trained on; the rest is told where it is used."""

    quality: float = 0.9
    terms: tuple[Terms, ...] = ("free", "own")
    taste: Taste = Taste()
    validation: float = 0.1
    test: float = 0.1


class Feature(Struct, frozen=True, kw_only=True):
    """What matters of a row, without its words. `why` is why it cannot be in."""

    id: str
    at: float
    why: str
    digest: str
    names: tuple[str, ...]
    grade: int
    quality: float
    labels: Mapping[str, str]
    terms: str
    pairs: int
    scrubbed: Mapping[str, int]


class Table:
    """Grows page by page: a feature of each row, and the signatures of those that may be in."""

    def __init__(self) -> None:
        self.features: list[Feature] = []
        self._places: list[int] = []
        self._pages: list[Signatures] = []

    def add(self, features: Sequence[Feature], signatures: Signatures) -> None:
        """`signatures` are (rows that may be in, 3, places): question, context, both."""
        free = [i for i, each in enumerate(features, len(self.features)) if not each.why]
        self.features += features
        self._places += free
        self._pages.append(signatures)

    @property
    def free(self) -> list[int]:
        """The places of rows that may be in."""
        return self._places

    def near_pairs(self, least: float, near: float) -> tuple[Pairs, NDArray[np.bool_]]:
        """Pairs of places in `free` that are alike by `least` in what they ask and by `near` in
        what was said before, and which of them are by `near` in both. Those that are equal are each
        paired with the first of them, and that one alone with others."""
        ids = [self.features[place].id for place in self._places]
        order = np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)
        if not len(order):
            return np.empty((0, 2), np.int64), np.empty(0, bool)
        whole = np.concatenate(self._pages)[order]
        first, twice = _equal(whole)
        asked, before, both = (np.ascontiguousarray(whole[first, side]) for side in range(3))
        del whole
        many, found = len(first), np.empty(0, np.int64)
        for met in meetings(both):
            codes = np.setdiff1d(met[:, 0] * many + met[:, 1], found)
            alike = [_near(some, many, asked, least) for some in _parts(codes)]
            alike = [_near(some, many, before, near) for some in alike]
            found = np.union1d(found, np.concatenate(alike)) if alike else found
        close = np.isin(found, _near(found, many, asked, near), assume_unique=True)
        pairs = np.stack([first[found // many], first[found % many]], axis=1)
        places: Pairs = order[np.concatenate([pairs, twice])]
        return places, np.concatenate([close, np.ones(len(twice), bool)])


def _equal(whole: Signatures) -> tuple[NDArray[np.int64], Pairs]:
    """The first row of each that are equal, and the others paired with it."""
    seen: dict[bytes, int] = {}
    twice = []
    for place, row in enumerate(whole):
        met = seen.setdefault(hashlib.blake2b(row.tobytes(), digest_size=16).digest(), place)
        if met != place:
            twice.append((met, place))
    return np.array(list(seen.values()), np.int64), np.array(twice, np.int64).reshape(-1, 2)


def _each(pairs: Pairs) -> Iterator[tuple[int, int]]:
    """The pairs one by one, without all of them as objects."""
    for start in range(0, len(pairs), PAGE):
        yield from map(tuple, pairs[start : start + PAGE].tolist())


def _parts(codes: NDArray[np.int64]) -> Iterable[NDArray[np.int64]]:
    step = PAIRS // PLACES
    return (codes[start : start + step] for start in range(0, len(codes), step))


def _near(codes: NDArray[np.int64], many: int, side: Signatures, least: float) -> NDArray[np.int64]:
    alike = [agreement(side[part // many], side[part % many]) >= least for part in _parts(codes)]
    return codes[np.concatenate(alike)] if alike else codes


def looked_at(
    examples: Sequence[tuple[Example, str]], recipe: Recipe, check: LeakCheck
) -> tuple[list[Feature], Signatures]:
    """The features of a page of examples (each with the digest of its bytes), and the signatures of
    those that may be in."""
    features, signatures = [], []
    for example, digest in examples:
        why = unfit(example, recipe, check)
        features.append(
            Feature(
                id=example.id,
                at=example.at,
                why=why,
                digest=digest,
                names=example.conversation,
                grade=example.grade,
                quality=example.quality,
                labels=labels_of(example),
                terms=example.terms,
                pairs=len(example.rejected),
                scrubbed=example.scrubbed,
            )
        )
        if not why:
            asked = signed(shingles(bare(example.question)))
            before = signed(shingles(plain(example.context), salt=1))
            both = np.minimum(asked, before)
            signatures.append(np.stack([short(each) for each in (asked, before, both)]))
    empty = np.empty((0, 3, PLACES), np.uint16)
    return features, np.stack(signatures) if signatures else empty


def unfit(example: Example, recipe: Recipe, check: LeakCheck) -> str:
    """Why an example can be in no training set, whatever the others are; empty where it can."""
    if example.terms not in recipe.terms:
        return f"terms: those of its model are {example.terms}"
    judged = example.source == "distilled"  # kept by a filter of its own
    if example.grade == SERVED and not judged and example.quality < recipe.quality:
        return "not qualified: no person vouches for it, and its quality is too low"
    if not example.question.strip() or not example.chosen.strip():
        return "empty: there is no question, or no answer"
    if calls_tools(example.messages) and not example.tools:
        return "tools: those it calls are no longer known"
    leak = check.find([each.text for each in example.messages if each.role == "user"])
    return leak.why if leak is not None else ""


def labels_of(example: Example) -> dict[str, str]:
    band = next((each for each in QUALITIES if example.quality >= each), 0.0)
    return {
        "task": example.task_type,
        "intent": example.intent,
        "language": example.language,
        "model": example.model,
        "source": example.source,
        "quality": f"{band:.2f} and more",
    }


async def sifted(table: Table, recipe: Recipe, fetch: Fetch) -> dict[str, tuple[str, str]]:
    """By id the split of each row, or an empty one and why. The order of rows makes no
    difference."""
    found = {each.id: ("", each.why) for each in table.features if each.why}
    free = [table.features[place] for place in table.free]
    groups, sides = await asyncio.to_thread(_together, table, recipe.taste.near)
    out = await _settled(free, groups, recipe.taste, fetch)
    found |= {id: ("", why) for id, why in out.items()}
    placed = [
        Placed(each.id, each.at, (*each.names, f"near:{sides.root(place)}"))
        for place, each in enumerate(free)
        if each.id not in out
    ]
    for id, side in split(placed, recipe.validation, recipe.test).items():
        found[id] = (side, "") if side is not None else ("", ACROSS)
    return found


def _together(table: Table, near: float) -> tuple[list[list[int]], Union]:
    """Those that may ask the same, in groups, and those that must be on one side."""
    pairs, close = table.near_pairs(near - SLIPS, near)
    union, sides = Union(len(table.free)), Union(len(table.free))
    for (one, other), alike in zip(_each(pairs), close, strict=True):
        union.join(one, other)
        if alike:
            sides.join(one, other)
    return union.groups(range(len(table.free))), sides


async def _settled(
    free: Sequence[Feature], groups: Sequence[Sequence[int]], taste: Taste, fetch: Fetch
) -> dict[str, str]:
    """Those that say the same as others, or contradict them; the reason by id."""
    out: dict[str, str] = {}
    waiting: list[Sequence[int]] = []
    for group in [*groups, None]:
        if group is not None and len(group) > 1:
            waiting.append(group)
        if waiting and (group is None or sum(map(len, waiting)) >= FETCHED):
            ids = [free[place].id for each in waiting for place in each]
            words = await fetch(ids)
            there = [[words.get(free[place].id) for place in each] for each in waiting]
            out |= await asyncio.to_thread(_chosen, there, taste)
            waiting = []
    return out


def _chosen(groups: Sequence[Sequence[Example | None]], taste: Taste) -> dict[str, str]:
    """Those of each group that do not stay; one whose words are gone is in none."""
    out: dict[str, str] = {}
    for group in groups:
        out |= chosen([_rival(each) for each in group if each is not None], taste)
    return out


def _rival(example: Example) -> Rival:
    return Rival(
        id=example.id,
        question=example.question,
        context=example.context,
        answer=example.chosen,
        grade=example.grade,
        quality=example.quality,
        at=example.at,
    )
