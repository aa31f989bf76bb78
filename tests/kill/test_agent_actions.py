"""Promise 1 for what agents do: `kill -9` at any moment of a booking leaves one booking, and it is
told to the customer who asks again.

The real `teppan serve` dies at a moment of its own choosing: its tool, or the vendor it is asking,
sends it the signal. A vendor of the test's own does what a customer wants, in as few words.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import tomlkit

from hibachi_desk import Brain, newest, results, text_of
from teppan.store.actions import LEASE
from teppan.store.schema import instant

PACK = {
    "pack.toml": """
name = "workshop"
about = "mends bicycles"
agents = "agents"
tools = "tools.py"
tables = "tables.py"
""",
    "agents/desk.md": "You take bicycles in.",
    "agents/desk.toml": 'tools = ["take_in"]\n',
    "tables.py": """
from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()
taken = Table(
    "taken",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("key", String(200), unique=True, nullable=False),
    Column("bicycle", String(200), nullable=False),
)
""",
    "tools.py": """
import os
import signal
import time

from sqlalchemy import insert, select

from teppan import Talk, tool

from . import tables


def dies(talk: Talk, moment: str) -> None:
    wanted = talk.folder / "dies"
    if wanted.exists() and wanted.read_text() == moment:
        wanted.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def told(talk: Talk, bicycle: str) -> str:
    if bicycle == "slow":
        return "Mend the slow for $400?"
    dies(talk, "before it is proposed")
    return f"Mend the {bicycle} for $400?"


@tool(confirm=told, seconds=2)
def take_in(talk: Talk, bicycle: str) -> dict[str, object]:
    "Takes a bicycle in."
    if bicycle == "slow":
        (talk.folder / "begun").touch()
        while not (talk.folder / "go on").exists():
            time.sleep(0.01)
    dies(talk, "before the table")
    with talk.tables() as db:
        mine = select(tables.taken.c.number).where(tables.taken.c.key == talk.key)
        there = db.execute(mine).scalar()
        if there is None:
            db.execute(insert(tables.taken).values(key=talk.key, bicycle=bicycle))
            there = db.execute(mine).scalar()
            dies(talk, "before the commit")
    dies(talk, "after the commit")
    return {"say": f"Taken in as number {there} for $400."}
