"""Our words -> a Responses request.

The conversation becomes a flat list of items. Nothing is stored at the vendor (`store: false`),
so thoughts travel with us: their encrypted form is asked for and returned in the next turn.
Source: the published OpenAPI description of `POST /v1/responses` (October 2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from teppan.core.chat import (
    ChatRequest,
    Image,
    Json,
    Media,
    Message,
    Part,
    Reasoning,
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
from teppan.providers.wire import Object, dump

NAME = "openai_responses"
CHAT = "openai_chat"

_PLAIN = ("temperature", "top_p", "metadata", "user")
_NOT_IN_THIS_FORMAT = (
    "stop",
    "seed",
    "n",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "thinking_budget",
)
_SHARED = frozenset(
    {"service_tier", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "store"}
)
"""Unknown fields of a Chat Completions client that mean the same here."""

_ENCRYPTED = "reasoning.encrypted_content"


def encode(
    request: ChatRequest, model: str, capabilities: Capabilities, *, stream: bool
) -> Encoded:
    """The request for one model."""
    dropped = Dropped(capabilities)
    body: Object = {**_extra(request, dropped), "model": model}
    history: Sequence[Message] = request.messages
    if not capabilities.images and any(
        isinstance(part, Image) for message in history for part in message.parts
    ):
        history = without_images(history)
        dropped.add("images")
    body["input"] = _Items(request, capabilities, dropped).write(history)
    _settings(body, request, capabilities, dropped)
    _tools(body, request, capabilities, dropped)
    _text(body, request, capabilities, dropped)
    body.setdefault("store", False)
    if body["store"] is False and capabilities.reasoning:
        included = [name for name in body.get("include") or () if name != _ENCRYPTED]
        body["include"] = [*included, _ENCRYPTED]
    body.pop("stream", None)
    if stream:
        body["stream"] = True
    return Encoded("/responses", dump(body), (), dropped.names)


def _extra(request: ChatRequest, dropped: Dropped) -> dict[str, Json]:
    if request.dialect != CHAT or not request.extra:
        return foreign_extra(request, NAME, dropped)
    kept: dict[str, Json] = {}
    for name, value in request.extra.items():
        if name == "verbosity":
            kept["text"] = {"verbosity": value}
        elif name not in _SHARED:
            dropped.add(name)
        elif dropped.takes(name, value):
            kept[name] = value
    return kept


def _settings(
    body: Object, request: ChatRequest, capabilities: Capabilities, dropped: Dropped
) -> None:
    for name in _PLAIN:
        value = getattr(request, name)
        if value is not None and dropped.takes(name, value):
            body[name] = value
    for name in _NOT_IN_THIS_FORMAT:
        if getattr(request, name) not in (None, ()):
            dropped.add(name)
    limit = answer_limit(request, capabilities, dropped)
    if limit is not None:
        body["max_output_tokens"] = max(limit, 16)  # the vendor refuses less
    if request.logprobs and dropped.takes("logprobs", True):
        body["include"] = [*(body.get("include") or ()), "message.output_text.logprobs"]
        if request.top_logprobs is not None:
            body["top_logprobs"] = request.top_logprobs
    if request.effort is not None and dropped.takes("effort", request.effort):
        effort = fit_effort(request.effort, capabilities.efforts)
        known = body.get("reasoning")
        if effort is None:
            dropped.add("effort")
        else:
            body["reasoning"] = {**(known if isinstance(known, dict) else {}), "effort": effort}


def _text(body: Object, request: ChatRequest, capabilities: Capabilities, dropped: Dropped) -> None:
    wanted = request.response_format
    if wanted is None or not dropped.takes("response_format", wanted):
        return
    shape: Object = {"type": "json_object"}
    if wanted.kind == "json_schema" and capabilities.json_schema:
        shape = {"type": "json_schema", "name": wanted.name or "answer"}
        shape["schema"] = wanted.schema or {}
        if wanted.description is not None:
            shape["description"] = wanted.description
        if wanted.strict is not None:
            shape["strict"] = wanted.strict
    elif wanted.kind == "json_schema":
        dropped.add("json_schema")
        body["input"].insert(0, {"role": "system", "content": schema_in_words(wanted)})
    known = body.get("text")
    body["text"] = {**(known if isinstance(known, dict) else {}), "format": shape}


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
        custom = tool.raw.get("custom")
        if tool.dialect == CHAT and isinstance(custom, Mapping):
            return {**custom_format(custom), "type": "custom"}
        dropped.add(f"tools.{tool.name or tool.raw.get('type', 'built-in')}")
        return None
    extra = tool.extra if same_dialect and tool.extra else {}
    wire: Object = {**extra, "type": "function", "name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    wire["parameters"] = tool.parameters or {"type": "object", "properties": {}}
    # This format assumes `strict` where the other assumes the opposite: say what is meant.
    wire["strict"] = bool(tool.strict)
    return wire


def custom_format(custom: Mapping[str, Json]) -> Object:
    """A custom tool as this format has it: the grammar is not nested."""
    flat = dict(custom)
    shape = flat.get("format")
    if isinstance(shape, Mapping) and isinstance(shape.get("grammar"), Mapping):
        flat["format"] = {"type": "grammar", **shape["grammar"]}
    return flat


def _tool_choice(choice: ToolChoice, tools: Sequence[Tool]) -> Json:
    if choice.mode != "named":
        return choice.mode
    custom = any(
        tool.raw is not None and tool.raw.get("type") == "custom" and tool.name == choice.name
        for tool in tools
    )
    return {"type": "custom" if custom else "function", "name": choice.name}


# --- items --------------------------------------------------------------------------------------


class _Items:
    """Writes a conversation as items."""

    def __init__(self, request: ChatRequest, capabilities: Capabilities, dropped: Dropped) -> None:
        self.same_dialect = request.dialect == NAME
        self.capabilities = capabilities
        self.dropped = dropped
        self.custom: set[str] = set()

    def write(self, history: Sequence[Message]) -> list[Object]:
        items: list[Object] = []
        for message in history:
            if message.role == "assistant":
                items.extend(self._assistant(message))
            elif message.role == "tool":
                items.extend(
                    self._result(part) for part in message.parts if isinstance(part, ToolResult)
                )
            else:
                items.append(self._turn(message))
        return items

    def _kept(self, extra: Mapping[str, Json] | None) -> Object:
        return dict(extra) if self.same_dialect and extra else {}

    def _turn(self, message: Message) -> Object:
        role = self.capabilities.roles.get(message.role, message.role)
        parts = message.parts
        if len(parts) == 1 and isinstance(parts[0], Text) and not self._kept(parts[0].extra):
            return {"role": role, "content": parts[0].text}
        content = [wire for part in parts if (wire := self._input(part)) is not None]
        return {"role": role, "content": content}

    def _input(self, part: Part) -> Object | None:
        if isinstance(part, Text):
            return {**self._kept(part.extra), "type": "input_text", "text": part.text}
        if isinstance(part, Image):
            detail = part.detail or "auto"
            picture: Object = {"type": "input_image", "image_url": part.url, "detail": detail}
            return {**self._kept(part.extra), **picture}
        if isinstance(part, Media):
            return self._media(part)
        return None

    def _media(self, part: Media) -> Object | None:
        if part.dialect == NAME:
            return dict(part.raw)
        file = part.raw.get("file")
        if part.dialect == CHAT and part.raw.get("type") == "file" and isinstance(file, Mapping):
            return {**file, "type": "input_file"}
        self.dropped.add("media")
        return None

    def _assistant(self, message: Message) -> list[Object]:
        items: list[Object] = []
        for part in message.parts:
            if isinstance(part, Text):
                if part.text:
                    items.append({"role": "assistant", "content": part.text})
            elif isinstance(part, Reasoning):
                thought = self._thought(part)
                if thought is not None:
                    items.append(thought)
            elif isinstance(part, ToolCall):
                items.append(self._call(part))
            elif isinstance(part, Media) and part.dialect == NAME:
                items.append(dict(part.raw))
            else:
                self.dropped.add("images" if isinstance(part, Image) else "media")
        if message.refusal:
            items.append({"role": "assistant", "content": message.refusal})
        return _without_idle_thoughts(items)

    def _thought(self, part: Reasoning) -> Object | None:
        if not own_reasoning(part, NAME, self.dropped):
            return None
        if part.id is None or part.encrypted is None:
            self.dropped.add("reasoning")  # what is not stored there needs its encrypted form
            return None
        summary = [{"type": "summary_text", "text": part.text}] if part.text else []
        return {
            "type": "reasoning",
            "id": part.id,
            "summary": summary,
            "encrypted_content": part.encrypted,
        }

    def _call(self, call: ToolCall) -> Object:
        if call.extra and call.extra.get("type") == "custom":
            self.custom.add(call.id)
            return {
                "type": "custom_tool_call",
                "call_id": call.id,
                "name": call.name,
                "input": call.arguments,
            }
        return {
            **{n: v for n, v in self._kept(call.extra).items() if n != "type"},
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments or "{}",
        }

    def _result(self, result: ToolResult) -> Object:
        kind = "custom_tool_call" if result.call_id in self.custom else "function_call"
        output: Json
        if all(isinstance(part, Text) for part in result.parts):
            output = "".join(part.text for part in result.parts if isinstance(part, Text))
        else:
            output = [wire for part in result.parts if (wire := self._input(part)) is not None]
        return {"type": f"{kind}_output", "call_id": result.call_id, "output": output}


def _without_idle_thoughts(items: list[Object]) -> list[Object]:
    """The vendor refuses a thought that nothing follows in its turn."""
    while items and items[-1].get("type") == "reasoning":
        items.pop()
    return items
