"""A Chat Completions answer -> our words.

Understands, beside the published format, what its imitators send: thoughts in
`reasoning_content`, `reasoning` or `reasoning_details` or as parts of the content, arguments as
an object, their own names for why a model stopped, and thoughts left out of the output count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from teppan.core.chat import (
    Choice,
    Completion,
    FinishReason,
    Json,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from teppan.core.errors import ProviderBadAnswer, ProviderOverloaded
from teppan.providers.openai.chat.to_wire import NAME
from teppan.providers.openai.errors import error_inside
from teppan.providers.wire import (
    Object,
    counted,
    dump_text,
    object_or_none,
    objects,
    parse,
    text_of,
    text_or_none,
    tokens,
    without,
)

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "refusal": "refusal",
}

_BROKEN_OFF = frozenset({"error", "abort", "cancelled", "insufficient_system_resource"})
"""Reasons by which a vendor says that it gave up; what came before them is not an answer."""

_KNOWN_ANSWER = frozenset({"id", "object", "model", "choices", "usage", "obfuscation"})
_KNOWN_MESSAGE = frozenset(
    {
        "role",
        "content",
        "refusal",
        "tool_calls",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
    }
)


def decode(body: bytes) -> Completion:
    """The answer in `body`, or a `ProviderError` saying what is wrong with it."""
    answer = parse(body)
    failed = error_inside(answer)
    if failed is not None:
        raise failed
    choices = objects(answer.get("choices"), "choices")
    if not choices:
        raise ProviderBadAnswer("the vendor's answer has no choices")
    return Completion(
        text_of(answer.get("model"), "model"),
        tuple(_choice(choice, number) for number, choice in enumerate(choices)),
        usage(answer.get("usage")),
        text_or_none(answer.get("id")) or "",
        other_fields(answer),
    )


def other_fields(answer: Object) -> dict[str, Json] | None:
    """What the vendor said about the answer that we have no word for."""
    return without(answer, _KNOWN_ANSWER)


def finish(reason: Json, has_calls: bool) -> FinishReason:
    """Why the model stopped. A reason nobody knows is still an ending; a vendor's breakdown isn't.

    Raises `ProviderOverloaded` for a breakdown.
    """
    if type(reason) is not str or not reason:
        raise ProviderBadAnswer("the vendor did not say why the model stopped")
    if reason in _BROKEN_OFF:
        raise ProviderOverloaded(f"the vendor broke the answer off ({reason})")
    known = FINISH.get(reason, "stop")
    return "tool_calls" if known == "stop" and has_calls else known


def _choice(choice: Object, number: int) -> Choice:
    message = object_or_none(choice.get("message"), "message")
    if message is None:
        raise ProviderBadAnswer("a choice of the vendor's answer has no message")
    failed = error_inside(choice)
    if failed is not None:
        raise failed
    thoughts, said = _content(message)
    calls = tuple(
        _call(call, place)
        for place, call in enumerate(objects(message.get("tool_calls"), "tool_calls"))
    )
    index = choice.get("index")
    return Choice(
        Message(
            "assistant",
            (*thoughts, *said, *calls),
            refusal=text_or_none(message.get("refusal")),
            extra=without(message, _KNOWN_MESSAGE),
        ),
        finish(choice.get("finish_reason"), bool(calls)),
        index if type(index) is int and index >= 0 else number,
        logprobs_of(choice),
    )


def logprobs_of(choice: Object) -> Json:
    """The log-probabilities of a choice or of a piece of one, or `None` when it has none."""
    said = choice.get("logprobs")
    return said if type(said) is dict and any(said.values()) else None


def _content(message: Object) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The thoughts and the words of a message, from wherever the vendor put them."""
    content = message.get("content")
    inner = ""
    if type(content) is list:
        inner, content = split_content(content)
    thought = thought_text(message) + inner
    details = reasoning_details(message)
    thoughts: tuple[Part, ...] = ()
    if thought or details:
        proof = dump_text(details) if details else None
        thoughts = (Reasoning(thought, None, proof, None, NAME),)
    words = text_of(content, "content")
    return thoughts, (Text(words),) if words else ()


def split_content(parts: Sequence[Json]) -> tuple[str, str]:
    """The thoughts and the words of content that came as a list of parts."""
    thoughts: list[str] = []
    words: list[str] = []
    for part in objects(list(parts), "content"):
        if part.get("type") == "thinking":
            inside = part.get("thinking")
            if type(inside) is str:
                thoughts.append(inside)
            else:
                thoughts.extend(
                    text_of(each.get("text"), "thinking") for each in objects(inside, "thinking")
                )
        elif part.get("type") in ("text", "output_text"):
            words.append(text_of(part.get("text"), "content"))
    return "".join(thoughts), "".join(words)


def thought_text(message: Object) -> str:
    """The words of a thought, in a message or in a piece of one."""
    for field in ("reasoning_content", "reasoning"):
        value = message.get(field)
        if type(value) is str and value:
            return value
    details = message.get("reasoning_details")
    if not details:
        return ""
    return "".join(
        text_of(detail.get("text") or detail.get("summary"), "reasoning_details")
        for detail in objects(details, "reasoning_details")
    )


def reasoning_details(message: Object) -> Sequence[Object]:
    """The vendor's own record of its thoughts, to be returned unchanged in the next turn."""
    return objects(message.get("reasoning_details"), "reasoning_details")


def _call(call: Object, place: int) -> ToolCall:
    custom = object_or_none(call.get("custom"), "tool_calls")
    inner = custom or object_or_none(call.get("function"), "tool_calls")
    name = text_or_none(inner.get("name")) if inner else None
    if inner is None or name is None:
        raise ProviderBadAnswer("a tool call of the vendor's answer has no name")
    arguments = inner.get("input" if custom else "arguments")
    if type(arguments) is dict:
        arguments = dump_text(arguments)
    return ToolCall(
        text_or_none(call.get("id")) or f"call_{place}",
        name,
        text_of(arguments, "arguments"),
        extra={"type": "custom"} if custom else call_extra(call),
    )


def call_extra(call: Object) -> dict[str, Json] | None:
    """What a vendor hung on a tool call; some want it back (a proof of thought, for one)."""
    return without(call, frozenset({"id", "type", "index", "function", "custom"}))


def usage(said: Json) -> Usage | None:
    """What the vendor counted; `None` when it counted nothing believable."""
    if type(said) is not dict:
        return None
    put_in = tokens(said.get("prompt_tokens"))
    put_out = tokens(said.get("completion_tokens"))
    details = said.get("prompt_tokens_details")
    cached = written = None
    if type(details) is dict:
        cached = tokens(details.get("cached_tokens"))
        written = tokens(details.get("cache_write_tokens"))
    if cached is None:
        cached = tokens(said.get("prompt_cache_hit_tokens"))
    details = said.get("completion_tokens_details")
    thought = tokens(details.get("reasoning_tokens")) if type(details) is dict else None
    total = tokens(said.get("total_tokens"))
    if thought and put_in and put_out is not None and total == put_in + put_out + thought:
        put_out += thought  # this vendor counts thoughts beside the answer, not within it
    return counted(put_in, put_out, cached=cached, cache_written=written, reasoning=thought)
