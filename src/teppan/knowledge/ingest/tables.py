"""Rows with a head -> a Markdown table, which is cut between its rows and says its head again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from teppan.core.errors import BadRequest

_DELIMITERS = ",;\t|"
_LOOKED_AT = 4096


def from_table(name: str, text: str) -> str:
    """A CSV or TSV file. Raises `BadRequest` when its quoting is broken."""
    csv.field_size_limit(1_000_000)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(name, text), strict=True))
    except csv.Error as error:
        raise BadRequest(f"{name}: the table cannot be read: {error}") from None
    return as_markdown(rows)


def as_markdown(rows: Iterable[Sequence[str]]) -> str:
    """The first row that says something is the head; empty rows and columns at the end go."""
    filled = [[_cell(each) for each in row] for row in rows]
    filled = [row for row in filled if any(row)]
    if not filled:
        return ""
    width = max(max(n for n, cell in enumerate(row, start=1) if cell) for row in filled)
    even = [[*row[:width], *[""] * (width - len(row))] for row in filled]
    lines = [f"| {' | '.join(row)} |" for row in even]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def _delimiter(name: str, text: str) -> str:
    if name.lower().endswith(".tsv"):
        return "\t"
    head = text[:_LOOKED_AT].partition("\n")[0]
    return max(_DELIMITERS, key=lambda each: (head.count(each), -_DELIMITERS.index(each)))
