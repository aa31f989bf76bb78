"""A chat-completions body becomes a `ChatRequest`."""

from __future__ import annotations

from typing import cast, get_args

import orjson

from teppan.core.chat import (
    CHAT_DIALECT,
    ChatRequest,
    Effort,
    Image,
    Json,
    Media,
    Message,
    Part,
    Reasoning,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from teppan.server.fields import Fields, bad
from teppan.server.format import (
    MAX_CHOICES,
    MAX_MESSAGES,
    MAX_OUTPUT,
    MAX_PARTS,
    MAX_STOPS,
    MAX_TOOLS,
)
from teppan.server.proof import plain_id, signature

ROLES = frozenset(get_args(Role))
EFFORTS = get_args(Effort)


def read(body: dict[str, Json]) -> ChatRequest:
    """The request a chat-completions body asks. Raises `BadRequest` naming the field."""
    fields = Fields(body)
    model = fields.need_text("model")
    messages = fields.objects("messages", MAX_MESSAGES)
    limit = fields.whole("max_tokens", 1, MAX_OUTPUT)
    newer_limit = fields.whole("max_completion_tokens", 1, MAX_OUTPUT)
    streaming = Fields(fields.object("stream_options") or {}, "stream_options")
    include_usage = streaming.flag("include_usage") or False
    wanted_choice = fields.raw("tool_choice")
    tool_choice = _tool_choice(wanted_choice)
    request = ChatRequest(
        model=model,
        messages=tuple(
            [_message(each, f"messages[{number}]") for number, each in enumerate(messages)]
        ),
        tools=_tools(fields.objects("tools", MAX_TOOLS)),
        tool_choice=tool_choice,
        parallel_tool_calls=fields.flag("parallel_tool_calls"),
        response_format=_response_format(fields.object("response_format")),
        max_tokens=newer_limit or limit,
        temperature=fields.number("temperature", 0, 2),
        top_p=fields.number("top_p", 0, 1),
        top_k=fields.whole("top_k", 0, 100_000),
        stop=fields.texts("stop", MAX_STOPS),
        seed=fields.whole("seed", -(2**63), 2**63 - 1),
        n=fields.whole("n", 1, MAX_CHOICES),
        frequency_penalty=fields.number("frequency_penalty", -2, 2),
        presence_penalty=fields.number("presence_penalty", -2, 2),
        logprobs=fields.flag("logprobs"),
        top_logprobs=fields.whole("top_logprobs", 0, 20),
        effort=cast("Effort | None", fields.one_of("reasoning_effort", EFFORTS)),
        user=fields.text("user"),
        metadata=fields.object("metadata"),
        stream=fields.flag("stream") or False,
        include_usage=include_usage,
        dialect=CHAT_DIALECT,
        extra=_rest(fields, streaming.rest(), None if tool_choice else wanted_choice),
    )
    if not messages:
        bad("messages", "an array of at least one message")
    return request


def _message(raw: dict[str, Json], at: str) -> Message:
    role: Json = raw.get("role")
    content: Json = raw.get("content")
    if role not in ROLES:
        bad(f"{at}.role", "one of system, developer, user, assistant, tool", role)
    if type(content) is str and len(raw) == 2 and role != "tool":
        return Message(role, (Text(content),))
    fields = Fields(raw, at)
    fields.raw("role")
    if role == "tool":
        return _tool_message(fields)
    if role == "assistant":
        return _assistant_message(fields)
    parts, _ = _content(fields)
    if not parts:
        bad(f"{at}.content", "a string or an array of parts")
    return Message(role, parts, fields.text("name"), extra=fields.rest())


def _assistant_message(fields: Fields) -> Message:
    thoughts = _thoughts(fields)
    words, refusal = _content(fields)
    if words == (Text(""),):
        words = ()
    calls = tuple(
        _tool_call(each, f"{fields.at('tool_calls')}[{number}]")
        for number, each in enumerate(fields.objects("tool_calls", MAX_TOOLS))
    )
    refusal = fields.text("refusal") or refusal
    name = fields.text("name")
    return Message("assistant", (*thoughts, *words, *calls), name, refusal, fields.rest())


def _tool_message(fields: Fields) -> Message:
    call_id = plain_id(fields.need_text("tool_call_id"))
    parts, _ = _content(fields)
    kept = tuple(part for part in parts if isinstance(part, Text | Image | Media))
    name = fields.text("name")
    return Message("tool", (ToolResult(call_id, kept, False, name, fields.rest()),))


def _content(fields: Fields) -> tuple[tuple[Part, ...], str | None]:
    """The parts of `content`, and the refusal among them."""
    content = fields.raw("content")
    if type(content) is str:
        return (Text(content),), None
    if content is None:
        return (), None
    at = fields.at("content")
    if type(content) is not list or len(content) > MAX_PARTS:
        bad(at, f"a string or an array of at most {MAX_PARTS} parts", content)
    parts: list[Part] = []
    refusal: str | None = None
    for number, raw in enumerate(content):
        where = f"{at}[{number}]"
        if type(raw) is not dict:
            bad(where, "an object", raw)
        if raw.get("type") == "refusal":
            refusal = (refusal or "") + Fields(raw, where).need_text("refusal")
        else:
            parts.append(_part(raw, where))
    return tuple(parts), refusal


def _part(raw: dict[str, Json], at: str) -> Text | Image | Media:
    fields = Fields(raw, at)
    kind = fields.need_text("type")
    if kind == "text":
        words = fields.text("text")
        if words is None:
            bad(fields.at("text"), "a string")
        return Text(words, fields.rest())
    if kind == "image_url":
        image = Fields(fields.object("image_url") or {}, fields.at("image_url"))
        return Image(image.need_text("url"), image.text("detail"), fields.rest())
    return Media(CHAT_DIALECT, raw)


def _thoughts(fields: Fields) -> list[Reasoning]:
    """What an earlier answer thought, as clients hand it back.

    Details that name a `dialect` were written by us around another vendor's proof; the others
    are this format's own, and stay together as they came.
    """
    plain = fields.text("reasoning_content") or fields.text("reasoning")
    details = fields.objects("reasoning_details", MAX_PARTS)
    if not details:
        return [Reasoning(plain, dialect=CHAT_DIALECT)] if plain else []
    own = [raw for raw in details if "dialect" not in raw]
    if own:
        return [Reasoning(plain or "", None, orjson.dumps(own).decode(), None, CHAT_DIALECT)]
    thoughts = []
    for number, raw in enumerate(details):
        detail = Fields(raw, f"{fields.at('reasoning_details')}[{number}]")
        thoughts.append(
            Reasoning(
                detail.text("text") or "",
                detail.text("signature"),
                detail.text("data"),
                detail.text("id"),
                detail.text("dialect"),
            )
        )
    return thoughts


def _tool_call(raw: dict[str, Json], at: str) -> ToolCall:
    fields = Fields(raw, at)
    signed = fields.need_text("id")
    id, proof = plain_id(signed), signature(signed)
    kind = fields.text("type") or "function"
    if kind == "custom":
        inner = Fields(fields.object("custom") or {}, fields.at("custom"))
        return ToolCall(
            id, inner.need_text("name"), inner.text("input") or "", proof, {"type": "custom"}
        )
    if kind != "function":
        bad(fields.at("type"), "function or custom", kind)
    inner = Fields(fields.object("function") or {}, fields.at("function"))
    name, arguments = inner.need_text("name"), inner.text("arguments")
    return ToolCall(id, name, arguments or "", proof, fields.rest())


def _tools(raws: list[dict[str, Json]]) -> tuple[Tool, ...]:
    tools = []
    for number, raw in enumerate(raws):
        fields = Fields(raw, f"tools[{number}]")
        kind = fields.need_text("type")
        inner = Fields(fields.object(kind) or {}, fields.at(kind))
        if kind != "function":
            name = inner.need_text("name") if kind == "custom" else kind
            tools.append(Tool(name, raw=raw, dialect=CHAT_DIALECT))
            continue
        tools.append(
            Tool(
                inner.need_text("name"),
                inner.text("description"),
                inner.object("parameters"),
                inner.flag("strict"),
                fields.rest(),
            )
        )
    return tuple(tools)


def _tool_choice(choice: Json) -> ToolChoice | None:
    """The choice in our words; None for one that only this format knows (it travels on)."""
    if choice is None:
        return None
    if choice in ("auto", "none", "required"):
        return ToolChoice(choice)
    if type(choice) is not dict or type(choice.get("type")) is not str:
        bad("tool_choice", "auto, none, required or an object naming a tool", choice)
    kind = choice["type"]
    if kind not in ("function", "custom"):
        return None
    inner = Fields(choice, "tool_choice").object(kind) or {}
    return ToolChoice("named", Fields(inner, f"tool_choice.{kind}").need_text("name"))


def _response_format(raw: dict[str, Json] | None) -> ResponseFormat | None:
    if raw is None or raw.get("type") == "text":
        return None
    fields = Fields(raw, "response_format")
    kind = fields.one_of("type", ("text", "json_object", "json_schema"))
    if kind == "json_object":
        return ResponseFormat("json_object")
    if kind is None:
        bad("response_format.type", "one of text, json_object, json_schema")
    schema = Fields(fields.object("json_schema") or {}, "response_format.json_schema")
    return ResponseFormat(
        "json_schema",
        schema.need_text("name"),
        schema.object("schema"),
        schema.flag("strict"),
        schema.text("description"),
    )


def _rest(
    fields: Fields, stream_options: dict[str, Json] | None, foreign_choice: Json
) -> dict[str, Json] | None:
    """The fields Teppan has no word for."""
    rest = fields.rest()
    if not stream_options and foreign_choice is None:
        return rest
    rest = rest or {}
    if stream_options:
        rest["stream_options"] = stream_options
    if foreign_choice is not None:
        rest["tool_choice"] = foreign_choice
    return rest or None
