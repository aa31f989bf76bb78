"""Which reader a file has, and what holds for all of them: limits, and text a database takes."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from msgspec import Struct

from teppan.core.errors import BadRequest, BodyTooLarge
from teppan.knowledge.ingest.sandbox import from_binary
from teppan.knowledge.ingest.tables import from_table

KINDS = {
    **dict.fromkeys((".md", ".markdown", ".txt", ".text", ".rst"), "text"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".csv", ".tsv"), "table"),
    ".pdf": "pdf",
    ".docx": "docx",
    ".xlsx": "xlsx",
    ".pptx": "pptx",
}
MEGABYTE = 1 << 20

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
"""What nobody sees and only hides words: controls, directions, zero widths, tags, half letters.
The joiners between letters of some scripts (U+200C, U+200D) stay."""


class Limits(Struct, frozen=True):
    """Of one document: bytes of its file, letters of its text."""

    bytes: int = 20 * MEGABYTE
    letters: int = 2_000_000


class Text(Struct, frozen=True):
    """What a file says. `kind` is that of its reader."""

    kind: str
    text: str


def read(name: str, data: bytes, limits: Limits = Limits()) -> Text:  # noqa: B008 - frozen
    """The text of a file, by the ending of its name. Blocks.

    Raises `BadRequest` for what cannot be read, `BodyTooLarge` over a limit, `ConfigError` when a
    package is missing.
    """
    kind = KINDS.get(PurePosixPath(name.replace("\\", "/")).suffix.lower())
    if kind is None:
        raise BadRequest(f"{name}: this kind of file is not read; {', '.join(KINDS)} are")
    if len(data) > limits.bytes:
        raise BodyTooLarge(
            f"{name}: {len(data) / MEGABYTE:.1f} megabytes are more than knowledge.megabytes = "
            f"{limits.bytes / MEGABYTE:g}"
        )
    if kind == "text":
        text = _decoded(name, data)
    elif kind == "table":
        text = from_table(name, _decoded(name, data))
    elif kind == "html":
        text = from_binary(name, kind, _decoded(name, data).encode(), limits.letters)
    else:
        text = from_binary(name, kind, data, limits.letters)
    text = tidied(text)
    if len(text) > limits.letters:
        raise BodyTooLarge(
            f"{name}: {len(text):,} letters are more than knowledge.letters = {limits.letters:,}; "
            "part the document"
        )
    if not text:
        raise BadRequest(f"{name}: there is no text in it")
    return Text(kind, text)


def tidied(text: str) -> str:
    """The same words with plain line ends and without what cannot be seen."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return _UNSEEN.sub("", unicodedata.normalize("NFC", plain)).strip()


def _decoded(name: str, data: bytes) -> str:
    """UTF-8, or what a byte order mark says. Raises `BadRequest`."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"{name}: byte {error.start} is not {encoding[:6].rstrip('-')} text; save it as UTF-8"
        ) from None
