"""Our words -> a `generateContent` request.

What is peculiar to this format: the model stands in the path, results of tools name the
function they answer, thoughts are proved by signatures on the parts they led to, and a
conversation has only users and models.
Source: the API reference and the function-calling and thought-signature guides (2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from mimetypes import guess_type
from urllib.parse import quote, urlsplit

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
from teppan.providers.base import Capabilities, Encoded
from teppan.providers.fitting import IMAGE_LEFT_OUT, Dropped, foreign_extra, own_reasoning
from teppan.providers.google.options import NAME, generation_config, tool_config
from teppan.providers.google.schema import taken
from teppan.providers.wire import Object, data_url, dump, parse_value

UNSIGNED = "skip_thought_signature_validator"
"""What the vendor accepts in the place of a signature for a call another model made."""


def encode(
    request: ChatRequest, model: str, capabilities: Capabilities, *, stream: bool
) -> Encoded:
    """The request for one model of this vendor."""
    dropped = Dropped(capabilities)
    writer = _Contents(request, capabilities, dropped)
    system, contents = writer.write(request.messages)
    body: Object = {**foreign_extra(request, NAME, dropped), "contents": contents}
    if system:
        body["systemInstruction"] = {"parts": system}
    config = generation_config(request, capabilities, dropped)
    known = body.get("generationConfig")
    if config or isinstance(known, dict):
        body["generationConfig"] = {**(known if isinstance(known, dict) else {}), **config}
    tools = _tools(request, capabilities, dropped)
    if tools:
        body["tools"] = tools
        choice = tool_config(request, dropped)
        if choice is not None:
            body["toolConfig"] = choice
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return Encoded(f"/{_named(model)}:{verb}", dump(body), (), dropped.names)


def _named(model: str) -> str:
    """The model's place: tuned models and others have a collection of their own."""
    known = model.startswith(("models/", "tunedModels/"))
    return quote(model if known else f"models/{model}", safe="/-._~")


def _tools(request: ChatRequest, capabilities: Capabilities, dropped: Dropped) -> list[Object]:
    if not request.tools:
        return []
    if not capabilities.tools or not dropped.takes("tools", request.tools):
        dropped.add("tools")
        return []
    built_in = [dict(tool.raw) for tool in request.tools if tool.raw and tool.dialect == NAME]
    functions = [_function(tool) for tool in request.tools if tool.raw is None]
    for tool in request.tools:
        if tool.raw is not None and tool.dialect != NAME:
            dropped.add(f"tools.{tool.name or tool.raw.get('type', 'built-in')}")
    return [*([{"functionDeclarations": functions}] if functions else ()), *built_in]


def _function(tool: Tool) -> Object:
    wire: Object = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    if tool.parameters:
        wire["parametersJsonSchema"] = taken(dict(tool.parameters))
    return wire


class _Contents:
    """Writes a conversation as turns of `user` and `model`."""

    def __init__(self, request: ChatRequest, capabilities: Capabilities, dropped: Dropped) -> None:
        self.request = request
        self.capabilities = capabilities
        self.dropped = dropped
        self.names: dict[str, str] = {}

    def write(self, history: Sequence[Message]) -> tuple[list[Object], list[Object]]:
        """The parts of the system instruction, and the turns."""
        system: list[Object] = []
        contents: list[Object] = []
        for message in history:
            if message.role in ("system", "developer"):
                system.extend(self._parts(message.parts))
                continue
            role = "model" if message.role == "assistant" else "user"
            parts = self._parts(message.parts)
            if role == "model":
                self._sign(parts)
            if not parts:
                continue
            if contents and contents[-1]["role"] == role:
                contents[-1]["parts"].extend(parts)
            else:
                contents.append({"role": role, "parts": parts})
        return system, contents

    def _parts(self, parts: Sequence[Part]) -> list[Object]:
        return [wire for part in parts for wire in self._part(part)]

    def _part(self, part: Part) -> list[Object]:
        if isinstance(part, Text):
            return [{"text": part.text}] if part.text else []
        if isinstance(part, Image):
            return [self._image(part)]
        if isinstance(part, Media):
            if part.dialect == NAME:
                return [dict(part.raw)]
            self.dropped.add("media")
            return []
        if isinstance(part, Reasoning):
            return self._thought(part)
        if isinstance(part, ToolCall):
            return [self._call(part)]
        return self._result(part)

    def _image(self, part: Image) -> Object:
        if not self.capabilities.images:
            self.dropped.add("images")
            return {"text": IMAGE_LEFT_OUT}
        inline = data_url(part.url)
        if inline is not None:
            return {"inlineData": {"mimeType": inline[0], "data": inline[1]}}
        kind = guess_type(urlsplit(part.url).path)[0] or "image/jpeg"
        return {"fileData": {"mimeType": kind, "fileUri": part.url}}

    def _thought(self, part: Reasoning) -> list[Object]:
        if not own_reasoning(part, NAME, self.dropped):
            return []
        if part.signature is not None:
            return [{"text": "", "thoughtSignature": part.signature}]
        return []  # a summary is for reading; only its signature is for the vendor

    def _call(self, call: ToolCall) -> Object:
        self.names[call.id] = call.name
        given = parse_value(call.arguments) if call.arguments.strip() else {}
        if not isinstance(given, dict):
            given = {"input": call.arguments}
        wire: Object = {"functionCall": {"name": call.name, "args": given}}
        if not call.id.startswith("call_"):
            wire["functionCall"]["id"] = call.id
        if call.signature is not None:
            wire["thoughtSignature"] = call.signature
        return wire

    def _result(self, result: ToolResult) -> list[Object]:
        said = "".join(part.text for part in result.parts if isinstance(part, Text))
        value = parse_value(said) if said else None
        response: Mapping[str, Json]
        if result.is_error:
            response = {"error": said or "the tool failed"}
        elif isinstance(value, dict):
            response = value
        else:
            response = {"result": said}
        name = result.name or self.names.get(result.call_id) or "tool"
        answer: Object = {"name": name, "response": response}
        if not result.call_id.startswith("call_"):
            answer["id"] = result.call_id
        shown = [each for part in result.parts if not isinstance(part, Text)
                 for each in self._part(part)]  # fmt: skip
        return [{"functionResponse": answer}, *shown]

    def _sign(self, parts: list[Object]) -> None:
        """A thinking model refuses a history whose first call bears no signature."""
        if self.capabilities.thinking != "level":
            return
        first = next((part for part in parts if "functionCall" in part), None)
        if first is not None:
            first.setdefault("thoughtSignature", UNSIGNED)
