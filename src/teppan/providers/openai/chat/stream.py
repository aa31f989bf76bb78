"""A Chat Completions stream, event by event -> deltas.

The stream ends twice: each choice says why it stopped, then `[DONE]` closes the whole. Both are
needed; what repeats after them (a second final chunk, late words) changes nothing.
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
from teppan.core.errors import StreamIncomplete
from teppan.providers.base import Event
from teppan.providers.openai.chat.from_wire import (
    call_extra,
    finish,
    logprobs_of,
    other_fields,
    split_content,
    thought_text,
    usage,
)
from teppan.providers.openai.chat.to_wire import NAME
from teppan.providers.openai.errors import error, error_inside
from teppan.providers.wire import (
    Object,
    dump_text,
    object_or_none,
    objects,
    parse,
    text_of,
    text_or_none,
)

_END = b"[DONE]"
_WHOLE_PARTS = ("audio", "annotations")


class _Choice:
    """What must be remembered of one choice between events."""

    __slots__ = ("calls", "details", "finished", "ids")

    def __init__(self) -> None:
        self.finished = False
        self.calls = 0
        self.ids: dict[str, int] = {}
        self.details: list[Object] = []


class ChatStream:
    """Decodes one stream; see `StreamDecoder`."""

    def __init__(self) -> None:
        self.done = False
        self._started = False
        self._named = False
        self._choices: dict[int, _Choice] = {}

    def feed(self, event: Event) -> Sequence[Delta]:
        if self.done:
            return ()
        if event.data.strip() == _END:
            self.done = True
            return ()
        if event.name == "error":
            raise error(200, {}, event.data)
        chunk = parse(event.data)
        failed = error_inside(chunk)
        if failed is not None:
            raise failed
        deltas: list[Delta] = []
        if not self._named:
            self._start(chunk, deltas)
        for choice in objects(chunk.get("choices"), "choices"):
            self._feed_choice(choice, deltas)
        counts = chunk.get("usage") or _usage_beside(chunk)
        if counts is not None:
            seen = usage(counts)
            if seen is not None:
                deltas.append(UsageSeen(seen))
        return deltas

    def end(self) -> Sequence[Delta]:
        if not self._choices:
            raise StreamIncomplete("the stream ended without an answer")
        if not all(choice.finished for choice in self._choices.values()):
            raise StreamIncomplete("the stream ended before the model said why it stopped")
        if not self.done:
            raise StreamIncomplete("the stream ended without its end marker")
        return ()

    def _start(self, chunk: Object, deltas: list[Delta]) -> None:
        """The first chunk starts the answer; some vendors name the model only in a later one."""
        model = text_of(chunk.get("model"), "model")
        self._named = bool(model)
        if model or not self._started:
            id = text_or_none(chunk.get("id")) or ""
            deltas.append(Started(model, id, other_fields(chunk)))
        self._started = True

    def _feed_choice(self, choice: Object, deltas: list[Delta]) -> None:
        number = choice.get("index")
        index = number if type(number) is int and number >= 0 else 0
        state = self._choices.get(index)
        if state is None:
            state = self._choices[index] = _Choice()
        if state.finished:
            return
        piece = object_or_none(choice.get("delta"), "delta")
        if piece:
            self._feed_piece(piece, logprobs_of(choice), state, index, deltas)
        reason = choice.get("finish_reason")
        if reason is not None and reason != "":
            ending = finish(reason, state.calls > 0)
            self._flush_details(state, index, deltas)
            state.finished = True
            deltas.append(Finished(ending, index))

    def _feed_piece(
        self, piece: Object, logprobs: Json, state: _Choice, index: int, deltas: list[Delta]
    ) -> None:
        content = piece.get("content")
        thought = thought_text(piece) if len(piece) > 1 or content is None else ""
        if type(content) is list:
            inner, content = split_content(content)
            thought += inner
        details = piece.get("reasoning_details")
        if details:
            _append_details(state.details, objects(details, "reasoning_details"))
        if thought:
            deltas.append(ReasoningDelta(thought, dialect=NAME, choice=index))
        if content or logprobs is not None:
            self._flush_details(state, index, deltas)
            deltas.append(TextDelta(text_of(content, "content"), index, logprobs))
        refusal = piece.get("refusal")
        if refusal:
            deltas.append(RefusalDelta(text_of(refusal, "refusal"), index))
        calls = piece.get("tool_calls")
        if calls:
            self._flush_details(state, index, deltas)
            for call in objects(calls, "tool_calls"):
                deltas.append(_tool_delta(call, state, index))
        for field in _WHOLE_PARTS:
            if piece.get(field):
                deltas.append(PartAdded(Media(NAME, {field: piece[field]}), index))

    def _flush_details(self, state: _Choice, index: int, deltas: list[Delta]) -> None:
        if state.details:
            proof = dump_text(state.details)
            state.details = []
            deltas.append(ReasoningDelta(encrypted=proof, dialect=NAME, choice=index))


def _tool_delta(call: Object, state: _Choice, index: int) -> ToolDelta:
    custom = object_or_none(call.get("custom"), "tool_calls")
    inner = custom or object_or_none(call.get("function"), "tool_calls") or {}
    arguments = inner.get("input" if custom else "arguments")
    if type(arguments) is dict:
        arguments = dump_text(arguments)
    id = text_or_none(call.get("id"))
    number = call.get("index")
    if type(number) is not int:  # some vendors number nothing: an unknown id begins a new call
        number = state.calls if id and id not in state.ids else state.ids.get(id or "", -1)
        number = number if number >= 0 else max(state.calls - 1, 0)
    if id:
        state.ids[id] = number
    state.calls = max(state.calls, number + 1)
    return ToolDelta(
        number,
        text_of(arguments, "arguments"),
        id,
        text_or_none(inner.get("name")),
        None,
        index,
        {"type": "custom"} if custom or call.get("type") == "custom" else call_extra(call),
    )


def _append_details(known: list[Object], pieces: Sequence[Object]) -> None:
    """Joins the pieces of each thought: text grows, the rest of a piece fills what is missing."""
    for piece in pieces:
        last = known[-1] if known else None
        same = (
            last is not None
            and last.get("type") == piece.get("type")
            and last.get("index") == piece.get("index")
            and last.get("type") in ("reasoning.text", "reasoning.summary")
        )
        if last is None or not same:
            known.append(dict(piece))
            continue
        for name, value in piece.items():
            if name in ("text", "summary") and type(value) is str:
                last[name] = text_of(last.get(name), name) + value
            elif value is not None:
                last[name] = value


def _usage_beside(chunk: Object) -> Json:
    """The count that a vendor put into an `x_...` object of its own."""
    for name, value in chunk.items():
        if name.startswith("x_") and type(value) is dict and type(value.get("usage")) is dict:
            return value["usage"]
    return None
