"""Server-sent events from bytes, however the network cut them.

The rules are those of the WHATWG HTML standard, section 9.2.6: lines end with LF, CR or CRLF, a
blank line ends an event, `data` lines are joined by LF, a leading byte order mark and comments
are skipped, `id` and `retry` mean nothing to us. An event without its blank line never happened.
"""

from __future__ import annotations

from collections.abc import Iterator

from teppan.core.errors import ProviderBadAnswer
from teppan.providers.base import Event

MAX_EVENT_BYTES = 16 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"


class SseParser:
    """Fed chunks of any size, gives the events they complete.

    Raises `ProviderBadAnswer` for an event larger than `max_event` bytes and for text that is
    not UTF-8. The iterator of one chunk must be used up before the next chunk is fed.
    """

    def __init__(self, max_event: int = MAX_EVENT_BYTES) -> None:
        self._max_event = max_event
        self._buffer = bytearray()
        self._head: bytes | None = b""  # what may still become a byte order mark
        self._after_cr = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        chunk = self._plain(chunk)
        buffer = self._buffer
        # Only the seam with the bytes before can hide a boundary that was not seen yet.
        search_from = max(0, len(buffer) - 1)
        buffer += chunk
        start = 0
        while (end := buffer.find(b"\n\n", search_from)) >= 0:
            self._check_size(end - start)
            event = _parse(bytes(buffer[start:end]))
            start = search_from = end + 2
            if event is not None:
                yield event
        del buffer[:start]
        self._check_size(len(buffer) - 1)  # its last byte may be half of the blank line

    def _plain(self, chunk: bytes) -> bytes:
        """The chunk with LF as its only line end, without the byte order mark."""
        if self._head is not None:
            chunk = self._without_bom(self._head + chunk)
        if self._after_cr and chunk:
            self._after_cr = False
            if chunk.startswith(b"\n"):  # the second half of a CRLF that was cut in two
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _without_bom(self, start: bytes) -> bytes:
        if len(start) < len(_BOM) and _BOM.startswith(start):
            self._head = start
            return b""
        self._head = None
        return start.removeprefix(_BOM)

    def _check_size(self, size: int) -> None:
        if size > self._max_event:
            raise ProviderBadAnswer(f"the vendor sent an event of more than {self._max_event} B")


def _parse(block: bytes) -> Event | None:
    """The event a block of lines describes; None when it has no data."""
    if block.startswith(b"data: ") and b"\n" not in block:
        return Event("", _utf8(block[6:]))
    name = ""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = _utf8(value).decode()
    return Event(name, _utf8(b"\n".join(data))) if data else None


def _utf8(value: bytes) -> bytes:
    if not value.isascii():
        try:
            value.decode()
        except UnicodeDecodeError:
            raise ProviderBadAnswer("the vendor's stream is not UTF-8") from None
    return value
