"""Reading a vendor's JSON with suspicion: what every dialect needs and none owns.

A vendor's body is a stranger's: each function here returns a value of the promised type or
raises `ProviderBadAnswer`, so that the dialects read like the formats they speak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from teppan.core.chat import Json, Usage
from teppan.core.errors import ProviderBadAnswer

Object = dict[str, Any]

_TOKENS_AT_MOST = 1_000_000_000


def parse(body: bytes) -> Object:
    """The JSON object in `body`. Garbage, bad UTF-8, lone surrogates and NaN are no answer."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ProviderBadAnswer(f"the vendor's answer is not JSON ({len(body)} bytes)") from None
    if type(value) is not dict:
        raise ProviderBadAnswer("the vendor's answer is not a JSON object")
    return value


def parse_value(text: str | bytes) -> Json:
    """Any JSON value, or `None` when the text is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def dump(value: Json) -> bytes:
    """Compact JSON bytes."""
    return orjson.dumps(value)


def dump_text(value: Json) -> str:
    """Compact JSON text."""
    return orjson.dumps(value).decode()


def objects(value: Json, what: str) -> Sequence[Object]:
    """`value` as a list of JSON objects; nothing counts as an empty list."""
    if value is None:
        return ()
    if type(value) is not list or any(type(each) is not dict for each in value):
        raise ProviderBadAnswer(f"the vendor's `{what}` is not a list of objects")
    return value


def object_or_none(value: Json, what: str) -> Object | None:
    """`value` as a JSON object, or `None` when it is absent."""
    if value is None or type(value) is dict:
        return value
    raise ProviderBadAnswer(f"the vendor's `{what}` is not an object")


def text_of(value: Json, what: str) -> str:
    """`value` as text; `null` counts as no words."""
    if value is None:
        return ""
    if type(value) is str:
        return value
    raise ProviderBadAnswer(f"the vendor's `{what}` is not text")


def text_or_none(value: Json) -> str | None:
    """`value` when it is text with something in it."""
    return value if type(value) is str and value else None


def place_or_none(value: Json, what: str) -> int | None:
    """`value` as the number of a place in the answer, or `None` when it is absent."""
    if value is None or type(value) is int:
        return value
    raise ProviderBadAnswer(f"the vendor's `{what}` is not a whole number")


def tokens(value: Json) -> int | None:
    """A plausible token count, or `None`: absent, negative, absurd or not a whole number."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is int and 0 <= value <= _TOKENS_AT_MOST:
        return value
    return None


def counted(
    total_input: int | None,
    output: int | None,
    *,
    cached: int | None = None,
    cache_written: int | None = None,
    reasoning: int | None = None,
) -> Usage | None:
    """What the vendor counted, or `None` when it did not count in earnest.

    A prompt of no tokens does not exist, so an input of zero is a vendor that does not count;
    the meter then estimates and says so.
    """
    if not total_input or output is None:
        return None
    return Usage(
        total_input,
        max(output, reasoning or 0),
        min(cached or 0, total_input),
        min(cache_written or 0, total_input),
        reasoning or 0,
    )


_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w-]+=[^;,]*)*;base64,", re.IGNORECASE)


def data_url(url: str) -> tuple[str, str] | None:
    """The media type and base64 text of a `data:` address, or `None` for any other address."""
    found = _DATA_URL.match(url)
    if found is None:
        return None
    return (found[1] or "application/octet-stream").lower(), url[found.end() :]


def without(value: Mapping[str, Json], names: frozenset[str]) -> dict[str, Json] | None:
    """The fields of `value` that are not in `names`, or `None` when nothing is left."""
    rest = {name: each for name, each in value.items() if name not in names and each is not None}
    return rest or None
