"""Deltas become the events of a response.

    response.created  response.in_progress
    (response.output_item.added  ...pieces...  response.output_item.done)*
    response.completed | response.incomplete | error + response.failed

Every event carries the next sequence number and, inside an item, the item's place in the
output. Words and thoughts are open one at a time; several calls may be open together.
"""

from __future__ import annotations

import orjson

from teppan.core.chat import (
    Delta,
    Finished,
    FinishReason,
    Json,
    PartAdded,
    Reasoning,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    Usage,
    UsageSeen,
)
from teppan.core.errors import RateLimited, StreamIncomplete, TeppanError
from teppan.server.format import Envelope
from teppan.server.responses.items import (
    Item,
    call,
    item_id,
    reasoning,
    spoken,
    text_part,
    whole,
)
from teppan.server.responses.write import finish, response
from teppan.server.sse import event


class ResponsesStream:
    """Writes one stream."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._body = response(envelope, "")
        self._number = 0
        self._begun = False
        self._output: list[Item] = self._body["output"]
        self._words: _Words | None = None
        self._thought: _Thought | None = None
        self._calls: dict[int, _Call] = {}
        self._usage: Usage | None = None
        self._reason: FinishReason | None = None

    def feed(self, delta: Delta) -> bytes:
        if isinstance(delta, Started):
            self._body["model"] = delta.model or self._body["model"]
            return self._begin()
        if isinstance(delta, UsageSeen):
            self._usage = delta.usage
            return b""
        if delta.choice != 0:
            return b""
        if isinstance(delta, TextDelta):
            return self._say("output_text", delta.text)
        if isinstance(delta, RefusalDelta):
            return self._say("refusal", delta.text)
        if isinstance(delta, ReasoningDelta):
            return self._think(delta)
        if isinstance(delta, ToolDelta):
            return self._call(delta)
        if isinstance(delta, Finished):
            self._reason = delta.reason
            return b""
        return self._add(delta)

    def end(self) -> bytes:
        if self._reason is None:
            raise StreamIncomplete("the stream ended before the model said why it stopped")
        told = self._begin() + self._close()
        finish(self._body, self._reason, self._usage)
        return told + self._event(f"response.{self._body['status']}", response=self._body)

    def error(self, error: TeppanError, request_id: str) -> bytes:
        told = self._begin() + self._event(
            "error", code=error.code, message=error.message, param=error.param
        )
        limited = isinstance(error, RateLimited) or error.status == 429
        code = "rate_limit_exceeded" if limited else "server_error"
        self._body["status"] = "failed"
        self._body["error"] = {"code": code, "message": error.message}
        return told + self._event("response.failed", response=self._body)

    # --- words -----------------------------------------------------------------------------------

    def _say(self, kind: str, text: str) -> bytes:
        if not text:
            return b""
        told = b""
        words = self._words
        if words is None or words.kind != kind:
            told, words = self._open_words(kind)
        words.pieces.append(text)
        more: dict[str, Json] = {"logprobs": []} if kind == "output_text" else {}
        return told + self._event(f"response.{kind}.delta", delta=text, **words.place, **more)

    def _open_words(self, kind: str) -> tuple[bytes, _Words]:
        """Opens a part of words, in the message that is open or in a new one."""
        told = self._begin()
        before = self._words
        if before is not None:
            told += self._close_part(before)
            item, index = before.item, before.index
        else:
            told += self._close()
            index = len(self._output)
            item = spoken(item_id(self._envelope.id, index), "in_progress")
            told += self._added(item, index)
        words = self._words = _Words(kind, item, index)
        empty = text_part("") if kind == "output_text" else {"type": "refusal", "refusal": ""}
        return told + self._event("response.content_part.added", part=empty, **words.place), words

    def _close_part(self, words: _Words) -> bytes:
        text = "".join(words.pieces)
        if words.kind == "output_text":
            part = text_part(text)
            said = self._event("response.output_text.done", text=text, logprobs=[], **words.place)
        else:
            part = {"type": "refusal", "refusal": text}
            said = self._event("response.refusal.done", refusal=text, **words.place)
        told = said + self._event("response.content_part.done", part=part, **words.place)
        words.item["content"].append(part)
        return told

    # --- thoughts --------------------------------------------------------------------------------

    def _think(self, delta: ReasoningDelta) -> bytes:
        told = b""
        thought = self._thought
        if thought is None or thought.ends_before(delta):
            told = self._begin() + self._close()
            index = len(self._output)
            thought = self._thought = _Thought(item_id(self._envelope.id, index), index, delta)
            told += self._added(reasoning(thought.id, thought.part), index)
        told += self._summary(thought, delta.text) if delta.text else b""
        thought.add(delta)
        return told

    def _summary(self, thought: _Thought, text: str) -> bytes:
        told = b""
        if not thought.pieces:
            part = {"type": "summary_text", "text": ""}
            told = self._event("response.reasoning_summary_part.added", part=part, **thought.place)
        return told + self._event(
            "response.reasoning_summary_text.delta", delta=text, **thought.place
        )

    def _close_thought(self, thought: _Thought) -> bytes:
        told = b""
        if thought.pieces:
            text = "".join(thought.pieces)
            part = {"type": "summary_text", "text": text}
            told = self._event(
                "response.reasoning_summary_text.done", text=text, **thought.place
            ) + self._event("response.reasoning_summary_part.done", part=part, **thought.place)
        item = {**reasoning(thought.id, thought.whole()), "id": thought.item_id}
        return told + self._done(item, thought.index)

    # --- calls -----------------------------------------------------------------------------------

    def _call(self, delta: ToolDelta) -> bytes:
        told = b""
        open_call = self._calls.get(delta.index)
        if open_call is None:
            told = self._begin()
            if not self._calls:
                told += self._close()
            index = len(self._output)
            open_call = self._calls[delta.index] = _Call(
                item_id(self._envelope.id, index), index, delta
            )
            told += self._added(call(open_call.id, open_call.part, "in_progress"), index)
        if not delta.arguments:
            return told
        open_call.pieces.append(delta.arguments)
        return told + self._event(
            f"response.{open_call.event}.delta", delta=delta.arguments, **open_call.place
        )

    def _close_call(self, open_call: _Call) -> bytes:
        done = open_call.whole()
        field = "input" if open_call.custom else "arguments"
        told = self._event(
            f"response.{open_call.event}.done",
            **{field: done.arguments},
            **({} if open_call.custom else {"name": done.name}),
            **open_call.place,
        )
        return told + self._done(call(open_call.id, done), open_call.index)

    # --- whole parts, and what all of them share ------------------------------------------------

    def _add(self, delta: PartAdded) -> bytes:
        if isinstance(delta.part, Text):
            return self._say("output_text", delta.part.text)
        index = len(self._output)
        item = whole(delta.part, item_id(self._envelope.id, index))
        if item is None:
            return b""
        told = self._begin() + self._close()
        return told + self._added(item, index) + self._done(item, index)

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return self._event("response.created", response=self._body) + self._event(
            "response.in_progress", response=self._body
        )

    def _close(self) -> bytes:
        """Closes whatever item is open."""
        told = b""
        if self._words is not None:
            words, self._words = self._words, None
            told += self._close_part(words)
            words.item["status"] = "completed"
            told += self._done(words.item, words.index)
        if self._thought is not None:
            thought, self._thought = self._thought, None
            told += self._close_thought(thought)
        for open_call in self._calls.values():
            told += self._close_call(open_call)
        self._calls = {}
        return told

    def _added(self, item: Item, index: int) -> bytes:
        told = self._event("response.output_item.added", output_index=index, item=item)
        self._output.append(item)
        return told

    def _done(self, item: Item, index: int) -> bytes:
        self._output[index] = item
        return self._event("response.output_item.done", output_index=index, item=item)

    def _event(self, type: str, **fields: Json) -> bytes:
        body = {"type": type, "sequence_number": self._number, **fields}
        self._number += 1
        return event(type.encode(), orjson.dumps(body))


class _Words:
    """A part of words that is open."""

    def __init__(self, kind: str, item: Item, index: int) -> None:
        self.kind = kind
        self.item = item
        self.index = index
        self.pieces: list[str] = []
        self.place = {
            "item_id": item["id"],
            "output_index": index,
            "content_index": len(item["content"]),
        }


class _Thought:
    """A thought that is open."""

    def __init__(self, id: str, index: int, first: ReasoningDelta) -> None:
        self.id = id
        self.index = index
        self.part = Reasoning("", None, None, first.id, first.dialect)
        self.pieces: list[str] = []
        self.item_id = reasoning(id, self.part)["id"]
        self.place = {"item_id": self.item_id, "output_index": index, "summary_index": 0}

    def ends_before(self, delta: ReasoningDelta) -> bool:
        known = self.part
        other = known.id is not None and delta.id is not None and known.id != delta.id
        proven = bool(known.signature and (delta.text or delta.signature))
        return other or proven or bool(known.encrypted and delta.encrypted)

    def add(self, delta: ReasoningDelta) -> None:
        if delta.text:
            self.pieces.append(delta.text)
        known = self.part
        self.part = Reasoning(
            "",
            delta.signature or known.signature,
            delta.encrypted or known.encrypted,
            known.id or delta.id,
            known.dialect or delta.dialect,
        )

    def whole(self) -> Reasoning:
        known = self.part
        text = "".join(self.pieces)
        return Reasoning(text, known.signature, known.encrypted, known.id, known.dialect)


class _Call:
    """A call that is open."""

    def __init__(self, id: str, index: int, first: ToolDelta) -> None:
        self.id = id
        self.index = index
        name, call_id = first.name or "", first.id or f"call_{first.index}"
        self.part = ToolCall(call_id, name, "", first.signature, first.extra)
        self.custom = bool(first.extra and first.extra.get("type") == "custom")
        self.event = "custom_tool_call_input" if self.custom else "function_call_arguments"
        self.pieces: list[str] = []
        self.place = {"item_id": call(id, self.part)["id"], "output_index": index}

    def whole(self) -> ToolCall:
        part = self.part
        return ToolCall(part.id, part.name, "".join(self.pieces), part.signature, part.extra)
