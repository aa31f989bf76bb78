"""Server-sent events, as bytes (WHATWG HTML, section 9.2).

The data is compact JSON, so it never holds a line break and one `data:` line is enough.
"""

from __future__ import annotations

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


def data(json: bytes) -> bytes:
    """An event without a name."""
    return b"data: " + json + b"\n\n"


def event(name: bytes, json: bytes) -> bytes:
    """An event with a name."""
    return b"event: " + name + b"\ndata: " + json + b"\n\n"


def comment(text: str) -> bytes:
    """A line every client skips; for people and proxies."""
    return b": " + " ".join(text.split()).encode() + b"\n\n"
