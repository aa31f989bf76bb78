"""A server that is a program: started in the pack's folder, spoken to line by line.

It is started in a process group of its own, which ends with the connection: first its input is
closed, then it is asked to go, then it is made to. What it writes to stderr is for our log.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec
import structlog

from teppan.core.chat import Json
from teppan.serve.agents.mcp.link import MESSAGE, McpFailed, McpTimeout, result_of
from teppan.serve.agents.mcp.protocol import METHOD_NOT_FOUND, MODERN

log = structlog.get_logger(__name__)

GRACE = 1.0
"""Seconds a program has to end by itself, and again after it was asked to."""
LAST_WORDS = 0.1
"""Seconds for what a program that has ended said before."""
LINES, LETTERS = 200, 500
"""Of what one program writes to stderr: lines that are logged, and letters of each."""


class _Pipes(SubprocessStreamProtocol):
    """Notes that the program has ended also when a child of it still has its pipes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=MESSAGE, loop=loop)
        self.ended = asyncio.Event()

    def process_exited(self) -> None:
        super().process_exited()
        self.ended.set()


class StdioLink:
    """See `link.Link`. `name` is for the log."""

    def __init__(
        self,
        name: str,
        transport: asyncio.SubprocessTransport,
        process: Process,
        ended: asyncio.Event,
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.alive = True
        self.pid = process.pid
        self._name = name
        self._transport = transport
        self._has_ended = ended
        self._in, self._out, self._err = process.stdin, process.stdout, process.stderr
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Json]]] = {}
        self._answers = False  # only the older revisions let a server ask us
        self._life = asyncio.create_task(self._live())

    @classmethod
    async def start(
        cls, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> StdioLink:
        """Starts the program, which sees `environment` and nothing else. Raises `McpFailed`."""
        program = _found(command[0], folder)
        if program is None:
            raise McpFailed(f"the program `{command[0]}` of the server `{name}` is not there")
        loop = asyncio.get_running_loop()
        try:
            transport, protocol = await loop.subprocess_exec(
                lambda: _Pipes(loop),
                program,
                *command[1:],
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise McpFailed(f"the server `{name}` cannot be started: {error}") from None
        return cls(name, transport, Process(transport, protocol, loop), protocol.ended)

    async def request(
        self,
        method: str,
        params: Mapping[str, Json],
        *,
        version: str,
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Json]:
        id = next(self._ids)
        self._answers = version != MODERN
        answer = self._waiting[id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._say({"id": id, "method": method, "params": params})
                return result_of(await answer)
        except TimeoutError:
            self._no_longer_wanted(id)
            raise McpTimeout(f"the server `{self._name}` took too long") from None
        except asyncio.CancelledError:
            self._no_longer_wanted(id)
            raise
        finally:
            self._waiting.pop(id, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # seen, also where nobody waits for it any more

    async def notify(self, method: str, *, version: str) -> None:
        await self._say({"method": method})

    async def close(self) -> None:
        self.alive = False
        self._life.cancel()
        await asyncio.wait((self._life,))

    # -- what is written

    async def _say(self, message: Mapping[str, Json]) -> None:
        if not self.alive:
            raise self._ended()
        try:
            self._in.write(_line(message))
            await self._in.drain()
        except (OSError, RuntimeError):  # its end of the pipe is closed
            raise self._ended() from None

    def _no_longer_wanted(self, id: int) -> None:
        """Without a wait: whoever says so has stopped waiting."""
        if self.alive and not self._in.is_closing():
            params = {"requestId": id, "reason": "nobody waits for it any more"}
            self._in.write(_line({"method": "notifications/cancelled", "params": params}))

    def _ended(self) -> McpFailed:
        return McpFailed(f"the server `{self._name}` has ended")

    # -- what is read

    async def _live(self) -> None:
        errors = asyncio.create_task(self._note_errors())
        reading = asyncio.create_task(self._read())
        ended = asyncio.create_task(self._has_ended.wait())
        try:
            await asyncio.wait((reading, ended), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((reading,), timeout=LAST_WORDS)
        finally:
            self.alive = False
            reading.cancel()
            ended.cancel()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(self._ended())
            try:
                await self._end()
            finally:
                errors.cancel()

    async def _read(self) -> None:
        while True:
            try:
                line = await self._out.readline()
            except ValueError:
                log.warning("mcp.message_too_long", server=self._name, limit=MESSAGE)
                return
            if not line:
                return
            try:
                told = msgspec.json.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                log.debug("mcp.not_a_message", server=self._name)
                continue
            for message in told if isinstance(told, list) else (told,):
                if isinstance(message, dict):
                    self._take(message)

    def _take(self, message: dict[str, Json]) -> None:
        id = message.get("id")
        if "method" in message:
            if id is not None and self._answers and not self._in.is_closing():
                self._in.write(_line({"id": id, **_reply(message["method"])}))
            return
        answer = self._waiting.get(id) if type(id) is int else None
        if answer is not None and not answer.done():
            answer.set_result(message)

    async def _note_errors(self) -> None:
        left = LINES
        while said := await self._err.read(4096):
            for line in said.decode("utf-8", "replace").splitlines()[: max(left, 0)]:
                log.debug("mcp.stderr", server=self._name, line=line[:LETTERS])
                left -= 1

    # -- how it ends

    async def _end(self) -> None:
        """The program and all it started are gone when this returns, even when it is cut short."""
        try:
            with suppress(OSError, RuntimeError):
                self._in.close()
            if not await self._gone():
                self._signal(signal.SIGTERM)
                await self._gone()
        finally:
            self._signal(signal.SIGKILL)
            if await self._gone():
                self._transport.close()

    async def _gone(self) -> bool:
        """Whether the program has ended in time. Its pipes may be open still: a child has them."""
        try:
            async with asyncio.timeout(GRACE):
                await self._has_ended.wait()
        except TimeoutError:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        """To the whole group, whose number is the program's also when that has ended."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def _found(program: str, folder: Path) -> str | None:
    """A path is one from the pack's folder, a bare name is looked up as a shell would."""
    if os.sep in program:
        path = folder / program
        return str(path.absolute()) if path.is_file() else None
    return shutil.which(program)


def _line(message: Mapping[str, Json]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", **message}) + b"\n"


def _reply(method: Json) -> dict[str, Json]:
    if method == "ping":
        return {"result": {}}
    return {"error": {"code": METHOD_NOT_FOUND, "message": "this client has no such method"}}
