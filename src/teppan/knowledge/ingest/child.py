"""The child process of `sandbox.py`: a file by stdin, its text as Markdown by stdout.

python -I -m teppan.knowledge.ingest.child KIND LETTERS < FILE
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator

from teppan.knowledge.ingest.html import from_html
from teppan.knowledge.ingest.sandbox import NOT_READ, SECONDS, TOO_LONG
from teppan.knowledge.ingest.tables import as_markdown

MEMORY = 1 << 30
UNPACKED = 200 << 20
"""Bytes that the parts of an office file may be together."""
PARTS = 10_000
CELLS = 2_000_000


class NotRead(Exception):
    """A file that is refused; the message says why."""


def main(kind: str, letters: int) -> int:
    """Writes blocks until all is told or the limit is passed."""
    bounded()
    data = sys.stdin.buffer.read()
    left = letters
    try:
        for block in READERS[kind](data):
            left -= len(block) + 2
            if left < 0:
                return TOO_LONG
            sys.stdout.buffer.write(f"{block}\n\n".encode("utf-8", "replace"))
    except NotRead as error:
        sys.stderr.write(str(error))
        return NOT_READ
    sys.stdout.buffer.flush()
    return 0


def bounded() -> None:
    """No more memory and time than this, and no file written, where the system can say so."""
    try:
        import resource
    except ImportError:  # not on this system: the parent's clock holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def html(data: bytes) -> Iterator[str]:
    """The page as a reader sees it."""
    yield from_html(data.decode())


def pdf(data: bytes) -> Iterator[str]:
    """Page by page, under a heading each; what a scanner took has no text."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise NotRead("it is locked by a password")
        for number, page in enumerate(reader.pages, start=1):
            words = page.extract_text().strip()
            if words:
                yield f"# Page {number}\n\n{_paragraphs(words)}"
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise NotRead(f"it is no PDF that can be read ({type(error).__name__})") from error


def _paragraphs(words: str) -> str:
    """Lines of a page; one that begins like a heading of ours is none."""
    return "\n".join(
        f"\\{line}" if line.startswith(("#", "<!--")) else line for line in words.split("\n")
    )


def docx(data: bytes) -> Iterator[str]:
    """Headings by their styles, lists, tables in their places."""
    from docx import Document
    from docx.table import Table

    for block in Document(_unpacked(data)).iter_inner_content():
        if isinstance(block, Table):
            yield as_markdown([[cell.text for cell in row.cells] for row in block.rows])
            continue
        words, style = block.text.strip(), (block.style.name if block.style else "") or ""
        if not words:
            continue
        level = style.rpartition(" ")[2]
        if style.startswith("Heading") and level.isdigit():
            yield f"{'#' * min(6, int(level))} {' '.join(words.split())}"
        elif style == "Title":
            yield f"# {' '.join(words.split())}"
        else:
            yield f"- {words}" if style.startswith("List") else _paragraphs(words)


def xlsx(data: bytes) -> Iterator[str]:
    """A table for each sheet, with the values that were last calculated."""
    from openpyxl import load_workbook  # type: ignore[import-untyped, unused-ignore]

    book, cells = load_workbook(_unpacked(data), read_only=True, data_only=True), 0
    for sheet in book.worksheets:
        rows = []
        for row in sheet.iter_rows(values_only=True):
            cells += len(row)
            if cells > CELLS:
                raise NotRead(f"it has more than {CELLS:,} cells")
            rows.append(["" if value is None else str(value) for value in row])
        table = as_markdown(rows)
        if table:
            yield f"# {sheet.title}\n\n{table}"


def pptx(data: bytes) -> Iterator[str]:
    """Slide by slide: titles as headings, then text, tables and notes."""
    from pptx import Presentation

    for number, slide in enumerate(Presentation(_unpacked(data)).slides, start=1):
        title = slide.shapes.title
        head = " ".join(title.text_frame.text.split()) if title is not None else ""
        yield f"# {head or f'Slide {number}'}"
        for shape in slide.shapes:
            if shape.has_text_frame and shape != title and shape.text_frame.text.strip():
                yield _paragraphs(shape.text_frame.text.strip())
            if shape.has_table:
                yield as_markdown([[cell.text for cell in row.cells] for row in shape.table.rows])
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            yield _paragraphs(slide.notes_slide.notes_text_frame.text.strip())


def _unpacked(data: bytes) -> io.BytesIO:
    """An office file whose parts are few and small enough. Raises `NotRead`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise NotRead("it is no office file") from error
    if len(parts) > PARTS or sum(each.file_size for each in parts) > UNPACKED:
        raise NotRead("it is packed from more than it may be")
    return io.BytesIO(data)


READERS = {"html": html, "pdf": pdf, "docx": docx, "xlsx": xlsx, "pptx": pptx}

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2])))
