"""A Responses answer -> our words.

The output is a list of items: messages, thoughts, calls, and the vendor's own tools at work,
which are kept verbatim as `Media`.
"""

from __future__ import annotations

from collections.abc import Iterator

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
from teppan.core.errors import (
    ProviderBadAnswer,
    ProviderError,
    ProviderOverloaded,
)
from teppan.providers.failures import failure
from teppan.providers.openai.errors import error_inside
from teppan.providers.openai.responses.to_wire import NAME
from teppan.providers.wire import (
    Object,
    counted,
    object_or_none,
    objects,
    parse,
    text_of,
    text_or_none,
    tokens,
    without,
)

_KEPT = frozenset({"created_at", "service_tier", "background", "conversation", "moderation"})
_KNOWN_TEXT = frozenset({"type", "text", "logprobs"})
_KNOWN_CALL = frozenset({"type", "id", "call_id", "name", "arguments", "status"})


def decode(body: bytes) -> Completion:
    """The answer in `body`, or a `ProviderError` saying what is wrong with it."""
    answer = parse(body)
    failed = failed_inside(answer)
    if failed is not None:
        raise failed
    items = objects(answer.get("output"), "output")
    if not items and answer.get("status") != "incomplete":
        raise ProviderBadAnswer("the vendor's answer has no output")
    parts = tuple(part for item in items for part in read(item))
    logprobs = [each for item in items for each in logprobs_of(item)]
    choice = Choice(
        Message("assistant", parts, refusal="".join(map(refusal, items)) or None),
        finish(answer, any(isinstance(part, ToolCall) for part in parts)),
        logprobs={"content": logprobs} if logprobs else None,
    )
    return Completion(
        text_of(answer.get("model"), "model"),
        (choice,),
        usage(answer.get("usage")),
        text_or_none(answer.get("id")) or "",
        other_fields(answer),
    )


def other_fields(answer: Object) -> dict[str, Json] | None:
    """What the vendor said about the answer, not about the request it repeats."""
    kept = {name: answer[name] for name in _KEPT if answer.get(name) not in (None, False)}
    return kept or None


def failed_inside(answer: Object) -> ProviderError | None:
    """The error of an answer that failed, if it did."""
    error = error_inside(answer)
    if error is not None:
        return error
    if answer.get("status") in ("failed", "cancelled"):
        return ProviderOverloaded("the vendor broke the answer off")
    return None


def error_event(said: Object) -> ProviderError:
    """The error that an `error` event tells: flat, unlike everywhere else."""
    inner = said.get("error")
    flat = inner if type(inner) is dict else said
    return failure(
        200,
        kind=text_or_none(flat.get("type")) or "",
        code=text_or_none(flat.get("code")) or "",
        message=flat.get("message"),
    )


def finish(answer: Object, has_calls: bool) -> FinishReason:
    """Why the model stopped. An answer that is still being made is none."""
    status = answer.get("status")
    if status == "incomplete":
        details = object_or_none(answer.get("incomplete_details"), "incomplete_details") or {}
        if details.get("reason") == "content_filter":
            return "content_filter"
        return "length"
    if status not in (None, "completed"):
        raise ProviderBadAnswer(f"the vendor's answer is not complete ({str(status)[:40]})")
    return "tool_calls" if has_calls else "stop"


def read(item: Object) -> Iterator[Part]:
    """What one item of the output says."""
    kind = item.get("type")
    if kind == "message":
        for part in objects(item.get("content"), "content"):
            if part.get("type") == "output_text":
                words = text_of(part.get("text"), "text")
                if words:
                    yield Text(words, _annotations(part))
            elif part.get("type") != "refusal":
                yield Media(NAME, part)
    elif kind == "reasoning":
        yield Reasoning(
            thought_text(item),
            None,
            text_or_none(item.get("encrypted_content")),
            text_or_none(item.get("id")),
            NAME,
        )
    elif kind in ("function_call", "custom_tool_call"):
        yield tool_call(item)
    elif type(kind) is str:
        yield Media(NAME, item)
    else:
        raise ProviderBadAnswer("an item of the vendor's output has no type")


def _annotations(part: Object) -> dict[str, Json] | None:
    extra = without(part, _KNOWN_TEXT)
    if extra is not None and extra.get("annotations") == []:
        del extra["annotations"]
    return extra or None


def thought_text(item: Object) -> str:
    """The words of a thought: the summary, or the thought itself where it is shown."""
    pieces = [*objects(item.get("summary"), "summary"), *objects(item.get("content"), "content")]
    return "".join(text_of(piece.get("text"), "summary") for piece in pieces)


def tool_call(item: Object) -> ToolCall:
    """A call; its words may still be missing when it only begins."""
    name, id = text_or_none(item.get("name")), text_or_none(item.get("call_id"))
    if name is None or id is None:
        raise ProviderBadAnswer("a tool call of the vendor's answer has no name or id")
    if item.get("type") == "custom_tool_call":
        return ToolCall(id, name, text_of(item.get("input"), "input"), extra={"type": "custom"})
    arguments = text_of(item.get("arguments"), "arguments")
    return ToolCall(id, name, arguments, extra=without(item, _KNOWN_CALL))


def refusal(item: Object) -> str:
    """The words of refusal in an item."""
    if item.get("type") != "message":
        return ""
    return "".join(
        text_of(part.get("refusal"), "refusal")
        for part in objects(item.get("content"), "content")
        if part.get("type") == "refusal"
    )


def logprobs_of(item: Object) -> Iterator[Json]:
    """The log-probabilities in an item."""
    if item.get("type") == "message":
        for part in objects(item.get("content"), "content"):
            yield from objects(part.get("logprobs"), "logprobs")


def usage(said: Json) -> Usage | None:
    """What the vendor counted; `None` when it counted nothing believable."""
    if type(said) is not dict:
        return None
    inside = said.get("input_tokens_details")
    inside = inside if type(inside) is dict else {}
    outside = said.get("output_tokens_details")
    outside = outside if type(outside) is dict else {}
    return counted(
        tokens(said.get("input_tokens")),
        tokens(said.get("output_tokens")),
        cached=tokens(inside.get("cached_tokens")),
        cache_written=tokens(inside.get("cache_write_tokens")),
        reasoning=tokens(outside.get("reasoning_tokens")),
    )
