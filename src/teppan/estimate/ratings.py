"""How well people rate each model, so that one person, or a few who agree, cannot move a ranking.

    1  a source counts once for an answer, with what it said last; an answer counts once, however
       many speak of it
    2  a source weighs at most `per_day` for one model in one day and `in_all` altogether; less when
       nobody vouches for its name, and less while it has been seen on one day only
    3  statements go into blocks: those of one network together, else of one source; sources seen
       on one day only by that day, so that a crowd that comes at once is one block; no block weighs
       much more than the others
    4  the value is the trimmed mean of the blocks' means: ratings are often just 0 and 1, whose own
       trimmed mean says nothing, while means of blocks have a middle
    5  its bounds hold chance (Yuen 1974, on the blocks, never tighter than Wilson's for so many
       answers) and all that could be left if `invented` of what was said were false
    6  a model is above another for sure only where it stays so whichever statements those are, and
       on whichever of the two they were spent (`resolved.py`)

Places are counted by 6 alone. Models of one place are in no order: what is said of them does not
settle it, or would not if the false part were taken away. Names that nobody vouches for are cheap:
one in twenty of all that such names say may be false, and all of it may be about one model. What a
name says that the business itself vouches for is limited by 2 only.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from teppan.estimate.resolved import STEPS, Reach, Weighed, reach, stands

DAY = 86_400.0
HEAVIEST = 2.0
"""Most weight of a block, in those of the block in the middle."""
FEWEST_BLOCKS, MOST_BLOCKS = 6, 30
GROUPS_A_BLOCK = 4
MOST_SAID = 100
"""Statements of one source that are counted where it is asked how many may be false."""


class Caps(Struct, frozen=True):
    """What a source may weigh, and what a ranking must rest on.

    `claimed` and `new` are factors, `trimmed` the share cut off at either end, `invented` the share
    of what names say that nobody vouches for which may be false; `answers` and `sources` the fewest
    that a ranking needs.
    """

    per_day: float = 3.0
    in_all: float = 10.0
    claimed: float = 0.5
    new: float = 0.5
    trimmed: float = 0.15
    invented: float = 0.05
    answers: int = 30
    sources: int = 10


class Vote(Struct, frozen=True):
    """What a source said of one answer of a model. `value` is in [0, 1], `at` in seconds.

    `about` names the answer or conversation, `network` where the source is when that is known.
    """

    model: str
    value: float
    source: str
    about: str
    at: float = 0.0
    claimed: bool = False
    network: str = ""


class Spoken(Protocol):
    """A rating as the store keeps it: of a trace, or else of an episode."""

    @property
    def tenant(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def source(self) -> str: ...
    @property
    def trace_id(self) -> str: ...
    @property
    def episode(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def claimed(self) -> bool: ...


class Standing(Struct, frozen=True, kw_only=True):
    """What is known of one model. `mean` is the plain mean of all that was said.

    `value` with its bounds `low` and `high` is the robust one, `None` where too few answers or
    sources are known. `capped` statements weigh less than one, `ignored` ones nothing. `above` are
    the models that are worse for sure, `place` is one more than those that are better for sure:
    models that share it are in no order.
    """

    model: str
    rated: int
    answers: int
    sources: int
    mean: float
    value: float | None = None
    low: float = 0.0
    high: float = 1.0
    capped: int = 0
    ignored: int = 0
    above: tuple[str, ...] = ()
    place: int | None = None


class _Voice(Struct):
    """A statement: what it weighs, and what it `counted` before it was asked whose it is."""

    vote: Vote
    weight: float = 1.0
    counted: float = 1.0
    full: bool = True


class _Sheet(Struct):
    """One model: its standing, what counts, and the error of chance where it is known enough."""

    standing: Standing
    voices: list[_Voice]
    error: float | None = None


def votes_of(spoken: Iterable[Spoken]) -> list[Vote]:
    """Ratings as votes; those of conversations in which several models answered are of none."""
    return [
        Vote(
            each.model,
            each.value,
            f"{each.tenant} {each.source}",
            f"{each.tenant} {each.trace_id} {each.episode}",
            each.at,
            each.claimed,
        )
        for each in spoken
        if each.model
    ]


def ranking(votes: Iterable[Vote], caps: Caps = Caps()) -> list[Standing]:  # noqa: B008 - frozen
    """The models by place, those of one place by name; what too little is known of comes last."""
    said: dict[str, list[Vote]] = defaultdict(list)
    days: dict[str, set[int]] = defaultdict(set)
    for vote in votes:
        said[vote.model].append(vote)
        days[vote.source].add(_day(vote))
    new = {source for source, seen in days.items() if len(seen) == 1}
    sheets = [_sheet(model, some, new, caps) for model, some in said.items()]
    placed = _placed(sheets, caps)
    return sorted(placed, key=lambda each: (each.place is None, each.place, each.model))


def moves(rated_today: int, *, vouched: bool, caps: Caps = Caps()) -> bool:  # noqa: B008 - frozen
    """Whether what a source says may still teach a router: `rated_today` are the answers of the
    model that it has rated in the last day, this one included. A key that the business itself holds
    (`vouched`) speaks for many people and may say a hundred times as much."""
    return rated_today <= caps.per_day * (100 if vouched else 1)


def _sheet(model: str, votes: Sequence[Vote], new: set[str], caps: Caps) -> _Sheet:
    last: dict[tuple[str, str], Vote] = {}
    for vote in sorted(votes, key=lambda each: each.at):
        if 0.0 <= vote.value <= 1.0:  # false for a value that is no number
            last[vote.source, vote.about] = vote
    voices = [_Voice(vote) for vote in last.values()]
    standing = Standing(
        model=model,
        rated=len(votes),
        answers=len({each.vote.about for each in voices}),
        sources=len({each.vote.source for each in voices}),
        mean=_mean([(each.value, 1.0) for each in votes if 0.0 <= each.value <= 1.0]),
        ignored=len(votes) - len(voices),
    )
    _weigh(voices, new, caps)
    standing = replace(standing, capped=sum(not each.full for each in voices))
    if standing.answers < caps.answers or standing.sources < caps.sources:
        return _Sheet(standing, voices)
    value, error = _trimmed(_blocks(voices, new), caps.trimmed)
    error = max(error, _least_error(value, [each.weight for each in voices]))
    return _Sheet(replace(standing, value=value), voices, error)


# --- weights --------------------------------------------------------------------------------------


def _weigh(voices: Sequence[_Voice], new: set[str], caps: Caps) -> None:
    answers = Counter(each.vote.about for each in voices)
    for each in voices:
        each.weight = 1.0 / answers[each.vote.about]
    _cap(voices, lambda vote: (vote.source, _day(vote)), caps.per_day)
    _cap(voices, lambda vote: vote.source, caps.in_all)
    for each in voices:
        vote, each.counted = each.vote, each.weight
        each.weight *= caps.claimed if vote.claimed else 1.0
        each.weight *= caps.new if vote.source in new else 1.0


def _cap(voices: Sequence[_Voice], key: Callable[[Vote], object], most: float) -> None:
    """Scales the weights of each group down to `most` altogether: no statement is singled out."""
    sums: dict[object, float] = defaultdict(float)
    for each in voices:
        sums[key(each.vote)] += each.weight
    for each in voices:
        total = sums[key(each.vote)]
        if total > most * (1 + 1e-9):
            each.weight *= most / total
            each.full = False


# --- blocks ---------------------------------------------------------------------------------------


def _blocks(voices: Sequence[_Voice], new: set[str]) -> list[tuple[float, float]]:
    """Means and weights."""
    groups = {_group(each.vote, new) for each in voices}
    count = min(MOST_BLOCKS, max(FEWEST_BLOCKS, len(groups) // GROUPS_A_BLOCK))
    filled: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for each in voices:
        filled[_place(_group(each.vote, new), count)].append((each.vote.value, each.weight))
    blocks = [(_mean(some), sum(weight for _, weight in some)) for some in filled.values()]
    middle = sorted(weight for _, weight in blocks)[len(blocks) // 2]
    return [(mean, min(weight, HEAVIEST * middle)) for mean, weight in blocks]


def _group(vote: Vote, new: set[str]) -> str:
    if vote.network:
        return f"network {vote.network}"
    return f"day {_day(vote)}" if vote.source in new else f"source {vote.source}"


def _place(group: str, count: int) -> int:
    return int.from_bytes(blake2b(group.encode(), digest_size=8).digest()) % count


# --- the middle -----------------------------------------------------------------------------------


def _trimmed(blocks: Sequence[tuple[float, float]], cut: float) -> tuple[float, float]:
    """The trimmed mean of the blocks and half the width of its 95 % interval."""
    blocks = sorted(blocks)
    total = sum(weight for _, weight in blocks)
    kept, passed = [], 0.0
    for mean, weight in blocks:
        low, high = max(passed, cut * total), min(passed + weight, (1 - cut) * total)
        passed += weight
        if high > low:
            kept.append((mean, high - low))
    value = _mean(kept)
    if len(blocks) < 2:
        return value, 1.0
    lowest, highest = kept[0][0], kept[-1][0]
    winsorised = [(min(max(mean, lowest), highest), weight) for mean, weight in blocks]
    middle = _mean(winsorised)
    spread = _mean([((mean - middle) ** 2, weight) for mean, weight in winsorised])
    effective = total**2 / sum(weight**2 for _, weight in blocks)
    freedom = max(1.0, effective * (1 - 2 * cut) - 1)
    student = 1.96 + 2.4 / freedom
    return value, student * math.sqrt(spread / max(1.0, effective - 1)) / (1 - 2 * cut)


def _least_error(value: float, weights: Sequence[float]) -> float:
    """Half the width of a 95 % interval if chance alone moved so many answers (Agresti, Coull)."""
    effective = sum(weights) ** 2 / sum(weight**2 for weight in weights)
    share = (value * effective + 2) / (effective + 4)
    return 1.96 * math.sqrt(share * (1 - share) / (effective + 4))


# --- places ---------------------------------------------------------------------------------------


def _placed(sheets: Sequence[_Sheet], caps: Caps) -> list[Standing]:
    """Standings with their bounds, and the places that stand whichever statements are false."""
    budget = _false(sheets, caps)
    reaches = {
        each.standing.model: reach(
            [
                Weighed(one.vote.value, one.weight, one.counted, one.vote.claimed)
                for one in each.voices
            ],
            budget,
            each.error,
        )
        for each in sheets
        if each.error is not None
    }
    standings = [_bounded(each.standing, reaches.get(each.standing.model)) for each in sheets]
    above = {
        each.model: tuple(
            sorted(
                other.model
                for other in standings
                if other is not each and _over(each, other, reaches)
            )
        )
        for each in standings
    }
    better = Counter(worse for some in above.values() for worse in some)
    return [
        replace(
            each,
            above=above[each.model],
            place=None if each.value is None else 1 + better[each.model],
        )
        for each in standings
    ]


def _false(sheets: Sequence[_Sheet], caps: Caps) -> float:
    """How many statements may be false: a share of those nobody vouches for. They are counted as
    they were said, not as they weigh: who is false may weigh all they can. Only who says more than
    `MOST_SAID` counts with that, lest a flood by one settle that nothing is known."""
    said = Counter(one.vote.source for each in sheets for one in each.voices if one.vote.claimed)
    return caps.invented * sum(min(many, MOST_SAID) for many in said.values())


def _bounded(standing: Standing, found: Reach | None) -> Standing:
    """How good the model may be at the worst and at the best, chance and lies together."""
    if found is None or standing.value is None:
        return standing
    low = min(standing.value, found.low[STEPS]) - found.error
    high = max(standing.value, found.high[STEPS]) + found.error
    return replace(standing, low=max(0.0, low), high=min(1.0, high))


def _over(one: Standing, other: Standing, reaches: Mapping[str, Reach]) -> bool:
    if one.value is None or other.value is None:
        return False
    better, worse = reaches[one.model], reaches[other.model]
    chance = math.hypot(better.error, worse.error)
    return one.value - other.value > chance and stands(better, worse)


def _mean(weighed: Sequence[tuple[float, float]]) -> float:
    total = sum(weight for _, weight in weighed)
    return sum(value * weight for value, weight in weighed) / total if total else 0.0


def _day(vote: Vote) -> int:
    return int(vote.at // DAY)
