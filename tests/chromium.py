"""A real browser, driven over its own protocol (Chrome DevTools); for tests of pages."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

BINARIES = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--remote-debugging-port=0",
)


def binary() -> str | None:
    """Where a browser is, if there is one."""
    return next(filter(None, map(shutil.which, BINARIES)), None)


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)

    async def call(self, method: str, **params: Any) -> Any:
        id = next(self._ids)
        await self._socket.send_json({"id": id, "method": method, "params": params})
        async with asyncio.timeout(60):
            while True:
                told = await self._socket.receive_json()
                if told.get("id") == id:
                    assert "error" not in told, told
                    return told["result"]

    async def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        told = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def go(self, address: str) -> None:
        await self.call("Page.navigate", url=address)
        here = f"location.href.includes({address!r})"
        await self.until(f"document.readyState === 'complete' && {here}")

    async def until(self, script: str) -> None:
        """Waits until an expression is true."""
        async with asyncio.timeout(60):
            while not await self.run(script):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Page]:
    """A tab of a browser that keeps its things in this folder."""
    found = binary()
    assert found is not None
    process = await asyncio.create_subprocess_exec(
        found,
        *SWITCHES,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await _port(folder / "DevToolsActivePort")
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{port}/json/list") as got:
                tabs = json.loads(await got.text())
            [address] = [each["webSocketDebuggerUrl"] for each in tabs if each["type"] == "page"]
            async with http.ws_connect(address, max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        process.terminate()
        await process.wait()


async def _port(file: Path) -> int:
    """Where it listens: the first line of a file it writes when it does."""
    async with asyncio.timeout(60):
        while "\n" not in _text(file):
            await asyncio.sleep(0.05)
    return int(_text(file).split("\n")[0])


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""
