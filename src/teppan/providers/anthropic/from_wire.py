"""A Messages answer -> our words.

Blocks keep their order. Blocks that only this vendor understands (its own tools at work) are
kept verbatim as `Media`, so that the next turn can return them.
"""

from __future__ import annotations

from collections.abc import Mapping

from teppan.core.chat import (
    Choice,
    Completion,
    FinishReason,
    Json,
    Media,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from teppan.core.errors import ProviderBadAnswer
from teppan.providers.anthropic.errors import error_inside
from teppan.providers.anthropic.options import NAME, STRUCTURED
from teppan.providers.wire import (
    Object,
    counted,
    dump_text,
    objects,
    parse,
    text_of,
    text_or_none,
    tokens,
    without,
)

_FINISH: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
}

_KNOWN = frozenset(
    {
        "id",
        "type",
        "role",
        "model",
        "content",
        "stop_reason",
        "stop_sequence",
        "stop_details",
        "usage",
    }
)
_KNOWN_TEXT = frozenset({"type", "text"})
_KNOWN_CALL = frozenset({"type", "id", "name", "input"})


def decode(body: bytes) -> Completion:
    """The answer in `body`, or a `ProviderError` saying what is wrong with it."""
    answer = parse(body)
    failed = error_inside(answer)
    if failed is not None:
        raise failed
    if type(answer.get("content")) is not list:
        raise ProviderBadAnswer("the vendor's answer has no content")
    blocks = objects(answer["content"], "content")
    parts = tuple(part for block in blocks if (part := _part(block)) is not None)
    structured = any(block.get("name") == STRUCTURED for block in blocks)
    return Completion(
        text_of(answer.get("model"), "model"),
        (
            Choice(
                Message("assistant", parts, refusal=refusal(answer)),
                finish(answer.get("stop_reason"), structured),
                stop_sequence=text_or_none(answer.get("stop_sequence")),
            ),
        ),
        usage(answer.get("usage")),
        text_or_none(answer.get("id")) or "",
        other_fields(answer),
    )


def other_fields(answer: Object) -> dict[str, Json] | None:
    """What the vendor said about the answer that we have no word for."""
    return without(answer, _KNOWN)


def finish(reason: Json, structured: bool) -> FinishReason:
    """Why the model stopped; the call that stood for a structured answer is a plain ending."""
    if type(reason) is not str or not reason:
        raise ProviderBadAnswer("the vendor did not say why the model stopped")
    known = _FINISH.get(reason, "stop")
    return "stop" if structured and known == "tool_calls" else known


def refusal(said: Object) -> str | None:
    """The vendor's explanation of a refusal."""
    details = said.get("stop_details")
    return text_or_none(details.get("explanation")) if type(details) is dict else None


def _part(block: Object) -> Part | None:
    kind = block.get("type")
    if kind == "text":
        words = text_of(block.get("text"), "text")
        return Text(words, without(block, _KNOWN_TEXT)) if words else None
    if kind == "thinking":
        return Reasoning(
            text_of(block.get("thinking"), "thinking"),
            text_or_none(block.get("signature")),
            dialect=NAME,
        )
    if kind == "redacted_thinking":
        return Reasoning(encrypted=text_of(block.get("data"), "data"), dialect=NAME)
    if kind == "tool_use":
        if block.get("name") == STRUCTURED:
            return Text(dump_text(block.get("input")))
        return ToolCall(
            text_of(block.get("id"), "id"),
            call_name(block),
            dump_text(block.get("input") or {}),
            extra=call_extra(block),
        )
    if type(kind) is not str:
        raise ProviderBadAnswer("a block of the vendor's answer has no type")
    return Media(NAME, block)


def call_name(block: Object) -> str:
    name = text_or_none(block.get("name"))
    if name is None:
        raise ProviderBadAnswer("a tool call of the vendor's answer has no name")
    return name


def call_extra(block: Object) -> dict[str, Json] | None:
    return without(block, _KNOWN_CALL)


def usage(said: Json) -> Usage | None:
    """What the vendor counted. It counts cached tokens beside the input; ours includes them."""
    if type(said) is not dict:
        return None
    fresh = tokens(said.get("input_tokens"))
    read = tokens(said.get("cache_read_input_tokens")) or 0
    written = tokens(said.get("cache_creation_input_tokens")) or 0
    details = said.get("output_tokens_details")
    thought = tokens(details.get("thinking_tokens")) if type(details) is dict else None
    whole = None if fresh is None else fresh + read + written
    put_out = tokens(said.get("output_tokens"))
    return counted(whole, put_out, cached=read, cache_written=written, reasoning=thought)
