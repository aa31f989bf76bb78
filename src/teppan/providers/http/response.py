"""One answer of the pooled client: filled by its connection, emptied by its reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from teppan.core.errors import ProviderBadAnswer, ProviderError
from teppan.providers.http.base import DEFAULT_READ_LIMIT
from teppan.providers.http.decoding import Decoder, decoder_for


class Source(Protocol):
    """Where the bytes come from."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def abort(self) -> None: ...


class PooledResponse:
    """See `base.HttpResponse`. More than `buffer_bytes` unread bytes stop the reading."""

    __slots__ = (
        "_buffer_bytes",
        "_complete",
        "_error",
        "_paused",
        "_pieces",
        "_size",
        "_source",
        "_waiter",
        "headers",
        "status",
    )

    def __init__(
        self, source: Source, status: int, headers: Mapping[str, str], buffer_bytes: int
    ) -> None:
        self.status = status
        self.headers = headers
        self._source = source
        self._buffer_bytes = buffer_bytes
        self._pieces: list[bytes] = []
        self._size = 0
        self._paused = False
        self._complete = False
        self._error: ProviderError | None = None
        self._waiter: asyncio.Future[None] | None = None

    # -- the connection's side

    def feed(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size += len(data)
        if self._size > self._buffer_bytes and not self._paused:
            self._paused = True
            self._source.pause()
        self._wake()

    def finish(self) -> None:
        self._complete = True
        self._paused = False  # the connection goes on to others; it is not ours to resume
        self._wake()

    def fail(self, error: ProviderError) -> None:
        self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- the reader's side

    async def read(self, limit: int = DEFAULT_READ_LIMIT) -> bytes:
        if self._complete and self._size <= limit and "content-encoding" not in self.headers:
            return self._take()
        pieces: list[bytes] = []
        size = 0
        async for piece in self.chunks():
            size += len(piece)
            if size > limit:
                await self.close()
                raise ProviderBadAnswer(f"The vendor's answer is larger than {limit} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            decoder: Decoder | None = decoder_for(self.headers)
            while self._pieces or not self._complete:
                if not self._pieces:
                    if self._error is not None:
                        raise self._error
                    await self._wait()
                elif decoder is None:
                    yield self._take()
                else:
                    for piece in decoder.feed(self._take()):
                        yield piece
            if decoder is not None:
                decoder.end()
        finally:
            self._leave()

    async def close(self) -> None:
        self._leave()

    def _take(self) -> bytes:
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces = []
        self._size = 0
        if self._paused:
            self._paused = False
            self._source.resume()
        return data

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _leave(self) -> None:
        if not self._complete and self._error is None:
            self._error = ProviderError("The answer was left before its end")
            self._source.abort()
