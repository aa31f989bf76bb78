"""The tables of a pack: what both databases must do for the tools that write there."""

from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import IntegrityError

from teppan.core.errors import ConfigError, StoreError
from teppan.store import Store
from teppan.store.pack_tables import PackTables

metadata = MetaData()
seats = Table("seats", metadata, Column("seat", Integer, primary_key=True), Column("who", String))
notes = Table(
    "notes",
    metadata,
    Column("note", Integer, primary_key=True),
    Column("seat", ForeignKey("seats.seat"), nullable=False),
)
RACERS = 8


@pytest.fixture
def pack(database: str) -> Iterator[PackTables]:
    opened = PackTables(database, "shop", metadata)
    yield opened
    opened.close()


def sits(pack: PackTables, seat: int) -> str | None:
    with pack.tables() as db:
        return db.scalar(select(seats.c.who).where(seats.c.seat == seat))


def take(pack: PackTables, seat: int, who: str) -> bool:
    """Whether `who` got the seat: the primary key decides."""
    with pack.tables() as db:
        try:
            with db.begin_nested():
                db.execute(insert(seats).values(seat=seat, who=who))
        except IntegrityError:
            return False
    return True


def race(url: str, who: str, start: Barrier, won: multiprocessing.Queue[str]) -> None:
    pack = PackTables(url, "shop", metadata)
    start.wait(60)
    if take(pack, 1, who):
        won.put(who)
    pack.close()


def test_what_is_written_in_a_block_is_there_for_the_next_process(database: str) -> None:
    for number in (1, 2):
        pack = PackTables(database, "shop", metadata)
        with pack.tables() as db:
            db.execute(insert(seats).values(seat=number, who="anna"))
        pack.close()
    pack = PackTables(database, "shop", metadata)
    with pack.tables() as db:
        assert db.scalar(select(func.count()).select_from(seats)) == 2
    pack.close()


def test_an_exception_undoes_the_block_and_passes(pack: PackTables) -> None:
    with pytest.raises(LookupError), pack.tables() as db:  # noqa: PT012 - the block is the point
        db.execute(insert(seats).values(seat=1, who="anna"))
        raise LookupError
    assert sits(pack, 1) is None


def test_a_refused_row_is_a_store_error_and_leaves_nothing(pack: PackTables) -> None:
    assert take(pack, 1, "anna")
    with pytest.raises(StoreError, match="the tables of shop"), pack.tables() as db:  # noqa: PT012
        db.execute(insert(seats).values(seat=2, who="ben"))
        db.execute(insert(seats).values(seat=1, who="ben"))
    assert (sits(pack, 1), sits(pack, 2)) == ("anna", None)


def test_references_are_kept(pack: PackTables) -> None:
    with pytest.raises(StoreError), pack.tables() as db:
        db.execute(insert(notes).values(note=1, seat=99))


def test_of_eight_threads_that_want_one_seat_exactly_one_gets_it(pack: PackTables) -> None:
    start = Barrier(RACERS)

    def run(who: str) -> bool:
        start.wait(60)
        return take(pack, 1, who)

    names = [f"racer {number}" for number in range(RACERS)]
    with ThreadPoolExecutor(RACERS) as threads:
        won = dict(zip(names, threads.map(run, names), strict=True))
    assert [who for who, got in won.items() if got] == [sits(pack, 1)]


def test_of_three_processes_that_want_one_seat_exactly_one_gets_it(
    database: str, pack: PackTables
) -> None:
    """They also make the tables at the same time."""
    spawn = multiprocessing.get_context("spawn")
    start, won = spawn.Barrier(3), spawn.Queue()
    processes = [spawn.Process(target=race, args=(database, f"p{n}", start, won)) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert sits(pack, 1) == won.get(timeout=60)
    assert won.empty()


async def test_the_gateways_own_tables_and_other_packs_are_apart(database: str) -> None:
    store = await Store.open(database)
    first, second = PackTables(database, "a", metadata), PackTables(database, "b", metadata)
    assert take(first, 1, "anna")
    assert take(second, 1, "ben")
    with first.tables() as db:
        assert set(inspect(db).get_table_names()) == {"seats", "notes"}
    assert await store.check() is None
    await store.close()
    first.close()
    second.close()


def test_a_closed_one_says_so(pack: PackTables) -> None:
    assert sits(pack, 1) is None
    pack.close()
    with pytest.raises(StoreError, match="closed"), pack.tables():
        pass


def test_what_runs_when_they_are_closed_still_ends_well(tmp_path: Path) -> None:
    pack = PackTables(tmp_path / "teppan.db", "shop", metadata, patience=0.05)
    with pack.tables() as db:
        db.execute(insert(seats).values(seat=1, who="anna"))
        pack.close()
    with pytest.raises(StoreError, match="closed"):
        sits(pack, 1)
    again = PackTables(tmp_path / "teppan.db", "shop", metadata)
    assert sits(again, 1) == "anna"
    again.close()


def test_tables_of_another_version_are_refused_by_name(database: str, pack: PackTables) -> None:
    assert take(pack, 1, "anna")
    newer = MetaData()
    Table("seats", newer, Column("seat", Integer, primary_key=True), Column("row", Integer))
    later = PackTables(database, "shop", newer)
    with pytest.raises(ConfigError, match=r"`seats` of shop has no column `row`"), later.tables():
        pass


@pytest.mark.parametrize("name", ["", "../up", 'a"b', "ünder", "x" * 41, "-x"])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="needs a name"):
        PackTables("teppan.db", name, metadata)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be understood"):
        PackTables("://teppan", "shop", metadata)


def test_a_server_that_is_away_is_a_store_error_without_its_password() -> None:
    pack = PackTables("postgresql://anna:secret@127.0.0.1:1/none", "shop", metadata)
    with pytest.raises(StoreError, match="cannot be reached") as raised, pack.tables():
        pass
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("spelling", ["{}/t.db", "sqlite:///{}/t.db"])
def test_a_file_lies_beside_the_gateways_and_is_private(tmp_path: Path, spelling: str) -> None:
    pack = PackTables(spelling.format(tmp_path), "shop", metadata)
    assert not list(tmp_path.iterdir())
    assert take(pack, 1, "anna")
    pack.close()
    path = tmp_path / "t-shop.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not (tmp_path / "t.db").exists()
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "teppan-shop.db"
    path.write_text("a diary, not a database, and long enough to be read as one by mistake" * 9)
    pack = PackTables(tmp_path / "teppan.db", "shop", metadata)
    with pytest.raises(StoreError, match="not an SQLite database"), pack.tables():
        pass
    assert path.read_text().startswith("a diary")


def test_who_waits_too_long_for_a_file_is_told(tmp_path: Path) -> None:
    holding = PackTables(tmp_path / "teppan.db", "shop", metadata)
    waiting = PackTables(tmp_path / "teppan.db", "shop", metadata, patience=0.05)
    with holding.tables() as db:
        db.execute(insert(seats).values(seat=1, who="anna"))
        with pytest.raises(StoreError, match="another process"), waiting.tables():
            pass
    assert sits(waiting, 1) == "anna"
    holding.close()
    waiting.close()
