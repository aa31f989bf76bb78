"""Addresses and request heads: pure, so tested without a socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.errors import BadRequest
from teppan.providers.http.base import HttpRequest
from teppan.providers.http.wire import Origin, address, head, may_repeat


@pytest.mark.parametrize(
    ("url", "origin", "target", "host"),
    [
        ("http://a/v1", Origin("a", 80, False), "/v1", "a"),
        ("https://a", Origin("a", 443, True), "/", "a"),
        ("https://a:8443/v1?x=1#part", Origin("a", 8443, True), "/v1?x=1", "a:8443"),
        ("http://[::1]:9000/", Origin("::1", 9000, False), "/", "[::1]:9000"),
    ],
)
def test_an_address_is_taken_apart(url: str, origin: Origin, target: str, host: str) -> None:
    taken = address(url)
    assert (taken.origin, taken.target, taken.host_header) == (origin, target, host)


def test_a_head_is_the_request_line_the_headers_and_the_length() -> None:
    request = HttpRequest("POST", "https://a/v1", (("X-A", "b"),), b"{}")
    assert head(request, address(request.url)) == (
        b"POST /v1 HTTP/1.1\r\nHost: a\r\nUser-Agent: teppan\r\nX-A: b\r\nContent-Length: 2\r\n\r\n"
    )


def test_a_request_without_body_that_expects_none_states_no_length() -> None:
    assert b"Length" not in head(HttpRequest("GET", "http://a/"), address("http://a/"))


@given(name=st.text(max_size=20), value=st.text(max_size=20))
def test_no_header_can_add_a_line(name: str, value: str) -> None:
    request = HttpRequest("POST", "http://a/", ((name, value),))
    try:
        written = head(request, address(request.url))
    except BadRequest:
        return
    assert written.count(b"\r\n") == written.count(b"\n") == written.count(b"\r") == 6


def test_only_what_changes_nothing_or_is_named_by_a_key_may_be_repeated() -> None:
    assert may_repeat(HttpRequest("GET", "http://a/"))
    assert may_repeat(HttpRequest("POST", "http://a/", (("Idempotency-Key", "1"),)))
    assert not may_repeat(HttpRequest("POST", "http://a/"))
