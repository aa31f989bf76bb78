"""A `Completion` becomes a message."""

from __future__ import annotations

import orjson

from teppan.core.chat import (
    MESSAGES_DIALECT,
    Choice,
    Completion,
    FinishReason,
    Json,
    Media,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from teppan.server.format import Envelope
from teppan.server.proof import call_id, seal

STOPS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
}


def write(completion: Completion, envelope: Envelope) -> bytes:
    """The body of a whole answer: the first choice, as this format has only one."""
    choice = completion.choices[0]
    body = message(envelope, completion.model, completion.usage)
    body["content"] = content(choice)
    body["stop_reason"] = stop_reason(choice.finish_reason, choice.stop_sequence)
    body["stop_sequence"] = choice.stop_sequence
    if envelope.about is not None:
        body["teppan"] = envelope.about
    return orjson.dumps(body)


def message(envelope: Envelope, model: str, used: Usage | None) -> dict[str, Json]:
    """The frame of a message, still empty."""
    return {
        "id": envelope.id,
        "type": "message",
        "role": "assistant",
        "model": model or envelope.request.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage(used or Usage()),
    }


def usage(used: Usage) -> dict[str, Json]:
    """This format counts cached tokens beside the input, not within it."""
    return {
        "input_tokens": max(used.input - used.cached - used.cache_written, 0),
        "cache_creation_input_tokens": used.cache_written,
        "cache_read_input_tokens": used.cached,
        "output_tokens": used.output,
    }


def stop_reason(reason: FinishReason, sequence: str | None) -> str:
    return "stop_sequence" if sequence is not None and reason == "stop" else STOPS[reason]


def content(choice: Choice) -> list[Json]:
    said = choice.message
    blocks = [block for part in said.parts if (block := _block(part)) is not None]
    if said.refusal:
        blocks.append({"type": "text", "text": said.refusal})
    return blocks


def _block(part: Part) -> dict[str, Json] | None:
    if isinstance(part, Text):
        citations = (part.extra or {}).get("citations")
        block: dict[str, Json] = {"type": "text", "text": part.text}
        if type(citations) is list:
            block["citations"] = citations
        return block if part.text or citations else None
    if isinstance(part, ToolCall):
        return tool_use(part)
    if isinstance(part, Reasoning):
        return thinking(part)
    if isinstance(part, Media) and part.dialect == MESSAGES_DIALECT:
        return dict(part.raw)
    return None


def tool_use(call: ToolCall) -> dict[str, Json]:
    return {
        "type": "tool_use",
        "id": call_id(call),
        "name": call.name,
        "input": arguments(call.arguments),
    }


def arguments(text: str) -> dict[str, Json]:
    """The arguments as an object; words that are none are kept under one key."""
    if not text.strip():
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {"arguments": text}
    return value if type(value) is dict else {"arguments": value}


def thinking(thought: Reasoning) -> dict[str, Json] | None:
    """A thought with its signature, or with the sealed proof of another format."""
    if thought.dialect == MESSAGES_DIALECT and thought.encrypted:
        return {"type": "redacted_thinking", "data": thought.encrypted}
    own = thought.dialect == MESSAGES_DIALECT
    proof = (thought.signature or "") if own else seal(thought)
    if not thought.text and not proof:
        return None
    return {"type": "thinking", "thinking": thought.text, "signature": proof}
