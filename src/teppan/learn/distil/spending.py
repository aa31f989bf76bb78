"""The money of a run: what its questions may cost at most is set aside before they are asked.

A question begins when spent + set aside + its bound stay within the budget, strictly in the order
of the list: then whatever a killed run had begun is begun first by the next one, and what was paid
for without being booked is covered by what is set aside for it. The purse of the gateway stands
behind this, call by call and over all processes.
"""

from __future__ import annotations

import asyncio

from teppan.core.money import Micros


class Allowance:
    """A budget in one process. `spent` is what the run has cost so far."""

    def __init__(self, budget: Micros, spent: Micros = 0) -> None:
        self.budget = budget
        self.spent = spent
        self.held = 0
        self._under_way = 0
        self._waiting = 0
        self._changed = asyncio.Condition()

    @property
    def left(self) -> Micros:
        return max(0, self.budget - self.spent - self.held)

    async def take(self, bound: Micros) -> bool:
        """Sets the bound aside, waiting for questions under way; False when it will not fit."""
        async with self._changed:
            while bound > self.left and self._under_way:
                await self._changed.wait()
            if bound > self.left:
                return False
            self.held += bound
            self._under_way += 1
            return True

    async def give(self, bound: Micros, cost: Micros) -> None:
        """The question is over and has cost so much: the rest is free again."""
        async with self._changed:
            self.held -= bound
            self.spent += cost
            self._under_way -= 1
            self._changed.notify_all()

    async def another_ended(self) -> bool:
        """Waits, within a question, until another one is over; False when none can be: there is
        none, or all of them wait like this."""
        async with self._changed:
            if self._under_way - self._waiting <= 1:
                return False
            self._waiting += 1
            try:
                await self._changed.wait()
            finally:
                self._waiting -= 1
            return True
