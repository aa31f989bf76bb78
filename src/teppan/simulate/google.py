"""Google Gemini: `generateContent`, `streamGenerateContent`, `countTokens`, embeddings and models.

Shapes after the Gemini API reference (v1beta) and the types of google-genai 3.4. Field names are
accepted in camel and in snake case, as the vendor's JSON mapping does; unknown top-level fields
are refused. A wrong key is a 400 here, and a missing one a 403.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from teppan.simulate import embed, tokens
from teppan.simulate.dialect import STATUS, Site, signature, signed_text
from teppan.simulate.turn import (
    Choice,
    Event,
    Json,
    Message,
    Refused,
    Reply,
    Role,
    Tool,
    ToolCall,
    Turn,
    Usage,
    pieces,
    sse,
)
from teppan.simulate.wire import Request

_PATH = re.compile(r"/v1(?:beta|alpha)?/models/([^/:]+):(\w+)")
_OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "generateContent": "generate",
        "streamGenerateContent": "generate",
        "countTokens": "count_tokens",
        "embedContent": "embeddings",
        "batchEmbedContents": "embeddings",
    }
)
_KNOWN = frozenset(
    "contents systemInstruction tools toolConfig generationConfig safetySettings cachedContent "
    "labels model serviceTier store".split()
)
_STATUS_NAMES: Mapping[int, str] = MappingProxyType(
    {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        402: "FAILED_PRECONDITION",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        413: "INVALID_ARGUMENT",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        502: "UNAVAILABLE",
        503: "UNAVAILABLE",
        504: "DEADLINE_EXCEEDED",
        529: "UNAVAILABLE",
    }
)
_FINISH: Mapping[str, str] = MappingProxyType(
    {
        "stop": "STOP",
        "tool_calls": "STOP",
        "length": "MAX_TOKENS",
        "content_filter": "SAFETY",
        "refusal": "PROHIBITED_CONTENT",
    }
)
_MODES: Mapping[str, str] = MappingProxyType({"ANY": "required", "NONE": "none"})
_CAMEL = re.compile(r"_([a-z])")


class Gemini:
    """The dialect of `/v1beta/models/{model}:generateContent`."""

    name = "google"
    request_id_header = "x-request-id"
    cut_prompt = False
    statuses: Mapping[str, int] = MappingProxyType({"bad_key": 400, "content_filter": 200})

    def operation(self, method: str, path: str) -> str | None:
        match = _PATH.fullmatch(path)
        if method == "POST" and match:
            return _OPERATIONS.get(match[2])
        if method == "GET" and re.fullmatch(r"/v1(beta)?/models", path):
            return "models"
        return "model" if method == "GET" and re.match(r"/v1(beta)?/models/", path) else None

    def stream_type(self, turn: Turn) -> str:
        return "application/json" if "json_array" in turn.fields else "text/event-stream"

    def parse(self, request: Request, body: Json) -> Turn:
        match = _PATH.fullmatch(request.path)
        assert match is not None
        body = camel(body)
        for field in body:
            if field not in _KNOWN:
                raise _bad(
                    f'Invalid JSON payload received. Unknown name "{field}": Cannot find field.'
                )
        config = body.get("generationConfig") or {}
        calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
        thinking = config.get("thinkingConfig") or {}
        messages, unsigned = _messages(body)
        stream = match[2] == "streamGenerateContent"
        fields = set(body) | set(config)
        fields |= {"unsigned_call"} if unsigned else set()
        fields |= {"json_array"} if stream and request.query.get("alt") != "sse" else set()
        schema = config.get("responseJsonSchema") or config.get("responseSchema")
        return Turn(
            model=match[1],
            messages=messages,
            tools=_tools(body),
            tool_choice=_tool_choice(calling),
            schema=lower_types(schema) if schema else None,
            json_mode=config.get("responseMimeType") == "application/json" and not schema,
            stream=stream,
            max_tokens=config.get("maxOutputTokens"),
            temperature=config.get("temperature"),
            seed=config.get("seed"),
            stop=tuple(config.get("stopSequences") or ()),
            n=config.get("candidateCount") or 1,
            thinking=bool(thinking.get("includeThoughts")),
            fields=frozenset(fields),
            body=body,
        )

    def render(self, turn: Turn, reply: Reply) -> Json:
        candidates = [
            _candidate(index, _parts(choice, reply.show_reasoning), choice)
            for index, choice in enumerate(reply.choices)
        ]
        return _envelope(reply, candidates, reply.usage)

    def events(self, turn: Turn, reply: Reply) -> Iterator[Event]:
        events = self._chunks(reply)
        if "json_array" not in turn.fields:
            yield from events
            return
        opening = b"["
        for event in events:
            data = event.data.removeprefix(b"data: ").rstrip()
            yield Event(event.kind, opening + data)
            opening = b",\r\n"
        yield Event("end", b"]")

    def _chunks(self, reply: Reply) -> Iterator[Event]:
        usage = None if reply.usage_late else reply.usage
        for index, choice in enumerate(reply.choices):
            parts = _streamed_parts(choice, reply.show_reasoning)
            for part in parts[:-1]:
                candidate = {"content": {"parts": [part], "role": "model"}, "index": index}
                yield sse("delta", _envelope(reply, [candidate], usage))
            yield sse("finish", _envelope(reply, [_candidate(index, parts[-1:], choice)], usage))
        if not reply.choices:
            yield sse("finish", _envelope(reply, [], usage))
        if reply.usage_late and reply.usage:
            yield sse("usage", _envelope(reply, [], reply.usage))

    def error(self, refused: Refused, request_id: str) -> Json:
        if refused.kind == "content_filter":
            rating = {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH"}
            feedback = {"blockReason": "SAFETY", "safetyRatings": [rating]}
            return {"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 1}}
        status, message = self._status(refused), refused.message
        if refused.kind == "context_overflow":
            used, _, limit = message.partition(" > ")
            most = f"the maximum number of tokens allowed ({limit})"
            message = f"The input token count ({used}) exceeds {most}."
        elif refused.kind == "bad_key":
            message = "API key not valid. Please pass a valid API key."
        elif refused.kind == "model_not_found" and "`" in message:
            model = message.split("`")[1]
            message = f"models/{model} is not found for API version v1beta."
        error: Json = {"code": status, "message": message, "status": _STATUS_NAMES[status]}
        details = _details(refused)
        return {"error": error | {"details": details} if details else error}

    def _status(self, refused: Refused) -> int:
        return self.statuses.get(refused.kind, STATUS[refused.kind])

    def error_event(self, refused: Refused) -> Event:
        return sse("delta", self.error(refused, ""))

    def other(self, operation: str, request: Request, body: Json, site: Site) -> Json:
        if operation == "count_tokens":
            inner = body.get("generateContentRequest") or body
            return {"totalTokens": tokens.prompt_tokens(self.parse(request, inner))}
        if operation == "embeddings":
            return _embeddings(body)
        rows = [
            {
                "name": f"models/{one.name}",
                "displayName": f"{one.name} (simulated)",
                "version": "simulated",
                "inputTokenLimit": one.context,
                "outputTokenLimit": one.max_output,
                "supportedGenerationMethods": ["generateContent", "countTokens"],
            }
            for one in site.models
        ]
        if operation == "models":
            return {"models": rows}
        wanted = request.path.partition("/models/")[2]
        found = next((row for row in rows if row["name"] == f"models/{wanted}"), None)
        if found is None:
            raise Refused("model_not_found", f"The model `{wanted}` does not exist")
        return found


def _bad(message: str) -> Refused:
    return Refused("invalid_request", message)


def camel(body: Json) -> Json:
    """Top-level and configuration names in camel case; user data is left alone."""

    def named(table: Mapping[str, Any]) -> Json:
        return {_CAMEL.sub(lambda m: m[1].upper(), key): value for key, value in table.items()}

    made = named(body)
    for key in ("generationConfig", "toolConfig"):
        if isinstance(made.get(key), dict):
            made[key] = named(made[key])
    return made


def lower_types(schema: Any) -> Any:
    """The vendor's schema dialect writes types in capitals; JSON Schema does not."""
    if isinstance(schema, list):
        return [lower_types(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: lower_types(value) for key, value in schema.items()}
    if isinstance(schema.get("type"), str):
        made["type"] = schema["type"].lower()
    if isinstance(schema.get("enum"), list):
        made["enum"] = schema["enum"]
    return made


def _messages(body: Json) -> tuple[tuple[Message, ...], bool]:
    """The conversation, and whether a call of the current turn lacks its signature."""
    made: list[Message] = []
    system = body.get("systemInstruction")
    if system:
        text = system if isinstance(system, str) else _text(system.get("parts") or ())
        made.append(Message("system", text))
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        raise _bad("* GenerateContentRequest.contents: contents is not specified")
    unsigned = False
    for content in contents:
        role = content.get("role", "user")
        if role not in ("user", "model"):
            raise _bad("Please use a valid role: user, model.")
        parts = [
            {_snake_free(k): v for k, v in part.items()} for part in content.get("parts") or ()
        ]
        results = [part["functionResponse"] for part in parts if "functionResponse" in part]
        for result in results:
            text = orjson.dumps(result.get("response", {})).decode()
            made.append(Message("tool", text, tool_name=result.get("name", "")))
        calls = [part for part in parts if "functionCall" in part]
        proof = calls[0].get("thoughtSignature", "") if calls else ""
        unsigned = unsigned or bool(calls and signed_text(proof) is None)
        images = sum("inlineData" in part or "fileData" in part for part in parts)
        if not results:
            said: Role = "user" if role == "user" else "assistant"
            made.append(Message(said, _text(parts), images, "", tuple(map(_call, calls))))
    return tuple(made), unsigned


def _snake_free(name: str) -> str:
    return _CAMEL.sub(lambda m: m[1].upper(), name)


def _text(parts: Any) -> str:
    return "\n".join(part["text"] for part in parts if "text" in part and not part.get("thought"))


def _call(part: Json) -> ToolCall:
    call = part["functionCall"]
    arguments = orjson.dumps(call.get("args") or {}).decode()
    return ToolCall(call.get("id", ""), call.get("name", ""), arguments)


def _tools(body: Json) -> tuple[Tool, ...]:
    made = []
    for group in body.get("tools") or ():
        for one in group.get("functionDeclarations") or group.get("function_declarations") or ():
            schema = one.get("parametersJsonSchema") or one.get("parameters") or {}
            made.append(Tool(one.get("name", ""), one.get("description", ""), lower_types(schema)))
    return tuple(made)


def _tool_choice(calling: Json) -> str:
    names: list[str] = calling.get("allowedFunctionNames") or []
    if calling.get("mode") == "ANY" and len(names) == 1:
        return f"name:{names[0]}"
    return _MODES.get(calling.get("mode", "AUTO"), "auto")


def _envelope(reply: Reply, candidates: list[Json], usage: Usage | None) -> Json:
    answer: Json = {"candidates": candidates} if candidates else {}
    if usage is not None:
        answer["usageMetadata"] = _usage(usage)
    return answer | {"modelVersion": reply.model, "responseId": reply.id}


def _candidate(index: int, parts: list[Json], choice: Choice) -> Json:
    blocked = choice.finish == "refusal"
    content: Json = {"role": "model"} if blocked else {"parts": parts, "role": "model"}
    return {"content": content, "finishReason": _FINISH[choice.finish], "index": index}


def _parts(choice: Choice, show_reasoning: bool) -> list[Json]:
    parts: list[Json] = []
    proof = {"thoughtSignature": signature(choice.reasoning)} if choice.reasoning else {}
    if show_reasoning and choice.reasoning:
        parts.append({"text": choice.reasoning, "thought": True})
    if choice.text:
        parts.append({"text": choice.text} | ({} if choice.tool_calls else proof))
    for index, call in enumerate(choice.tool_calls):
        made = {"id": call.id, "name": call.name, "args": _arguments(call)}
        parts.append({"functionCall": made} | (proof if index == 0 else {}))
    return parts


def _arguments(call: ToolCall) -> Any:
    try:
        return orjson.loads(call.arguments)
    except orjson.JSONDecodeError:
        return {"broken": call.arguments}


def _streamed_parts(choice: Choice, show_reasoning: bool) -> list[Json]:
    """The parts as they are streamed: texts in pieces, the signature on the last of them."""
    made: list[Json] = []
    for part in _parts(choice, show_reasoning):
        if "text" not in part:
            made.append(part)
            continue
        extra = {key: value for key, value in part.items() if key == "thought"}
        made.extend({"text": piece, **extra} for piece in pieces(part["text"]))
        if "thoughtSignature" in part:
            made.append({"text": "", "thoughtSignature": part["thoughtSignature"]})
    return made or [{"text": ""}]


def _usage(usage: Usage) -> Json:
    made: Json = {
        "promptTokenCount": usage.prompt,
        "candidatesTokenCount": usage.completion - usage.reasoning,
        "totalTokenCount": usage.total,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.prompt}],
    }
    if usage.cached:
        made["cachedContentTokenCount"] = usage.cached
    if usage.reasoning:
        made["thoughtsTokenCount"] = usage.reasoning
    return made


def _details(refused: Refused) -> list[Json]:
    """The machine-readable part of an error: why, and when to come back."""
    kind = "type.googleapis.com/google.rpc."
    details: list[Json] = []
    if refused.kind == "bad_key":
        details.append({"@type": f"{kind}ErrorInfo", "reason": "API_KEY_INVALID"})
    if refused.kind == "quota":
        broken = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}
        details.append({"@type": f"{kind}QuotaFailure", "violations": [broken]})
    waits = [value for name, value in refused.headers if name == "retry-after"]
    if waits and waits[0].isdigit():
        details.append({"@type": f"{kind}RetryInfo", "retryDelay": f"{waits[0]}s"})
    return details


def _embeddings(body: Json) -> Json:
    requests = body.get("requests")
    texts = [_text((one.get("content") or {}).get("parts") or ()) for one in requests or [body]]
    rows = [{"values": embed.vector(text)} for text in texts]
    return {"embeddings": rows} if requests else {"embedding": rows[0]}


DIALECT = Gemini()
