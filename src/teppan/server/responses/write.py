"""A `Completion` becomes a response."""

from __future__ import annotations

import orjson

from teppan.core.chat import Choice, Completion, FinishReason, Json, Usage
from teppan.server.format import Envelope
from teppan.server.responses.items import output

ECHOED = (
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "prompt_cache_key",
    "safety_identifier",
    "temperature",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)
"""Fields of the request that a response repeats."""

INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def write(completion: Completion, envelope: Envelope) -> bytes:
    """The body of a whole answer: the first choice, as this format has only one."""
    choice: Choice = completion.choices[0]
    body = response(envelope, completion.model)
    body["output"] = output(choice.message, envelope.id)
    finish(body, choice.finish_reason, completion.usage)
    if envelope.about is not None:
        body["teppan"] = envelope.about
    return orjson.dumps(body)


def response(envelope: Envelope, model: str) -> dict[str, Json]:
    """A response that has only begun."""
    asked, request = envelope.body, envelope.request
    effort, summary = request.effort, (asked.get("reasoning") or {}).get("summary")
    text = asked.get("text") or {}
    body: dict[str, Json] = {name: asked.get(name) for name in ECHOED}
    body |= {
        "id": envelope.id,
        "object": "response",
        "created_at": envelope.created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": model or request.model,
        "output": [],
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": None,
        "reasoning": {"effort": effort, "summary": summary},
        "store": False,
        "text": {"format": {"type": "text"}, **text},
        "tool_choice": asked.get("tool_choice") or "auto",
        "tools": [_tool(each) for each in asked.get("tools") or ()],
        "usage": None,
    }
    return body


def finish(body: dict[str, Json], reason: FinishReason, used: Usage | None) -> None:
    """Says how the response ended."""
    why = INCOMPLETE.get(reason)
    body["status"] = "incomplete" if why else "completed"
    body["incomplete_details"] = {"reason": why} if why else None
    body["completed_at"] = None if why else body["created_at"]
    body["usage"] = usage(used) if used is not None else None


def usage(used: Usage) -> dict[str, Json]:
    return {
        "input_tokens": used.input,
        "input_tokens_details": {
            "cached_tokens": used.cached,
            "cache_write_tokens": used.cache_written,
        },
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.input + used.output,
    }


def _tool(raw: dict[str, Json]) -> dict[str, Json]:
    if raw.get("type") == "function":
        return {"description": None, "parameters": None, "strict": None, **raw}
    return raw
