"""OpenAI Chat Completions, models and embeddings, as OpenAI-compatible vendors serve them.

Shapes after the OpenAI API reference (Chat Completions, Models, Embeddings) and the types of the
official Python SDK 3.52.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from teppan.simulate import embed
from teppan.simulate.dialect import Site, need_list, need_text
from teppan.simulate.turn import (
    ROLES,
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

_ERRORS: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "invalid_request": ("invalid_request_error", None),
        "unsupported_parameter": ("invalid_request_error", "unsupported_parameter"),
        "context_overflow": ("invalid_request_error", "context_length_exceeded"),
        "content_filter": ("invalid_request_error", "content_policy_violation"),
        "authentication": ("invalid_request_error", "invalid_api_key"),
        "bad_key": ("invalid_request_error", "invalid_api_key"),
        "payment": ("billing_error", "insufficient_balance"),
        "permission": ("request_forbidden", "unsupported_country_region_territory"),
        "not_found": ("invalid_request_error", "unknown_url"),
        "model_not_found": ("invalid_request_error", "model_not_found"),
        "too_large": ("invalid_request_error", "request_too_large"),
        "rate_limit": ("requests", "rate_limit_exceeded"),
        "quota": ("insufficient_quota", "insufficient_quota"),
    }
)


class OpenAIChat:
    """The dialect of `/v1/chat/completions`."""

    name = "openai_chat"
    request_id_header = "x-request-id"
    cut_prompt = False
    statuses: Mapping[str, int] = MappingProxyType({})

    def stream_type(self, turn: Turn) -> str:
        return "text/event-stream; charset=utf-8"

    def operation(self, method: str, path: str) -> str | None:
        if method == "POST" and path == "/v1/chat/completions":
            return "generate"
        if method == "POST" and path == "/v1/embeddings":
            return "embeddings"
        if method == "GET" and path == "/v1/models":
            return "models"
        return "model" if method == "GET" and path.startswith("/v1/models/") else None

    def parse(self, request: Request, body: Json) -> Turn:
        messages = parse_messages(need_list(body, "messages"))
        tools = parse_tools(body.get("tools") or ())
        form = body.get("response_format") or {}
        described = form.get("json_schema") or {}
        options = body.get("stream_options") or {}
        stop = body.get("stop") or ()
        fields = frozenset(key for key, value in body.items() if value is not None)
        return Turn(
            model=need_text(body, "model"),
            messages=messages,
            tools=tools,
            tool_choice=parse_tool_choice(body.get("tool_choice")),
            parallel=body.get("parallel_tool_calls") is not False,
            schema=described.get("schema") if form.get("type") == "json_schema" else None,
            schema_name=described.get("name", ""),
            json_mode=form.get("type") == "json_object",
            stream=bool(body.get("stream")),
            include_usage=bool(options.get("include_usage")),
            max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
            temperature=body.get("temperature"),
            seed=body.get("seed"),
            stop=(stop,) if isinstance(stop, str) else tuple(stop),
            n=body.get("n") or 1,
            logprobs=bool(body.get("logprobs")),
            fields=fields | ({"chat_tools"} if tools else set()),
            body=body,
        )

    def render(self, turn: Turn, reply: Reply) -> Json:
        choices = [
            {
                "index": index,
                "message": _message(choice, reply.show_reasoning),
                "logprobs": _logprobs(choice) if turn.logprobs else None,
                "finish_reason": _finish(choice),
            }
            for index, choice in enumerate(reply.choices)
        ]
        answer = self._envelope(reply, "chat.completion", choices)
        if reply.usage is not None:
            answer["usage"] = usage_json(reply.usage)
        return answer

    def events(self, turn: Turn, reply: Reply) -> Iterator[Event]:
        def chunk(index: int, delta: Json, finish: str | None = None) -> Json:
            choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
            made = self._envelope(reply, "chat.completion.chunk", [choice])
            return made | {"usage": None} if turn.include_usage else made

        for index, choice in enumerate(reply.choices):
            first = {"role": "assistant", "content": "" if choice.text is not None else None}
            yield sse("head", chunk(index, first | {"refusal": None}))
            for delta in _deltas(choice, reply.show_reasoning):
                yield sse("delta", chunk(index, delta))
            yield sse("finish", chunk(index, {}, _finish(choice)))
        if not reply.choices:
            yield sse("head", self._envelope(reply, "chat.completion.chunk", []))
        used: list[Event] = []
        if turn.include_usage and reply.usage is not None:
            last = self._envelope(reply, "chat.completion.chunk", [])
            used = [sse("usage", last | {"usage": usage_json(reply.usage)})]
        yield from () if reply.usage_late else used
        yield sse("end", "[DONE]")
        yield from used if reply.usage_late else ()

    def error(self, refused: Refused, request_id: str) -> Json:
        kind, code = _ERRORS.get(refused.kind, ("server_error", None))
        message = refused.message
        if refused.kind == "context_overflow":
            message = _overflow_message(refused.message)
        error = {"message": message, "type": kind, "param": refused.param}
        return {"error": error | {"code": refused.code or code}}

    def error_event(self, refused: Refused) -> Event:
        return sse("delta", self.error(refused, ""))

    def other(self, operation: str, request: Request, body: Json, site: Site) -> Json:
        if operation == "embeddings":
            return embed.embeddings(body)
        rows = [
            {"id": one.name, "object": "model", "created": 1_700_000_000, "owned_by": "simulated"}
            for one in site.models
        ]
        if operation == "models":
            return {"object": "list", "data": rows}
        wanted = request.path.removeprefix("/v1/models/")
        found = next((row for row in rows if row["id"] == wanted), None)
        if found is None:
            raise Refused("model_not_found", f"The model '{wanted}' does not exist", param="model")
        return found

    def _envelope(self, reply: Reply, kind: str, choices: list[Any]) -> Json:
        return {
            "id": f"chatcmpl-{reply.id}" if reply.id else "",
            "object": kind,
            "created": reply.created,
            "model": reply.model,
            "choices": choices,
            "service_tier": "default",
            "system_fingerprint": "simulated",
        }


def parse_messages(rows: list[Any]) -> tuple[Message, ...]:
    """Read chat messages; raises `Refused` for a role or a content that does not exist."""
    names: dict[str, str] = {}
    made: list[Message] = []
    for index, row in enumerate(rows):
        where = f"messages[{index}]"
        given = row.get("role") if isinstance(row, dict) else None
        role = ROLES.get(str(given))
        if role is None:
            raise Refused("invalid_request", f"Invalid value: '{given}'.", param=f"{where}.role")
        content = row.get("content")
        text, images = (content, 0) if isinstance(content, str) else ("", 0)
        if isinstance(content, list):
            text = joined_text(content)
            images = sum(
                part.get("type") == "image_url" for part in content if isinstance(part, dict)
            )
        elif content is not None and not isinstance(content, str):
            raise Refused("invalid_request", "Invalid type for content.", param=f"{where}.content")
        calls = tuple(map(_parse_call, row.get("tool_calls") or ()))
        names |= {call.id: call.name for call in calls}
        identity = row.get("tool_call_id", "")
        if role == "tool" and identity not in names:
            raise Refused(
                "invalid_request",
                "messages with role 'tool' must be a response to a preceding message with "
                "'tool_calls'.",
                param=f"{where}.role",
            )
        made.append(Message(role, text, images, names.get(identity, ""), calls))
    return tuple(made)


def _parse_call(row: Json) -> ToolCall:
    function = row.get("function") or {}
    return ToolCall(row.get("id", ""), function.get("name", ""), function.get("arguments", ""))


def parse_tools(rows: Any) -> tuple[Tool, ...]:
    """Read function tools; others are ignored."""
    functions = [row.get("function") or {} for row in rows if row.get("type") == "function"]
    return tuple(
        Tool(one.get("name", ""), one.get("description") or "", one.get("parameters") or {})
        for one in functions
    )


def parse_tool_choice(choice: Any) -> str:
    """`auto`, `none`, `required`, or `name:` and the tool that is forced."""
    if isinstance(choice, dict):
        function = choice.get("function") or choice
        return f"name:{function.get('name', '')}"
    return choice or "auto"


def usage_json(usage: Usage) -> Json:
    """Chat Completions usage."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _message(choice: Choice, show_reasoning: bool) -> Json:
    refused = choice.finish == "refusal"
    message: Json = {
        "role": "assistant",
        "content": None if refused else choice.text,
        "refusal": choice.text if refused else None,
        "annotations": [],
    }
    if show_reasoning and choice.reasoning:
        message["reasoning_content"] = choice.reasoning
    if choice.tool_calls:
        message["tool_calls"] = [_call(call) for call in choice.tool_calls]
    return message


