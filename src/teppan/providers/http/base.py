"""The one door to the outside: every byte sent to a vendor goes through an `Outbound`.

    send(request)   returns when the vendor's status and headers are there
    response        then `read` the whole body, or iterate over `chunks`; `close` to leave early

Whoever stops waiting, by cancellation, by an error or by `close`, closes the vendor's connection at
once: work nobody wants any more is not paid for. Nothing is retried here except a request that a
stale pooled connection cannot have delivered; no redirect is followed, so a key goes to the host
it belongs to and to no other; certificates are always checked.

What can go wrong, in the words of `core.errors`:

    ProviderUnreachable   refused, no such host, TLS refused, closed without a byte of an answer
    ProviderTimeout       a clock ran out; `clock` says which
    StreamIncomplete      the connection closed inside the body
    ProviderBadAnswer     not HTTP, or larger than the limits
    BadRequest            a header with a line break, an address that is not http(s)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from msgspec import Struct

from teppan.providers.base import Clocks

DEFAULT_READ_LIMIT = 64 * 1024 * 1024


class HttpRequest(Struct, frozen=True):
    """One request. `url` is complete; `Host` and `Content-Length` are added, never given.

    `clocks.first_token` runs from the request until the first byte of the body (or its end),
    `clocks.idle` between chunks, `clocks.total` from `send` to the last byte.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    clocks: Clocks = Clocks()


class Limits(Struct, frozen=True):
    """What a vendor may make us hold. Sizes are bytes, decoded bodies included."""

    header_bytes: int = 64 * 1024
    buffer_bytes: int = 256 * 1024
    connections_per_host: int = 512
    idle_connections_per_host: int = 128
    keep_alive_seconds: float = 30.0


class HttpResponse(Protocol):
    """An answer whose headers have come. Header names are lower case; doubles joined by `, `."""

    status: int
    headers: Mapping[str, str]

    async def read(self, limit: int = DEFAULT_READ_LIMIT) -> bytes:
        """The whole body, decoded. Raises `ProviderBadAnswer` when it is larger than `limit`."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, decoded; the reader's pace holds the vendor back."""

    async def close(self) -> None:
        """Leaves. An answer that was not read to its end takes its connection with it."""


class Outbound(Protocol):
    """The outbound HTTP client. One per process, shared by all vendors."""

    async def send(self, request: HttpRequest) -> HttpResponse: ...

    async def close(self) -> None:
        """Closes every connection, busy ones too."""
