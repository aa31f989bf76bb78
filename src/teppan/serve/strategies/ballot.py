"""Votes, groups of votes that say the same, and when more votes cannot change the winner. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Vote(Struct, frozen=True):
    """One reply's vote: `place` is its number among those asked, `key` what it says.

    Equal keys are the same answer. A negative weight is evidence against it. A `plain` vote states
    its answer so that a reader finds it at once; one that is not `read` has none, and loses to
    any that has.
    """

    place: int
    model: str
    key: str
    weight: float
    plain: bool = False
    read: bool = True


class Group(Struct, frozen=True):
    """The votes for one answer."""

    key: str
    votes: tuple[Vote, ...]

    @property
    def weight(self) -> float:
        return sum(vote.weight for vote in self.votes)

    @property
    def speaker(self) -> Vote:
        """The vote whose reply speaks for the group: a plain one, then the heaviest, the first."""
        return max(self.votes, key=lambda vote: (vote.plain, vote.weight, -vote.place))


class Ballot(Struct, frozen=True):
    """The groups, the heaviest first; the group of the first vote is first among equals."""

    groups: tuple[Group, ...]

    @property
    def winner(self) -> Group:
        return self.groups[0]

    @property
    def margin(self) -> float:
        """By how much the winner leads the second, or an answer that nobody has given yet."""
        second = self.groups[1].weight if len(self.groups) > 1 else 0.0
        return self.winner.weight - max(0.0, second)

    @property
    def total(self) -> float:
        """The weight of all answers that have more votes for them than against them."""
        return sum(max(0.0, group.weight) for group in self.groups)

    @property
    def share(self) -> float:
        """The winner's part of all weight, in [0, 1]; an even part when nothing has weight."""
        winner = max(0.0, self.winner.weight)
        return winner / self.total if self.total > 0.0 else 1.0 / len(self.groups)


def count(votes: Iterable[Vote]) -> Ballot:
    """The votes grouped by key. Raises `ValueError` without votes."""
    groups: dict[str, list[Vote]] = {}
    for vote in votes:
        groups.setdefault(vote.key, []).append(vote)
    if not groups:
        raise ValueError("there are no votes to count")
    ranked = sorted(
        (Group(key, tuple(members)) for key, members in groups.items()),
        key=lambda group: (
            not any(vote.read for vote in group.votes),
            -group.weight,
            min(vote.place for vote in group.votes),
        ),
    )
    return Ballot(tuple(ranked))


def settled(ballot: Ballot, pending: float) -> bool:
    """Whether votes of this weight together, however they fall, leave the winner the winner.

    `pending` is the sum of what the weights are without their signs.

    A tie is not settled: the order of the votes would decide it.
    """
    return ballot.margin > pending
