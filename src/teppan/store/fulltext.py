"""The engine's own full-text index over pieces of documents.

SQLite has FTS5, PostgreSQL a column of `tsvector` with a GIN index. Both are given words that have
been cut already, as `[a-z0-9]+`: what a word is does not depend on an engine, its version or its
locale, Chinese is found in both, and a question holds nothing that an engine reads as a command.

The index is made when the first piece is added, so an engine without one still opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Connection, text

from teppan.core.ids import content_hash

TABLE = "knowledge_words"
LONGEST = 4000
"""Words of a piece that are found; of a longer one the beginning."""


class FullText(Protocol):
    """Pieces by their number and words. Whoever asks knows that there are pieces at all. The
    tenant is a word of each piece, so that the index itself never leaves it."""

    def make(self, connection: Connection) -> None:
        """The index, where it is not there yet."""

    def add(
        self, connection: Connection, tenant: str, rows: Iterable[tuple[int, Sequence[str]]]
    ) -> None: ...

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None: ...

    def find(
        self, connection: Connection, tenant: str, words: Sequence[str], most: int
    ) -> list[int]:
        """The pieces of a tenant that have one of the words, those first that the engine ranks
        first."""

    def having(self, connection: Connection, tenant: str, word: str) -> int:
        """How many pieces of a tenant have a word."""

    def words(
        self, connection: Connection, numbers: Sequence[int]
    ) -> dict[int, tuple[str, ...]]: ...


def full_text(engine: str) -> FullText:
    """`engine` is the backend's name."""
    return PostgresWords() if engine.startswith("postgresql") else SqliteWords()


class SqliteWords:
    """FTS5, ranked by its `bm25()`, in which the tenant weighs nothing."""

    def make(self, connection: Connection) -> None:
        connection.execute(
            text(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} "
                "USING fts5(tenant, words, tokenize='ascii')"
            )
        )

    def add(
        self, connection: Connection, tenant: str, rows: Iterable[tuple[int, Sequence[str]]]
    ) -> None:
        insert = text(
            f"INSERT INTO {TABLE} (rowid, tenant, words) VALUES (:number, :tenant, :words)"  # noqa: S608 - names of ours
        )
        wall = _wall(tenant)
        for number, words in rows:
            told = " ".join(words[:LONGEST])
            connection.execute(insert, {"number": number, "tenant": wall, "words": told})

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        gone = text(f"DELETE FROM {TABLE} WHERE rowid = :number")  # noqa: S608 - a name of ours
        for number in numbers:
            connection.execute(gone, {"number": number})

    def find(
        self, connection: Connection, tenant: str, words: Sequence[str], most: int
    ) -> list[int]:
        wanted = text(
            f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :any "  # noqa: S608 - names of ours
            "AND rank MATCH 'bm25(0.0, 1.0)' ORDER BY rank LIMIT :most"
        )
        found = connection.execute(wanted, {"any": self._any(tenant, words), "most": most})
        return list(found.scalars())

    def having(self, connection: Connection, tenant: str, word: str) -> int:
        wanted = text(f"SELECT count(*) FROM {TABLE} WHERE {TABLE} MATCH :any")  # noqa: S608 - names of ours
        return connection.scalar(wanted, {"any": self._any(tenant, [word])}) or 0

    def words(self, connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
        wanted = text(f"SELECT words FROM {TABLE} WHERE rowid = :number")  # noqa: S608 - a name of ours
        return {
            number: tuple((connection.scalar(wanted, {"number": number}) or "").split())
            for number in numbers
        }

    @staticmethod
    def _any(tenant: str, words: Sequence[str]) -> str:
        anyone = " OR ".join(f'"{word}"' for word in words)
        return f'tenant : "{_wall(tenant)}" AND words : ({anyone})'


class PostgresWords:
    """`tsvector`, ranked by `ts_rank` for its length; neither parser nor dictionary sees a word."""

    def make(self, connection: Connection) -> None:
        connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {TABLE} (number bigint PRIMARY KEY, "
                "words text NOT NULL, found tsvector NOT NULL)"
            )
        )
        connection.execute(
            text(f"CREATE INDEX IF NOT EXISTS {TABLE}_found ON {TABLE} USING gin (found)")
        )

    def add(
        self, connection: Connection, tenant: str, rows: Iterable[tuple[int, Sequence[str]]]
    ) -> None:
        insert = text(
            f"INSERT INTO {TABLE} (number, words, found) "  # noqa: S608 - names of ours
            "VALUES (:number, :words, CAST(:found AS tsvector))"
        )
        wall = _wall(tenant)
        for number, words in rows:
            values = {
                "number": number,
                "words": " ".join(words[:LONGEST]),
                "found": f"'{wall}' {_vector(words[:LONGEST])}",
            }
            connection.execute(insert, values)

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        gone = text(f"DELETE FROM {TABLE} WHERE number = ANY(:numbers)")  # noqa: S608 - a name of ours
        connection.execute(gone, {"numbers": list(numbers)})

    def find(
        self, connection: Connection, tenant: str, words: Sequence[str], most: int
    ) -> list[int]:
        wanted = text(
            f"SELECT number FROM {TABLE} WHERE found @@ CAST(:here AS tsquery) "  # noqa: S608 - a name of ours
            "ORDER BY ts_rank(found, CAST(:any AS tsquery), 1) DESC, number LIMIT :most"
        )
        anyone = " | ".join(f"'{word}'" for word in words)
        here = f"'{_wall(tenant)}' & ({anyone})"
        found = connection.execute(wanted, {"here": here, "any": anyone, "most": most})
        return list(found.scalars())

    def having(self, connection: Connection, tenant: str, word: str) -> int:
        wanted = text(
            f"SELECT count(*) FROM {TABLE} WHERE found @@ CAST(:here AS tsquery)"  # noqa: S608 - a name of ours
        )
        return connection.scalar(wanted, {"here": f"'{_wall(tenant)}' & '{word}'"}) or 0

    def words(self, connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
        wanted = text(f"SELECT number, words FROM {TABLE} WHERE number = ANY(:numbers)")  # noqa: S608 - a name of ours
        found = connection.execute(wanted, {"numbers": list(numbers)})
        return {number: tuple(told.split()) for number, told in found}


def _wall(tenant: str) -> str:
    """The word that only this tenant's pieces have: no word that is asked for begins so long."""
    return f"t{content_hash(tenant.encode('utf-8', 'replace'))}t{'0' * 20}"


def _vector(words: Sequence[str]) -> str:
    """Each word as often as it is there: where it stands does not matter to `ts_rank`."""
    told: dict[str, list[str]] = {}
    for place, word in enumerate(words, start=1):
        told.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(some[:255])}" for word, some in told.items())
