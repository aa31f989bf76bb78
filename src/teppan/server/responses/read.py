"""A responses body becomes a `ChatRequest`.

This format keeps a conversation as a list of items. What one assistant turn did (thoughts,
words, calls) is several items there and one message here. Nothing is kept between requests,
so fields that refer to an earlier response are refused rather than silently forgotten.
"""

from __future__ import annotations

from typing import NamedTuple, cast, get_args

from teppan.core.chat import (
    RESPONSES_DIALECT,
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
from teppan.core.errors import UnsupportedRequest
from teppan.server.fields import Fields, bad
from teppan.server.format import MAX_MESSAGES, MAX_OUTPUT, MAX_PARTS, MAX_TOOLS
from teppan.server.proof import plain_id, signature, unseal

EFFORTS = get_args(Effort)
ROLES = ("user", "assistant", "system", "developer")
STATEFUL = ("previous_response_id", "conversation", "background", "prompt")


def read(body: dict[str, Json]) -> ChatRequest:
    """The request a responses body asks. Raises `BadRequest` naming the field."""
    fields = Fields(body)
    for name in STATEFUL:
        if fields.raw(name):
            raise UnsupportedRequest(
                f"`{name}` needs a server that keeps conversations; send the whole input instead",
                param=name,
            )
    model = fields.need_text("model")
    messages = _messages(fields)
    text = Fields(fields.object("text") or {}, "text")
    wanted = _format(text.object("format"))
    reasoning = Fields(fields.object("reasoning") or {}, "reasoning")
    effort = reasoning.one_of("effort", EFFORTS)
    choice = fields.raw("tool_choice")
    known_choice = _tool_choice(choice)
    return ChatRequest(
        model=model,
        messages=messages,
        tools=_tools(fields.objects("tools", MAX_TOOLS)),
        tool_choice=known_choice,
        parallel_tool_calls=fields.flag("parallel_tool_calls"),
        response_format=wanted,
        max_tokens=fields.whole("max_output_tokens", 1, MAX_OUTPUT),
        temperature=fields.number("temperature", 0, 2),
        top_p=fields.number("top_p", 0, 1),
        top_logprobs=fields.whole("top_logprobs", 0, 20),
        effort=cast("Effort | None", effort),
        user=fields.text("user"),
        metadata=fields.object("metadata"),
        stream=fields.flag("stream") or False,
        include_usage=True,
        dialect=RESPONSES_DIALECT,
        extra=_rest(
            fields,
            text=text.rest(),
            reasoning=reasoning.rest(),
            tool_choice=None if known_choice else choice,
        ),
    )


def _rest(fields: Fields, **beside: Json) -> dict[str, Json] | None:
    """The fields Teppan has no word for."""
    rest = fields.rest() or {}
    rest.update({name: value for name, value in beside.items() if value is not None})
    return rest or None


def _messages(fields: Fields) -> tuple[Message, ...]:
    messages: list[Message] = []
    instructions = fields.text("instructions")
    if instructions:
        messages.append(Message("system", (Text(instructions),)))
    given = fields.raw("input")
    if type(given) is str and given:
        return (*messages, Message("user", (Text(given),)))
    if type(given) is not list or not given or len(given) > MAX_MESSAGES:
        bad("input", f"a string or an array of 1 to {MAX_MESSAGES} items", given)
    turn: list[Part] = []
    refusal: str | None = None
    for number, raw in enumerate(given):
        if type(raw) is not dict:
            bad(f"input[{number}]", "an object", raw)
        found = _item(raw, f"input[{number}]")
        if isinstance(found, _Said):
            turn.extend(found.parts)
            refusal = found.refusal or refusal
            continue
        if turn or refusal:
            messages.append(Message("assistant", tuple(turn), None, refusal))
            turn, refusal = [], None
        messages.append(found)
    if turn or refusal:
        messages.append(Message("assistant", tuple(turn), None, refusal))
    return tuple(messages)


class _Said(NamedTuple):
    """What an item adds to the assistant's turn."""

    parts: tuple[Part, ...]
    refusal: str | None = None


def _item(raw: dict[str, Json], at: str) -> Message | _Said:
    fields = Fields(raw, at)
    kind = fields.text("type") or "message"
    if kind == "message":
        return _message(fields)
    if kind in ("function_call", "custom_tool_call"):
        return _Said((_call(kind, fields),))
    if kind in ("function_call_output", "custom_tool_call_output"):
        return _output(fields)
    if kind == "reasoning":
        return _Said((_reasoning(fields),))
    if kind == "item_reference":
        raise UnsupportedRequest("send the item itself, not a reference to it", param=at)
    return _Said((Media(RESPONSES_DIALECT, raw),))


def _message(fields: Fields) -> Message | _Said:
    role = fields.one_of("role", ROLES)
    if role is None:
        bad(fields.at("role"), f"one of {', '.join(ROLES)}")
    content = fields.raw("content")
    at = fields.at("content")
    if type(content) is str:
        parts: tuple[Part, ...] = (Text(content),)
        refusal = None
    elif type(content) is list and len(content) <= MAX_PARTS:
        parts, refusal = _content(content, at)
    else:
        bad(at, f"a string or an array of at most {MAX_PARTS} parts", content)
    if role == "assistant":
        return _Said(parts, refusal)
    return Message(cast(Role, role), parts)


def _content(content: list[Json], at: str) -> tuple[tuple[Part, ...], str | None]:
    parts: list[Part] = []
    refusal = None
    for number, raw in enumerate(content):
        where = f"{at}[{number}]"
        if type(raw) is not dict:
            bad(where, "an object", raw)
        if raw.get("type") == "refusal":
            refusal = Fields(raw, where).need_text("refusal")
        else:
            parts.append(_part(raw, where))
    return tuple(parts), refusal


def _part(raw: dict[str, Json], at: str) -> Text | Image | Media:
    fields = Fields(raw, at)
    kind = fields.need_text("type")
    if kind in ("input_text", "output_text", "text"):
        words = fields.text("text")
        if words is None:
            bad(fields.at("text"), "a string")
        for empty in ("annotations", "logprobs"):
            if not raw.get(empty):
                fields.raw(empty)
        return Text(words, fields.rest())
    if kind == "input_image" and raw.get("image_url"):
        url, detail = fields.need_text("image_url"), fields.text("detail")
        return Image(url, detail, fields.rest())
    return Media(RESPONSES_DIALECT, raw)


def _call(kind: str, fields: Fields) -> ToolCall:
    signed, name = fields.need_text("call_id"), fields.need_text("name")
    id, proof = plain_id(signed), signature(signed)
    if kind == "custom_tool_call":
        return ToolCall(id, name, fields.text("input") or "", proof, {"type": "custom"})
    return ToolCall(id, name, fields.text("arguments") or "", proof)


def _output(fields: Fields) -> Message:
    call_id = plain_id(fields.need_text("call_id"))
    output, at = fields.raw("output"), fields.at("output")
    if type(output) is str:
        return Message("tool", (ToolResult(call_id, (Text(output),)),))
    if type(output) is not list or len(output) > MAX_PARTS:
        bad(at, "a string or an array of parts", output)
    parts, _ = _content(output, at)
    kept = tuple(part for part in parts if isinstance(part, Text | Image | Media))
    return Message("tool", (ToolResult(call_id, kept),))


def _reasoning(fields: Fields) -> Reasoning:
    said = [
        *fields.objects("summary", MAX_PARTS),
        *fields.objects("content", MAX_PARTS),
    ]
    words = [Fields(each, fields.at("summary")).text("text") or "" for each in said]
    text, proof = "\n\n".join(words), fields.text("encrypted_content")
    id = fields.text("id")
    if not proof:
        return Reasoning(text)
    return unseal(text, proof) or Reasoning(text, None, proof, id, RESPONSES_DIALECT)


def _format(raw: dict[str, Json] | None) -> ResponseFormat | None:
    if raw is None or raw.get("type") == "text":
        return None
    fields = Fields(raw, "text.format")
    kind = fields.one_of("type", ("text", "json_object", "json_schema"))
    if kind == "json_object":
        return ResponseFormat("json_object")
    if kind is None:
        bad("text.format.type", "one of text, json_object, json_schema")
    return ResponseFormat(
        "json_schema",
        fields.need_text("name"),
        fields.object("schema"),
        fields.flag("strict"),
        fields.text("description"),
    )


def _tools(raws: list[dict[str, Json]]) -> tuple[Tool, ...]:
    tools = []
    for number, raw in enumerate(raws):
        fields = Fields(raw, f"tools[{number}]")
        kind = fields.need_text("type")
        if kind != "function":
            name = fields.need_text("name") if kind == "custom" else kind
            tools.append(Tool(name, raw=raw, dialect=RESPONSES_DIALECT))
            continue
        name, about = fields.need_text("name"), fields.text("description")
        schema, strict = fields.object("parameters"), fields.flag("strict")
        tools.append(Tool(name, about, schema, strict, fields.rest()))
    return tuple(tools)


def _tool_choice(choice: Json) -> ToolChoice | None:
    """The choice in our words; None for one that only this format knows (it travels on)."""
    if choice is None:
        return None
    if choice in ("auto", "none", "required"):
        return ToolChoice(choice)
    if type(choice) is not dict or type(choice.get("type")) is not str:
        bad("tool_choice", "auto, none, required or an object naming a tool", choice)
    if choice["type"] not in ("function", "custom"):
        return None
    return ToolChoice("named", Fields(choice, "tool_choice").need_text("name"))
