"""After a person is erased their words stand nowhere: in no table, and in no byte of the file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from teppan.core.chat import ChatRequest, Choice, Completion, say
from teppan.core.ids import Scope
from teppan.core.trace import ModelCall, Remembered, Trace
from teppan.learn.privacy.erase import Report, erase_person, places_of_store
from teppan.store import Store
from teppan.store.actions import Action
from teppan.store.cache import Kept
from teppan.store.erasing import KEPT, reached
from teppan.store.escalations import Called
from teppan.store.feedback import Opinion
from teppan.store.store import backend_for
from teppan.store.summaries import Summary
from teppan.store.tables.metadata import metadata
from teppan.store.translations import Translation

SHOP = Scope("shop", "key-s")
SECRET = "Zoraquill"
"""A word of the person's; it may stand nowhere afterwards."""
CALL = ModelCall(id="call_1", trace_id="tr_1", model="a/b", role="single", outcome="ok", cost=77)


def trace(id: str, user: str | None, words: str, **more: object) -> Trace:
    fields: dict[str, object] = {
        "id": id,
        "tenant": "shop",
        "key_id": "key-s",
        "started": 1000.0,
        "asked": "a/b",
        "strategy": "single",
        "status": "ok",
        "request": ChatRequest(model="a/b", messages=(say("user", words),), user=user),
        "answer": Completion("a/b", (Choice(say("assistant", f"I hear: {words}"), "stop"),)),
    }
    return Trace(**(fields | more))  # type: ignore[arg-type]


async def fill(store: Store) -> None:
    """What a conversation of the person leaves behind, and what others left beside it."""
    store.traces.put(trace("tr_1", "ann", f"I am {SECRET}", episode="ep_1"))
    store.traces.put(trace("tr_2", None, f"still {SECRET}", episode="ep_1"))
    store.traces.put(trace("tr_3", "bob", "what do you charge?", episode="ep_3"))
    echo = Remembered("entry", "tr_1", question=f"{SECRET}, what do you charge?")
    store.traces.put(
        trace("tr_4", "bob", "and you?", cache="semantic", remembered=echo, episode="ep_3")
    )
    await store.ledger.append(SHOP, [CALL], "single", f"ep-of-{SECRET}")
    await store.feedback.record(SHOP, "tr_1", "rating", 1.0, f"thanks from {SECRET}")
    await store.feedback.record(SHOP, "tr_3", "rating", 0.0, "too dear")
    await store.escalations.call(
        SHOP, [Called(trace_id="tr_1", reason="anger", question=SECRET, summary=SECRET)]
    )
    [called] = await store.escalations.list(SHOP)
    await store.escalations.move("shop", called.id, "claimed", "me", f"call {SECRET}")
    await store.actions.propose(
        SHOP,
        Action(id="act_1", talk="t", agent="a", tool="book", arguments=SECRET, told=SECRET,
               trace_id="tr_2"),
    )  # fmt: skip
    await store.summaries.keep(SHOP, Summary("prefix", 3, f"{SECRET} asks", at=1001.0))
    await store.summaries.keep(SHOP, Summary("older", 3, "somebody asks", at=10.0))
    await store.translations.keep(SHOP, Translation("name", "en", "es", f"Soy {SECRET}", at=1001.0))
    done = store.cache.put(
        Kept(id="entry", tenant="shop", partition="p", model="a/b", trace_id="tr_1", kin="entry",
             question=SECRET, intent="", embedder="e", embedding=b"", answer=SECRET.encode(),
             cost=1, created=1000.0, expires=1e12)
    )  # fmt: skip
    assert done is not None
    await done
    fresh = await store.idempotency.begin(SHOP, "once", "hash")
    headers = [(b"x-teppan-trace-id", b"tr_1")]
    await store.idempotency.finish(SHOP, fresh, 200, headers, SECRET.encode())  # type: ignore[arg-type]
    while store.traces.waiting:
        await asyncio.sleep(0.01)
    await store.ledger.list(SHOP)
    while len(await store.traces.list(SHOP)) < 4:
        await asyncio.sleep(0.01)


