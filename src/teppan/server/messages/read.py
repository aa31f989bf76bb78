"""A messages body becomes a `ChatRequest`.

Both published versions of the format are read; what a version lacks is simply absent. The
`system` prompt becomes the first message; tool results, which this format puts into the
user's turn, become a message of role `tool` before what the user said.
"""

from __future__ import annotations

from typing import cast

import orjson

from teppan.core.chat import (
    MESSAGES_DIALECT,
    ChatRequest,
    Effort,
    Image,
    Json,
    Media,
    Message,
    Part,
    Reasoning,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from teppan.server.fields import Fields, bad
from teppan.server.format import MAX_MESSAGES, MAX_OUTPUT, MAX_PARTS, MAX_STOPS, MAX_TOOLS
from teppan.server.proof import plain_id, signature, unseal

EFFORTS = ("low", "medium", "high", "xhigh", "max")
CHOICES = {"auto": "auto", "any": "required", "none": "none", "tool": "named"}


def read(body: dict[str, Json]) -> ChatRequest:
    """The request a messages body asks. Raises `BadRequest` naming the field."""
    return _read(body, need_limit=True)


def read_to_count(body: dict[str, Json]) -> ChatRequest:
    """The request whose tokens are to be counted: it needs no answer limit."""
    return _read(body, need_limit=False)


def _read(body: dict[str, Json], *, need_limit: bool) -> ChatRequest:
    fields = Fields(body)
    model = fields.need_text("model")
    limit = fields.whole("max_tokens", 1, MAX_OUTPUT)
    if limit is None and need_limit:
        bad("max_tokens", f"an integer from 1 to {MAX_OUTPUT}")
    turns = fields.objects("messages", MAX_MESSAGES)
    if not turns:
        bad("messages", "an array of at least one message")
    messages = _system(fields)
    for number, raw in enumerate(turns):
        messages.extend(_turn(raw, f"messages[{number}]"))
    thinking, budget = _thinking(fields)
    config = Fields(fields.object("output_config") or {}, "output_config")
    effort = config.one_of("effort", EFFORTS)
    wanted = _format(config.object("format") or fields.object("output_format"))
    choice, parallel = _tool_choice(fields.object("tool_choice"))
    return ChatRequest(
        model=model,
        messages=tuple(messages),
        tools=_tools(fields.objects("tools", MAX_TOOLS)),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        response_format=wanted,
        max_tokens=limit,
        temperature=fields.number("temperature", 0, 1),
        top_p=fields.number("top_p", 0, 1),
        top_k=fields.whole("top_k", 0, 100_000),
        stop=fields.texts("stop_sequences", MAX_STOPS),
        effort=cast("Effort | None", effort),
        thinking_budget=budget,
        metadata=fields.object("metadata"),
        stream=fields.flag("stream") or False,
        include_usage=True,
        dialect=MESSAGES_DIALECT,
        extra=_rest(fields, thinking, config.rest()),
    )


def _rest(
    fields: Fields, thinking: dict[str, Json] | None, config: dict[str, Json] | None
) -> dict[str, Json] | None:
    """The fields Teppan has no word for."""
    rest = fields.rest() or {}
    if thinking is not None:
        rest["thinking"] = thinking
    if config is not None:
        rest["output_config"] = config
    return rest or None


def _system(fields: Fields) -> list[Message]:
    given = fields.raw("system")
    if given is None or given == "":
        return []
    if type(given) is str:
        return [Message("system", (Text(given),))]
    blocks = Fields({"system": given}).objects("system", MAX_PARTS)
    parts = [_block(raw, f"system[{number}]") for number, raw in enumerate(blocks)]
    return [Message("system", tuple(parts))] if parts else []


def _turn(raw: dict[str, Json], at: str) -> list[Message]:
    """One turn: at most a message of tool results, then the words."""
    fields = Fields(raw, at)
    role = fields.one_of("role", ("user", "assistant", "system"))
    if role is None:
        bad(f"{at}.role", "one of user, assistant")
    content = fields.raw("content")
    if type(content) is str:
        return [Message(cast("Json", role), (Text(content),), extra=fields.rest())]
    where = f"{at}.content"
    if type(content) is not list or not content or len(content) > MAX_PARTS:
        bad(where, f"a string or an array of 1 to {MAX_PARTS} blocks", content)
    parts: list[Part] = []
    for number, block in enumerate(content):
        if type(block) is not dict:
            bad(f"{where}[{number}]", "an object", block)
        parts.append(_block(block, f"{where}[{number}]"))
    results = tuple(part for part in parts if isinstance(part, ToolResult))
    words = tuple(part for part in parts if not isinstance(part, ToolResult))
    if results and role != "user":
        bad(where, "free of tool results: they belong to the user's turn")
    found = [Message("tool", results)] if results else []
    if words:
        found.append(Message(cast("Json", role), words, extra=fields.rest()))
    return found


def _block(raw: dict[str, Json], at: str) -> Part:
    fields = Fields(raw, at)
    kind = fields.need_text("type")
    if kind == "text":
        words = fields.text("text")
        if words is None:
            bad(fields.at("text"), "a string")
        return Text(words, fields.rest())
    if kind == "image":
        return _image(raw, fields)
    if kind == "tool_use":
        arguments = orjson.dumps(fields.object("input") or {}).decode()
        id, name = fields.need_text("id"), fields.need_text("name")
        return ToolCall(plain_id(id), name, arguments, signature(id), fields.rest())
    if kind == "tool_result":
        return _tool_result(fields)
    if kind == "thinking":
        return _thinking_block(fields.text("thinking") or "", fields.text("signature"))
    if kind == "redacted_thinking":
        return Reasoning(encrypted=fields.need_text("data"), dialect=MESSAGES_DIALECT)
    return Media(MESSAGES_DIALECT, raw)


def _thinking_block(thought: str, proof: str | None) -> Reasoning:
    if not proof:
        return Reasoning(thought)
    return unseal(thought, proof) or Reasoning(thought, proof, dialect=MESSAGES_DIALECT)


def _image(raw: dict[str, Json], fields: Fields) -> Image | Media:
    source = Fields(fields.object("source") or {}, fields.at("source"))
    kind = source.need_text("type")
    if kind == "base64":
        media, data = source.need_text("media_type"), source.need_text("data")
        return Image(f"data:{media};base64,{data}", None, fields.rest())
    if kind == "url":
        return Image(source.need_text("url"), None, fields.rest())
    return Media(MESSAGES_DIALECT, raw)


def _tool_result(fields: Fields) -> ToolResult:
    call_id = plain_id(fields.need_text("tool_use_id"))
    failed = fields.flag("is_error") or False
    content = fields.raw("content")
    parts: tuple[Text | Image | Media, ...] = ()
    if type(content) is str:
        parts = (Text(content),)
    elif content is not None:
        at = fields.at("content")
        blocks = Fields({at: content}).objects(at, MAX_PARTS)
        found = (_block(raw, f"{at}[{number}]") for number, raw in enumerate(blocks))
        parts = tuple(part for part in found if isinstance(part, Text | Image | Media))
    return ToolResult(call_id, parts, failed, None, fields.rest())


def _thinking(fields: Fields) -> tuple[dict[str, Json] | None, int | None]:
    """The `thinking` object when more than a budget is in it, and the budget."""
    given = fields.object("thinking")
    if given is None:
        return None, None
    thinking = Fields(given, "thinking")
    kind = thinking.need_text("type")
    budget = thinking.whole("budget_tokens", 0, MAX_OUTPUT)
    if kind == "enabled" and budget is not None and thinking.rest() is None:
        return None, budget
    return given, budget


def _format(raw: dict[str, Json] | None) -> ResponseFormat | None:
    if raw is None:
        return None
    fields = Fields(raw, "output_config.format")
    if fields.one_of("type", ("json_schema",)) is None:
        bad("output_config.format.type", "json_schema")
    return ResponseFormat("json_schema", fields.text("name"), fields.object("schema"), strict=True)


def _tools(raws: list[dict[str, Json]]) -> tuple[Tool, ...]:
    tools = []
    for number, raw in enumerate(raws):
        fields = Fields(raw, f"tools[{number}]")
        kind = fields.text("type") or "custom"
        name = fields.need_text("name")
        if kind != "custom":
            tools.append(Tool(name, raw=raw, dialect=MESSAGES_DIALECT))
            continue
        schema = fields.object("input_schema")
        if schema is None:
            bad(fields.at("input_schema"), "an object")
        about, strict = fields.text("description"), fields.flag("strict")
        tools.append(Tool(name, about, schema, strict, fields.rest()))
    return tuple(tools)


def _tool_choice(raw: dict[str, Json] | None) -> tuple[ToolChoice | None, bool | None]:
    if raw is None:
        return None, None
    fields = Fields(raw, "tool_choice")
    kind = fields.one_of("type", tuple(CHOICES))
    if kind is None:
        bad("tool_choice.type", f"one of {', '.join(CHOICES)}")
    alone = fields.flag("disable_parallel_tool_use")
    name = fields.need_text("name") if kind == "tool" else None
    return ToolChoice(cast("Json", CHOICES[kind]), name), None if alone is None else not alone
