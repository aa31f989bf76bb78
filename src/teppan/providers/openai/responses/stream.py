"""A Responses stream, event by event -> deltas.

    response.created  (response.output_item.added  ...deltas...  response.output_item.done)*
    response.completed | response.incomplete | response.failed | error

Words come as deltas; what has no deltas comes whole with `output_item.done`. The terminal event
repeats the whole answer; only its status and usage are taken.
"""

from __future__ import annotations

from collections.abc import Sequence

from teppan.core.chat import (
    Delta,
    Finished,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolDelta,
    UsageSeen,
)
from teppan.core.errors import ProviderBadAnswer, StreamIncomplete
from teppan.providers.base import Event
from teppan.providers.openai.responses.from_wire import (
    error_event,
    failed_inside,
    finish,
    other_fields,
    read,
    refusal,
    tool_call,
    usage,
)
from teppan.providers.openai.responses.to_wire import NAME
from teppan.providers.wire import (
    Object,
    object_or_none,
    objects,
    parse,
    place_or_none,
    text_of,
    text_or_none,
)

_TERMINAL = frozenset({"response.completed", "response.incomplete"})
_THOUGHTS = frozenset({"response.reasoning_summary_text.delta", "response.reasoning_text.delta"})
_ARGUMENTS = frozenset(
    {"response.function_call_arguments.delta", "response.custom_tool_call_input.delta"}
)


class _Item:
    """One open item of the output: its number among the calls, and whether words came in pieces."""

    __slots__ = ("call", "pieces")

    def __init__(self, call: int = -1) -> None:
        self.call = call
        self.pieces = False


class ResponsesStream:
    """Decodes one stream; see `StreamDecoder`."""

    def __init__(self) -> None:
        self.done = False
        self._started = False
        self._calls = 0
        self._items: dict[int | None, _Item] = {}
        self._closed: set[int | None] = set()

    def feed(self, event: Event) -> Sequence[Delta]:
        if self.done or event.data.strip() == b"[DONE]":
            return ()
        said = parse(event.data)
        kind = text_or_none(said.get("type")) or event.name
        if kind == "response.output_text.delta":
            return self._words(said)
        if kind in _THOUGHTS:
            return self._thought(said)
        if kind in _ARGUMENTS:
            return self._arguments(said)
        if kind == "response.refusal.delta":
            self._item(said).pieces = True
            return (RefusalDelta(text_of(said.get("delta"), "delta")),)
        if kind == "response.output_item.added":
            return self._open(said)
        if kind == "response.output_item.done":
            return self._close(said)
        if kind in ("response.created", "response.in_progress"):
            return self._start(self._response(said))
        if kind in _TERMINAL:
            return self._finish(self._response(said))
        if kind == "response.failed":
            response = {"status": "failed", **self._response(said)}
            raise failed_inside(response) or error_event(said)
        if kind == "error":
            raise error_event(said)
        return ()

    def end(self) -> Sequence[Delta]:
        if not self.done:
            raise StreamIncomplete("the stream ended without its end marker")
        return ()

    def _response(self, said: Object) -> Object:
        response = object_or_none(said.get("response"), "response")
        if response is None:
            raise ProviderBadAnswer("an event of the vendor's stream has no response")
        return response

    def _start(self, response: Object) -> Sequence[Delta]:
        if self._started:
            return ()
        self._started = True
        model = text_of(response.get("model"), "model")
        id = text_or_none(response.get("id")) or ""
        return (Started(model, id, other_fields(response)),)

    def _item(self, said: Object) -> _Item:
        return self._items.setdefault(_place(said), _Item())

    def _words(self, said: Object) -> Sequence[Delta]:
        self._item(said).pieces = True
        words = text_of(said.get("delta"), "delta")
        logprobs = objects(said.get("logprobs"), "logprobs")
        if not words and not logprobs:
            return ()
        return (TextDelta(words, 0, {"content": list(logprobs)} if logprobs else None),)

    def _thought(self, said: Object) -> Sequence[Delta]:
        self._item(said).pieces = True
        words = text_of(said.get("delta"), "delta")
        id = text_or_none(said.get("item_id"))
        return (ReasoningDelta(words, id=id, dialect=NAME),) if words else ()

    def _arguments(self, said: Object) -> Sequence[Delta]:
        item = self._items.get(_place(said))
        if item is None or item.call < 0:
            raise ProviderBadAnswer("a piece of the vendor's stream belongs to no call")
        item.pieces = True
        return (ToolDelta(item.call, text_of(said.get("delta"), "delta")),)

    def _open(self, said: Object) -> Sequence[Delta]:
        item = object_or_none(said.get("item"), "item") or {}
        place = _place(said)
        if item.get("type") not in ("function_call", "custom_tool_call"):
            self._items[place] = _Item()
            return ()
        call = tool_call(item)
        self._items[place] = _Item(self._calls)
        self._calls += 1
        return (ToolDelta(self._calls - 1, "", call.id, call.name, extra=call.extra),)

    def _close(self, said: Object) -> Sequence[Delta]:
        """The item is whole: give what did not come in pieces, and the proof of a thought."""
        item = object_or_none(said.get("item"), "item")
        place = _place(said)
        if item is None or place in self._closed:
            return ()
        self._closed.add(place)
        state = self._items.pop(place, None) or _Item()
        kind = item.get("type")
        if kind == "reasoning":
            return self._proof(item, state)
        if kind in ("function_call", "custom_tool_call"):
            call = tool_call(item)
            if state.call < 0:
                state.call = self._calls
                self._calls += 1
            whole = "" if state.pieces else call.arguments
            return (ToolDelta(state.call, whole, call.id, call.name, extra=call.extra),)
        if kind == "message":
            return () if state.pieces else self._whole_message(item)
        return tuple(PartAdded(part) for part in read(item))

    def _proof(self, item: Object, state: _Item) -> Sequence[Delta]:
        (thought,) = read(item)
        words = "" if state.pieces else getattr(thought, "text", "")
        encrypted, id = getattr(thought, "encrypted", None), getattr(thought, "id", None)
        return (ReasoningDelta(words, None, encrypted, id, NAME),)

    def _whole_message(self, item: Object) -> Sequence[Delta]:
        deltas: list[Delta] = []
        for part in read(item):
            text = getattr(part, "text", None)
            deltas.append(PartAdded(part) if text is None else TextDelta(text))
        refused = refusal(item)
        if refused:
            deltas.append(RefusalDelta(refused))
        return deltas

    def _finish(self, response: Object) -> Sequence[Delta]:
        started = self._start(response)
        nothing = not self._items and not self._closed
        if nothing and response.get("status") != "incomplete":
            raise ProviderBadAnswer("the vendor's answer has no output")
        ending = finish(response, self._calls > 0)
        self.done = True
        seen = usage(response.get("usage"))
        counts = () if seen is None else (UsageSeen(seen),)
        return (*started, Finished(ending), *counts)


def _place(said: Object) -> int | None:
    return place_or_none(said.get("output_index"), "output_index")
