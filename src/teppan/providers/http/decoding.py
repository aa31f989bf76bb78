"""Content codings undone piece by piece, so that a small body cannot become a large one unseen."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Protocol

from teppan.core.errors import ProviderBadAnswer, StreamIncomplete

PIECE_BYTES = 64 * 1024
_GZIP, _ZLIB, _RAW = 31, 15, -15


class Decoder(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces, each of `PIECE_BYTES` at most; the caller counts and may stop."""

    def end(self) -> None:
        """The body is over. Raises `StreamIncomplete` inside a coded stream."""


def decoder_for(headers: Mapping[str, str]) -> Decoder | None:
    """None for a plain body. Raises `ProviderBadAnswer` for a coding nobody asked for."""
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return None
    if coding in ("gzip", "x-gzip"):
        return _Inflate(_GZIP)
    if coding == "deflate":
        return _Inflate(_ZLIB)
    raise ProviderBadAnswer(f"The vendor sent the unknown content coding {coding[:40]!r}")


class _Inflate:
    """gzip of one or several members, or deflate with or without its zlib wrapper (RFC 9110)."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._inflater = zlib.decompressobj(window)
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflater.eof:
                if self._window != _GZIP:
                    return
                self._inflater = zlib.decompressobj(self._window)
            piece = self._inflate(data)
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            if piece:
                yield piece

    def _inflate(self, data: bytes) -> bytes:
        try:
            piece = self._inflater.decompress(data, PIECE_BYTES)
        except zlib.error:
            if self._window != _ZLIB or self._begun:
                raise ProviderBadAnswer("The vendor's compressed body is damaged") from None
            self._window, self._inflater = _RAW, zlib.decompressobj(_RAW)
            return self._inflate(data)
        self._begun = True
        return piece

    def end(self) -> None:
        if self._begun and not self._inflater.eof:
            raise StreamIncomplete("The vendor's compressed body was cut off")
