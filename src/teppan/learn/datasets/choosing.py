"""Of examples that ask the same: which stay, which are said twice, which contradict one another.

The better comes first: what a person wrote or approved, what a person reviewed, then quality. An
answer that says what a better one says is its duplicate. Where two disagree, the better stays if it
is better by its kind or by a margin; otherwise nobody knows which is right, and neither stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from teppan.learn.datasets.near import agreement, short, signed
from teppan.learn.datasets.sameness import asked, bare, disagree, same, says_the_same
from teppan.learn.datasets.shingles import plain, shingles

DUPLICATE = "duplicate"
NEAR = "near-duplicate"
CONTRADICTED = "contradiction: a better answer says otherwise"
UNDECIDED = "contradiction: answers disagree and none is better"
ENOUGH = "enough: the question has better answers already"
SLIPS = 0.15
"""How much less alike two questions may be that are the same but for a slip of the pen: of a short
one a letter spoils a good part."""
DISTINCT = 64
"""Different questions, or different answers to one, that are looked at together; there are never so
many but where somebody makes them."""


class Rival(Struct, frozen=True, kw_only=True):
    """An example among those that ask nearly the same."""

    id: str
    question: str
    context: str
    answer: str
    grade: int
    quality: float
    at: float


class Taste(Struct, frozen=True):
    """What is nearly the same (`near`, similarity), what is better (`margin`, quality), and how
    many examples of one question are kept."""

    near: float = 0.7
    margin: float = 0.1
    per_question: int = 3


def chosen(rivals: Sequence[Rival], taste: Taste) -> dict[str, str]:
    """Those that do not stay, by id, with the reason. The order of the rivals makes no
    difference."""
    out: dict[str, str] = {}
    for group in _questions(sorted(rivals, key=_rank), taste):
        out |= _settled(group, taste)
    return out


def _rank(rival: Rival) -> tuple[float, float, float, str]:
    """The best first; of equal ones the latest, for businesses change."""
    return (-rival.grade, -rival.quality, -rival.at, rival.id)


def _questions(ranked: Sequence[Rival], taste: Taste) -> list[list[Rival]]:
    """Those that ask the same in the same conversation so far. Only questions of the same figures
    can be the same, so only those are compared."""
    groups: list[list[Rival]] = []
    known: dict[tuple[str, str], list[Rival]] = {}
    like: dict[tuple[object, ...], list[list[Rival]]] = defaultdict(list)
    for rival in ranked:
        words = (bare(rival.question), plain(rival.context))
        group = known.get(words)
        if group is None:
            matter = asked(rival.question)
            near = like[matter.figures, matter.denies]
            group = next((each for each in near if _asks(each[0], rival, words, taste)), None)
        if group is None:
            group = []
            groups.append(group)
            if len(near) < DISTINCT:
                near.append(group)
        known[words] = group
        group.append(rival)
    return groups


def _asks(one: Rival, other: Rival, words: tuple[str, str], taste: Taste) -> bool:
    return (
        same(one.question, other.question)
        and _near(bare(one.question), words[0], taste.near - SLIPS)
        and _near(plain(one.context), words[1], taste.near)
    )


def _settled(group: Sequence[Rival], taste: Taste) -> dict[str, str]:
    if len(group) == 1:
        return {}
    distinct, out = _distinct(group, taste)
    lost: dict[str, str] = {}
    for rival in distinct:
        against = [each for each in distinct if each is not rival and _against(rival, each)]
        if any(_beats(each, rival, taste.margin) for each in against):
            lost[rival.id] = CONTRADICTED
        elif any(not _beats(rival, each, taste.margin) for each in against):
            lost[rival.id] = UNDECIDED
    left = [each for each in distinct if each.id not in lost]
    lost |= dict.fromkeys((each.id for each in left[taste.per_question :]), ENOUGH)
    return out | lost


def _distinct(group: Sequence[Rival], taste: Taste) -> tuple[list[Rival], dict[str, str]]:
    """The best of each that say the same, and what the others are."""
    kept: list[Rival] = []
    out: dict[str, str] = {}
    exact: set[str] = set()
    for rival in group:
        words = plain(rival.answer)
        if words in exact:
            out[rival.id] = DUPLICATE
            continue
        exact.add(words)
        if len(kept) >= DISTINCT:
            out[rival.id] = ENOUGH
        elif any(
            says_the_same(each.answer, rival.answer)
            and _near(plain(each.answer), words, taste.near)
            for each in kept
        ):
            out[rival.id] = NEAR
        else:
            kept.append(rival)
    return kept, out


def _against(one: Rival, other: Rival) -> bool:
    return disagree(one.answer, other.answer, one.question)


def _beats(one: Rival, other: Rival, margin: float) -> bool:
    if one.grade != other.grade:
        return one.grade > other.grade
    return one.quality > other.quality + margin


def _near(one: str, other: str, least: float) -> bool:
    """Of two texts that `plain` has seen."""
    if one == other:
        return True
    first, second = (short(signed(shingles(each))) for each in (one, other))
    return float(agreement(first, second)) >= least
