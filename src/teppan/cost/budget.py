"""Budgets as the settings say them, and the pots one call is paid from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from teppan.core.budget import Period, Pot, Whose
from teppan.core.errors import ConfigError
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.cost.calendar import Calendar

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")


class Budget(Struct, frozen=True):
    """What may be spent in each day or month.

    Of the whole, or of each tenant, key or model apart (`whose`); with `only` just of that one,
    where `vendor/*` counts all models of a vendor together.
    """

    name: str
    limit: Micros
    whose: Whose = "whole"
    only: str | None = None
    period: Period = "month"
    hard: bool = True

    def whom(self, scope: Scope, model: str) -> str | None:
        """Who pays for this call, or None when the budget has nothing to do with it."""
        if self.whose == "whole":
            return ""
        named = {"tenant": scope.tenant, "key": scope.key_id, "model": model}[self.whose]
        if self.only is None:
            return named
        return self.only if _covers(self.only, named) else None


def checked(budgets: Sequence[Budget]) -> tuple[Budget, ...]:
    """The budgets as they are. Raises `ConfigError` naming the one that cannot work."""
    seen = set()
    for each in budgets:
        where = f"budgets: `{each.name}`"
        if not _NAME.fullmatch(each.name):
            raise ConfigError(f"{where}: a name is of letters, digits, spaces and `_.-`")
        if each.name in seen:
            raise ConfigError(f"{where}: there are two of this name; give each its own")
        if each.whose == "whole" and each.only is not None:
            raise ConfigError(f"{where}: `only` needs `whose` to be tenant, key or model")
        seen.add(each.name)
    return tuple(budgets)


class Pots:
    """Finds the pots of a call, in the windows of its instant."""

    def __init__(self, budgets: Sequence[Budget], calendar: Calendar) -> None:
        self.budgets = checked(budgets)
        self._calendar = calendar

    def of(self, scope: Scope, model: str, at: float) -> tuple[Pot, ...]:
        """Every pot this call is paid from."""
        found = []
        for each in self.budgets:
            whom = each.whom(scope, model)
            if whom is not None:
                tenant = scope.tenant if each.whose in ("tenant", "key") and not _any(whom) else ""
                found.append(self.pot(each, whom, at, tenant))
        return tuple(found)

    def pot(self, budget: Budget, whom: str, at: float, tenant: str = "") -> Pot:
        """A budget's pot for one `whom` (empty: the whole) at an instant."""
        window = self._calendar.window(budget.period, at)
        return Pot(
            f"{budget.name}:{whom}" if whom else budget.name,
            window.name,
            window.begin,
            window.end,
            budget.limit,
            budget.hard,
            budget.whose,
            whom,
            tenant,
        )


def _covers(only: str, named: str) -> bool:
    return named.startswith(only[:-1]) if _any(only) else named == only


def _any(name: str) -> bool:
    return name.endswith("*")
