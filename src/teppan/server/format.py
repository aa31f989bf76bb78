"""What a served wire format is: pure functions between its bytes and our words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion, Delta, Json
from teppan.core.errors import TeppanError

MAX_MESSAGES = 10_000
MAX_PARTS = 2_000
MAX_TOOLS = 512
MAX_STOPS = 64
MAX_CHOICES = 128
MAX_OUTPUT = 10_000_000


class Envelope(Struct, frozen=True):
    """What stands around an answer: its name and time, and the request it answers.

    `body` is the client's own JSON, for formats that repeat it; `about` is what the client
    asked Teppan to add (`teppan: {"include": [...]}`), or None. `created` is seconds since 1970.
    """

    id: str
    created: int
    request: ChatRequest
    body: Mapping[str, Json] = {}
    about: Mapping[str, Json] | None = None


class StreamWriter(Protocol):
    """Writes one streamed answer, delta by delta; does no I/O."""

    def feed(self, delta: Delta) -> bytes:
        """The events that tell this delta; empty when there is nothing to tell yet."""

    def end(self) -> bytes:
        """The end marker. Raises `StreamIncomplete` when a choice never finished."""

    def error(self, error: TeppanError, request_id: str) -> bytes:
        """The event that says the rest will never come."""


class Format(Struct, frozen=True):
    """One served wire format.

    `endpoint` is what the ledger calls it, `prefix` begins the ids of its answers, `error`
    makes the body of a refusal, `keep_alive` is what is sent in silence.
    """

    endpoint: str
    prefix: str
    read: Callable[[dict[str, Json]], ChatRequest]
    write: Callable[[Completion, Envelope], bytes]
    stream: Callable[[Envelope], StreamWriter]
    error: Callable[[TeppanError, str], bytes]
    keep_alive: bytes
