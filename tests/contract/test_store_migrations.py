"""Every earlier schema becomes today's, with what is in it; what cannot be migrated is refused."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, inspect, select, text

from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.base import Backend
from teppan.store.migrate import migrate
from teppan.store.schema import HEAD, metadata, traces, version
from teppan.store.store import backend_for

EARLIER = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
)
SCOPE = Scope("anna", "key-a")

OLD_ROW = (
    "INSERT INTO ledger (id, tenant, key_id, trace_id, started, model, returned_model, vendor_id,"
    " role, outcome, attempt, input, output, cached, cache_written, reasoning, estimated, cost,"
    " price_version, latency) VALUES ('call_1', 'anna', 'key-a', 'tr_1', 0, 'a/b', '', '',"
    " 'single', 'ok', 1, 1, 2, 0, 0, 0, false, 77, '', 0.5)"
)


def shape(connection: Connection) -> dict[str, object]:
    """Columns, keys and indexes of every table, whatever the order of the columns."""
    found = inspect(connection)
    return {
        table: (
            {
                each["name"]: (str(each["type"]), each["nullable"])
                for each in found.get_columns(table)
            },
            found.get_pk_constraint(table)["constrained_columns"],
            {each["name"]: each["column_names"] for each in found.get_indexes(table)},
        )
        for table in sorted(metadata.tables)
    }


def at(database: str, revision: str) -> Backend:
    """The database as the Teppan of this revision left it."""
    backend = backend_for(database)
    backend.prepare()
    migrate(backend, revision)
    return backend


def newest_shape(database: str) -> dict[str, object]:
    backend = at(database, HEAD)
    with backend.writer.connect() as connection:
        made = shape(connection)
    backend.close()
    return made


@pytest.mark.parametrize("revision", EARLIER)
async def test_an_earlier_schema_is_upgraded_with_its_money(database: str, revision: str) -> None:
    backend = at(database, revision)
    with backend.writer.begin() as connection:
        connection.exec_driver_sql(OLD_ROW)
    backend.close()
    store = await Store.open(database)
    call = await store.ledger.get(SCOPE, "call_1")
    await store.close()
    assert call is not None
    assert call.cost == 77
    assert call.dropped == ()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_migrated_tables_are_those_made_at_once(database: str) -> None:
    at(database, EARLIER[0]).close()
    assert newest_shape(database) == newest_shape(f"{database}.new")


async def test_earlier_traces_learn_whose_they_are(database: str) -> None:
    backend = at(database, "0006")
    with backend.writer.begin() as connection:
        for name, request in (
            ("tr_1", '{"user": "ann"}'),
            ("tr_2", '{"user": null}'),
            ("tr_3", "1"),
        ):
            connection.execute(
                text(
                    "INSERT INTO traces (tenant, id, started, key_id, asked, served, strategy, "
                    "status, body) VALUES ('anna', :id, 0, '', '', '', '', 'ok', :body)"
                ),
                {"id": name, "body": f'{{"request": {request}}}'.encode()},
            )
    backend.close()
    backend = at(database, HEAD)
    with backend.writer.connect() as connection:
        found = connection.execute(select(traces.c.id, traces.c.user_id))
        users = {row.id: row.user_id for row in found}
    backend.close()
    assert users == {"tr_1": "ann", "tr_2": None, "tr_3": None}


async def test_two_that_open_an_old_database_at_once_migrate_it_once(database: str) -> None:
    at(database, EARLIER[0]).close()
    stores = await asyncio.gather(Store.open(database), Store.open(database))
    assert [await store.ledger.list(SCOPE) for store in stores] == [[], []]
    for store in stores:
        await store.close()


async def test_the_database_of_a_newer_teppan_is_refused(database: str) -> None:
    backend = at(database, HEAD)
    with backend.writer.begin() as connection:
        connection.execute(version.update().values(version_num="9999"))
    backend.close()
    with pytest.raises(StoreError, match="newer Teppan"):
        await Store.open(database)


async def test_the_database_of_another_program_is_left_alone(database: str) -> None:
    backend = backend_for(database)
    with backend.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE ledger (mine TEXT)")
    backend.close()
    with pytest.raises(StoreError, match=r"another program|not ours"):
        await Store.open(database)
