"""The default database is a file: what is wrong with it is named, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from teppan.core.chat import Usage
from teppan.core.clock import FixedClock
from teppan.core.errors import ConfigError, StoreError
from teppan.core.ids import Scope
from teppan.core.trace import ModelCall
from teppan.store import Store
from teppan.store.schema import VERSION_TABLE

ANNA = Scope("anna", "key-a")


def a_call(id: str) -> ModelCall:
    return ModelCall(
        id=id,
        trace_id="tr_1",
        model="vendor/model",
        role="single",
        outcome="ok",
        usage=Usage(100, 20),
        cost=1234,
        price_version="2026-11-01",
        started=1.0,
        latency=0.1,
    )


async def filled(path: Path, calls: int = 3) -> None:
    store = await Store.open(path)
    for number in range(calls):
        await store.ledger.append(ANNA, [a_call(f"call_{number}")])
    await store.close()


async def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        await Store.open(path)
    assert str(path) in caught.value.message
    return caught.value.message


async def test_the_files_are_the_owners_alone(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "made" / "teppan.db")
    await store.keys.create(tenant="anna", name="shop")
    await store.ledger.append(ANNA, [a_call("call_1")])
    made = tmp_path / "made"
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) & 0o077 for each in made.iterdir()}
    assert set(modes.values()) == {0}, modes
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert "teppan.db.pepper" in modes
    await store.close()


async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("milk, eggs, propane\n" * 100)
    assert "not an SQLite database" in await refusal(path)
    assert path.read_text().startswith("milk")


async def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    assert "another program" in await refusal(path)
    with sqlite3.connect(path) as other:
        assert [row[0] for row in other.execute("SELECT name FROM sqlite_master")] == ["recipes"]
    other.close()


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "teppan.db"
    await filled(path, 50)
    page = 4096
    body = bytearray(path.read_bytes())
    assert len(body) > 4 * page
    for at in range(2 * page, len(body), page):
        body[at : at + 64] = os.urandom(64)
    path.write_bytes(body)
    assert "damaged" in await refusal(path)


async def test_a_file_cut_short_is_refused_or_whole(tmp_path: Path) -> None:
    path = tmp_path / "teppan.db"
    await filled(path, 50)
    path.write_bytes(path.read_bytes()[:-5000])
    assert "damaged" in await refusal(path)


async def test_a_newer_schema_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "teppan.db"
    await filled(path)
    with sqlite3.connect(path) as raw:
        raw.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    raw.close()
    with pytest.raises(StoreError, match="newer Teppan"):
        await Store.open(path)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file cannot be made"):
        await Store.open(tmp_path / "file" / "teppan.db")


@pytest.mark.parametrize("url", ["mysql://a/b", "://", "redis://localhost"])
async def test_an_address_of_another_kind_is_a_setting_to_mend(url: str) -> None:
    with pytest.raises(ConfigError):
        await Store.open(url)


async def test_a_full_database_says_so_and_takes_what_fits_again_later(tmp_path: Path) -> None:
    """The file may grow no further, as on a full disk; then room is made."""
    store = await Store.open(tmp_path / "teppan.db", patience=0.2)
    await store.ledger.append(ANNA, [a_call("before")])
    limited: list[int] = []

    def limit(pages: int) -> None:
        def work(connection: object) -> None:
            raw = connection.connection.driver_connection  # type: ignore[attr-defined]
            limited.append(raw.execute(f"PRAGMA max_page_count={pages}").fetchone()[0])

        return work  # type: ignore[return-value]

    await store._writer.run(limit(1))  # type: ignore[arg-type]
    many = [a_call(f"call_{number}") for number in range(2_000)]
    with pytest.raises(StoreError, match="full"):
        await store.ledger.append(ANNA, many)
    assert store.health().failure is not None
    await store._writer.run(limit(1_000_000))  # type: ignore[arg-type]
    await store.ledger.append(ANNA, [a_call("after")])
    assert store.health().ok
    for id in ("before", "after"):
        assert await store.ledger.get(ANNA, id) == a_call(id)
    await store.close()


async def test_another_program_that_holds_the_lock_delays_but_loses_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "teppan.db"
    store = await Store.open(path, patience=60.0)
    await store.ledger.append(ANNA, [a_call("before")])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(store.ledger.append(ANNA, [a_call("meanwhile")]))
    done, _ = await asyncio.wait((writing,), timeout=0.5)
    assert not done
    other.execute("ROLLBACK")
    other.close()
    await writing
    assert await store.ledger.get(ANNA, "meanwhile") == a_call("meanwhile")
    await store.close()


async def test_a_lock_that_is_never_let_go_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "teppan.db"
    store = await Store.open(path, patience=0.3, clock=FixedClock(1.0))
    await store.ledger.append(ANNA, [a_call("before")])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="lock"):
        await store.ledger.append(ANNA, [a_call("never")])
    other.execute("ROLLBACK")
    other.close()
    await store.ledger.append(ANNA, [a_call("again")])
    assert await store.ledger.get(ANNA, "never") is None
    await store.close()
