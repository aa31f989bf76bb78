"""The pack at work: a real gateway over simulated vendors, a quote and an appointment over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from packs.bicycles.shop import FOLDER, module
from teppan.config.schema import Settings
from teppan.server.process import running
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.questions import Bank, Question, load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store.pack_tables import PackTables

MODEL = "sim-gpt-large"
TODAY = dt.datetime.now(ZoneInfo("Europe/Berlin")).date()
THURSDAY = TODAY + dt.timedelta(days=7 + (3 - TODAY.weekday()) % 7)
ORDER = f"Please make an appointment: small service on {THURSDAY} at 10:00, Tom Berg, 0761 123456."
AUFTRAG = (
    f"Bitte einen Termin: kleine Inspektion am {THURSDAY:%d.%m.%Y} um 11 Uhr, Eva, 0761 99887."
)
TERMS = {"date": str(THURSDAY), "work": "small_service"}


class Counter:
    """Asks the gateway; every answer is `(text, headers, tools)`."""

    def __init__(self, http: aiohttp.ClientSession, address: str, tables: PackTables) -> None:
        self._http, self._address, self._tables = http, address, tables

    async def ask(self, model: str, *said: str) -> tuple[str, Any, list[dict[str, Any]]]:
        """`said` are the turns so far, the customer's first."""
        messages = [
            {"role": ("user", "assistant")[place % 2], "content": text}
            for place, text in enumerate(said)
        ]
        body = {"model": model, "messages": messages, "teppan": {"include": ["tools"]}}
        url = f"{self._address}/v1/chat/completions"
        async with self._http.post(url, json=body) as answer:
            told = await answer.json()
            assert answer.status == 200, told
            text = told["choices"][0]["message"]["content"]
            return text, answer.headers, told["teppan"]["tools"]

    def appointments(self) -> list[Any]:
        """All rows: name, day, start, status."""
        table = module("tables").appointments
        with self._tables.tables() as db:
            rows = db.execute(table.select().order_by(table.c.start)).all()
        return [(row.name, row.day, f"{row.start:%H:%M}", row.status) for row in rows]


def bank() -> Bank:
    """The pack's own questions, and appointments on a day that is not past when this runs."""

    def asked(id: str, text: str, language: str, **more: str) -> Question:
        return Question(
            id=id,
            text=text,
            intent="appointment",
            task_type="support",
            right=("Gladly.",),
            wrong=("No.",),
            must=(),
            language=language,
            tool="make_appointment",
            arguments=TERMS | more,
        )

    tom = asked("tom", ORDER, "en", start="10:00", name="Tom Berg", phone="0761 123456")
    eva = asked("eva", AUFTRAG, "de", start="11:00", name="Eva", phone="0761 99887")
    return Bank([*load_bank(FOLDER), tom, eva])


@asynccontextmanager
async def counter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counter]:
    monkeypatch.setenv("SIMULATED_KEY", DEFAULT_KEYS[0])
    url = f"sqlite:///{folder / 'teppan.db'}"
    async with (
        Fleet(FleetSettings(speed=0.0, bank=bank())) as fleet,
        aiohttp.ClientSession() as http,
    ):
        provider = {
            "url": fleet.address("openai"),
            "keys": ("env:SIMULATED_KEY",),
            "models": (MODEL,),
        }
        settings = Settings(
            server={"port": 0},
            store={"url": url, "durability": "process"},
            gateway={"pack": str(FOLDER)},
            providers={"openai": provider},
        )
        tables = PackTables(url, "bicycles", module("tables").metadata)
        async with running(settings) as (_, address):
            yield Counter(http, address, tables)
        tables.close()


async def test_a_quote_is_what_the_tool_reckoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counter(tmp_path, monkeypatch) as shop:
        question = "What do 4 e-bikes cost for 10 days?"
        text, headers, tools = await shop.ask("agent/rental", question)
        assert "€1,300" in text
        assert headers["x-teppan-tools"] == "rental_price ok"
        assert '"total":"€1,300"' in tools[0]["result"]
        assert headers["x-teppan-guarded"] == "passed"
        assert "x-teppan-violations" not in headers


async def test_an_appointment_is_proposed_agreed_to_and_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counter(tmp_path, monkeypatch) as shop:
        asked, headers, _ = await shop.ask("agent/appointments", ORDER)
        assert headers["x-teppan-tools"] == "make_appointment proposed"
        assert f"{THURSDAY} at 10:00" in asked
        assert shop.appointments() == []
        _, headers, tools = await shop.ask("agent/auto", ORDER, asked, "Yes, please.")
        assert headers["x-teppan-tools"] == "make_appointment confirmed"
        assert tools[0]["action"]
        made = [("Tom Berg", THURSDAY, "10:00", "made")]
        assert shop.appointments() == made
        await shop.ask("agent/auto", ORDER, asked, "Yes, please.")
        assert shop.appointments() == made


async def test_whoever_says_no_has_no_appointment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counter(tmp_path, monkeypatch) as shop:
        asked, _, _ = await shop.ask("agent/appointments", ORDER)
        await shop.ask("agent/appointments", ORDER, asked, "No, not on that day.")
        assert shop.appointments() == []


async def test_it_goes_in_german_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with counter(tmp_path, monkeypatch) as shop:
        asked, _, _ = await shop.ask("agent/appointments", AUFTRAG)
        assert f"{THURSDAY:%d.%m.%Y} um 11:00 Uhr: kleine Inspektion, für Eva" in asked
        assert shop.appointments() == []
        _, headers, _ = await shop.ask("agent/appointments", AUFTRAG, asked, "OK, gern.")
        assert headers["x-teppan-tools"] == "make_appointment confirmed"
        assert shop.appointments() == [("Eva", THURSDAY, "11:00", "made")]
