"""The process: uvicorn underneath, our own way of leaving.

uvicorn waits for open streams before it tells anybody that it is shutting down, and a stream
may be open for minutes. So signals are taken here: the first one drains (`drain.py`), the
second one hurries, and only then uvicorn is told to stop. The exit code is 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Generator

import structlog
import uvicorn
from msgspec import Struct

from teppan.core.errors import ConfigError
from teppan.server.auth import LOOPBACK_HOSTS
from teppan.server.connection import Connection
from teppan.server.edge import Edge

IDLE = 75
"""Seconds that a client's idle connection stays open: longer than clients keep theirs pooled, so
that they hang up and never send into a connection that is being closed."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger("teppan.server")


class Bind(Struct, frozen=True):
    """Where to listen; `port` 0 takes a free one. `drain` is in seconds."""

    host: str = "127.0.0.1"
    port: int = 8080
    drain: float = 20.0
    backlog: int = 2048
    connections: int | None = None


def check_bind(bind: Bind, *, has_key: bool) -> None:
    """A gateway that strangers can reach has a key, or does not start."""
    host = f"[{bind.host}]" if ":" in bind.host else bind.host
    if host.lower() not in LOOPBACK_HOSTS and not has_key:
        raise ConfigError(
            f"{bind.host} can be reached by others and no key exists: "
            "make one with `teppan keys create`, or bind 127.0.0.1"
        )


def listen(bind: Bind) -> socket.socket:
    """The listening socket; `getsockname()` tells the port.

    It names its protocol: asyncio's own loop turns Nagle's delay (40 ms an answer on a connection
    that is kept) off only for sockets that do.
    """
    family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((bind.host, bind.port))
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"cannot listen on {bind.host}:{bind.port} ({error.strerror}): "
            "choose another with `--port`"
        ) from error
    listening.setblocking(False)
    return listening


async def serve(
    app: Edge, bind: Bind, listening: socket.socket, ready: Callable[[], None] = lambda: None
) -> None:
    """Serves until told to stop, and drains. `ready` is called once connections are taken."""
    server = Server(app, bind, ready)
    try:
        await server.serve([listening])
    except asyncio.CancelledError:
        if server.started:  # the loop must forget the socket before its number is given to another
            await server.shutdown([listening])
        raise
    finally:
        listening.close()


class Server(uvicorn.Server):
    """uvicorn, leaving our way."""

    def __init__(self, app: Edge, bind: Bind, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            loop="none",
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=bind.backlog,
            limit_concurrency=bind.connections,
            timeout_keep_alive=IDLE,
            timeout_graceful_shutdown=3,
        )
        super().__init__(config)
        self._drain = app.drain
        self._patience = bind.drain
        self._ready = ready
        self._leaving: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def leave(self) -> None:
        """What a signal does."""
        self._drain.begin()
        if self._leaving is None:
            self._leaving = asyncio.get_running_loop().create_task(self._leave())

    async def _leave(self) -> None:
        _log.info("draining", open=self._drain.open, seconds=self._patience)
        ended = await self._drain.finish(self._patience)
        if ended:
            _log.warning("ended open requests", count=ended)
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals call `leave`; nothing raises them again at the end, so the exit code is ours."""
        loop = asyncio.get_running_loop()
        taken = []
        for each in SIGNALS:
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(each, self.leave)
                taken.append(each)
        try:
            yield
        finally:
            for each in taken:
                loop.remove_signal_handler(each)
