"""The engine's own full-text index over pieces of documents.

SQLite has FTS5, PostgreSQL a column of `tsvector` with a GIN index. Both are given words that have
been cut already, as `[a-z0-9]+`: what a word is does not depend on an engine, its version or its
locale, Chinese is found in both, and a question holds nothing that an engine reads as a command.

The index is made when the first piece is added, so an engine without one still opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct
from sqlalchemy import Connection, text

TABLE = "knowledge_words"
LONGEST = 4000
"""Words of a piece that are found; of a longer one the beginning."""


class Matched(Struct, frozen=True):
    """A piece that has one of the words: its number, and all of its words."""

    number: int
    words: tuple[str, ...]


class FullText(Protocol):
    """Pieces by their number and words. Whoever asks knows that there are pieces at all."""

    def make(self, connection: Connection) -> None:
        """The index, where it is not there yet."""

    def add(self, connection: Connection, rows: Iterable[tuple[int, Sequence[str]]]) -> None: ...

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None: ...

    def find(
        self, connection: Connection, tenant: str, words: Sequence[str], most: int
    ) -> list[Matched]:
        """The pieces of a tenant that have one of the words, those first that the engine ranks
        first."""

    def having(self, connection: Connection, tenant: str, word: str) -> int:
        """How many pieces of a tenant have a word."""


def full_text(engine: str) -> FullText:
    """`engine` is the backend's name."""
    return PostgresWords() if engine.startswith("postgresql") else SqliteWords()


class SqliteWords:
    """FTS5, ranked by its `bm25()`."""

    def make(self, connection: Connection) -> None:
        connection.execute(
            text(f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING fts5(words, tokenize='ascii')")
        )

    def add(self, connection: Connection, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
        insert = text(f"INSERT INTO {TABLE} (rowid, words) VALUES (:number, :words)")  # noqa: S608 - names of ours
        for number, words in rows:
            told = " ".join(words[:LONGEST])
            connection.execute(insert, {"number": number, "words": told})

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        gone = text(f"DELETE FROM {TABLE} WHERE rowid = :number")  # noqa: S608 - a name of ours
        for number in numbers:
            connection.execute(gone, {"number": number})

    def find(
        self, connection: Connection, tenant: str, words: Sequence[str], most: int
    ) -> list[Matched]:
        wanted = text(
            f"SELECT piece.number, {TABLE}.words FROM {TABLE} "  # noqa: S608 - names of ours
            f"JOIN knowledge_pieces AS piece ON piece.number = {TABLE}.rowid "
            f"WHERE {TABLE} MATCH :any AND piece.tenant = :tenant "
            f"ORDER BY bm25({TABLE}), piece.number LIMIT :most"
        )
        anyone = " OR ".join(f'"{word}"' for word in words)
        found = connection.execute(wanted, {"any": anyone, "tenant": tenant, "most": most})
        return [Matched(number, tuple(told.split())) for number, told in found]

    def having(self, connection: Connection, tenant: str, word: str) -> int:
        wanted = text(
            f"SELECT count(*) FROM {TABLE} "  # noqa: S608 - names of ours
            f"JOIN knowledge_pieces AS piece ON piece.number = {TABLE}.rowid "
            f"WHERE {TABLE} MATCH :word AND piece.tenant = :tenant"
        )
        return connection.scalar(wanted, {"word": f'"{word}"', "tenant": tenant}) or 0


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

    def add(self, connection: Connection, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
        insert = text(
            f"INSERT INTO {TABLE} (number, words, found) "  # noqa: S608 - names of ours
            "VALUES (:number, :words, CAST(:found AS tsvector))"
        )
        for number, words in rows:
            values = {
                "number": number,
                "words": " ".join(words[:LONGEST]),
                "found": _vector(words[:LONGEST]),
            }
            connection.execute(insert, values)

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        gone = text(f"DELETE FROM {TABLE} WHERE number = ANY(:numbers)")  # noqa: S608 - a name of ours
        connection.execute(gone, {"numbers": list(numbers)})

    def find(
        self, connection: Connection, tenant: str, words: Sequence[str], most: int
    ) -> list[Matched]:
        wanted = text(
            f"SELECT piece.number, {TABLE}.words FROM {TABLE} "  # noqa: S608 - names of ours
            f"JOIN knowledge_pieces AS piece ON piece.number = {TABLE}.number "
            f"WHERE {TABLE}.found @@ CAST(:any AS tsquery) AND piece.tenant = :tenant "
            f"ORDER BY ts_rank({TABLE}.found, CAST(:any AS tsquery), 1) DESC, piece.number "
            "LIMIT :most"
        )
        anyone = " | ".join(f"'{word}'" for word in words)
        found = connection.execute(wanted, {"any": anyone, "tenant": tenant, "most": most})
        return [Matched(number, tuple(told.split())) for number, told in found]

    def having(self, connection: Connection, tenant: str, word: str) -> int:
        wanted = text(
            f"SELECT count(*) FROM {TABLE} "  # noqa: S608 - names of ours
            f"JOIN knowledge_pieces AS piece ON piece.number = {TABLE}.number "
            f"WHERE {TABLE}.found @@ CAST(:word AS tsquery) AND piece.tenant = :tenant"
        )
        return connection.scalar(wanted, {"word": f"'{word}'", "tenant": tenant}) or 0


def _vector(words: Sequence[str]) -> str:
    """Each word as often as it is there: where it stands does not matter to `ts_rank`."""
    told: dict[str, list[str]] = {}
    for place, word in enumerate(words, start=1):
        told.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(some[:255])}" for word, some in told.items())
