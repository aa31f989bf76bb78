"""Server-sent events come out the same however the network cut the bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.errors import ProviderBadAnswer
from teppan.providers.base import Event
from teppan.providers.sse import SseParser


def parse(*chunks: bytes, max_event: int = 1_000) -> list[Event | str]:
    """The events, and `error` at the end when one was raised."""
    parser = SseParser(max_event)
    events: list[Event | str] = []
    try:
        for chunk in chunks:
            for event in parser.feed(chunk):
                events.append(event)
    except ProviderBadAnswer:
        events.append("error")
    return events


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [Event("", b"a")]),
        (b"data:a\n\n", [Event("", b"a")]),
        (b"data:  a\n\n", [Event("", b" a")]),
        (b"event: e\ndata: a\n\n", [Event("e", b"a")]),
        (b"data: a\nevent: e\n\ndata: b\n\n", [Event("e", b"a"), Event("", b"b")]),
        (b"data: a\ndata: b\ndata:\n\n", [Event("", b"a\nb\n")]),
        (b"data\n\n", [Event("", b"")]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\r\n", [Event("", x) for x in (b"a", b"b", b"c")]),
        (b"data: a\r\ndata: b\rdata: c\n\n", [Event("", b"a\nb\nc")]),
        (b": ping\n\n:\n\ndata: a\n\n", [Event("", b"a")]),
        (b"id: 7\nretry: 10\nnonsense\ndata: a\n\n", [Event("", b"a")]),
        (b"event: lonely\n\ndata: a\n\n", [Event("", b"a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("", b"a")]),
        (b"\n\n\n\ndata: a\n\n\n\n", [Event("", b"a")]),
        (b"data: {\"a\": \"x: y\"}\n\n", [Event("", b'{"a": "x: y"}')]),
        (b"data: a\n", []),
        (b"data: a", []),
        (b"", []),
        ("data: é漢\n\n".encode(), [Event("", "é漢".encode())]),
        (b"data: a\n\ndata: \xff\n\ndata: b\n\n", [Event("", b"a"), "error"]),
        (b"event: \xff\ndata: a\n\n", ["error"]),
    ],
)  # fmt: skip
def test_the_rules_of_the_standard(stream: bytes, events: list[Event | str]) -> None:
    assert parse(stream) == events
    assert parse(*(stream[i : i + 1] for i in range(len(stream)))) == events


PIECES = st.sampled_from(
    [b"data: x", b"data:", b"event: e", b": c", b"\n", b"\n\n", b"\r", b"\r\n", b"\r\n\r\n",
     b"\xef\xbb\xbf", "é".encode(), b"\xff", b"data: 12345", b" ", b":", b"id: 1"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map(b"".join), st.data())
def test_any_split_of_the_bytes_gives_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert parse(*chunks, max_event=12) == parse(stream, max_event=12)


def test_an_endless_event_is_refused_before_it_fills_the_memory() -> None:
    assert parse(*[b"x"] * 1_000, max_event=100) == ["error"]


def test_an_endless_comment_is_refused_too() -> None:
    with pytest.raises(ProviderBadAnswer):
        list(SseParser(100).feed(b": " + b"x\n:" * 100))
