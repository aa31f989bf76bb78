"""What is written: an address taken apart, and a request's head as bytes. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import Struct

from teppan.core.errors import BadRequest
from teppan.providers.http.base import HttpRequest

_ADDED_HERE = frozenset({"host", "content-length", "transfer-encoding", "connection", "user-agent"})
_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
USER_AGENT = "User-Agent: teppan"
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_OUTSIDE_URL = re.compile(r"[^\x21-\x7e]")
_LINE_BREAK = re.compile(r"[\r\n\0]")


class Origin(Struct, frozen=True):
    """Where connections go: those of one origin are interchangeable."""

    host: str
    port: int
    tls: bool


class Address(Struct, frozen=True):
    origin: Origin
    target: str
    host_header: str


def address(url: str) -> Address:
    """Raises `BadRequest` for anything but an absolute http(s) address without credentials."""
    if _OUTSIDE_URL.search(url):
        raise BadRequest("An address may hold no spaces, control or non-ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadRequest(f"Not an address: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadRequest("An address must begin with http:// or https:// and name a host")
    if "@" in parts.netloc:
        raise BadRequest("An address may not hold credentials; send them in a header")
    tls = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(Origin(parts.hostname, port or (443 if tls else 80), tls), target, parts.netloc)


def head(request: HttpRequest, to: Address) -> bytes:
    """Request line and headers. Raises `BadRequest` where a header could smuggle in another."""
    if not _TOKEN.fullmatch(request.method):
        raise BadRequest("Not an HTTP method")
    lines = [f"{request.method} {to.target} HTTP/1.1", f"Host: {to.host_header}", USER_AGENT]
    for name, value in request.headers:
        if not _TOKEN.fullmatch(name) or name.lower() in _ADDED_HERE:
            raise BadRequest("A header's name is malformed, or one that is added automatically")
        if _LINE_BREAK.search(value):
            raise BadRequest(f"The header {name} may not hold a line break")
        lines.append(f"{name}: {value}")
    if request.body or request.method not in _IDEMPOTENT:
        lines.append(f"Content-Length: {len(request.body)}")
    lines.append("\r\n")
    try:
        return "\r\n".join(lines).encode("latin-1")
    except UnicodeEncodeError:
        raise BadRequest("A header holds characters that HTTP cannot carry") from None


def may_repeat(request: HttpRequest) -> bool:
    """Whether the vendor can take the same request twice without doing the work twice."""
    if request.method in _IDEMPOTENT:
        return True
    return any(name.lower() == "idempotency-key" for name, _ in request.headers)
