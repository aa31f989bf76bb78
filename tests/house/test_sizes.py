"""Small files, small functions, no drawers, no hidden state. A ratchet: it only tightens."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "teppan"
FILES = sorted(SOURCE.rglob("*.py"))
ALL_PYTHON = [
    *FILES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "bench").rglob("*.py")),
]

FILE_LINES, FUNCTION_LINES, CLASS_LINES, PARAMETERS = 400, 80, 250, 8
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}

BROAD_EXCEPT_BORDERS = {
    "server/edge.py",  # the HTTP edge: every request gets an answer
    "server/answering.py",  # the same, once the headers of a stream have left
    "server/health.py",  # a readiness check that breaks is a check that failed
    "store/commit.py",  # the writer thread: one caller's work must not end everybody's
}
"""The server edge, the worker, the recorder."""


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines(node: ast.AST) -> int:
    return (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0) + 1


@pytest.mark.parametrize("path", ALL_PYTHON, ids=named)
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= FILE_LINES


@pytest.mark.parametrize("path", FILES, ids=named)
def test_functions_and_classes_fit_on_a_screen(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert lines(node) <= FUNCTION_LINES, f"{node.name} is too long"
            arguments = node.args
            count = len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
            own = arguments.args[:1] and arguments.args[0].arg in {"self", "cls"}
            # A typer command's parameters are its options: the user's words, not a call shape.
            if "cli" not in path.parts:
                assert count - bool(own) <= PARAMETERS, f"{node.name} takes {count} parameters"
        elif isinstance(node, ast.ClassDef):
            assert lines(node) <= CLASS_LINES, f"{node.name} is too long"


@pytest.mark.parametrize("path", ALL_PYTHON, ids=named)
def test_no_file_is_a_drawer(path: Path) -> None:
    assert path.stem.strip("_") not in DRAWERS


@pytest.mark.parametrize("path", FILES, ids=named)
def test_modules_hold_no_mutable_state(path: Path) -> None:
    tree = parsed(path)
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Global), "a `global` statement hides state"
    for node in tree.body:
        value = getattr(node, "value", None)
        if not isinstance(node, ast.Assign | ast.AnnAssign) or value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            # A constant table is written in capitals and never changed; anything else is state.
            constant = isinstance(target, ast.Name) and re.fullmatch(
                r"_?[A-Z0-9_]+|__\w+__", target.id
            )
            mutable = isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp)
            assert constant or not mutable, f"line {node.lineno} holds mutable module state"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_broad_excepts_stand_only_at_named_borders(path: Path) -> None:
    if str(path.relative_to(SOURCE)) in BROAD_EXCEPT_BORDERS:
        return
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ExceptHandler):
            names = {
                each.id
                for each in ast.walk(node.type or ast.Name("Exception"))
                if isinstance(each, ast.Name)
            }
            broad = names & {"Exception", "BaseException"}
            reraises = any(
                isinstance(each, ast.Raise) and each.exc is None for each in ast.walk(node)
            )
            assert not broad or reraises, f"line {node.lineno} catches everything"
