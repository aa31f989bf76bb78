"""What may be spent, in the words that the purse and the store share."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from teppan.core.money import Micros

Whose = Literal["whole", "tenant", "key", "model"]
Period = Literal["day", "month"]


class Pot(Struct, frozen=True):
    """One budget in one of its windows.

    `budget` is its name, and `name:whom` where each tenant, key or model counts apart. `window` is
    the local day or month it counts (`2026-11-21`, `2026-11`), which lasts `[begin, end)` in
    seconds since 1970. A hard pot never holds more than `limit`. `whom` may end with `*`; `tenant`
    is the tenant whose calls alone count here, where that is known.
    """

    budget: str
    window: str
    begin: float
    end: float
    limit: Micros
    hard: bool = True
    whose: Whose = "whole"
    whom: str = ""
    tenant: str = ""


class Charge(Struct, frozen=True):
    """Which calls of a journey, by their ids, a pot pays for."""

    pot: Pot
    calls: tuple[str, ...]


class Booking(Struct, frozen=True):
    """What a journey's ledger rows mean for the budgets: who pays, and which holds are over."""

    charges: tuple[Charge, ...] = ()
    holds: tuple[str, ...] = ()


class Denied(Struct, frozen=True):
    """Why a hold was refused: what the pot has spent, and what is set aside for other calls."""

    pot: Pot
    spent: Micros
    held: Micros


class Alert(Struct, frozen=True):
    """A threshold that was crossed in a window; told once. `at` is seconds since 1970."""

    name: str
    window: str
    spent: Micros
    threshold: Micros
    at: float = 0.0


def refusing(pot: Pot) -> tuple[str, Micros]:
    """The alert that a pot has refused a call: its money may last for cheaper ones."""
    return f"{pot.budget} refused a call", pot.limit


def thresholds(pot: Pot) -> tuple[tuple[str, Micros], ...]:
    """The alerts of a pot, by name and amount: 80 and 100 % of a hard one, 100 % of a soft one."""
    full = (f"{pot.budget} at 100 %", pot.limit)
    return ((f"{pot.budget} at 80 %", pot.limit * 4 // 5), full) if pot.hard else (full,)
