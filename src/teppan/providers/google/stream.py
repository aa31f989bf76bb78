"""A `streamGenerateContent` stream, event by event -> deltas.

Every event is a whole answer object holding the next parts. The stream has no end marker of its
own: it is over when each candidate has said why it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence

from teppan.core.chat import (
    Delta,
    Finished,
    Part,
    PartAdded,
    Reasoning,
    ReasoningDelta,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    UsageSeen,
)
from teppan.core.errors import StreamIncomplete
from teppan.providers.base import Event
from teppan.providers.google.errors import error, error_inside
from teppan.providers.google.from_wire import (
    blocked,
    finish,
    logprobs_of,
    other_fields,
    read,
    usage,
)
from teppan.providers.wire import Object, object_or_none, objects, parse, text_of, text_or_none


class _Candidate:
    """What must be remembered of one candidate between events."""

    __slots__ = ("calls", "finished")

    def __init__(self) -> None:
        self.calls = 0
        self.finished = False


class GenerateContentStream:
    """Decodes one stream; see `StreamDecoder`."""

    def __init__(self) -> None:
        self._started = False
        self._candidates: dict[int, _Candidate] = {}

    @property
    def done(self) -> bool:
        candidates = self._candidates.values()
        return bool(candidates) and all(each.finished for each in candidates)

    def feed(self, event: Event) -> Sequence[Delta]:
        data = event.data.strip()
        if data == b"[DONE]":
            return ()
        if data.startswith(b"["):
            raise error(200, {}, data)
        chunk = parse(data)
        failed = error_inside(chunk) or (None if self._candidates else blocked(chunk))
        if failed is not None:
            raise failed
        deltas: list[Delta] = []
        if not self._started:
            self._started = True
            model = text_of(chunk.get("modelVersion"), "modelVersion")
            id = text_or_none(chunk.get("responseId")) or ""
            deltas.append(Started(model, id, other_fields(chunk)))
        for candidate in objects(chunk.get("candidates"), "candidates"):
            self._feed_candidate(candidate, deltas)
        seen = usage(chunk.get("usageMetadata"))
        if seen is not None:
            deltas.append(UsageSeen(seen))
        return deltas

    def end(self) -> Sequence[Delta]:
        if not self._candidates:
            raise StreamIncomplete("the stream ended without an answer")
        if not self.done:
            raise StreamIncomplete("the stream ended before the model said why it stopped")
        return ()

    def _feed_candidate(self, candidate: Object, deltas: list[Delta]) -> None:
        number = candidate.get("index")
        index = number if type(number) is int and number >= 0 else 0
        state = self._candidates.get(index)
        if state is None:
            state = self._candidates[index] = _Candidate()
        if state.finished:
            return
        content = object_or_none(candidate.get("content"), "content") or {}
        logprobs = logprobs_of(candidate)
        for wire in objects(content.get("parts"), "parts"):
            for part in read(wire, state.calls):
                if isinstance(part, Text):
                    deltas.append(TextDelta(part.text, index, logprobs))
                    logprobs = None
                else:
                    deltas.append(_delta(part, state, index))
        reason = candidate.get("finishReason")
        if reason is not None:
            ending = finish(reason, state.calls > 0)
            state.finished = True
            deltas.append(Finished(ending, index))


def _delta(part: Part, state: _Candidate, index: int) -> Delta:
    if isinstance(part, Reasoning):
        return ReasoningDelta(part.text, part.signature, dialect=part.dialect, choice=index)
    if isinstance(part, ToolCall):
        state.calls += 1
        return ToolDelta(state.calls - 1, part.arguments, part.id, part.name, part.signature, index)
    return PartAdded(part, index)
