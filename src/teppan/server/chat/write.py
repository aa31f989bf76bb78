"""A `Completion` becomes a chat completion."""

from __future__ import annotations

import orjson

from teppan.core.chat import (
    Choice,
    Completion,
    FinishReason,
    Image,
    Json,
    Message,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from teppan.server.format import Envelope

SERVICE_TIERS = frozenset(("auto", "default", "flex", "scale", "priority", "fast"))


def write(completion: Completion, envelope: Envelope) -> bytes:
    """The body of a whole answer. The vendor's other fields stay; ours win."""
    body: dict[str, Json] = passed_on(completion)
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


def passed_on(completion: Completion) -> dict[str, Json]:
    """What the vendor said beside the answer, without values this format has no word for."""
    body = dict(completion.extra) if completion.extra else {}
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
    thoughts = [part for part in parts if isinstance(part, Reasoning)]
    if thoughts:
        body["reasoning_content"] = "".join(thought.text for thought in thoughts)
        if any(thought.signature or thought.encrypted or thought.id for thought in thoughts):
            body["reasoning_details"] = [reasoning_detail(thought) for thought in thoughts]
    images = [image(part) for part in parts if isinstance(part, Image)]
    if images:
        body["images"] = images
    notes = [note for part in texts for note in (part.extra or {}).get("annotations") or ()]
    if notes:
        body["annotations"] = notes
    return body


def tool_call(call: ToolCall) -> dict[str, Json]:
    body: dict[str, Json] = dict(call.extra) if call.extra else {}
    body["id"] = call.id
    if body.get("type") == "custom":
        body["custom"] = {"name": call.name, "input": call.arguments}
    else:
        body["type"] = "function"
        body["function"] = {"name": call.name, "arguments": call.arguments}
    if call.signature:
        body["signature"] = call.signature
    return body


def reasoning_detail(thought: Reasoning) -> dict[str, Json]:
    """A thought with its proof, so that a client can hand it back in the next turn."""
    body: dict[str, Json] = {"type": "reasoning.text", "text": thought.text}
    if thought.encrypted:
        body["type"] = "reasoning.encrypted"
        body["data"] = thought.encrypted
    if thought.signature:
        body["signature"] = thought.signature
    if thought.id:
        body["id"] = thought.id
    if thought.dialect:
        body["format"] = thought.dialect
    return body


def image(part: Image) -> dict[str, Json]:
    address = {"url": part.url} if part.detail is None else {"url": part.url, "detail": part.detail}
    return {"type": "image_url", "image_url": address}
