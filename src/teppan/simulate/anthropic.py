"""Anthropic Messages, versions 2023-06-01 and 2026-10-21, with token counting and models.

Shapes after the Messages API reference and the types of the official Python SDK 2.11. The newer
version has no temperature, top_p or top_k, and answers 400 where they are given.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import orjson

from teppan.simulate import tokens
from teppan.simulate.dialect import Site, need_text, signature, signed_text
from teppan.simulate.turn import (
    Choice,
    Event,
    Json,
    Message,
    Refused,
    Reply,
    Tool,
    ToolCall,
    Turn,
    Usage,
    joined_text,
    pieces,
    sse,
)
from teppan.simulate.wire import Request

_OLD, _NEW = "2023-06-01", "2026-10-21"
_SAMPLING = ("temperature", "top_p", "top_k")
_KNOWN = frozenset(
    "model messages max_tokens metadata stop_sequences stream system thinking tool_choice tools "
    "service_tier container output_config cache_control inference_geo speed diagnostics "
    "context_management mcp_servers user_profile_id workspace_id".split()
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "authentication": "authentication_error",
        "bad_key": "authentication_error",
        "payment": "billing_error",
        "permission": "permission_error",
        "not_found": "not_found_error",
        "model_not_found": "not_found_error",
        "too_large": "request_too_large",
        "rate_limit": "rate_limit_error",
        "server": "api_error",
        "bad_gateway": "api_error",
        "unavailable": "api_error",
        "timeout": "timeout_error",
        "overloaded": "overloaded_error",
    }
)
_CHOICES: Mapping[str, str] = MappingProxyType({"any": "required", "none": "none", "auto": "auto"})
_STOPS: Mapping[str, str] = MappingProxyType(
    {
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "content_filter": "refusal",
        "refusal": "refusal",
    }
)


class Messages:
    """The dialect of `/v1/messages`."""

    name = "anthropic"
    request_id_header = "request-id"
    cut_prompt = False
    # Money that has run out is a 400 here, not a 429.
    statuses: Mapping[str, int] = MappingProxyType({"quota": 400})

    def operation(self, method: str, path: str) -> str | None:
        if method == "POST":
            return {"/v1/messages": "generate", "/v1/messages/count_tokens": "count_tokens"}.get(
                path
            )
        if method == "GET" and path == "/v1/models":
            return "models"
        return "model" if method == "GET" and path.startswith("/v1/models/") else None

    def stream_type(self, turn: Turn) -> str:
        return "text/event-stream; charset=utf-8"

    def parse(self, request: Request, body: Json) -> Turn:
        _check(request, body, need_max_tokens=request.path.endswith("/messages"))
        messages = _system(body.get("system")) + _messages(body["messages"])
        choice = body.get("tool_choice") or {}
        kind = choice.get("type", "auto")
        thinking = (body.get("thinking") or {}).get("type", "disabled") != "disabled"
        if thinking and kind in ("any", "tool"):
            raise _bad("Thinking may not be enabled when tool_choice forces tool use.")
        form = (body.get("output_config") or {}).get("format") or {}
        return Turn(
            model=need_text(body, "model"),
            messages=messages,
            tools=tuple(
                Tool(one.get("name", ""), one.get("description", ""), one.get("input_schema") or {})
                for one in body.get("tools") or ()
            ),
            tool_choice=_CHOICES.get(kind, f"name:{choice.get('name', '')}"),
            parallel=not choice.get("disable_parallel_tool_use"),
            schema=form.get("schema") if form.get("type") == "json_schema" else None,
            stream=bool(body.get("stream")),
            max_tokens=body.get("max_tokens"),
            temperature=body.get("temperature"),
            stop=tuple(body.get("stop_sequences") or ()),
            thinking=thinking,
            cache_asked=b'"cache_control"' in request.body,
            fields=frozenset(body),
            body=body,
        )

    def render(self, turn: Turn, reply: Reply) -> Json:
        choice = reply.first
        answer = _envelope(reply, _blocks(choice, reply.show_reasoning)) | _stop(choice)
        if reply.usage is not None:
            answer["usage"] = _usage(reply.usage)
        return answer

    def events(self, turn: Turn, reply: Reply) -> Iterator[Event]:
        usage = reply.usage
        opening = _envelope(reply, []) | {"stop_reason": None, "stop_sequence": None}
        if usage is not None:
            early = Usage(0, 0) if reply.usage_late else usage
            opening["usage"] = _usage(early) | {"output_tokens": 1}
        yield _event("head", "message_start", message=opening)
        yield _event("head", "ping")
        for index, block in enumerate(_blocks(reply.first, reply.show_reasoning)):
            shell, deltas = _opened(block)
            yield _event("head", "content_block_start", index=index, content_block=shell)
            for delta in deltas:
                yield _event("delta", "content_block_delta", index=index, delta=delta)
            yield _event("delta", "content_block_stop", index=index)
        last = {} if usage is None else _usage(usage)
        used = {key: value for key, value in last.items() if "tokens" in key}
        finish: Json = {"delta": _stop(reply.first)}
        yield _event("finish", "message_delta", **finish, **({"usage": used} if used else {}))
        yield _event("end", "message_stop")

    def error(self, refused: Refused, request_id: str) -> Json:
        kind = _TYPES.get(refused.kind, "invalid_request_error")
        message = refused.message
        if refused.kind == "context_overflow":
            used, _, limit = message.partition(" > ")
            message = f"prompt is too long: {used} tokens > {limit} maximum"
        elif refused.kind == "quota":
            message = "Your credit balance is too low to access the Anthropic API."
        elif refused.kind == "model_not_found" and "`" in message:
            message = f"model: {message.split('`')[1]}"
        error = {"type": kind, "message": message}
        return {"type": "error", "error": error, "request_id": request_id}

    def error_event(self, refused: Refused) -> Event:
        return sse("delta", self.error(refused, "req_simulated"), "error")

    def other(self, operation: str, request: Request, body: Json, site: Site) -> Json:
        if operation == "count_tokens":
            return {"input_tokens": tokens.prompt_tokens(self.parse(request, body))}
        created = datetime.fromtimestamp(1_700_000_000, UTC).isoformat().replace("+00:00", "Z")
        rows = [
            {
                "type": "model",
                "id": one.name,
                "display_name": f"{one.name} (simulated)",
                "created_at": created,
                "lifecycle": "active",
                "max_input_tokens": one.context,
                "max_tokens": one.max_output,
            }
            for one in site.models
        ]
        if operation == "models":
            ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
            return {"data": rows, "has_more": False, **ends}
        wanted = request.path.removeprefix("/v1/models/")
        found = next((row for row in rows if row["id"] == wanted), None)
        if found is None:
            raise Refused("model_not_found", f"model: `{wanted}`")
        return found


def _bad(message: str) -> Refused:
    return Refused("invalid_request", message)


def _check(request: Request, body: Json, *, need_max_tokens: bool) -> None:
    """The checks the vendor makes before it looks at the messages; raises `Refused`."""
    version = request.headers.get("anthropic-version")
    if version is None:
        raise _bad("anthropic-version: header is required")
    if version not in (_OLD, _NEW):
        raise _bad(f'anthropic-version: "{version}" is not a valid version')
    allowed = _KNOWN | set(_SAMPLING) if version == _OLD else _KNOWN
    for field in body:
        if field not in allowed:
            raise _bad(f"{field}: Extra inputs are not permitted")
    if need_max_tokens and not isinstance(body.get("max_tokens"), int):
        raise _bad("max_tokens: Field required")
    if need_max_tokens and body["max_tokens"] < 1:
        raise _bad("max_tokens: Input should be greater than or equal to 1")
    if not isinstance(body.get("messages"), list) or not body["messages"]:
        raise _bad("messages: at least one message is required")


def _system(system: Any) -> tuple[Message, ...]:
    if not system:
        return ()
    return (Message("system", system if isinstance(system, str) else joined_text(system)),)


def _messages(rows: list[Any]) -> tuple[Message, ...]:
    made: list[Message] = []
    open_calls: dict[str, str] = {}
    for index, row in enumerate(rows):
        role = row.get("role")
        if role not in ("user", "assistant", "system"):
            raise _bad(f"messages.{index}.role: Input should be 'user' or 'assistant'")
        content = row.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not isinstance(blocks, list):
            raise _bad(f"messages.{index}.content: Field required")
        results = [block for block in blocks if block.get("type") == "tool_result"]
        answered = {block.get("tool_use_id", "") for block in results}
        _check_calls(index, open_calls, answered)
        made.extend(
            Message("tool", _result_text(block), tool_name=open_calls[block["tool_use_id"]])
            for block in results
        )
        open_calls = {}
        if role == "assistant":
            _check_signatures(index, blocks)
            open_calls = {b["id"]: b["name"] for b in blocks if b.get("type") == "tool_use"}
        text = joined_text(block for block in blocks if block.get("type") == "text")
        images = sum(block.get("type") == "image" for block in blocks)
        if text or images or not results:
            calls = tuple(
                ToolCall(b["id"], b["name"], orjson.dumps(b.get("input", {})).decode())
                for b in blocks
                if b.get("type") == "tool_use"
            )
            made.append(Message(role, text, images, "", calls))
    return tuple(made)


def _check_calls(index: int, opened: Mapping[str, str], answered: set[str]) -> None:
    """Each call has its result in the very next message, and no result lacks its call."""
    for name in sorted(answered - set(opened)):
        raise _bad(
            f"messages.{index}.content: unexpected `tool_use_id` found in `tool_result` blocks: "
            f"{name}. Each `tool_result` block must have a corresponding `tool_use` block in the "
            "previous message."
        )
    for name in sorted(set(opened) - answered):
        raise _bad(
            f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately "
            f"after: {name}."
        )


def _check_signatures(index: int, blocks: list[Any]) -> None:
    for place, block in enumerate(blocks):
        if block.get("type") == "thinking" and signed_text(block.get("signature") or "") is None:
            raise _bad(f"messages.{index}.content.{place}: Invalid `signature` in `thinking` block")


def _result_text(block: Json) -> str:
    content = block.get("content") or ""
    return content if isinstance(content, str) else joined_text(content)


def _envelope(reply: Reply, content: list[Json]) -> Json:
    return {
        "id": f"msg_{reply.id}" if reply.id else "",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": content,
    }


def _blocks(choice: Choice, show_reasoning: bool) -> list[Json]:
    blocks: list[Json] = []
    if show_reasoning and choice.reasoning:
        proof = signature(choice.reasoning)
        blocks.append({"type": "thinking", "thinking": choice.reasoning, "signature": proof})
    if choice.text:
        blocks.append({"type": "text", "text": choice.text})
    for call in choice.tool_calls:
        blocks.append(
            {
                "type": "tool_use",
                "id": f"toolu_{call.id}",
                "name": call.name,
                "input": call.arguments,
            }
        )
    for block in blocks:
        if block["type"] == "tool_use":
            block["input"] = _input(block["input"])
    return blocks


def _input(arguments: str) -> Any:
    try:
        return orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return {"broken": arguments}


def _opened(block: Json) -> tuple[Json, Iterator[Json]]:
    """The block as it starts, empty, and the deltas that fill it."""
    if block["type"] == "text":
        parts = ({"type": "text_delta", "text": part} for part in pieces(block["text"]))
        return {"type": "text", "text": ""}, parts
    if block["type"] == "thinking":
        return {"type": "thinking", "thinking": "", "signature": ""}, _thinking_deltas(block)
    text = orjson.dumps(block["input"]).decode()
    cuts = ("", *(text[start : start + 12] for start in range(0, len(text), 12)))
    parts = ({"type": "input_json_delta", "partial_json": part} for part in cuts)
    return {**block, "input": {}}, parts


def _thinking_deltas(block: Json) -> Iterator[Json]:
    for part in pieces(block["thinking"]):
        yield {"type": "thinking_delta", "thinking": part}
    yield {"type": "signature_delta", "signature": block["signature"]}


def _stop(choice: Choice) -> Json:
    reason = "stop_sequence" if choice.stop_sequence else _STOPS[choice.finish]
    stop: Json = {"stop_reason": reason, "stop_sequence": choice.stop_sequence}
    if reason == "refusal":
        stop["stop_details"] = {"type": "refusal", "category": None, "explanation": None}
    return stop


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt - usage.cached - usage.cache_write,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": usage.completion,
        "service_tier": "standard",
        **(
            {"output_tokens_details": {"thinking_tokens": usage.reasoning}}
            if usage.reasoning
            else {}
        ),
    }


def _event(event_kind: Any, name: str, **fields: Any) -> Event:
    return sse(event_kind, {"type": name, **fields}, name)


DIALECT = Messages()
