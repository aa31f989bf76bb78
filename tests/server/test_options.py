"""What a request may ask of the cache, in its headers and in its body."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.chat import CacheWish, ChatRequest, say
from teppan.core.errors import BadRequest
from teppan.server import options


def wish(header: str | None = None, body: Any = None) -> CacheWish | None:
    headers = {b"cache-control": header.encode()} if header is not None else {}
    asked: dict[str, Any] = {"model": "m"}
    if body is not None:
        asked["teppan"] = {"cache": body}
    taken = options.take(asked, headers)
    assert "teppan" not in asked
    return taken.onto(ChatRequest(model="m", messages=(say("user", "hi"),))).cache


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("no-store", CacheWish(read=False, store=False)),
        ("No-Cache", CacheWish(read=False)),
        ("only-if-cached", CacheWish(only=True)),
        ("max-age=60", CacheWish(max_age=60.0)),
        ('max-age="60", no-transform', CacheWish(max_age=60.0)),
        ("max-age=soon", CacheWish(max_age=0.0)),
        ("only-if-cached, max-age=5", CacheWish(only=True, max_age=5.0)),
        ("no-transform", None),
        ("", None),
    ],
)
def test_cache_control_says_what_the_standard_says(header: str, meant: CacheWish | None) -> None:
    assert wish(header) == meant


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        (False, CacheWish(read=False, store=False)),
        (True, CacheWish()),
        ({"force": True, "ttl": 30}, CacheWish(force=True, ttl=30.0)),
        ({"semantic": False}, CacheWish(semantic=False)),
        ({"read": False, "max_age": 5}, CacheWish(read=False, max_age=5.0)),
    ],
)
def test_the_body_may_say_it_too(body: Any, meant: CacheWish) -> None:
    assert wish(None, body) == meant


def test_the_body_counts_over_the_header() -> None:
    assert wish("no-store", {"read": True}) == CacheWish(read=True, store=False)


@pytest.mark.parametrize(
    "body", ["off", {"colour": "red"}, {"ttl": "long"}, {"ttl": -1}, {"force": 1}]
)
def test_what_cannot_be_meant_is_refused_by_name(body: Any) -> None:
    with pytest.raises(BadRequest, match=r"teppan\.cache"):
        wish(None, body)


@given(st.binary(max_size=40))
def test_no_header_breaks_a_request(header: bytes) -> None:
    options.take({}, {b"cache-control": header})
