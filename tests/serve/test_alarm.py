"""A dear day and a dear month are told once each, and cost nothing until then."""

from __future__ import annotations

from teppan.core.budget import Alert
from teppan.core.clock import FixedClock
from teppan.core.errors import StoreError
from teppan.cost.calendar import Calendar
from teppan.serve.alarm import STALE, Alarm, Threshold

DAILY, MONTHLY = Threshold("daily alert", "day", 50), Threshold("monthly alert", "month", 500)


class Books:
    """A ledger that this gateway, and another one, write to."""

    def __init__(self, clock: FixedClock) -> None:
        self.rows: list[tuple[float, int]] = []
        self.told: list[tuple[str, str, int]] = []
        self.looks = 0
        self.broken = False
        self._clock = clock

    def add(self, cost: int) -> None:
        self.rows.append((self._clock.now(), cost))

    async def spent(self, begin: float, end: float) -> int:
        self.looks += 1
        if self.broken:
            raise StoreError("away")
        return sum(cost for at, cost in self.rows if begin <= at < end)

    async def tell(self, alert: Alert) -> bool:
        self.told.append((alert.name, alert.window, alert.spent))
        return True


class Spender:
    def __init__(self) -> None:
        self.clock = FixedClock(1_763_726_400.0)  # 2025-11-21 12:00 UTC
        self.books = Books(self.clock)
        self.alarm = Alarm([DAILY, MONTHLY], Calendar(), self.books, self.clock)

    async def spend(self, cost: int) -> None:
        self.books.add(cost)
        looking = self.alarm.spent(cost)
        if looking is not None:
            await looking


async def test_a_dear_day_is_told_once_and_the_next_day_anew() -> None:
    spender = Spender()
    for _ in range(12):
        await spender.spend(10)
    assert spender.books.told == [("daily alert", "2025-11-21", 50)]
    spender.clock.advance(86_400)
    for _ in range(6):
        await spender.spend(10)
    assert spender.books.told[1:] == [("daily alert", "2025-11-22", 50)]


async def test_the_month_is_told_too() -> None:
    spender = Spender()
    await spender.spend(499)
    await spender.spend(1)
    assert [name for name, _, _ in spender.books.told] == ["daily alert", "monthly alert"]


async def test_while_nothing_is_dear_the_ledger_is_read_once() -> None:
    spender = Spender()
    for _ in range(40):
        await spender.spend(1)
    assert spender.books.looks == 2  # a day and a month


async def test_what_other_gateways_spend_is_seen_after_a_while() -> None:
    spender = Spender()
    await spender.spend(1)
    spender.books.add(60)
    await spender.spend(1)
    assert spender.books.told == []
    spender.clock.advance(STALE)
    await spender.spend(1)
    assert spender.books.told == [("daily alert", "2025-11-21", 63)]


async def test_a_ledger_that_cannot_be_read_is_tried_again_with_the_next_money() -> None:
    spender = Spender()
    spender.books.broken = True
    await spender.spend(60)
    spender.books.broken = False
    await spender.spend(1)
    assert spender.books.told == [("daily alert", "2025-11-21", 61)]
