"""One message from an MCP client: what it asks, in which revision, and whether it may be meant.

Since 2026-07-28 a request says in its `_meta` which revision it speaks; over HTTP headers repeat
that, the method and the name, and must say the same. Older clients begin with `initialize` and
then name their revision in a header alone. Nothing is remembered between two requests.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from teppan.core.chat import Json
from teppan.serve.agents.mcp.protocol import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    LEGACY,
    META_CAPABILITIES,
    META_VERSION,
    METHOD_HEADER,
    METHOD_NOT_FOUND,
    MODERN,
    NAME_HEADER,
    NAMED,
    UNSUPPORTED_VERSION,
    VERSION_HEADER,
    from_header,
)

Id = int | str
Headers = Mapping[bytes, bytes]

SUPPORTED = (MODERN, *LEGACY)
ROUTING = (VERSION_HEADER, METHOD_HEADER, NAME_HEADER)
"""Headers that others may act on: there is at most one of each."""
MAX_ID = 256
"""Letters of an id, which comes back in the answer."""


class Fault(Exception):
    """An error of the protocol; what a tool cannot do is none, but a result."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Asked(Struct, frozen=True):
    """A request, or a notification where `id` is None. `modern` is whether it needs no session."""

    id: Id | None
    method: str
    params: Mapping[str, Json]
    modern: bool


def id_of(told: Mapping[str, Json]) -> Id | None:
    """The id of a message, where it has one that can be."""
    id = told.get("id")
    fits = type(id) is int or (type(id) is str and len(id) <= MAX_ID)
    return id if fits else None


def read(told: Mapping[str, Json], headers: Headers | None) -> Asked:
    """What a message asks; `headers` are None where there are none. Raises `Fault`."""
    if told.get("jsonrpc") != "2.0":
        raise Fault(INVALID_REQUEST, '`jsonrpc` must be "2.0"')
    method, params = told.get("method"), told.get("params", {})
    if not isinstance(method, str) or not method:
        raise Fault(INVALID_REQUEST, "a message of a client is a request or a notification")
    if not isinstance(params, dict):
        raise Fault(INVALID_PARAMS, "`params` must be an object")
    if "id" not in told:
        return Asked(None, method, params, True)
    id = id_of(told)
    if id is None:
        raise Fault(INVALID_REQUEST, f"`id` must be an integer or a text of {MAX_ID} letters")
    modern = _is_modern(method, params, headers)
    if modern:
        _check_meta(params.get("_meta"))
        if headers is not None:
            _check_headers(method, params, headers)
        _check_version(params["_meta"][META_VERSION])
    return Asked(id, method, params, modern)


def _is_modern(method: str, params: Mapping[str, Json], headers: Headers | None) -> bool:
    meta = params.get("_meta")
    if isinstance(meta, dict) and (META_VERSION in meta or META_CAPABILITIES in meta):
        return True
    if method == "initialize" or headers is None:
        return False
    version = _header(headers, VERSION_HEADER)
    if version is None:
        raise Fault(HEADER_MISMATCH, f"the header `{VERSION_HEADER}` is missing")
    if version in LEGACY:
        return False
    _check_version(version)
    return True


def _check_meta(meta: Json) -> None:
    given = meta if isinstance(meta, dict) else {}
    for key, kind in ((META_VERSION, str), (META_CAPABILITIES, dict)):
        if not isinstance(given.get(key), kind):
            raise Fault(INVALID_PARAMS, f"`params._meta` needs `{key}`")


def _check_headers(method: str, params: Mapping[str, Json], headers: Headers) -> None:
    """The headers say what the body says: whoever acted on them acted rightly."""
    wanted = {VERSION_HEADER: params["_meta"][META_VERSION], METHOD_HEADER: method}
    named = params.get(NAMED.get(method, ""))
    if isinstance(named, str):
        wanted[NAME_HEADER] = named
    for name, value in wanted.items():
        given = _header(headers, name)
        if given is None:
            raise Fault(HEADER_MISMATCH, f"the header `{name}` is missing")
        if (from_header(given) if name == NAME_HEADER else given) != value:
            raise Fault(HEADER_MISMATCH, f"the header `{name}` says something else than the body")


def _check_version(version: str) -> None:
    if version == MODERN:
        return
    raise Fault(
        UNSUPPORTED_VERSION,
        "this revision of the protocol is not spoken here",
        {"supported": list(SUPPORTED), "requested": version[:MAX_ID]},
    )


def _header(headers: Headers, name: str) -> str | None:
    value = headers.get(name.encode())
    return None if value is None else value.decode("latin-1").strip()


def no_method(method: str) -> Fault:
    return Fault(METHOD_NOT_FOUND, f"there is no method `{method[:100]}` here")


def answer(id: Id | None, result: Mapping[str, Json]) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "id": id, "result": result}


def refusal(id: Id | None, fault: Fault) -> dict[str, Json]:
    """An error; without an id where the message had none that could be read."""
    error: dict[str, Json] = {"code": fault.code, "message": fault.message}
    if fault.data is not None:
        error["data"] = fault.data
    return {"jsonrpc": "2.0", **({} if id is None else {"id": id}), "error": error}
