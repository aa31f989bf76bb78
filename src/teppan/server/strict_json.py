"""JSON from strangers: one meaning or none.

Two parsers that read the same bytes differently are how a check is passed and then undone.
So the body is an object, in UTF-8 without a byte order mark, nested at most 64 levels deep,
with no key twice, no `NaN` or `Infinity`, no integer beyond 64 bits, no half of a surrogate
pair, and not more than `MAX_KEYS` keys. (RFC 8259 leaves all of these to the reader.)

Normal bodies take the fast road: a C parser, then one comparison that is exact for repeated
keys. Writing the parsed value again can only lose colons, and loses at least one for each
repeated key; so equal numbers of colons in and out mean that no key was dropped. An escaped
colon (`\\u003a`) would be written plainly, so a body that holds one takes the slow road.
"""

from __future__ import annotations

import json
from typing import NoReturn

import msgspec
import orjson

from teppan.core.chat import Json
from teppan.core.errors import BadRequest

MAX_DEPTH = 64
MAX_KEYS = 50_000

_decode = msgspec.json.Decoder().decode
_REMEDY = "send one JSON object, encoded in UTF-8"


def parse(body: bytes) -> dict[str, Json]:
    """The object in `body`. Raises `BadRequest` that names what is wrong and where."""
    try:
        value = _decode(body)
        again = orjson.dumps(value)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        _explain(body)
    if type(value) is not dict:
        raise BadRequest(f"the body is {_name(value)}, not an object: {_REMEDY}")
    colons = body.count(b":")
    if colons != again.count(b":") or b"\\u003a" in body or b"\\u003A" in body:
        _refuse_duplicates(body)
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH or colons > MAX_KEYS:
        _measure(value)
    return value


def _refuse_duplicates(body: bytes) -> None:
    def check(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    raise BadRequest(f"the key {_shown(key)} is there twice", param=key[:100])
                seen.add(key)
        return found

    try:
        json.loads(body, object_pairs_hook=check)
    except RecursionError:
        raise _too_deep() from None


def _measure(value: Json) -> None:
    """Counts depth and keys without recursion."""
    level: list[Json] = [value]
    keys = depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        below: list[Json] = []
        for each in level:
            if type(each) is dict:
                keys += len(each)
                below += [inner for inner in each.values() if type(inner) in (dict, list)]
            else:
                below += [inner for inner in each if type(inner) in (dict, list)]
        if keys > MAX_KEYS:
            raise BadRequest(f"the body has more than {MAX_KEYS} keys")
        level = below


def _explain(body: bytes) -> NoReturn:
    """Says why the bytes were refused, in words."""
    if not body.strip():
        raise BadRequest(f"the body is empty: {_REMEDY}")
    if body[:1] == b"\x1f":
        raise BadRequest(f"the body is compressed: {_REMEDY}, uncompressed")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise _too_deep() from None
        if "infinity" in error.msg:
            raise BadRequest("the body holds a number too large to be one") from None
        raise BadRequest(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise _too_deep() from None
    try:
        orjson.dumps(value)
    except (TypeError, RecursionError):
        raise _too_deep() from None
    raise BadRequest("the body holds an integer beyond 64 bits")


def _too_deep() -> BadRequest:
    return BadRequest(f"the body is nested deeper than {MAX_DEPTH} levels")


def _name(value: Json) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _shown(key: str) -> str:
    return f"`{key[:60]}`"
