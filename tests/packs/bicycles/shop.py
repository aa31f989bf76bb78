"""The tools of the workshop, called as the gateway calls them, over tables of their own."""

from __future__ import annotations

import datetime as dt
import json
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from teppan.core.tool import Talk
from teppan.serve.agents.loading import load, tables_of
from teppan.serve.agents.signature import Signature
from teppan.store.pack_tables import PackTables

FOLDER = Path(__file__).parents[3] / "packs" / "bicycles"
ZONE = ZoneInfo("Europe/Berlin")
NOON = dt.datetime(2026, 11, 30, 12, 0, tzinfo=ZONE)
"""A Monday."""
TOM = {
    "date": "2026-12-03",
    "start": "10:00",
    "work": "small_service",
    "name": "Tom Berg",
    "phone": "0761 123456",
}


def module(name: str) -> ModuleType:
    """A Python file of the pack."""
    return load(FOLDER / f"{name}.py")


class Shop:
    """The pack at work. `now` may be set; each call has a key of its own unless one is given."""

    def __init__(self, url: str) -> None:
        self.pack = PackTables(url, "bicycles", tables_of(FOLDER / "tables.py"), patience=60.0)
        self.now = NOON
        self._keys = count()

    def call(self, name: str, /, key: str | None = None, *, tenant: str = "a", **given: Any) -> Any:
        """What the tool returns, as JSON. Raises `ToolRefused`."""
        return self._run(getattr(module("tools"), name), name, given, key, tenant, "en")

    def asks(self, name: str, /, language: str = "en", **given: Any) -> Any:
        """The sentence the customer must agree to."""
        function = getattr(module("tools"), name).__teppan_tool__.confirm
        return self._run(function, name, given, None, "a", language)

    def make(self, key: str | None = None, *, tenant: str = "a", **changes: Any) -> Any:
        return self.call("make_appointment", key, tenant=tenant, **TOM | changes)

    def rows(self, table: str) -> list[Any]:
        with self.pack.tables() as db:
            return list(db.execute(module("tables").metadata.tables[table].select()))

    def _run(
        self,
        function: Any,
        name: str,
        given: dict[str, Any],
        key: str | None,
        tenant: str,
        language: str,
    ) -> Any:
        signature = Signature(function, name)
        values = signature.read(json.dumps(given))
        if signature.talk is not None:
            values[signature.talk] = Talk(
                tenant=tenant,
                now=self.now,
                key=f"act_{next(self._keys)}" if key is None else key,
                tables=self.pack.tables,
                folder=FOLDER,
                language=language,
            )
        return json.loads(json.dumps(function(**values)))