async def erased(store: Store, *, dry: bool = False) -> Report:
    places = places_of_store(store.erasing)
    return await erase_person(store.erasing, places, SHOP, "ann", dry=dry)


def everything(database: str) -> str:
    """All rows of all tables, as text."""

    def read(connection: Connection) -> str:
        names = [*inspect(connection).get_table_names()]
        rows = [
            bytes(value).decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            for name in names
            for row in connection.execute(text(f'SELECT * FROM "{name}"'))
            for value in row
        ]
        return "\n".join(rows)

    backend = backend_for(database)
    with backend.writer.connect() as connection:
        found = read(connection)
    backend.close()
    return found


async def test_the_words_of_an_erased_person_stand_in_no_table(store: Store, database: str) -> None:
    await fill(store)
    assert SECRET in everything(database)
    report = await erased(store)
    await store.compact()
    assert SECRET not in everything(database)
    assert report.traces == 2
    counts = {place: count for place, count in report.erased.items() if count}
    assert counts == {
        "traces": 2,
        "feedback": 1,
        "escalations": 1,
        "notes on escalations": 1,
        "actions": 1,
        "cache_entries": 1,
        "summaries": 1,
        "translations": 1,
        "answers given to others": 1,
        "answers kept for a replay": 1,
        "conversations named in the ledger": 1,
    }


async def test_what_others_said_and_what_was_paid_stays(store: Store) -> None:
    await fill(store)
    await erased(store)
    assert [each.id for each in await store.traces.list(SHOP)] == ["tr_4", "tr_3"]
    assert [each.comment for each in await store.feedback.of(SHOP, "tr_3")] == ["too dear"]
    [call] = await store.ledger.list(SHOP)
    assert call.cost == 77
    assert await store.summaries.find(SHOP, ["older", "prefix"]) != {}


async def test_a_dry_run_counts_the_same_and_changes_nothing(store: Store, database: str) -> None:
    await fill(store)
    # theirs for two reasons: whose answer it is about, and who says it
    own = Opinion(trace_id="tr_1", value=1.0, source="user:ann", comment=f"more of {SECRET}")
    await store.feedback.say(SHOP, own)
    before = everything(database)
    dry = await erased(store, dry=True)
    assert everything(database) == before
    assert (await erased(store)).erased == dry.erased


async def test_it_may_be_run_again_and_a_stranger_is_no_error(store: Store) -> None:
    await fill(store)
    await erased(store)
    again = await erased(store)
    assert (again.traces, set(again.erased.values())) == (0, {0})


async def test_another_tenants_customer_of_the_same_name_is_left_alone(store: Store) -> None:
    await fill(store)
    places = places_of_store(store.erasing)
    report = await erase_person(store.erasing, places, Scope("other", "k"), "ann")
    assert report.traces == 0
    assert len(await store.traces.list(SHOP)) == 4


def holding(folder: Path) -> list[str]:
    """The files in which the person's word stands as bytes."""
    files = [path for path in folder.iterdir() if path.is_file()]
    return [path.name for path in files if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_file_and_its_log_hold_no_byte_of_them(
    store: Store, database: str, tmp_path: Path
) -> None:
    await fill(store)
    await erased(store)
    assert holding(tmp_path) != [], "deleting alone leaves the bytes"
    notes = await store.compact()
    assert holding(tmp_path) == []
    assert notes == ()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_copies_from_before_an_upgrade_are_named(store: Store, tmp_path: Path) -> None:
    (tmp_path / "teppan.db.before-0003").write_bytes(b"old")
    [note] = await store.compact()
    assert "teppan.db.before-0003" in note


def test_every_table_is_reached_or_has_a_reason_not_to_be() -> None:
    names = {table.name for table in reached()}
    assert names.isdisjoint(KEPT)
    assert names | set(KEPT) >= set(metadata.tables)
