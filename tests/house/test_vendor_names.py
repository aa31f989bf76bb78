"""A vendor's name stands in its own folder, its catalogue row and its simulated twin only."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "teppan"
CATALOGUE = SOURCE / "providers" / "catalogue.toml"
OWN = {"providers/openai", "providers/anthropic", "providers/google", "simulate"}

SERVED_DIALECTS = {"openai_chat", "openai_responses", "anthropic", "google"}
"""Dialects are formats; where one must be named (settings, a registry), these exact words are."""


@cache
def vendors() -> set[str]:
    if not CATALOGUE.exists():
        return set()
    return set(tomllib.loads(CATALOGUE.read_text("utf-8")).get("vendors", {}))


def inside_own_room(path: Path) -> bool:
    here = path.relative_to(SOURCE).as_posix()
    return any(here.startswith(f"{room}/") for room in OWN)


def strings(path: Path) -> list[tuple[int, str]]:
    """String values of the code, docstrings left out: prose may give examples."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    ]


def test_no_code_outside_its_room_names_a_vendor() -> None:
    names = vendors() - SERVED_DIALECTS
    named = [
        f"{path.relative_to(SOURCE)}: line {line} names {text!r}"
        for path in sorted(SOURCE.rglob("*.py"))
        if not inside_own_room(path)
        for line, text in strings(path)
        if text.lower() in names
    ]
    assert not named
