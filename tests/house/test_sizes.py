"""Small files, small functions, no drawers, no hidden state. A ratchet: it only tightens."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "teppan"
FILES = sorted(SOURCE.rglob("*.py"))
ALL_PYTHON = [
    path
    for top in ("src", "packs", "tests", "bench", "docs")
    for path in (ROOT / top).rglob("*.py")
]

FILE_LINES, FUNCTION_LINES, CLASS_LINES, PARAMETERS = 400, 80, 250, 8
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}

BROAD_EXCEPT_BORDERS = {
    "server/edge.py",  # the HTTP edge: every request gets an answer
    "server/answering.py",  # the same, once the headers of a stream have left
    "server/health.py",  # a readiness check that breaks is a check that failed
    "serve/agents/tools.py",  # a pack's own code: what it breaks is a tool that failed
    "store/commit.py",  # the writer thread: one caller's work must not end everybody's
    "worker/running.py",  # the worker: a stage that breaks is a job that is tried again
}
"""The server edge, the worker, the recorder."""

Problems = list[str]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Every node of the source with the file it stands in."""
    for path in FILES:
        name = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(parsed(path)):
            yield name, node


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in ALL_PYTHON
        if (count := len(path.read_text("utf-8").splitlines())) > FILE_LINES
    }
    assert not long


def test_functions_and_classes_fit_on_a_screen() -> None:
    long: Problems = []
    for name, node in nodes():
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and lines(node) > FUNCTION_LINES
        ):
            long.append(f"{name}: {node.name} has {lines(node)} lines")
        if isinstance(node, ast.ClassDef) and lines(node) > CLASS_LINES:
            long.append(f"{name}: class {node.name} has {lines(node)} lines")
    assert not long


def test_functions_take_at_most_eight_parameters() -> None:
    crowded: Problems = []
    for name, node in nodes():
        # A typer command's parameters are its options: the user's words, not a call shape.
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or name.startswith("cli/"):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        own = bool(arguments) and arguments[0].arg in {"self", "cls"}
        if len(arguments) - own > PARAMETERS:
            crowded.append(f"{name}: {node.name} takes {len(arguments) - own}")
    assert not crowded


def test_no_file_is_a_drawer() -> None:
    assert not [str(path) for path in ALL_PYTHON if path.stem.strip("_") in DRAWERS]


def test_modules_hold_no_mutable_state() -> None:
    state: Problems = [
        f"{name}: line {node.lineno} is `global`"
        for name, node in nodes()
        if isinstance(node, ast.Global)
    ]
    for path in FILES:
        for node in parsed(path).body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and _is_mutable_state(node):
                state.append(f"{path.relative_to(SOURCE)}: line {node.lineno}")
    assert not state


def _is_mutable_state(node: ast.Assign | ast.AnnAssign) -> bool:
    """A constant table is written in capitals and never changed; anything else is state."""
    if not isinstance(node.value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.id if isinstance(target, ast.Name) else "" for target in targets]
    return not all(re.fullmatch(r"_?[A-Z0-9_]+|__\w+__", name) for name in names)


def test_broad_excepts_stand_only_at_named_borders() -> None:
    broad: Problems = []
    for name, node in nodes():
        if not isinstance(node, ast.ExceptHandler) or name in BROAD_EXCEPT_BORDERS:
            continue
        caught = {
            each.id
            for each in ast.walk(node.type or ast.Name("Exception"))
            if isinstance(each, ast.Name)
        }
        raised_again = any(
            isinstance(each, ast.Raise) and each.exc is None for each in ast.walk(node)
        )
        if caught & {"Exception", "BaseException"} and not raised_again:
            broad.append(f"{name}: line {node.lineno}")
    assert not broad
