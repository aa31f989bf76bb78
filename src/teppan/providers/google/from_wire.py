"""A `generateContent` answer -> our words.

A blocked prompt has no candidates: it is `ContentFiltered`. A signature stands on the part it
proves: on a call it stays with the call, on words or alone it becomes a `Reasoning` after them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zlib import crc32

from teppan.core.chat import (
    Choice,
    Completion,
    FinishReason,
    Image,
    Json,
    Media,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from teppan.core.errors import ContentFiltered, ProviderBadAnswer
from teppan.providers.failures import vendor_words
from teppan.providers.google.errors import error_inside
from teppan.providers.google.options import NAME
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

_FINISH: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "OTHER": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}

_BROKEN = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "FINISH_REASON_UNSPECIFIED",
    }
)
"""Reasons by which the vendor says that what the model wrote is no answer."""

_KNOWN = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId", "promptFeedback"})


def decode(body: bytes) -> Completion:
    """The answer in `body`, or a `ProviderError` saying what is wrong with it."""
    answer = parse(body)
    failed = error_inside(answer) or blocked(answer)
    if failed is not None:
        raise failed
    candidates = objects(answer.get("candidates"), "candidates")
    if not candidates:
        raise ProviderBadAnswer("the vendor's answer has no candidates")
    return Completion(
        text_of(answer.get("modelVersion"), "modelVersion"),
        tuple(_choice(candidate, number) for number, candidate in enumerate(candidates)),
        usage(answer.get("usageMetadata")),
        text_or_none(answer.get("responseId")) or "",
        other_fields(answer),
    )


def other_fields(answer: Object) -> dict[str, Json] | None:
    """What the vendor said about the answer that we have no word for."""
    return without(answer, _KNOWN)


def blocked(answer: Object) -> ContentFiltered | None:
    """The vendor's refusal of the prompt, if it refused."""
    feedback = answer.get("promptFeedback")
    if type(feedback) is not dict or not feedback.get("blockReason"):
        return None
    words = vendor_words(feedback.get("blockReasonMessage"))
    reason = vendor_words(feedback["blockReason"])
    return ContentFiltered(
        f"The vendor's content filter refused the prompt: {words or reason}", upstream_status=200
    )


def finish(reason: Json, has_calls: bool) -> FinishReason:
    """Why the model stopped. Raises `ProviderBadAnswer` when it stopped by breaking down."""
    if type(reason) is not str or not reason:
        raise ProviderBadAnswer("the vendor did not say why the model stopped")
    if reason in _BROKEN:
        raise ProviderBadAnswer(f"the vendor broke the answer off ({reason})")
    known = _FINISH.get(reason, "stop")
    return "tool_calls" if known == "stop" and has_calls else known


def _choice(candidate: Object, number: int) -> Choice:
    content = object_or_none(candidate.get("content"), "content") or {}
    calls = 0
    parts: list[Part] = []
    for wire in objects(content.get("parts"), "parts"):
        for part in read(wire, calls):
            calls += isinstance(part, ToolCall)
            _append(parts, part)
    index = candidate.get("index")
    return Choice(
        Message("assistant", tuple(parts)),
        finish(candidate.get("finishReason"), calls > 0),
        index if type(index) is int and index >= 0 else number,
        logprobs_of(candidate),
    )


def _append(parts: list[Part], part: Part) -> None:
    """Words that follow words are one part, as a stream of them would be."""
    last = parts[-1] if parts else None
    if isinstance(part, Text) and isinstance(last, Text):
        parts[-1] = Text(last.text + part.text)
    elif isinstance(part, Reasoning) and isinstance(last, Reasoning) and not last.signature:
        parts[-1] = Reasoning(last.text + part.text, part.signature, dialect=NAME)
    else:
        parts.append(part)


def read(wire: Object, calls: int) -> Iterator[Part]:
    """What one part says, whole or as a piece of a stream; `calls` were made before it."""
    signature = text_or_none(wire.get("thoughtSignature"))
    if "functionCall" in wire:
        yield _call(wire, signature, calls)
        return
    if "text" in wire:
        words = text_of(wire["text"], "text")
        if wire.get("thought") is True:
            if words or signature:
                yield Reasoning(words, signature, dialect=NAME)
            return
        if words:
            yield Text(words)
        if signature:
            yield Reasoning("", signature, dialect=NAME)
        return
    inline = wire.get("inlineData")
    if type(inline) is dict and signature is None and not wire.get("thought"):
        kind, data = inline.get("mimeType"), inline.get("data")
        if type(kind) is str and type(data) is str and kind.startswith("image/"):
            yield Image(f"data:{kind};base64,{data}")
            return
    if wire:
        yield Media(NAME, wire)


def _call(wire: Object, signature: str | None, calls: int) -> ToolCall:
    call = object_or_none(wire["functionCall"], "functionCall")
    name = text_or_none(call.get("name")) if call else None
    if call is None or name is None:
        raise ProviderBadAnswer("a call of the vendor's answer has no name")
    given = object_or_none(call.get("args"), "args") or {}
    arguments = dump_text(given)
    id = text_or_none(call.get("id")) or _made_up_id(calls, name, arguments)
    return ToolCall(id, name, arguments, signature)


def _made_up_id(place: int, name: str, arguments: str) -> str:
    """An id for a call that came without one: the same in a stream and in a whole answer."""
    return f"call_{place}_{crc32(f'{name} {arguments}'.encode()):08x}"


def logprobs_of(candidate: Object) -> Json:
    """Log-probabilities in the shape the rest of the house knows, or `None`."""
    result = candidate.get("logprobsResult")
    if type(result) is not dict:
        return None
    chosen = objects(result.get("chosenCandidates"), "chosenCandidates")
    tops = objects(result.get("topCandidates"), "topCandidates")
    content = [
        {
            **_token(each),
            "top_logprobs": [
                _token(top)
                for top in objects(
                    tops[place].get("candidates") if place < len(tops) else None, "candidates"
                )
            ],
        }
        for place, each in enumerate(chosen)
    ]
    return {"content": content} if content else None


def _token(each: Object) -> Object:
    token = text_of(each.get("token"), "token")
    return {
        "token": token,
        "logprob": each.get("logProbability", 0.0),
        "bytes": list(token.encode()),
    }


def usage(said: Json) -> Usage | None:
    """What the vendor counted. It counts thoughts beside the answer; ours includes them."""
    if type(said) is not dict:
        return None
    prompt = tokens(said.get("promptTokenCount"))
    by_tools = tokens(said.get("toolUsePromptTokenCount")) or 0
    thought = tokens(said.get("thoughtsTokenCount")) or 0
    answer = tokens(said.get("candidatesTokenCount", 0))
    return counted(
        None if prompt is None else prompt + by_tools,
        None if answer is None else answer + thought,
        cached=tokens(said.get("cachedContentTokenCount")),
        reasoning=thought,
    )