""",
}
BY_TOOL = ("before it is proposed", "before the table", "before the commit", "after the commit")
BY_VENDOR = ("before it is begun", "after it is done")
MOMENTS = (*BY_TOOL, *BY_VENDOR)


class Workshop:
    """`teppan serve` with the pack, which dies when it is told to and is started again."""

    def __init__(self, folder: Path, vendor: str) -> None:
        self.folder = folder
        self.pack = folder / "workshop"
        for name, text in PACK.items():
            (self.pack / name).parent.mkdir(parents=True, exist_ok=True)
            (self.pack / name).write_text(text)
        self.config = folder / "teppan.toml"
        tables = {
            "server": {"port": 0},
            "store": {"url": f"sqlite:///{folder / 'teppan.db'}"},
            "gateway": {"pack": str(self.pack)},
            "providers": {
                "mistral": {"url": vendor, "keys": ["env:WORKSHOP_KEY"], "models": ["mind"]}
            },
        }
        self.config.write_text(tomlkit.dumps(tables))
        self.process: asyncio.subprocess.Process | None = None
        self.address = ""
        self.vendor_kills = ""

    async def up(self) -> None:
        """Starts it if it does not run."""
        if self.process is not None and self.process.returncode is None:
            return
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "teppan", "serve", "--config", str(self.config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "WORKSHOP_KEY": "sk-any"},
        )
        assert self.process.stdout is not None
        async with asyncio.timeout(120):
            self.address = (await self.process.stdout.readline()).decode().split()[-1]

    def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)

    async def say(self, *said: str) -> str | None:
        """The answer to a conversation; None when the gateway died over it."""
        await self.up()
        roles = ("user", "assistant")
        messages = [{"role": roles[at % 2], "content": text} for at, text in enumerate(said)]
        body = {"model": "agent/desk", "messages": messages}
        url = f"{self.address}/v1/chat/completions"
        try:
            async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
                told = await answer.json()
                assert answer.status == 200, told
                return str(told["choices"][0]["message"]["content"])
        except aiohttp.ClientError:
            assert self.process is not None
            await self.process.wait()
            return None

    def mind(self, body: dict[str, Any]) -> str | list[tuple[str, Any]]:
        """What the vendor says: calls the tool, then tells what it told."""
        told = results(body)
        agreed = newest(body).endswith("yes")
        if agreed and self.vendor_kills == BY_VENDOR[bool(told)]:
            self.vendor_kills = ""
            self.kill()
        if told:
            return told[0].rpartition("have: ")[2] if told[0].startswith("NOT DONE") else told[0]
        said = [text_of(each) for each in body["messages"] if each["role"] == "user"]
        return [("take_in", {"bicycle": said[0].rpartition("mend ")[2]})]

    def taken(self) -> list[str]:
        """The bicycles in the pack's table, read as the file was left."""
        with sqlite3.connect(self.folder / "teppan-workshop.db") as db:
            return [row[0] for row in db.execute("SELECT bicycle FROM taken ORDER BY number")]

    def later(self) -> None:
        """So much time passes that what was begun and left may be begun again."""
        with sqlite3.connect(self.folder / "teppan.db") as db:
            db.execute("UPDATE actions SET changed = changed - ?", (instant(LEASE + 1),))


@asynccontextmanager
async def workshop(folder: Path) -> AsyncIterator[Workshop]:
    brain = Brain(lambda body: shop.mind(body))
    async with brain.serving() as vendor:
        shop = Workshop(folder, vendor)
        try:
            yield shop
        finally:
            shop.kill()
            if shop.process is not None:
                await shop.process.wait()


async def test_a_booking_survives_kill_9_at_every_moment_once(tmp_path: Path) -> None:
    async with workshop(tmp_path) as shop:
        for number, moment in enumerate(MOMENTS, start=1):
            wish = f"mend {moment}"
            if moment == BY_TOOL[0]:
                (shop.pack / "dies").write_text(moment)
                assert await shop.say(wish) is None
            proposed = await shop.say(wish)
            assert proposed is not None
            assert f"Mend the {moment} for $400" in proposed
            if moment in BY_TOOL[1:]:
                (shop.pack / "dies").write_text(moment)
            if moment in BY_VENDOR:
                shop.vendor_kills = moment
            first = await shop.say(wish, proposed, "yes")
            assert (first is None) == (moment != BY_TOOL[0]), moment
            answer = await shop.say(wish, proposed, "yes")
            if moment in BY_TOOL[1:]:  # it was begun: nobody knows how far it came
                assert answer is not None
                assert "number" not in answer
                assert len(shop.taken()) <= number
                shop.later()
                answer = await shop.say(wish, proposed, "yes")
            assert answer is not None
            assert f"number {number} " in answer, moment
            assert json.loads(answer)["say"]
            assert await shop.say(wish, proposed, "yes") == answer
        assert shop.taken() == list(MOMENTS)


async def test_asked_to_leave_it_ends_what_it_does_first(tmp_path: Path) -> None:
    async with workshop(tmp_path) as shop:
        proposed = await shop.say("mend slow")
        asking = asyncio.create_task(shop.say("mend slow", str(proposed), "yes"))
        async with asyncio.timeout(60):
            while not (shop.pack / "begun").exists():
                await asyncio.sleep(0.01)
        assert shop.process is not None
        shop.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        (shop.pack / "go on").touch()
        assert "number 1 " in str(await asking)
        assert await shop.process.wait() == 0
        assert shop.taken() == ["slow"]
