"""Many rows in few statements.

A driver call per row hands the interpreter lock back and forth once per row, which under load
makes each row wait for the event loop. So rows go in by statements of up to 64 rows each, in
the driver's own SQL, which are prepared once per size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from sqlalchemy import Connection, Table

Row = tuple[object, ...]
SIZES = (64, 16, 4, 1)


class BulkInsert:
    """Adds rows of `table`, given as tuples in the order of `columns`; a row there already stays.

    That is what makes a repeated write harmless: the primary key decides, once.
    """

    def __init__(self, table: Table, columns: Sequence[str], placeholder: str) -> None:
        key = ", ".join(column.name for column in table.primary_key.columns)
        row = f"({', '.join([placeholder] * len(columns))})"
        names = ", ".join(columns)
        self.table = table.name
        self._statements = {
            size: f"INSERT INTO {table.name} ({names}) VALUES {', '.join([row] * size)} "  # noqa: S608 - names of ours
            f"ON CONFLICT ({key}) DO NOTHING"
            for size in SIZES
        }

    def __call__(self, connection: Connection, rows: Sequence[Row]) -> None:
        start, left = 0, len(rows)
        while left:
            size = next(size for size in SIZES if size <= left)
            chunk = rows[start : start + size]
            parameters = chunk[0] if size == 1 else tuple(chain.from_iterable(chunk))
            connection.exec_driver_sql(self._statements[size], parameters)
            start, left = start + size, left - size


def cleaned(rows: Iterable[Row]) -> list[Row]:
    """The same rows without what a database refuses: NUL, lone surrogates, too large numbers."""
    return [tuple(_clean(value) for value in row) for row in rows]


def clean(text: str) -> str:
    """The text as any database takes it."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _clean(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-(2**63), min(2**63 - 1, value))
    return value
