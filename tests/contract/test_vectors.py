"""Every index of vectors finds the same, walls off tenants and partitions, and forgets."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.vectors import Vectors
from teppan.store.vectors.exact import SMALL, ExactVectors
from teppan.store.vectors.grown import GrownVectors

MINE, YOURS = Scope(tenant="mine", key_id="k"), Scope(tenant="yours", key_id="k")
SIZE = 32


@pytest.fixture(params=["exact", "bits", "usearch", "pgvector"])
async def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Vectors]:
    if request.param == "pgvector":
        async for each in _on_postgres(request.getfixturevalue("postgres_server")):
            yield each
        return
    if request.param == "usearch":
        pytest.importorskip("usearch")
        yield GrownVectors(limit=20)
    elif request.param == "bits":
        bits = ExactVectors()
        rows = unit(SMALL + 10, seed=99)
        for number, row in enumerate(rows):
            bits.put("mine", "p", f"filler{number}", -np.abs(row))
        yield bits
    else:
        yield ExactVectors()


async def _on_postgres(address: str) -> AsyncIterator[Vectors]:
    import psycopg

    schema = f"v_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')
    joined = f"{address}{'&' if '?' in address else '?'}options=-csearch_path={schema}"
    store = await Store.open(joined)
    opened = await store.open_vectors()
    assert opened.shared, "the server of the tests has pgvector"
    yield opened
    await store.close()


def unit(count: int, seed: int = 1, size: int = SIZE) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, size)).astype(np.float32)
    return np.abs(rows) / np.linalg.norm(rows, axis=1, keepdims=True)


async def filled(vectors: Vectors, rows: NDArray[np.float32], scope: Scope = MINE) -> None:
    for number, row in enumerate(rows):
        await vectors.add(scope, "p", f"e{number}", row)


async def test_the_nearest_come_first_with_their_cosines(vectors: Vectors) -> None:
    rows = unit(60)
    await filled(vectors, rows)
    asked = rows[7] + 0.02 * rows[8]
    asked /= np.linalg.norm(asked)
    found = await vectors.nearest(MINE, "p", asked, 3)
    cosines = rows @ asked
    assert [each.id for each in found] == [f"e{at}" for at in np.argsort(-cosines)[:3]]
    assert [each.similarity for each in found] == pytest.approx(
        sorted(cosines.tolist())[::-1][:3], abs=1e-4
    )


async def test_nothing_is_found_outside_the_partition_or_the_tenant(vectors: Vectors) -> None:
    rows = unit(60)
    await filled(vectors, rows)
    await vectors.add(YOURS, "p", "e0", rows[0])
    await vectors.add(MINE, "q", "other", rows[0])
    mine = await vectors.nearest(MINE, "p", rows[0], 100)
    assert "other" not in {each.id for each in mine}
    assert [each.id for each in await vectors.nearest(YOURS, "p", rows[5], 9)] == ["e0"]
    assert [each.id for each in await vectors.nearest(MINE, "q", rows[5], 9)] == ["other"]
    assert await vectors.nearest(YOURS, "q", rows[0], 9) == []


async def test_what_is_removed_is_not_found_and_its_neighbours_are(vectors: Vectors) -> None:
    rows = unit(60)
    await filled(vectors, rows)
    await vectors.add(YOURS, "p", "e7", rows[7])
    await vectors.remove(MINE, ["e7", "e59", "never there"])
    found = [each.id for each in await vectors.nearest(MINE, "p", rows[7], 60)]
    assert "e7" not in found
    assert "e59" not in found
    assert (await vectors.nearest(MINE, "p", rows[8], 1))[0].id == "e8"
    assert len(await vectors.nearest(YOURS, "p", rows[7], 9)) == 1


async def test_an_id_added_again_has_its_new_place(vectors: Vectors) -> None:
    rows = unit(60)
    await filled(vectors, rows[:50])
    await vectors.add(MINE, "p", "e3", rows[55])
    found = await vectors.nearest(MINE, "p", rows[55], 2)
    assert found[0].id == "e3"
    assert found[0].similarity == pytest.approx(1.0, abs=1e-4)


async def test_a_tenant_is_erased_alone(vectors: Vectors) -> None:
    rows = unit(60)
    await filled(vectors, rows)
    await filled(vectors, rows[:3], YOURS)
    await vectors.erase(MINE)
    assert await vectors.count(MINE) == 0
    assert await vectors.nearest(MINE, "p", rows[0], 5) == []
    assert await vectors.count(YOURS) == 3


async def test_vectors_of_another_length_are_not_compared(vectors: Vectors) -> None:
    await filled(vectors, unit(30))
    assert await vectors.nearest(MINE, "p", unit(1, size=16)[0], 5) == []


async def test_an_empty_index_finds_nothing(vectors: Vectors) -> None:
    assert await vectors.nearest(YOURS, "p", unit(1)[0], 5) == []
    assert await vectors.count(YOURS) == 0
