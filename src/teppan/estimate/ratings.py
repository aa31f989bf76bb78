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
       answers) and what would be left if `invented` of the weight were false

A model is placed above another for sure only where their bounds do not touch.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

DAY = 86_400.0
HEAVIEST = 2.0
"""Most weight of a block, in those of the block in the middle."""
FEWEST_BLOCKS, MOST_BLOCKS = 6, 30
GROUPS_A_BLOCK = 4


class Caps(Struct, frozen=True):
    """What a source may weigh, and what a ranking must rest on.

    `claimed` and `new` are factors, `trimmed` the share cut off at either end, `invented` the share
    of the weight that may be false; `answers` and `sources` the fewest that a ranking needs.
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
    the models that are worse for sure.
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


class _Weighed(Struct):
    vote: Vote
    weight: float = 1.0
    full: bool = True


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
    """The models, the best first; those that too little is known of come last, by name."""
    said: dict[str, list[Vote]] = defaultdict(list)
    days: dict[str, set[int]] = defaultdict(set)
    for vote in votes:
        said[vote.model].append(vote)
        days[vote.source].add(_day(vote))
    new = {source for source, seen in days.items() if len(seen) == 1}
    standings = [_standing(model, some, new, caps) for model, some in said.items()]
    placed = [_above(each, standings) for each in standings]
    return sorted(placed, key=lambda each: (each.value is None, -(each.value or 0), each.model))


def moves(rated_today: int, *, vouched: bool, caps: Caps = Caps()) -> bool:  # noqa: B008 - frozen
    """Whether what a source says may still teach a router: `rated_today` are the answers of the
    model that it has rated in the last day, this one included. A key that the business itself holds
    (`vouched`) speaks for many people and may say a hundred times as much."""
    return rated_today <= caps.per_day * (100 if vouched else 1)


def _standing(model: str, votes: Sequence[Vote], new: set[str], caps: Caps) -> Standing:
    last: dict[tuple[str, str], Vote] = {}
    for vote in sorted(votes, key=lambda each: each.at):
        if 0.0 <= vote.value <= 1.0:  # false for a value that is no number
            last[vote.source, vote.about] = vote
    weighed = [_Weighed(vote) for vote in last.values()]
    standing = Standing(
        model=model,
        rated=len(votes),
        answers=len({each.vote.about for each in weighed}),
        sources=len({each.vote.source for each in weighed}),
        mean=_mean([(each.value, 1.0) for each in votes if 0.0 <= each.value <= 1.0]),
        ignored=len(votes) - len(weighed),
    )
    _weigh(weighed, new, caps)
    capped = sum(not each.full for each in weighed)
    standing = replace(standing, capped=capped)
    if standing.answers < caps.answers or standing.sources < caps.sources:
        return standing
    blocks = _blocks(weighed, new)
    value, error = _trimmed(blocks, caps.trimmed)
    error = max(error, _least_error(value, [each.weight for each in weighed]))
    false = caps.invented
    low, high = (value - error - false) / (1 - false), (value + error) / (1 - false)
    return replace(standing, value=value, low=max(0.0, low), high=min(1.0, high))


# --- weights --------------------------------------------------------------------------------------


def _weigh(weighed: Sequence[_Weighed], new: set[str], caps: Caps) -> None:
    answers = Counter(each.vote.about for each in weighed)
    for each in weighed:
        each.weight = 1.0 / answers[each.vote.about]
    _cap(weighed, lambda vote: (vote.source, _day(vote)), caps.per_day)
    _cap(weighed, lambda vote: vote.source, caps.in_all)
    for each in weighed:
        vote = each.vote
        each.weight *= caps.claimed if vote.claimed else 1.0
        each.weight *= caps.new if vote.source in new else 1.0


def _cap(weighed: Sequence[_Weighed], key: Callable[[Vote], object], most: float) -> None:
    """Scales the weights of each group down to `most` altogether: no statement is singled out."""
    sums: dict[object, float] = defaultdict(float)
    for each in weighed:
        sums[key(each.vote)] += each.weight
    for each in weighed:
        total = sums[key(each.vote)]
        if total > most * (1 + 1e-9):
            each.weight *= most / total
            each.full = False


# --- blocks ---------------------------------------------------------------------------------------


def _blocks(weighed: Sequence[_Weighed], new: set[str]) -> list[tuple[float, float]]:
    """Means and weights."""
    groups = {_group(each.vote, new) for each in weighed}
    count = min(MOST_BLOCKS, max(FEWEST_BLOCKS, len(groups) // GROUPS_A_BLOCK))
    filled: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for each in weighed:
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


def _above(standing: Standing, others: Sequence[Standing]) -> Standing:
    if standing.value is None:
        return standing
    worse = (each.model for each in others if each.value is not None and each.high < standing.low)
    return replace(standing, above=tuple(sorted(worse)))


def _mean(weighed: Sequence[tuple[float, float]]) -> float:
    total = sum(weight for _, weight in weighed)
    return sum(value * weight for value, weight in weighed) / total if total else 0.0


def _day(vote: Vote) -> int:
    return int(vote.at // DAY)
