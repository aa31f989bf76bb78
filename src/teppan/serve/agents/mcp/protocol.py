"""The words of the Model Context Protocol that both our ends speak: the client and the server.

Messages are JSON-RPC 2.0. Since the revision 2026-07-28 there is no handshake: every request says
in `params._meta` which revision it speaks and who asks, and over HTTP repeats that in headers.
Revisions before it begin with `initialize`; they are spoken with whoever knows nothing newer.

    https://modelcontextprotocol.io/specification/2026-07-28
    https://modelcontextprotocol.io/specification/2025-11-25
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from teppan import __version__
from teppan.core.chat import Json

MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18")
"""The newest first. Older ones need batches or two addresses for one server."""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022
ONLY_MODERN = frozenset((HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION))
"""Errors that only a server of the newer revisions gives."""

VERSION_HEADER, METHOD_HEADER, NAME_HEADER = "mcp-protocol-version", "mcp-method", "mcp-name"
SESSION_HEADER = "mcp-session-id"
"""Only the older revisions have sessions."""

_META = "io.modelcontextprotocol/"
META_VERSION, META_CAPABILITIES = f"{_META}protocolVersion", f"{_META}clientCapabilities"
META_CLIENT, META_SERVER = f"{_META}clientInfo", f"{_META}serverInfo"
WHO = {"name": "teppan", "title": "Teppan", "version": __version__}

NAMED = {"tools/call": "name", "resources/read": "uri", "prompts/get": "name"}
"""The methods that name a thing, and the parameter that holds the name; a header repeats it."""

_PLAIN = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?|")
_WRAPPED = re.compile(r"=\?base64\?(.*)\?=", re.DOTALL)


def as_header(text: str) -> str:
    """A text as the value of a header; what would not survive there is wrapped in base64."""
    if _PLAIN.fullmatch(text) and not _WRAPPED.fullmatch(text):
        return text
    return f"=?base64?{base64.b64encode(text.encode('utf-8', 'replace')).decode()}?="


def from_header(value: str) -> str | None:
    """The text of a header's value; None for a wrapping that holds none."""
    wrapped = _WRAPPED.fullmatch(value)
    if wrapped is None:
        return value
    try:
        told = base64.b64decode(wrapped[1], validate=True)
        exact = base64.b64encode(told).decode() == wrapped[1]
        return told.decode() if exact else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def modern(params: Mapping[str, Json]) -> dict[str, Json]:
    """Parameters of a request of ours, with what the newer revisions want to know each time."""
    meta = {META_VERSION: MODERN, META_CLIENT: WHO, META_CAPABILITIES: {}}
    return {**params, "_meta": meta}


def request_headers(method: str, params: Mapping[str, Json], version: str) -> dict[str, str]:
    """The headers that repeat what a request says; older revisions have only the first, and that
    once a revision was agreed on."""
    if version != MODERN:
        return {VERSION_HEADER: version} if version else {}
    headers = {VERSION_HEADER: version, METHOD_HEADER: method}
    named = params.get(NAMED.get(method, ""))
    return {**headers, NAME_HEADER: as_header(named)} if isinstance(named, str) else headers
