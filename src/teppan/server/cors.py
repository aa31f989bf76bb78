"""Pages of other sites: which of them may call the gateway from a browser, and what they may read.

Only routes that take feedback keys are shared, only with the sites that a key names, each by its
own name: never `*`, never with cookies. (Fetch standard, 3.2: the CORS protocol.)
"""

from __future__ import annotations

from collections.abc import Mapping

from teppan.core.errors import Forbidden
from teppan.server.auth import Door
from teppan.server.exchange import Exchange
from teppan.server.header import Header
from teppan.server.headers import named
from teppan.server.routes import Access, Table

MAX_AGE = b"7200"
"""Seconds that a browser may remember a preflight; none remembers longer."""
ALLOWED_HEADERS = b"authorization, content-type, idempotency-key"
READABLE = b"x-request-id, retry-after"
VARY: Header = (b"vary", b"origin")


def is_preflight(exchange: Exchange) -> bool:
    """Whether a browser asks if a page may send a request."""
    return (
        exchange.method == "OPTIONS"
        and b"origin" in exchange.headers
        and b"access-control-request-method" in exchange.headers
    )


async def answer(exchange: Exchange, table: Table, door: Door) -> None:
    """Says yes to a page of a site that some key names, for a route that is shared.

    Raises `NotFound`, `MethodNotAllowed` or `Forbidden`.
    """
    method = exchange.headers[b"access-control-request-method"].decode("latin-1")
    route = table.match(method, exchange.path)
    headers = shared(route.access, exchange.headers, door)
    if len(headers) < 2:
        raise Forbidden("pages of this site may not use this: `teppan keys create --origin`")
    exchange.extra = [
        *headers,
        (b"access-control-allow-methods", route.method.encode()),
        (b"access-control-allow-headers", ALLOWED_HEADERS),
        (b"access-control-max-age", MAX_AGE),
    ]
    await exchange.respond(200, b"", named(exchange.request_id))


def shared(access: Access, headers: Mapping[bytes, bytes], door: Door) -> list[Header]:
    """The headers that let a page read an answer; `vary` alone where it may not."""
    if access != "feedback":
        return []
    origin = headers.get(b"origin")
    if origin is None or not door.welcomes(origin.decode("latin-1")):
        return [VARY]
    return [
        VARY,
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", READABLE),
    ]
