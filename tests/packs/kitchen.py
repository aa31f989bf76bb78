"""The tools of the pack, called as the gateway calls them, over tables of their own."""

from __future__ import annotations

import datetime as dt
import json
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from teppan.core.tool import Talk
from teppan.serve.agents.loading import load, tables_of
from teppan.serve.agents.signature import Signature
from teppan.store.pack_tables import PackTables

FOLDER = Path(__file__).parents[2] / "packs" / "myhibachi"
ZONE = ZoneInfo("America/Los_Angeles")
NOON = dt.datetime(2026, 11, 30, 12, 0, tzinfo=ZONE)
"""A Monday."""
SATURDAY = dt.date(2026, 12, 12)
ANNA = {
    "date": "2026-12-12",
    "start": "18:00",
    "adults": 12,
    "name": "Anna Lee",
    "email": "anna@example.com",
    "address": "12 Oak Street, Davis, CA 95616",
    "miles": 16,
}


def module(name: str) -> ModuleType:
    """A Python file of the pack."""
    return load(FOLDER / f"{name}.py")


class Kitchen:
    """The pack at work. `now` may be set; each call has a key of its own unless one is given."""

    def __init__(self, url: str, tenant: str = "default") -> None:
        self.pack = PackTables(url, "myhibachi", tables_of(FOLDER / "tables.py"), patience=60.0)
        self.tools = module("tools")
        self.now = NOON
        self._keys = count()
        self._talk = Talk(
            tenant=tenant, now=NOON, key="", tables=self.pack.tables, folder=FOLDER, language="en"
        )

    def call(self, name: str, arguments: dict[str, Any], key: str | None = None) -> Any:
        """What the tool returns, read back from its JSON. Raises `ToolRefused`."""
        return self._run(getattr(self.tools, name), name, arguments, key)

    def asks(self, name: str, arguments: dict[str, Any]) -> Any:
        """The sentence the customer must agree to."""
        function = getattr(self.tools, name)
        return self._run(function.__teppan_tool__.confirm, name, arguments, None)

    def of(self, tenant: str) -> Kitchen:
        """The same tables for another tenant."""
        other = object.__new__(Kitchen)
        other.__dict__ |= self.__dict__ | {"_talk": replace(self._talk, tenant=tenant)}
        return other

    def book(self, key: str | None = None, **changes: Any) -> Any:
        return self.call("book", ANNA | changes, key)

    def rows(self, table: str) -> list[Any]:
        with self.pack.tables() as db:
            return list(db.execute(module("tables").metadata.tables[table].select()))

    def _run(self, function: Any, name: str, arguments: dict[str, Any], key: str | None) -> Any:
        signature = Signature(function, name)
        values = signature.read(json.dumps(arguments))
        if signature.talk is not None:
            key = f"act_{next(self._keys)}" if key is None else key
            values[signature.talk] = replace(self._talk, now=self.now, key=key)
        return json.loads(json.dumps(function(**values)))
