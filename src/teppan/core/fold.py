"""From deltas to a completion, and back: the two forms of one answer.

`Fold` is fed every delta of a stream and gives the whole answer at the end. An answer that
never said why it stopped is `Incomplete`; nothing here invents an ending.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from teppan.core.chat import (
    Choice,
    Completion,
    Delta,
    Finished,
    FinishReason,
    Json,
    Message,
    Part,
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
from teppan.core.errors import StreamIncomplete


class _Call:
    """One tool call under construction."""

    __slots__ = ("arguments", "extra", "id", "name", "signature")

    def __init__(self) -> None:
        self.id: str | None = None
        self.name: str | None = None
        self.signature: str | None = None
        self.extra: Mapping[str, Json] | None = None
        self.arguments: list[str] = []

    def add(self, delta: ToolDelta) -> None:
        self.id = self.id or delta.id
        self.name = self.name or delta.name
        self.signature = self.signature or delta.signature
        self.extra = self.extra or delta.extra
        self.arguments.append(delta.arguments)

    def tool_call(self, number: int) -> ToolCall:
        return ToolCall(
            self.id or f"call_{number}",
            self.name or "",
            "".join(self.arguments),
            self.signature,
            self.extra,
        )


class _Pieces:
    """One choice under construction."""

    __slots__ = ("finish", "logprobs", "parts", "refusal", "stop_sequence", "texts", "tools")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.parts: list[Part | int] = []  # a number holds the place of that tool call
        self.tools: dict[int, _Call] = {}
        self.refusal: list[str] = []
        self.logprobs: list[Json] = []
        self.finish: FinishReason | None = None
        self.stop_sequence: str | None = None

    def flush_text(self) -> None:
        if self.texts:
            words = "".join(self.texts)
            if words:
                self.parts.append(Text(words))
            self.texts.clear()

    def add_reasoning(self, delta: ReasoningDelta) -> None:
        self.flush_text()
        last = self.parts[-1] if self.parts else None
        open_thought = isinstance(last, Reasoning) and (
            (last.id is None or delta.id is None or last.id == delta.id)
            and not (last.signature and (delta.text or delta.signature or delta.encrypted))
            and not (last.encrypted and (delta.text or delta.encrypted))
        )
        if open_thought and isinstance(last, Reasoning):
            self.parts[-1] = Reasoning(
                last.text + delta.text,
                delta.signature or last.signature,
                delta.encrypted or last.encrypted,
                last.id or delta.id,
                last.dialect or delta.dialect,
            )
        else:
            self.parts.append(
                Reasoning(delta.text, delta.signature, delta.encrypted, delta.id, delta.dialect)
            )

    def add_tool(self, delta: ToolDelta) -> None:
        call = self.tools.get(delta.index)
        if call is None:
            self.flush_text()
            call = self.tools[delta.index] = _Call()
            self.parts.append(delta.index)
        call.add(delta)

    def choice(self, index: int) -> Choice:
        if self.finish is None:
            raise StreamIncomplete("the stream ended before the model said why it stopped")
        self.flush_text()
        parts = tuple(
            self.tools[part].tool_call(part) if isinstance(part, int) else part
            for part in self.parts
        )
        message = Message(
            "assistant",
            parts,
            refusal="".join(self.refusal) if self.refusal else None,
        )
        logprobs = _joined(self.logprobs) if self.logprobs else None
        return Choice(message, self.finish, index, logprobs, self.stop_sequence)


class Fold:
    """Collects deltas; `completion()` gives the whole answer, `usage` what was counted so far."""

    def __init__(self) -> None:
        self.model = ""
        self.id = ""
        self.extra: dict[str, Json] = {}
        self.usage: Usage | None = None
        self._choices: dict[int, _Pieces] = {}

    def add(self, delta: Delta) -> None:
        if isinstance(delta, TextDelta):
            pieces = self._pieces(delta.choice)
            pieces.texts.append(delta.text)
            if delta.logprobs is not None:
                pieces.logprobs.append(delta.logprobs)
        elif isinstance(delta, Started):
            self.model = delta.model or self.model
            self.id = delta.id or self.id
            if delta.extra:
                self.extra.update(delta.extra)
        elif isinstance(delta, UsageSeen):
            self.usage = delta.usage
        elif isinstance(delta, ToolDelta):
            self._pieces(delta.choice).add_tool(delta)
        elif isinstance(delta, ReasoningDelta):
            self._pieces(delta.choice).add_reasoning(delta)
        elif isinstance(delta, Finished):
            pieces = self._pieces(delta.choice)
            pieces.finish = delta.reason
            pieces.stop_sequence = delta.stop_sequence
        elif isinstance(delta, RefusalDelta):
            self._pieces(delta.choice).refusal.append(delta.text)
        elif isinstance(delta, PartAdded):
            pieces = self._pieces(delta.choice)
            pieces.flush_text()
            pieces.parts.append(delta.part)

    def completion(self) -> Completion:
        """The whole answer. Raises `StreamIncomplete` while any choice has no finish reason."""
        if not self._choices:
            raise StreamIncomplete("the stream ended without an answer")
        choices = tuple(pieces.choice(index) for index, pieces in sorted(self._choices.items()))
        return Completion(self.model, choices, self.usage, self.id, self.extra or None)

    @property
    def text_so_far(self) -> str:
        """What the first choice has said, for estimating the tokens of a cut stream."""
        pieces = self._choices.get(0)
        if pieces is None:
            return ""
        done = "".join(part.text for part in pieces.parts if isinstance(part, Text | Reasoning))
        tools = "".join("".join(call.arguments) for call in pieces.tools.values())
        return done + "".join(pieces.texts) + tools

    def _pieces(self, index: int) -> _Pieces:
        pieces = self._choices.get(index)
        if pieces is None:
            pieces = self._choices[index] = _Pieces()
        return pieces


def fold(deltas: Iterable[Delta]) -> Completion:
    """The completion that a finished sequence of deltas tells."""
    folding = Fold()
    for delta in deltas:
        folding.add(delta)
    return folding.completion()


def unfold(completion: Completion) -> Iterator[Delta]:
    """The deltas that tell a whole answer: how a deliberated or cached answer is streamed."""
    yield Started(completion.model, completion.id, completion.extra)
    for choice in completion.choices:
        calls = 0
        logprobs = choice.logprobs
        for part in choice.message.parts:
            if isinstance(part, Text):
                yield TextDelta(part.text, choice.index, logprobs)
                logprobs = None
            elif isinstance(part, Reasoning):
                yield ReasoningDelta(
                    part.text, part.signature, part.encrypted, part.id, part.dialect, choice.index
                )
            elif isinstance(part, ToolCall):
                yield ToolDelta(
                    calls,
                    part.arguments,
                    part.id,
                    part.name,
                    part.signature,
                    choice.index,
                    part.extra,
                )
                calls += 1
            else:
                yield PartAdded(part, choice.index)
        if choice.message.refusal:
            yield RefusalDelta(choice.message.refusal, choice.index)
        yield Finished(choice.finish_reason, choice.index, choice.stop_sequence)
    if completion.usage is not None:
        yield UsageSeen(completion.usage)


def _joined(pieces: list[Json]) -> Json:
    """Log-probabilities of the pieces as one value: lists under the same key are appended."""
    whole: dict[str, Json] = {}
    for piece in pieces:
        for key, value in piece.items():
            known = whole.get(key)
            whole[key] = [*known, *value] if isinstance(known, list) and value else (known or value)
    return whole
