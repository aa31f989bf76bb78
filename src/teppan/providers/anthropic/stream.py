"""A Messages stream, event by event -> deltas.

    message_start  (content_block_start  content_block_delta*  content_block_stop)*
    message_delta  message_stop            with `ping` and unknown events anywhere

`message_delta` says why the model stopped, `message_stop` closes the stream; both are needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from teppan.core.chat import (
    Delta,
    Finished,
    Json,
    Media,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolDelta,
    UsageSeen,
)
from teppan.core.errors import ProviderBadAnswer, StreamIncomplete
from teppan.providers.anthropic.errors import error_inside
from teppan.providers.anthropic.from_wire import (
    call_extra,
    call_name,
    finish,
    other_fields,
    refusal,
    usage,
)
from teppan.providers.anthropic.options import NAME, STRUCTURED
from teppan.providers.base import Event
from teppan.providers.wire import (
    Object,
    dump_text,
    object_or_none,
    parse,
    parse_value,
    place_or_none,
    text_of,
    text_or_none,
)


class _Block:
    """One open block."""

    __slots__ = ("call", "json", "kind", "raw")

    def __init__(self, kind: str, raw: Object) -> None:
        self.kind = kind
        self.raw = raw
        self.call = -1
        self.json: list[str] = []


class MessagesStream:
    """Decodes one stream; see `StreamDecoder`."""

    def __init__(self) -> None:
        self.done = False
        self._started = False
        self._finished = False
        self._structured = False
        self._calls = 0
        self._blocks: dict[int | None, _Block] = {}
        self._usage: Object = {}

    def feed(self, event: Event) -> Sequence[Delta]:
        if self.done:
            return ()
        said = parse(event.data)
        kind = text_or_none(said.get("type")) or event.name
        if kind == "content_block_delta":
            return () if self._finished else self._piece(said)
        if kind == "content_block_start":
            return () if self._finished else self._open(said)
        if kind == "content_block_stop":
            return self._close(said)
        if kind == "message_start":
            return self._start(said)
        if kind == "message_delta":
            return self._finish(said)
        if kind == "message_stop":
            self.done = True
            return ()
        if kind == "error":
            failed = error_inside({**said, "type": "error"})
            assert failed is not None
            raise failed
        return ()

    def end(self) -> Sequence[Delta]:
        if not self._started:
            raise StreamIncomplete("the stream ended without an answer")
        if not self._finished:
            raise StreamIncomplete("the stream ended before the model said why it stopped")
        if not self.done:
            raise StreamIncomplete("the stream ended without its end marker")
        return ()

    def _start(self, said: Object) -> Sequence[Delta]:
        message = object_or_none(said.get("message"), "message")
        if message is None:
            raise ProviderBadAnswer("the vendor's stream starts without a message")
        if self._started:
            return ()
        self._started = True
        started = Started(
            text_of(message.get("model"), "model"),
            text_or_none(message.get("id")) or "",
            other_fields(message),
        )
        return (started, *self._count(message.get("usage")))

    def _open(self, said: Object) -> Sequence[Delta]:
        block = object_or_none(said.get("content_block"), "content_block")
        if block is None:
            raise ProviderBadAnswer("a block of the vendor's stream is missing")
        kind = text_of(block.get("type"), "type")
        state = self._blocks[_place(said)] = _Block(kind, block)
        if kind == "text":
            words = text_of(block.get("text"), "text")
            return (TextDelta(words),) if words else ()
        if kind == "thinking":
            return self._thought(block.get("thinking"), block.get("signature"))
        if kind == "redacted_thinking":
            data = text_of(block.get("data"), "data")
            return (ReasoningDelta(encrypted=data, dialect=NAME),)
        if kind != "tool_use":
            return ()
        if block.get("name") == STRUCTURED:
            self._structured = True
            return ()
        state.call = self._calls
        self._calls += 1
        id, name = text_of(block.get("id"), "id"), call_name(block)
        return (ToolDelta(state.call, "", id, name, extra=call_extra(block)),)

    def _piece(self, said: Object) -> Sequence[Delta]:
        state = self._blocks.get(_place(said))
        piece = object_or_none(said.get("delta"), "delta")
        if state is None or piece is None:
            raise ProviderBadAnswer("a piece of the vendor's stream belongs to no block")
        kind = piece.get("type")
        if kind == "text_delta":
            words = text_of(piece.get("text"), "text")
            return (TextDelta(words),) if words else ()
        if kind == "thinking_delta":
            return self._thought(piece.get("thinking"), None)
        if kind == "signature_delta":
            return self._thought(None, piece.get("signature"))
        if kind == "input_json_delta":
            return self._arguments(state, text_of(piece.get("partial_json"), "partial_json"))
        return ()

    def _thought(self, words: Json, signature: Json) -> Sequence[Delta]:
        text, proof = text_of(words, "thinking"), text_or_none(signature)
        if not text and proof is None:
            return ()
        return (ReasoningDelta(text, proof, dialect=NAME),)

    def _arguments(self, state: _Block, piece: str) -> Sequence[Delta]:
        if not piece:
            return ()
        state.json.append(piece)
        if state.call >= 0:
            return (ToolDelta(state.call, piece),)
        if state.raw.get("name") == STRUCTURED:
            return (TextDelta(piece),)
        return ()

    def _close(self, said: Object) -> Sequence[Delta]:
        state = self._blocks.pop(_place(said), None)
        if state is None or state.kind in ("text", "thinking", "redacted_thinking"):
            return ()
        if state.kind == "tool_use":
            # A call without arguments comes without pieces.
            return (
                ()
                if state.json
                else self._arguments(state, dump_text(state.raw.get("input") or {}))
            )
        raw = dict(state.raw)
        if state.json:
            raw["input"] = parse_value("".join(state.json))
        return (PartAdded(Media(NAME, raw)),)

    def _finish(self, said: Object) -> Sequence[Delta]:
        change = object_or_none(said.get("delta"), "delta") or {}
        deltas: list[Delta] = []
        reason = change.get("stop_reason")
        if reason is not None and not self._finished:
            self._finished = True
            explanation = refusal(change)
            if explanation is not None:
                deltas.append(RefusalDelta(explanation))
            stop = text_or_none(change.get("stop_sequence"))
            deltas.append(Finished(finish(reason, self._structured), 0, stop))
        deltas.extend(self._count(said.get("usage")))
        return deltas

    def _count(self, said: Json) -> Sequence[Delta]:
        """Counts arrive in two parts: what went in at the start, what came out at the end."""
        if type(said) is dict:
            self._usage.update({name: value for name, value in said.items() if value is not None})
        seen = usage(self._usage)
        return () if seen is None else (UsageSeen(seen),)


def _place(said: Object) -> int | None:
    return place_or_none(said.get("index"), "index")