def _call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": f"call_{call.id}", "type": "function", "function": function}


def _deltas(choice: Choice, show_reasoning: bool) -> Iterator[Json]:
    if show_reasoning:
        yield from (
            {"content": None, "reasoning_content": part} for part in pieces(choice.reasoning)
        )
    field = "refusal" if choice.finish == "refusal" else "content"
    yield from ({field: part} for part in pieces(choice.text or ""))
    for index, call in enumerate(choice.tool_calls):
        head = _call(call)
        head["function"] = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": index, **head}]}
        for start in range(0, len(call.arguments), 12):
            part = call.arguments[start : start + 12]
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _finish(choice: Choice) -> str:
    return "stop" if choice.finish == "refusal" else choice.finish


def _logprobs(choice: Choice) -> Json:
    rows = [
        {"token": part, "logprob": -0.05, "bytes": list(part.encode()), "top_logprobs": []}
        for part in pieces(choice.text or "", words=1)
    ]
    return {"content": rows, "refusal": None}


def _overflow_message(counts: str) -> str:
    used, _, limit = counts.partition(" > ")
    return (
        f"This model's maximum context length is {limit} tokens. However, your messages resulted "
        f"in {used} tokens. Please reduce the length of the messages."
    )


DIALECT = OpenAIChat()
