"""Tools of a pack: how a Python function becomes one, and what it is told when it runs.

    @tool
    def travel_fee(miles: Annotated[float, "from our kitchen, one way"]) -> dict[str, str]:
        "What the drive costs."

    @tool(confirm=told_of_booking, seconds=10)
    def book(talk: Talk, date: dt.date, adults: int) -> dict[str, str]:
        "Books a chef."

The model sees the function's name, its docstring and a JSON Schema of its arguments. A parameter
annotated `Talk` is not an argument: the gateway fills it in. A tool without `confirm` only reads.
One with `confirm` changes something, and runs only after the customer has agreed: `confirm` takes
the same arguments, checks them, changes nothing, and returns the sentence the customer agrees to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar, overload

from msgspec import Struct

Function = Callable[..., Any]
"""Sync, then it runs in a thread; or async. What it returns goes to the model as JSON."""

SECONDS = 5.0
_MARK = "__teppan_tool__"

_F = TypeVar("_F", bound=Function)


class ToolRefused(Exception):
    """A tool cannot do what it was asked, for a reason the customer may hear.

    The words go to the model: say what is wrong and what would be right.
    """


class Talk(Struct, frozen=True, kw_only=True):
    """Who a tool works for, when and with what.

    `key` names this one action: the same key comes again when the action is tried again after a
    crash, so whoever keeps it beside what was changed never changes it twice. `now` is in the time
    zone of the pack. `tables()` opens a transaction on the pack's own tables (a SQLAlchemy
    `Connection`): committed at the end of the block, undone by an exception. `folder` is the pack.
    """

    tenant: str
    now: dt.datetime
    key: str
    tables: Callable[[], AbstractContextManager[Any]]
    folder: Path
    user: str | None = None
    episode: str | None = None
    trace_id: str = ""
    language: str = "en"


class Marked(Struct, frozen=True):
    """What `tool` notes on a function.

    `confirm` makes it one that changes something. `seconds` is how long it may take. `stable` says
    that its result follows from the arguments and the pack's files alone, so that an answer made
    with it may be remembered.
    """

    confirm: Function | None = None
    seconds: float = SECONDS
    stable: bool = False


@overload
def tool(function: _F, /) -> _F: ...


@overload
def tool(
    *, confirm: Function | None = None, seconds: float = SECONDS, stable: bool = False
) -> Callable[[_F], _F]: ...


def tool(
    function: Function | None = None,
    /,
    *,
    confirm: Function | None = None,
    seconds: float = SECONDS,
    stable: bool = False,
) -> Any:
    """Marks a function of a pack as a tool that its agents may name."""
    marked = Marked(confirm, seconds, stable)

    def mark(wanted: Function) -> Function:
        setattr(wanted, _MARK, marked)
        return wanted

    return mark if function is None else mark(function)


def marked(function: object) -> Marked | None:
    """What was noted on a function, `None` where it is no tool."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, Marked) else None
