"""Money set aside for one call, as the journey carries it; `purse.py` sets it aside."""

from __future__ import annotations

from teppan.core.budget import Pot
from teppan.core.money import Micros


class Hold:
    """Money set aside for one logical call; `calls` are its attempts, `cost` what they took.

    `more` are holds for what attempts in vain cost, beside which the whole `amount` stays.
    """

    __slots__ = ("amount", "calls", "cost", "id", "more", "over", "pots", "shrunk")

    def __init__(self, id: str, pots: tuple[Pot, ...], amount: Micros) -> None:
        self.id = id
        self.pots = pots
        self.amount = amount
        self.calls: list[str] = []
        self.cost: Micros = 0
        self.more: list[Hold] = []
        self.over = False
        self.shrunk = False

    def called(self, call: str, cost: Micros | None) -> None:
        """An attempt has ended."""
        self.calls.append(call)
        self.cost += cost or 0

    def ended(self) -> None:
        """The call is over: no more of its money is needed than it took."""
        for hold in (self, *self.more):
            hold.over = True
