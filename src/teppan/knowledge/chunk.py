"""Documents -> pieces small enough to go with a question, each knowing where it stood.

Markdown and plain text: headings part a document, blocks are put together below them up to a size.
List items, rows of tables and fenced code stay whole; a table that is parted says its head again.

A comment of its own line or lines is not part of the text. One that begins with `asked:` lists, one
a line, what people ask when they need its section: a piece is found by that too, in any language.

    <!-- asked:
    do you come on Sundays
    ¿Abren los domingos?
    -->
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from teppan.core.ids import content_hash

MOST = 700
"""Letters of a piece, about 170 tokens of English; one whole row or item may be longer."""
PARTS = 96
"""Parts of one piece that are compared with a question."""

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_UNDERLINED = re.compile(r"^(=+|-+)\s*$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_RULE = re.compile(r"^\s*\|?[\s:|-]+\|[\s:|-]*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_COMMENT, _END = re.compile(r"^\s*<!--\s*(asked:)?", re.IGNORECASE), "-->"
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？；])")


class Chunk(Struct, frozen=True):
    """A piece of a document. `path` are the headings above it, outermost first, `asked` what people
    ask when they need it. `version` is the document's."""

    source: str
    path: tuple[str, ...]
    text: str
    asked: tuple[str, ...] = ()
    version: str = ""

    @property
    def id(self) -> str:
        """The same for the same words at the same place, whatever else the document says."""
        told = "\0".join((self.source, *self.path, "", self.text, "", *self.asked))
        return f"kp_{content_hash(told.encode('utf-8', 'replace'))[:20]}"

    @property
    def place(self) -> str:
        """`facts.md › Prices › Upgrades`."""
        return " › ".join((self.source, *self.path))

    @property
    def told(self) -> str:
        return f"[{self.place}]\n{self.text}"

    @property
    def sought(self) -> str:
        """All that its words are found in."""
        return "\n".join((self.place, self.text, *self.asked))

    def parts(self) -> list[str]:
        """What is compared with a question by meaning: its sentences, items and rows, each under
        the heading above it, and what people ask."""
        head = f"{self.path[-1]}: " if self.path else ""
        lines = [block.text for block in _blocks(self.text.split("\n"))]
        said = [" ".join(part.split()) for line in lines for part in _SENTENCE.split(line)]
        parts = [f"{head}{part}" for part in said if re.search(r"\w", part)]
        return [*parts[: PARTS - min(len(self.asked), PARTS // 2)], *self.asked][:PARTS]


class _Block(Struct, frozen=True):
    """Lines that belong together. A table's rows share their `head`."""

    text: str
    kind: str
    head: str = ""


def chunks(text: str, source: str, most: int = MOST, version: str = "") -> list[Chunk]:
    """The pieces of a document, in order. An empty document has none."""
    found: list[Chunk] = []
    for path, lines in _sections(text):
        lines, asked = _without_comments(lines)
        whole = _without_bare_heads(list(_blocks(lines)))
        blocks = [part for block in whole for part in _cut(block, most)]
        found += [Chunk(source, path, piece, asked, version) for piece in _joined(blocks, most)]
    return found


def without_comments(text: str) -> str:
    """The text as people are meant to read it."""
    kept = _without_comments(text.replace("\r\n", "\n").split("\n"))[0]
    return "\n".join(kept)


def _without_comments(lines: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The lines that are text, and what the comments between them say is asked."""
    kept: list[str] = []
    asked: list[str] = []
    fence, inside, listed = "", False, False
    for line in lines:
        mark = _FENCE.match(line)
        if mark and not inside and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        begins = None if fence or inside else _COMMENT.match(line)
        if begins:
            inside, listed = True, bool(begins[1])
            line = line[begins.end() :]
        if not inside:
            kept.append(line)
            continue
        said, end, rest = line.partition(_END)
        if listed and said.strip():
            asked.append(said.strip())
        if end:
            inside = False
            kept += [rest] if rest.strip() else []
    return kept, tuple(dict.fromkeys(asked))


def _sections(text: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The headings above and the lines below, section by section."""
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    fence, noted = "", False
    for line in text.replace("\r\n", "\n").split("\n"):
        mark = None if noted else _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        noted = not fence and (noted or _COMMENT.match(line) is not None)
        level, title = (0, "") if fence or noted else _heading(line, lines)
        noted = noted and _END not in line
        if not level:
            lines.append(line)
            continue
        yield tuple(each for _, each in path), lines
        path = [each for each in path if each[0] < level]
        path.append((level, title))
        lines = []
    yield tuple(each for _, each in path), lines


def _heading(line: str, before: list[str]) -> tuple[int, str]:
    """The level and title of a heading, 0 for any other line; takes an underlined title back."""
    known = _HEADING.match(line)
    if known:
        return len(known[1]), known[2]
    if _UNDERLINED.match(line) and before and before[-1].strip():
        alone = len(before) == 1 or not before[-2].strip()
        if alone and not _ITEM.match(before[-1]) and not _ROW.match(before[-1]):
            return (1 if line[0] == "=" else 2), before.pop().strip()
    return 0, ""


def _blocks(lines: list[str]) -> Iterator[_Block]:
    """Paragraphs, items, rows and fenced code."""
    begun: list[str] = []
    kind, head, fence = "", "", ""
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            begun.append(line)
            if mark and mark[1] == fence:
                fence = ""
            continue
        starts = _kind(line, kind)
        if starts and begun:
            yield _Block("\n".join(begun), kind, head)
            begun = []
        if starts:
            head = head if starts == "row" and kind == "row" else ""
            kind, fence = starts, mark[1] if mark else ""
        if not line.strip():
            if kind != "item":  # an item may go on after an empty line, indented
                kind = ""
            continue
        if starts == "row" and not head:
            head = line.strip()
        elif starts == "row" and _RULE.match(line):
            head = f"{head}\n{line.strip()}"
            continue
        begun.append(line.rstrip())
    if begun:
        yield _Block("\n".join(begun), kind, head)


def _without_bare_heads(blocks: list[_Block]) -> list[_Block]:
    """Without the first row of a table that has others: each of them says it again."""
    following = [*blocks[1:], _Block("", "")]
    return [
        block
        for block, after in zip(blocks, following, strict=False)
        if not (block.kind == "row" and after.head.startswith(f"{block.text.strip()}\n"))
    ]


def _kind(line: str, now: str) -> str:
    """What begins with this line; empty when it goes on with what is there."""
    if _FENCE.match(line):
        return "code"
    if _ROW.match(line):
        return "row"
    if _ITEM.match(line):
        return "item"
    if not line.strip():
        return "" if now == "item" else "gap"
    if now == "item":
        return "" if line[0] in " \t" else "text"
    return "" if now == "text" else "text"


def _cut(block: _Block, most: int) -> list[_Block]:
    """A paragraph that is too long, cut between its sentences; everything else whole."""
    if block.kind != "text" or len(block.text) <= most:
        return [block]
    parts: list[str] = []
    for sentence in _SENTENCE.split(block.text):
        if parts and len(parts[-1]) + len(sentence) < most:
            parts[-1] += f" {sentence}"
        else:
            parts += [sentence[i : i + most] for i in range(0, len(sentence), most)]
    return [_Block(part.strip(), "text") for part in parts if part.strip()]


def _joined(blocks: list[_Block], most: int) -> Iterator[str]:
    """Blocks put together up to a size."""
    piece, last = "", _Block("", "")
    for block in blocks:
        begin = f"{block.head}\n{block.text}" if block.head and block.head != block.text else ""
        if piece and len(piece) + len(block.text) < most:
            same = block.kind == last.kind and block.kind in ("item", "row")
            same = same and block.head == last.head
            piece += f"\n{block.text}" if same else f"\n\n{begin or block.text}"
        else:
            if piece:
                yield piece
            piece = begin or block.text
        last = block
    if piece:
        yield piece
