"""Which examples train, which choose (validation), and which judge (test).

By time: what judges is later than what trained, as it will be in service. By conversation: none is
on two sides, and neither are near-duplicates. What would be, because it goes on over a border, is
left out of the later side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

Split = Literal["train", "validation", "test"]

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
ACROSS = "split: its conversation, or one nearly the same, is on the earlier side"


class Placed(Struct, frozen=True):
    """An example to place: when it was, and the names it shares with others that must be on its
    side: of its conversation, and of what is nearly the same."""

    id: str
    at: float
    names: Sequence[str] = ()


class Union:
    """Sets that are joined: disjoint-set forest with path halving (Tarjan 1975)."""

    def __init__(self, many: int) -> None:
        self._parent = list(range(many))

    def root(self, item: int) -> int:
        parent = self._parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first

    def groups(self, items: Iterable[int]) -> list[list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for item in items:
            found[self.root(item)].append(item)
        return list(found.values())


def split(
    placed: Sequence[Placed],
    validation: float = 0.1,
    test: float = 0.1,
) -> dict[str, Split | None]:
    """Where each example belongs; `None` for those that would be on two sides.

    `validation` and `test` are the shares of the latest examples that are set apart, before
    anything is left out.
    """
    union = Union(len(placed))
    first: dict[str, int] = {}
    for place, each in enumerate(placed):
        for name in each.names:
            union.join(first.setdefault(name, place), place)
    borders = _borders(placed, validation, test)
    found: dict[str, Split | None] = {}
    for group in union.groups(range(len(placed))):
        sides = {place: sum(placed[place].at >= border for border in borders) for place in group}
        earliest = min(sides.values())
        for place, side in sides.items():
            found[placed[place].id] = SPLITS[side] if side == earliest else None
    return found


def _borders(placed: Sequence[Placed], validation: float, test: float) -> tuple[float, float]:
    """The instants from which examples choose, and judge. Those of one instant stay together."""
    times = sorted(each.at for each in placed)
    many = len(times)

    def at(share: float) -> float:
        count = round(share * many)
        return times[many - count] if count else float("inf")

    return at(validation + test) if validation else at(test), at(test)
