"""The tools an agent may call, and how one call of them runs.

Whatever goes wrong is a result the model can read; nothing a tool does takes the answer down. A
tool of a pack is foreign code: a sync one runs in a thread, and what takes too long is left alone.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, Protocol

import structlog
from msgspec import Struct
from pydantic_core import to_jsonable_python

from teppan.core.chat import Tool as Offered
from teppan.core.errors import ConfigError
from teppan.core.tool import Marked, Talk, ToolRefused, marked
from teppan.core.trace import ToolStatus
from teppan.serve.agents.signature import BadArguments, Signature, canonical
from teppan.serve.strategies.base import Case

log = structlog.get_logger(__name__)

LONGEST = 16_000
"""Characters of a result that a model is given."""
_FAILED = "the tool failed; nothing is known of what was asked. Do not guess it."


class _Left(Exception):
    """A tool wanted to end the process."""


class Ran(Struct, frozen=True):
    """How a tool ended, and the text for the model."""

    status: ToolStatus
    result: str


class Tool(Protocol):
    """One thing an agent can do. `changes` says that the customer must agree first, `keyed` that
    it is given `talk.key` and so can see to it that nothing happens twice."""

    name: str
    changes: bool
    keyed: bool
    stable: bool
    seconds: float

    def offered(self) -> Offered:
        """How it is told to a model."""

    def same(self, arguments: str) -> str:
        """The arguments in one spelling. Raises `BadArguments`."""

    async def propose(self, arguments: str, talk: Talk) -> Ran:
        """What would be done, as a sentence for the customer; changes nothing."""

    async def run(self, arguments: str, talk: Talk, case: Case) -> Ran:
        """Does it."""


class PackTool:
    """A marked function of a pack. Raises `ConfigError` for arguments without types, and
    for a `confirm` that takes something else."""

    def __init__(self, name: str, function: Callable[..., Any], how: Marked) -> None:
        self.name = name
        self.keyed = True
        self.changes = how.confirm is not None
        self.stable = how.stable and how.confirm is None
        self.seconds = how.seconds
        self.description = inspect.getdoc(function) or ""
        self._function = function
        self._confirm = how.confirm
        self._signature = Signature(function, name)
        self._asks = Signature(how.confirm, name) if how.confirm else None
        if self._asks is not None and self._asks.schema != self._signature.schema:
            raise ConfigError(
                f"tool `{name}`: its `confirm` takes other arguments than itself; give both the "
                "same names, types and defaults"
            )

    @property
    def schema(self) -> Mapping[str, Any]:
        return self._signature.schema

    def offered(self) -> Offered:
        return Offered(self.name, self.description, self.schema)

    def same(self, arguments: str) -> str:
        return self._signature.same(arguments)

    async def propose(self, arguments: str, talk: Talk) -> Ran:
        assert self._confirm is not None
        assert self._asks is not None
        return await self._called(self._confirm, self._asks, arguments, talk)

    async def run(self, arguments: str, talk: Talk, case: Case) -> Ran:
        return await self._called(self._function, self._signature, arguments, talk)

    async def _called(
        self, function: Callable[..., Any], signature: Signature, arguments: str, talk: Talk
    ) -> Ran:
        try:
            values = signature.read(arguments)
        except BadArguments as error:
            return Ran("invalid", f"the arguments are not usable: {error}")
        if signature.talk is not None:
            values[signature.talk] = talk
        return await guarded(self.name, talk.trace_id, self.seconds, lambda: _run(function, values))


async def guarded(
    name: str, trace_id: str, seconds: float, work: Callable[[], Awaitable[Any]]
) -> Ran:
    """Runs foreign code under its time limit; what it returns, refuses or breaks is a result."""
    try:
        async with asyncio.timeout(seconds):
            return Ran("ok", told(await work()))
    except ToolRefused as refused:
        return Ran("refused", str(refused))
    except TimeoutError:
        log.warning("tool.timed_out", tool=name, trace=trace_id, seconds=seconds)
        return Ran("timed_out", f"the tool took longer than {seconds:g} seconds. {_FAILED}")
    except (Exception, SystemExit):  # border: a pack's code must not take the answer down
        log.exception("tool.failed", tool=name, trace=trace_id)
        return Ran("failed", _FAILED)


async def _run(function: Callable[..., Any], values: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(**values)
    return await _aside(partial(function, **values))


def _aside(work: Callable[[], Any]) -> asyncio.Future[Any]:
    """The work in a thread of its own: one that never ends keeps nobody else's place, and the
    process may end without it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        try:
            result, error = work(), None
        except BaseException as raised:  # noqa: BLE001 - border: handed on to whoever waits
            result, error = None, raised if isinstance(raised, Exception) else _Left(repr(raised))
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, result, error)

    Thread(target=run, name="teppan-tool", daemon=True).start()
    return future


def told(value: Any) -> str:
    """A result as a model reads it: a text as it is, all else as JSON."""
    text = value if isinstance(value, str) else canonical(to_jsonable_python(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n(cut: {len(text)} characters)"


def tools_of(module: object) -> dict[str, PackTool]:
    """The marked functions of a pack's module, by name. Raises `ConfigError` naming its file."""
    found = {name: (each, marked(each)) for name, each in vars(module).items()}
    at = getattr(module, "__file__", module)
    try:
        tools = {
            name: PackTool(name, function, how)
            for name, (function, how) in found.items()
            if how is not None and not name.startswith("_")
        }
    except ConfigError as error:
        raise ConfigError(f"{at}: {error.message}") from None
    for name, each in tools.items():
        if not each.description.strip():
            raise ConfigError(f"{at}: tool `{name}`: write a docstring; models choose a tool by it")
    return tools
