"""Our words -> a Chat Completions request.

Source: the published OpenAPI description of `POST /v1/chat/completions` (October 2026), and the
fields its imitators added to messages: `reasoning_content`, `reasoning`, `reasoning_details`.
"""

from __future__ import annotations

from collections.abc import Sequence

from teppan.core.chat import (
    ChatRequest,
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
from teppan.providers.base import Capabilities, Encoded
from teppan.providers.fitting import (
    Dropped,
    answer_limit,
    fit_effort,
    foreign_extra,
    own_reasoning,
    schema_in_words,
    without_images,
)
from teppan.providers.wire import Object, dump, parse_value

NAME = "openai_chat"

_PLAIN = (
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "n",
    "frequency_penalty",
    "presence_penalty",
    "logprobs",
    "top_logprobs",
    "user",
    "metadata",
)
"""Fields that have the same name and shape in our words and on the wire."""


def encode(
    request: ChatRequest, model: str, capabilities: Capabilities, *, stream: bool
) -> Encoded:
    """The request for one model. Usage is always asked for in streams: money needs it."""
    dropped = Dropped(capabilities)
    extra = foreign_extra(request, NAME, dropped)
    history: Sequence[Message] = request.messages
    if not capabilities.images and any(
        isinstance(part, Image) for message in history for part in message.parts
    ):
        history = without_images(history)
        dropped.add("images")
    writer = _Messages(request.dialect == NAME, capabilities, dropped)
    body: Object = {**extra, "model": model, "messages": writer.write(history)}
    _sampling(body, request, capabilities, dropped)
    _tools(body, request, capabilities, dropped)
    _format(body, request, capabilities, dropped)
    if stream:
        options = extra.get("stream_options")
        body["stream"] = True
        if "stream_options" not in capabilities.drop:
            known = options if isinstance(options, dict) else {}
            body["stream_options"] = {**known, "include_usage": True}
    else:
        body.pop("stream", None)
        body.pop("stream_options", None)
    return Encoded("/chat/completions", dump(body), (), dropped.names)


def _sampling(
    body: Object, request: ChatRequest, capabilities: Capabilities, dropped: Dropped
) -> None:
    for name in _PLAIN:
        value = getattr(request, name)
        if value is not None and dropped.takes(name, value):
            body[capabilities.names.get(name, name)] = value
    limit = answer_limit(request, capabilities, dropped)
    if limit is not None:
        body[capabilities.max_tokens_field or "max_tokens"] = limit
    if dropped.takes("stop", request.stop):
        body["stop"] = list(request.stop)
    if request.effort is not None and dropped.takes("effort", request.effort):
        effort = fit_effort(request.effort, capabilities.efforts)
        if effort is None:
            dropped.add("effort")
        else:
            body["reasoning_effort"] = effort
    if request.thinking_budget is not None:
        dropped.add("thinking_budget")


def _format(
    body: Object, request: ChatRequest, capabilities: Capabilities, dropped: Dropped
) -> None:
    wanted = request.response_format
    if wanted is None or not dropped.takes("response_format", wanted):
        return
    if wanted.kind == "json_schema" and capabilities.json_schema:
        body["response_format"] = {"type": "json_schema", "json_schema": _schema(wanted)}
        return
    body["response_format"] = {"type": "json_object"}
    if wanted.kind == "json_schema":
        # Plain JSON mode wants the word in the prompt, and without this the schema would be lost.
        dropped.add("json_schema")
        body["messages"].insert(0, {"role": "system", "content": schema_in_words(wanted)})


def _schema(wanted: ResponseFormat) -> Object:
    schema: Object = {"name": wanted.name or "answer"}
    if wanted.description is not None:
        schema["description"] = wanted.description
    if wanted.schema is not None:
        schema["schema"] = wanted.schema
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    return schema


# --- tools --------------------------------------------------------------------------------------


def _tools(
    body: Object, request: ChatRequest, capabilities: Capabilities, dropped: Dropped
) -> None:
    if not request.tools:
        return
    if not capabilities.tools or not dropped.takes("tools", request.tools):
        dropped.add("tools")
        return
    same = request.dialect == NAME
    tools = [wire for tool in request.tools if (wire := _tool(tool, same, dropped)) is not None]
    if not tools:
        return
    body["tools"] = tools
    choice = request.tool_choice
    if choice is not None and dropped.takes("tool_choice", choice):
        body["tool_choice"] = _tool_choice(choice, request.tools)
    parallel = request.parallel_tool_calls
    if parallel is not None and dropped.takes("parallel_tool_calls", parallel):
        body["parallel_tool_calls"] = parallel


def _tool(tool: Tool, same_dialect: bool, dropped: Dropped) -> Object | None:
    if tool.raw is not None:
        if tool.dialect == NAME:
            return dict(tool.raw)
        if tool.raw.get("type") == "custom" and tool.dialect == "openai_responses":
            custom = {name: tool.raw[name] for name in ("name", "description") if name in tool.raw}
            return {"type": "custom", "custom": custom}
        dropped.add(f"tools.{tool.name or tool.raw.get('type', 'built-in')}")
        return None
    function: Object = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None and dropped.takes("strict", tool.strict):
        function["strict"] = tool.strict
    extra = tool.extra if same_dialect and tool.extra else {}
    return {**extra, "type": "function", "function": function}


def _tool_choice(choice: ToolChoice, tools: Sequence[Tool]) -> Json:
    if choice.mode != "named":
        return choice.mode
    custom = any(
        tool.raw is not None and tool.raw.get("type") == "custom" and tool.name == choice.name
        for tool in tools
    )
    kind = "custom" if custom else "function"
    return {"type": kind, kind: {"name": choice.name}}


# --- messages -----------------------------------------------------------------------------------


class _Messages:
    """Writes a conversation. Pictures inside tool results wait for the next user turn."""

    def __init__(self, same_dialect: bool, capabilities: Capabilities, dropped: Dropped) -> None:
        self.same_dialect = same_dialect
        self.capabilities = capabilities
        self.dropped = dropped
        self.out: list[Object] = []
        self.shown: list[Object] = []

    def write(self, history: Sequence[Message]) -> list[Object]:
        for message in history:
            if message.role == "tool":
                self._results(message)
                continue
            self._flush_pictures()
            if message.role == "assistant":
                self.out.append(self._assistant(message))
            else:
                self.out.append(self._turn(message))
        self._flush_pictures()
        return self.out

    def _extra(self, extra: object) -> Object:
        return dict(extra) if self.same_dialect and isinstance(extra, dict) else {}

    def _turn(self, message: Message) -> Object:
        role = self.capabilities.roles.get(message.role, message.role)
        wire: Object = {**self._extra(message.extra), "role": role}
        wire["content"] = self._content(message.parts)
        if message.name is not None:
            wire["name"] = message.name
        return wire

    def _assistant(self, message: Message) -> Object:
        wire: Object = {**self._extra(message.extra), "role": "assistant"}
        said = tuple(part for part in message.parts if isinstance(part, Text | Image | Media))
        calls = [self._call(part) for part in message.parts if isinstance(part, ToolCall)]
        content = self._content(said, pictures=False) if said else None
        if content or not (calls or message.refusal):
            wire["content"] = content or ""
        else:
            wire["content"] = None
        if message.name is not None:
            wire["name"] = message.name
        if message.refusal is not None:
            wire["refusal"] = message.refusal
        thoughts = [part for part in message.parts if isinstance(part, Reasoning)]
        if thoughts:
            self._thoughts(wire, thoughts)
        if calls:
            wire["tool_calls"] = calls
        return wire

    def _content(self, parts: Sequence[Part], *, pictures: bool = True) -> Json:
        if len(parts) == 1:
            only = parts[0]
            if isinstance(only, Text) and not self._kept(only.extra):
                return only.text
        content = [wire for part in parts if (wire := self._part(part, pictures)) is not None]
        return content or ""

    def _part(self, part: Part, pictures: bool) -> Object | None:
        if isinstance(part, Text):
            return {"type": "text", "text": part.text, **self._kept(part.extra)}
        if isinstance(part, Image) and pictures:
            picture: Object = {"url": part.url}
            if part.detail is not None:
                picture["detail"] = part.detail
            return {"type": "image_url", "image_url": picture, **self._kept(part.extra)}
        if isinstance(part, Media) and part.dialect == NAME and "type" in part.raw:
            return dict(part.raw)
        if isinstance(part, Image | Media):
            self.dropped.add("images" if isinstance(part, Image) else "media")
        return None

    def _kept(self, extra: object) -> Object:
        return self._extra(extra) if extra else {}

    def _call(self, call: ToolCall) -> Object:
        extra = self._extra(call.extra)
        if call.extra and call.extra.get("type") == "custom":
            custom = {"name": call.name, "input": call.arguments}
            return {**extra, "id": call.id, "type": "custom", "custom": custom}
        function = {"name": call.name, "arguments": call.arguments or "{}"}
        return {**extra, "id": call.id, "type": "function", "function": function}

    def _results(self, message: Message) -> None:
        for part in message.parts:
            if not isinstance(part, ToolResult):
                continue
            said = [each for each in part.parts if isinstance(each, Text)]
            content = self._content(said) if said else ""
            wire = {**self._extra(part.extra), "role": "tool", "tool_call_id": part.call_id}
            self.out.append({**wire, "content": content})
            for each in part.parts:
                if not isinstance(each, Text):
                    shown = self._part(each, True)
                    if shown is not None:
                        self.shown.append(shown)

    def _flush_pictures(self) -> None:
        """Tool messages hold words only, so what a tool showed follows as a user's turn."""
        if self.shown:
            label = {"type": "text", "text": "Shown by the tool:"}
            self.out.append({"role": "user", "content": [label, *self.shown]})
            self.shown = []

    def _thoughts(self, wire: Object, thoughts: Sequence[Reasoning]) -> None:
        field = self.capabilities.reasoning_field
        if field is None:
            self.dropped.add("reasoning")
            return
        own = [part for part in thoughts if own_reasoning(part, NAME, self.dropped)]
        if field == "reasoning_details":
            details: list[Json] = []
            for part in own:
                kept = parse_value(part.encrypted) if part.encrypted else None
                if isinstance(kept, list):
                    details.extend(kept)
                elif part.text:
                    details.append({"type": "reasoning.text", "text": part.text})
            if details:
                wire[field] = details
        elif own:
            wire[field] = "".join(part.text for part in own)
