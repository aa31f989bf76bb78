"""Our words -> a Messages request.

What is peculiar to this format: the system prompt stands apart, results of tools belong to the
user's turn and come first in it, turns alternate, an answer limit is required, and thoughts
return with their signature. Version 2026-10-21 refuses sampling parameters, documents in the
assistant's turn and citations in the user's.
Source: the API reference and the migration guide to that version (October 2026).
"""

from __future__ import annotations

import re
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
    ToolResult,
)
from teppan.providers.anthropic.options import NAME, Options, version_of
from teppan.providers.base import Capabilities, Encoded
from teppan.providers.fitting import (
    IMAGE_LEFT_OUT,
    Dropped,
    foreign_extra,
    own_reasoning,
    schema_in_words,
)
from teppan.providers.wire import Object, data_url, dump, parse_value

_ID = re.compile(r"[^a-zA-Z0-9_-]")
_NO_SCHEMA: Mapping[str, Json] = {"type": "object", "properties": {}}


def encode(
    request: ChatRequest, model: str, capabilities: Capabilities, *, stream: bool
) -> Encoded:
    """The request for one model of this vendor."""
    dropped = Dropped(capabilities)
    version = version_of(capabilities)
    options = Options(request, capabilities, dropped)
    writer = _Turns(request, capabilities, dropped)
    system, messages = writer.write(request.messages)
    if options.say_schema and request.response_format is not None:
        system.append({"type": "text", "text": schema_in_words(request.response_format)})
    body: Object = {
        **foreign_extra(request, NAME, dropped),
        "model": model,
        "messages": messages,
    }
    body.pop("stream", None)
    if system:
        plain = len(system) == 1 and set(system[0]) == {"type", "text"}
        body["system"] = system[0]["text"] if plain else system
    options.write(body, [_tool(tool, request, dropped) for tool in request.tools])
    if stream:
        body["stream"] = True
    headers = (("anthropic-version", version),)
    return Encoded("/v1/messages", dump(body), headers, dropped.names)


def _tool(tool: Tool, request: ChatRequest, dropped: Dropped) -> Object | None:
    if tool.raw is not None:
        if tool.dialect == NAME:
            return dict(tool.raw)
        dropped.add(f"tools.{tool.name or tool.raw.get('type', 'built-in')}")
        return None
    wire = {**kept(tool.extra, request), "name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    wire["input_schema"] = {**_NO_SCHEMA, **(tool.parameters or {})}
    if tool.strict and dropped.takes("strict", tool.strict):
        wire["strict"] = True
    return wire


def kept(extra: Mapping[str, Json] | None, request: ChatRequest) -> Object:
    """What hung on a part: everything in this dialect, the cache mark from any."""
    if not extra:
        return {}
    if request.dialect == NAME:
        return dict(extra)
    return {name: value for name, value in extra.items() if name == "cache_control"}


class _Turns:
    """Writes a conversation as alternating turns."""

    def __init__(self, request: ChatRequest, capabilities: Capabilities, dropped: Dropped) -> None:
        self.request = request
        self.capabilities = capabilities
        self.dropped = dropped
        self.strict = version_of(capabilities) != "2023-06-01"

    def write(self, history: Sequence[Message]) -> tuple[list[Object], list[Object]]:
        """The system blocks and the turns."""
        system: list[Object] = []
        turns: list[Object] = []
        for message in history:
            if message.role in ("system", "developer"):
                system.extend(self._blocks(message.parts, "user"))
                continue
            role = "assistant" if message.role == "assistant" else "user"
            blocks = self._blocks(message.parts, role)
            if not blocks:
                continue
            if turns and turns[-1]["role"] == role:
                turns[-1]["content"].extend(blocks)
            else:
                turns.append({"role": role, "content": blocks})
        for turn in turns:
            _settle(turn)
        if turns and turns[-1]["role"] == "assistant":
            _trim_prefill(turns[-1]["content"])
        return system, turns

    def _blocks(self, parts: Sequence[Part], role: str) -> list[Object]:
        return [block for part in parts if (block := self._block(part, role)) is not None]

    def _block(self, part: Part, role: str) -> Object | None:
        if isinstance(part, Text):
            if not part.text:
                return None
            extra = kept(part.extra, self.request)
            if self.strict and role == "user":
                extra.pop("citations", None)
            return {**extra, "type": "text", "text": part.text}
        if isinstance(part, Image):
            return self._image(part, role)
        if isinstance(part, Media):
            return self._media(part, role)
        if isinstance(part, Reasoning):
            return self._thought(part)
        if isinstance(part, ToolCall):
            return self._call(part)
        return self._result(part)

    def _image(self, part: Image, role: str) -> Object | None:
        if role == "assistant":
            self.dropped.add("images")
            return None
        if not self.capabilities.images:
            self.dropped.add("images")
            return {"type": "text", "text": IMAGE_LEFT_OUT}
        inline = data_url(part.url)
        if inline is not None:
            source = {"type": "base64", "media_type": inline[0], "data": inline[1]}
        else:
            source = {"type": "url", "url": part.url}
        return {**kept(part.extra, self.request), "type": "image", "source": source}

    def _media(self, part: Media, role: str) -> Object | None:
        refused = self.strict and role == "assistant" and part.raw.get("type") == "document"
        if part.dialect != NAME or refused:
            self.dropped.add("media")
            return None
        return dict(part.raw)

    def _thought(self, part: Reasoning) -> Object | None:
        if not own_reasoning(part, NAME, self.dropped):
            return None
        if part.encrypted is not None:
            return {"type": "redacted_thinking", "data": part.encrypted}
        if part.signature is None:
            self.dropped.add("reasoning")
            return None
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}

    def _call(self, call: ToolCall) -> Object:
        given = parse_value(call.arguments) if call.arguments.strip() else {}
        if not isinstance(given, dict):
            given = {"input": call.arguments}
        extra = {n: v for n, v in kept(call.extra, self.request).items() if n != "type"}
        id = _ID.sub("_", call.id)
        return {**extra, "type": "tool_use", "id": id, "name": call.name, "input": given}

    def _result(self, result: ToolResult) -> Object:
        content = self._blocks(result.parts, "user")
        wire: Object = {
            **kept(result.extra, self.request),
            "type": "tool_result",
            "tool_use_id": _ID.sub("_", result.call_id),
        }
        if len(content) == 1 and set(content[0]) == {"type", "text"}:
            wire["content"] = content[0]["text"]
        elif content:
            wire["content"] = content
        if result.is_error:
            wire["is_error"] = True
        return wire


def _settle(turn: Object) -> None:
    """Results first, as the vendor demands; a single plain text becomes a string."""
    content = turn["content"]
    if turn["role"] == "user":
        content.sort(key=lambda block: block["type"] != "tool_result")
    if len(content) == 1 and set(content[0]) == {"type", "text"}:
        turn["content"] = content[0]["text"]


def _trim_prefill(content: Json) -> None:
    """The vendor refuses a last assistant turn that ends in white space."""
    if isinstance(content, list) and content and content[-1]["type"] == "text":
        content[-1]["text"] = content[-1]["text"].rstrip() or "…"
