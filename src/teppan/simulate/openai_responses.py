"""OpenAI Responses: output items, reasoning with encrypted content, typed events.

Shapes after the Responses API reference and the types of the official Python SDK 3.52. Nothing is
stored, so `previous_response_id` is always unknown.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any

from teppan.simulate.dialect import Site, need_text, signature, signed_text
from teppan.simulate.openai import DIALECT as CHAT
from teppan.simulate.openai import parse_tool_choice
from teppan.simulate.turn import (
    ROLES,
    Choice,
    Event,
    EventKind,
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

_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
    }
)


class Responses:
    """The dialect of `/v1/responses`."""

    name = "openai_responses"
    request_id_header = "x-request-id"
    cut_prompt = False
    statuses: Mapping[str, int] = MappingProxyType({})

    def operation(self, method: str, path: str) -> str | None:
        return "generate" if method == "POST" and path == "/v1/responses" else None

    def stream_type(self, turn: Turn) -> str:
        return "text/event-stream; charset=utf-8"

    def parse(self, request: Request, body: Json) -> Turn:
        previous = body.get("previous_response_id")
        if previous:
            raise Refused(
                "invalid_request",
                f"Previous response with id '{previous}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        form = (body.get("text") or {}).get("format") or {}
        instructions = body.get("instructions")
        system = (Message("system", instructions),) if isinstance(instructions, str) else ()
        reasoning = body.get("reasoning") or {}
        include = body.get("include") or ()
        return Turn(
            model=need_text(body, "model"),
            messages=system + _messages(body.get("input")),
            tools=tuple(
                Tool(one.get("name", ""), one.get("description") or "", one.get("parameters") or {})
                for one in body.get("tools") or ()
                if one.get("type") == "function"
            ),
            tool_choice=parse_tool_choice(body.get("tool_choice")),
            parallel=body.get("parallel_tool_calls") is not False,
            schema=form.get("schema") if form.get("type") == "json_schema" else None,
            schema_name=form.get("name", ""),
            json_mode=form.get("type") == "json_object",
            stream=bool(body.get("stream")),
            max_tokens=body.get("max_output_tokens"),
            temperature=body.get("temperature"),
            thinking=bool(reasoning.get("summary")),
            include_encrypted="reasoning.encrypted_content" in include,
            fields=frozenset(key for key, value in body.items() if value is not None),
            body=body,
        )

    def render(self, turn: Turn, reply: Reply) -> Json:
        return _response(turn, reply, _items(turn, reply), "completed")

    def events(self, turn: Turn, reply: Reply) -> Iterator[Event]:
        number = count()

        def event(kind: EventKind, name: str, **fields: Any) -> Event:
            body = {"type": name, "sequence_number": next(number), **fields}
            return sse(kind, body, name)

        opening = _response(turn, reply, [], "in_progress")
        yield event("head", "response.created", response=opening)
        yield event("head", "response.in_progress", response=opening)
        items = _items(turn, reply)
        for index, item in enumerate(items):
            shell = _shell(item)
            yield event("head", "response.output_item.added", output_index=index, item=shell)
            where = {"item_id": item["id"], "output_index": index}
            for name, fields in _inside(item):
                yield event("delta", name, **where, **fields)
            yield event("delta", "response.output_item.done", output_index=index, item=item)
        closing = _response(turn, reply, items, "completed")
        yield event("end", f"response.{closing['status']}", response=closing)

    def error(self, refused: Refused, request_id: str) -> Json:
        return CHAT.error(refused, request_id)

    def error_event(self, refused: Refused) -> Event:
        error = {"code": "server_error", "message": refused.message, "param": None}
        return sse("delta", {"type": "error", **error, "sequence_number": 0}, "error")

    def other(self, operation: str, request: Request, body: Json, site: Site) -> Json:
        raise Refused("not_found", f"Invalid URL ({request.method} {request.path})")


def _messages(given: Any) -> tuple[Message, ...]:
    if isinstance(given, str) and given:
        return (Message("user", given),)
    if not isinstance(given, list) or not given:
        raise Refused("invalid_request", "Missing required parameter: 'input'.", param="input")
    names: dict[str, str] = {}
    made: list[Message] = []
    for index, item in enumerate(given):
        where = f"input[{index}]"
        kind = item.get("type", "message")
        if kind == "message":
            made.append(_message(item, where))
        elif kind == "function_call":
            call = ToolCall(
                item.get("call_id", ""), item.get("name", ""), item.get("arguments", "")
            )
            names[call.id] = call.name
            made.append(Message("assistant", "", tool_calls=(call,)))
        elif kind == "function_call_output":
            made.append(_call_output(item, names, where))
        elif kind == "reasoning":
            _check_reasoning(item)
        else:
            raise Refused("invalid_request", f"Invalid value: '{kind}'.", param=f"{where}.type")
    return tuple(made)


def _message(item: Json, where: str) -> Message:
    role = ROLES.get(str(item.get("role")))
    if role in (None, "tool"):
        given = item.get("role")
        raise Refused("invalid_request", f"Invalid value: '{given}'.", param=f"{where}.role")
    content = item.get("content") or ""
    if isinstance(content, str):
        return Message(role, content)
    images = sum(part.get("type") == "input_image" for part in content)
    return Message(role, joined_text(content), images)


def _call_output(item: Json, names: Mapping[str, str], where: str) -> Message:
    identity = item.get("call_id", "")
    if identity not in names:
        raise Refused(
            "invalid_request",
            f"No tool call found for function call output with call_id {identity}.",
            param="input",
        )
    output = item.get("output") or ""
    text = output if isinstance(output, str) else joined_text(output)
    return Message("tool", text, tool_name=names[identity])


def _check_reasoning(item: Json) -> None:
    sealed = item.get("encrypted_content")
    if sealed and signed_text(sealed) is None:
        raise Refused(
            "invalid_request",
            f"The encrypted content for item {item.get('id')} could not be verified.",
            code="invalid_encrypted_content",
        )


def _items(turn: Turn, reply: Reply) -> list[Json]:
    choice = reply.first
    items: list[Json] = []
    if choice.reasoning:
        shown = [{"type": "summary_text", "text": choice.reasoning}] if reply.show_reasoning else []
        item: Json = {"id": f"rs_{reply.id}", "type": "reasoning", "summary": shown}
        if turn.include_encrypted:
            item["encrypted_content"] = signature(choice.reasoning)
        items.append(item)
    for index, call in enumerate(choice.tool_calls):
        items.append(
            {
                "id": f"fc_{reply.id}{index}",
                "type": "function_call",
                "status": "completed",
                "call_id": f"call_{call.id}",
                "name": call.name,
                "arguments": call.arguments,
            }
        )
    if choice.text is not None:
        items.append(_text_item(reply, choice))
    return items


def _text_item(reply: Reply, choice: Choice) -> Json:
    part: Json = {"type": "output_text", "text": choice.text, "annotations": [], "logprobs": []}
    if choice.finish == "refusal":
        part = {"type": "refusal", "refusal": choice.text}
    return {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "status": "incomplete" if _reason(choice) else "completed",
        "content": [part],
    }


def _reason(choice: Choice) -> str | None:
    """Why the response is incomplete, if it is."""
    return {"length": "max_output_tokens", "content_filter": "content_filter"}.get(choice.finish)


def _response(turn: Turn, reply: Reply, items: list[Json], status: str) -> Json:
    reason = _reason(reply.first) if status == "completed" else None
    given = {key: turn.body[key] for key in _DEFAULTS if turn.body.get(key) is not None}
    return {
        "id": f"resp_{reply.id}" if reply.id else "",
        "object": "response",
        "created_at": reply.created,
        "status": "incomplete" if reason else status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": reply.model,
        "output": items,
        **_DEFAULTS,
        **given,
        "usage": _usage(reply.usage) if reply.usage and status == "completed" else None,
    }


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }


def _shell(item: Json) -> Json:
    """The item as it is added: in progress and still empty."""
    if item["type"] == "reasoning":
        return {**item, "summary": []}
    empty: Json = {"arguments": ""} if item["type"] == "function_call" else {"content": []}
    return {**item, "status": "in_progress", **empty}


def _inside(item: Json) -> Iterator[tuple[str, Json]]:
    """The events between an item's beginning and its end."""
    if item["type"] == "reasoning":
        for index, part in enumerate(item["summary"]):
            yield from _summary(index, part)
    elif item["type"] == "function_call":
        arguments = item["arguments"]
        for start in range(0, len(arguments), 12):
            part = {"delta": arguments[start : start + 12]}
            yield "response.function_call_arguments.delta", part
        yield "response.function_call_arguments.done", {"arguments": arguments}
    else:
        for index, part in enumerate(item["content"]):
            yield from _content(index, part)


def _summary(index: int, part: Json) -> Iterator[tuple[str, Json]]:
    base, at = "response.reasoning_summary", {"summary_index": index}
    yield f"{base}_part.added", {**at, "part": {"type": "summary_text", "text": ""}}
    for piece in pieces(part["text"]):
        yield f"{base}_text.delta", {**at, "delta": piece}
    yield f"{base}_text.done", {**at, "text": part["text"]}
    yield f"{base}_part.done", {**at, "part": part}


def _content(index: int, part: Json) -> Iterator[tuple[str, Json]]:
    refused = part["type"] == "refusal"
    field = "refusal" if refused else "text"
    base = "response.refusal" if refused else "response.output_text"
    extra: Json = {} if refused else {"logprobs": []}
    at = {"content_index": index}
    yield "response.content_part.added", {**at, "part": {**part, field: ""}}
    for piece in pieces(part[field]):
        yield f"{base}.delta", {**at, "delta": piece, **extra}
    yield f"{base}.done", {**at, field: part[field], **extra}
    yield "response.content_part.done", {**at, "part": part}


DIALECT = Responses()
