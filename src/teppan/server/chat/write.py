"""A `Completion` becomes a chat completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from teppan.core.chat import (
    CHAT_DIALECT,
    Choice,
    Completion,
    FinishReason,
    Image,
    Json,
    Media,
    Message,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from teppan.server.format import Envelope
from teppan.server.proof import call_id

SERVICE_TIERS = frozenset(("auto", "default", "flex", "scale", "priority", "fast"))


def write(completion: Completion, envelope: Envelope) -> bytes:
    """The body of a whole answer. The vendor's other fields stay; ours win."""
    body: dict[str, Json] = passed_on(completion.extra)
    body["id"] = envelope.id
    body["object"] = "chat.completion"
    body["created"] = envelope.created
    body["model"] = completion.model or envelope.request.model
    body["choices"] = [_choice(each) for each in completion.choices]
    if completion.usage is not None:
        body["usage"] = usage(completion.usage)
    if envelope.about is not None:
        body["teppan"] = envelope.about
    return orjson.dumps(body)


def passed_on(extra: Mapping[str, Json] | None) -> dict[str, Json]:
    """What the vendor said beside the answer, without values this format has no word for."""
    body = dict(extra) if extra else {}
    if body.get("service_tier") not in SERVICE_TIERS:
        body.pop("service_tier", None)
    return body


def usage(used: Usage) -> dict[str, Json]:
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": {
            "cached_tokens": used.cached,
            "cache_write_tokens": used.cache_written,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": used.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def finish(reason: FinishReason, *, refused: bool) -> str:
    """A refusal in words ends with `stop` here; one without words was the filter's."""
    if reason == "refusal":
        return "stop" if refused else "content_filter"
    return reason


def _choice(choice: Choice) -> dict[str, Json]:
    message = choice.message
    return {
        "index": choice.index,
        "message": _message(message),
        "logprobs": choice.logprobs,
        "finish_reason": finish(choice.finish_reason, refused=bool(message.refusal)),
    }


def _message(message: Message) -> dict[str, Json]:
    parts = message.parts
    if len(parts) == 1 and type(parts[0]) is Text and not (parts[0].extra or message.extra):
        return {"role": "assistant", "content": parts[0].text, "refusal": message.refusal}
    body: dict[str, Json] = dict(message.extra) if message.extra else {}
    texts = [part for part in parts if isinstance(part, Text)]
    calls = [tool_call(part) for part in parts if isinstance(part, ToolCall)]
    body["role"] = "assistant"
    body["content"] = "".join(part.text for part in texts) if texts else None
    body["refusal"] = message.refusal
    if not texts and not calls and message.refusal is None:
        body["content"] = ""
    if calls:
        body["tool_calls"] = calls
    body.update(thoughts([part for part in parts if isinstance(part, Reasoning)]))
    images = [image(part) for part in parts if isinstance(part, Image)]
    if images:
        body["images"] = images
    notes = [note for part in texts for note in (part.extra or {}).get("annotations") or ()]
    if notes:
        body["annotations"] = notes
    for part in parts:
        if isinstance(part, Media) and part.dialect == CHAT_DIALECT and "type" not in part.raw:
            body.update(part.raw)
    return body


def tool_call(call: ToolCall) -> dict[str, Json]:
    body: dict[str, Json] = dict(call.extra) if call.extra else {}
    body["id"] = call_id(call)
    if body.get("type") == "custom":
        body["custom"] = {"name": call.name, "input": call.arguments}
    else:
        body["type"] = "function"
        body["function"] = {"name": call.name, "arguments": call.arguments}
    return body


def thoughts(parts: Sequence[Reasoning], first: int = 0) -> dict[str, Json]:
    """The words of thoughts, and their proofs for the client to hand back in the next turn.

    This format's own proof is its `reasoning_details`; another's is wrapped in one of ours.
    They are numbered from `first`, because clients join the pieces of a stream by number.
    """
    if not parts:
        return {}
    body: dict[str, Json] = {"reasoning_content": "".join(part.text for part in parts)}
    details: list[Json] = []
    for part in parts:
        if part.dialect == CHAT_DIALECT and part.encrypted:
            details.extend(orjson.loads(part.encrypted))
        elif part.signature or part.encrypted or part.id:
            details.append(_wrapped(part, first + len(details)))
    if details:
        body["reasoning_details"] = details
    return body


def _wrapped(part: Reasoning, index: int) -> dict[str, Json]:
    body: dict[str, Json] = {"type": "reasoning.text", "text": part.text, "index": index}
    if part.encrypted:
        body["type"] = "reasoning.encrypted"
        body["data"] = part.encrypted
    if part.signature:
        body["signature"] = part.signature
    if part.id:
        body["id"] = part.id
    body["dialect"] = part.dialect or ""
    return body


def image(part: Image) -> dict[str, Json]:
    address = {"url": part.url} if part.detail is None else {"url": part.url, "detail": part.detail}
    return {"type": "image_url", "image_url": address}
