"""HTML -> Markdown, by the standard parser: what a reader of the page sees, with its structure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from teppan.knowledge.ingest.tables import as_markdown

_UNREAD = frozenset(
    "script style template noscript svg math head iframe canvas nav button select "
    "audio video".split()
)
"""Elements that say nothing, or nothing about the matter."""
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_BLOCKS = frozenset(
    "p div section article main header footer aside ul ol dl dt dd blockquote figure figcaption "
    "address details summary hr table caption".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_DEEPEST = 200
"""Elements inside elements; deeper ones are read as if they stood there."""


def from_html(page: str) -> str:
    """The text of a page. Never fails: the parser takes anything."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.told()


class _Reader(HTMLParser):
    """Writes blocks of Markdown. `_hidden` is how deep in an unread element this is."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[str] = []
        self._line: list[str] = []
        self._begin = ""
        self._hidden: list[str] = []
        self._lists: list[int] = []
        self._rows: list[list[str]] | None = None
        self._cell: list[str] | None = None
        self._plain = 0
        self._title: list[str] | None = None

    def told(self) -> str:
        self._end_block()
        self._end_table()
        return "\n\n".join(self._blocks)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" and not self._blocks:
            self._title = []
        if self._hidden:
            if tag not in _VOID and len(self._hidden) < _DEEPEST:
                self._hidden.append(tag)
            return
        given = dict(attrs)
        style = (given.get("style") or "").replace(" ", "").lower()
        unseen = "hidden" in given or "display:none" in style or "visibility:hidden" in style
        if (tag in _UNREAD or unseen) and tag not in _VOID:
            self._end_block()
            self._hidden = [tag]
        elif tag == "br":
            self._line.append(" " if self._cell is not None else "\n")
        elif tag in _HEADINGS:
            self._end_block(f"{'#' * _HEADINGS[tag]} ")
        elif tag in ("ul", "ol"):
            self._end_block()
            self._lists.append(0)
        elif tag == "li":
            self._end_block(f"{'  ' * max(0, len(self._lists) - 1)}- ")
        elif tag == "pre":
            self._end_block()
            self._plain += 1
        elif tag == "table":
            self._end_block()
            self._end_table()
            self._rows = []
        elif tag == "tr" and self._rows is not None:
            self._end_cell()
            self._rows.append([])
        elif tag in ("td", "th") and self._rows is not None:
            self._end_cell()
            self._cell = []
        elif tag in _BLOCKS:
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        if tag == "title" and self._title is not None:
            words = " ".join("".join(self._title).split())
            self._blocks += [f"# {words}"] if words else []
            self._title = None
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag == "pre" and self._plain:
            words, self._line = "".join(self._line).strip("\n"), []
            self._plain -= 1
            self._blocks += [f"```\n{words}\n```"] if words.strip() else []
        elif tag in ("ul", "ol"):
            self._end_block()
            self._lists = self._lists[:-1]
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "table":
            self._end_table()
        elif tag in _HEADINGS or tag in _BLOCKS or tag == "li":
            self._end_block()

    def handle_data(self, data: str) -> None:
        if self._title is not None:
            self._title.append(data)
        elif not self._hidden:
            self._line.append(data if self._plain else re.sub(r"\s+", " ", data))

    def _end_block(self, begin: str = "") -> None:
        """What was said becomes a block, or stays in its cell; the next begins like this."""
        if self._cell is not None:
            self._line.append(" ")
            return
        said = [" ".join(line.split()) for line in "".join(self._line).split("\n")]
        words = "\n".join(line for line in said if line)
        if words and self._begin.startswith("#"):
            words = words.replace("\n", " ")
        if words and "- " in self._begin and self._blocks and _is_item(self._blocks[-1]):
            self._blocks[-1] += f"\n{self._begin}{words}"
        elif words:
            self._blocks.append(f"{self._begin}{_unmarked(words) if not self._begin else words}")
        self._line, self._begin = [], begin

    def _end_cell(self) -> None:
        if self._cell is not None and self._rows is not None:
            if not self._rows:
                self._rows.append([])
            self._rows[-1].append("".join(self._line))
            self._line, self._cell = [], None

    def _end_table(self) -> None:
        if self._rows is None:
            return
        self._end_cell()
        table = as_markdown(self._rows)
        self._rows, self._line = None, []
        self._blocks += [table] if table else []


def _is_item(block: str) -> bool:
    return block.lstrip().startswith("- ")


def _unmarked(words: str) -> str:
    """A paragraph that looks like a heading or a comment of ours is none."""
    return re.sub(r"^(?=#{1,6}\s|<!--|```|~~~)", "\\\\", words, flags=re.MULTILINE)
