"""`teppan erase`: a person is counted, erased, and then unknown."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from teppan.cli.erase import erase
from teppan.core.chat import ChatRequest, say
from teppan.core.errors import BadRequest
from teppan.core.trace import Trace
from teppan.store import Store


@pytest.fixture
def known(folder: Path) -> Path:
    """A database in which somebody called Zoraquill has asked something."""

    async def fill() -> None:
        store = await Store.open(folder / "teppan.db")
        request = ChatRequest(model="a/b", messages=(say("user", "I am Zoraquill"),), user="ann")
        store.traces.put(
            Trace(id="tr_1", tenant="local", key_id="k", started=time.time(), asked="a/b",
                  strategy="single", status="ok", request=request)
        )  # fmt: skip
        await store.close()

    asyncio.run(fill())
    return folder / "teppan.db"


def test_a_dry_run_counts_and_erasing_leaves_no_byte(
    known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    erase("ann", dry_run=True, as_json=True)
    assert json.loads(capsys.readouterr().out)["erased"]["traces"] == 1
    assert b"Zoraquill" in known.read_bytes()
    erase("ann")
    said = capsys.readouterr().out
    assert "traces" in said
    assert "memory until their time is over" in said
    assert b"Zoraquill" not in known.read_bytes()
    erase("ann")
    assert "Nothing is kept of ann in local." in capsys.readouterr().out


def test_nobody_is_not_a_person(folder: Path) -> None:
    with pytest.raises(BadRequest):
        erase("")
