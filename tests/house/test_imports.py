"""Imports go only downwards, as `docs/architecture.md` draws them."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "teppan"

FLOOR = {"providers", "routing", "estimate", "knowledge", "cost", "store", "config"}
ROADS = {"serve", "learn", "watch"}
SURFACES = {"cli", "dashboard", "server", "client", "worker", "__init__"}

MAY_IMPORT = {
    "core": set(),
    "config": {"core"},
    "store": {"core"},
    "cost": {"core"},
    "estimate": {"core"},
    "routing": {"core", "estimate"},
    "knowledge": {"core", "store", "providers"},
    "providers": {"core"},
    **{road: {"core"} | FLOOR for road in ROADS},
    "build": {"core"} | FLOOR | ROADS,
    "simulate": {"core"},
    **{surface: {"core", "build", "client"} | FLOOR | ROADS for surface in SURFACES},
}
MAY_IMPORT["__main__"] = {"cli"}
MAY_IMPORT["cli"] |= {"server", "simulate", "worker"}
MAY_IMPORT["server"] -= {"providers", "routing", "estimate", "learn", "watch"}

FILES = sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"teppan.{alias.name}" for alias in node.names]
                if node.module == "teppan"
                else [node.module]
            )
        else:
            continue
        rooms |= {
            name.split(".")[1]
            for name in names
            if name.startswith("teppan.") and not name.startswith("teppan.__")
        }
    return rooms


def test_a_room_imports_only_what_lies_below_it() -> None:
    wrong = []
    for path in FILES:
        here = room(path)
        assert here in MAY_IMPORT, f"{here} is not in the drawn house"
        above = imported_rooms(path) - MAY_IMPORT[here] - {here}
        if above:
            wrong.append(f"{path.relative_to(SOURCE)} imports {sorted(above)}")
    assert not wrong
