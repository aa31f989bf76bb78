"""The vendors' side of each wire format, written from their documentation for these tests only.

Each twin renders a `Completion` as the bytes of a whole answer (`whole`) and as the events of a
stream (`events`), and gives the parts of the next turn's history as it expects them back
(`history`). Nothing here is shared with the code under test.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Protocol

from teppan.core.chat import (
    Completion,
    Image,
    Media,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from teppan.providers.base import Event

Wire = dict[str, Any]


class Twin(Protocol):
    name: str

    def whole(self, completion: Completion) -> bytes: ...

    def events(self, completion: Completion, size: int) -> list[Event]: ...


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


class ChatTwin:
    """Chat Completions."""

    name = "openai_chat"

    def usage(self, usage: Usage) -> Wire:
        return {
            "prompt_tokens": usage.input,
            "completion_tokens": usage.output,
            "total_tokens": usage.input + usage.output,
            "prompt_tokens_details": {
                "cached_tokens": usage.cached,
                "cache_write_tokens": usage.cache_written,
            },
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        }

    def message(self, completion: Completion) -> Wire:
        parts = completion.message.parts
        words = "".join(part.text for part in parts if isinstance(part, Text))
        message: Wire = {"role": "assistant", "content": words or None}
        for part in parts:
            if isinstance(part, Reasoning):
                message["reasoning_content"] = part.text
        calls = [self.call(part) for part in parts if isinstance(part, ToolCall)]
        if calls:
            message["tool_calls"] = calls
        if completion.message.refusal is not None:
            message["refusal"] = completion.message.refusal
        return message

    def call(self, call: ToolCall) -> Wire:
        function = {"name": call.name, "arguments": call.arguments}
        return {"id": call.id, "type": "function", "function": function}

    def whole(self, completion: Completion) -> bytes:
        choice = {
            "index": 0,
            "message": self.message(completion),
            "finish_reason": completion.finish_reason,
            "logprobs": None,
        }
        body: Wire = {
            "id": completion.id,
            "object": "chat.completion",
            "created": 1,
            "model": completion.model,
            "choices": [choice],
        }
        if completion.usage:
            body["usage"] = self.usage(completion.usage)
        return dumped(body)

    def events(self, completion: Completion, size: int) -> list[Event]:
        message = self.message(completion)
        deltas: list[Wire] = [{"role": "assistant", "content": ""}]
        for piece in pieces(message.get("reasoning_content", ""), size):
            deltas.append({"reasoning_content": piece, "content": None})
        for piece in pieces(message["content"] or "", size):
            deltas.append({"content": piece})
        for piece in pieces(message.get("refusal") or "", size):
            deltas.append({"refusal": piece})
        for index, call in enumerate(message.get("tool_calls", [])):
            first = {**call, "index": index, "function": {**call["function"], "arguments": ""}}
            deltas.append({"tool_calls": [first]})
            for piece in pieces(call["function"]["arguments"], size):
                deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        chunks = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
        chunks.append({"index": 0, "delta": {}, "finish_reason": completion.finish_reason})
        head = {"id": completion.id, "object": "chat.completion.chunk", "created": 1}
        out = [dumped({**head, "model": completion.model, "choices": [each]}) for each in chunks]
        if completion.usage:
            usage = self.usage(completion.usage)
            out.append(dumped({**head, "model": completion.model, "choices": [], "usage": usage}))
        return [Event("", data) for data in [*out, b"[DONE]"]]

    def history(self, completion: Completion) -> list[Wire]:
        return [self.message(completion)]


class ResponsesTwin:
    """Responses."""

    name = "openai_responses"

    def usage(self, usage: Usage) -> Wire:
        return {
            "input_tokens": usage.input,
            "input_tokens_details": {
                "cached_tokens": usage.cached,
                "cache_write_tokens": usage.cache_written,
            },
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.input + usage.output,
        }

    def item(self, part: Any, number: int) -> Wire:
        if isinstance(part, Reasoning):
            summary = [{"type": "summary_text", "text": part.text}] if part.text else []
            return {
                "type": "reasoning",
                "id": part.id,
                "summary": summary,
                "encrypted_content": part.encrypted,
            }
        if isinstance(part, ToolCall):
            return {
                "type": "function_call",
                "id": f"fc_{number}",
                "call_id": part.id,
                "name": part.name,
                "arguments": part.arguments,
                "status": "completed",
            }
        if isinstance(part, Media):
            return dict(part.raw)
        text = {"type": "output_text", "text": part.text, "annotations": []}
        return {
            "type": "message",
            "id": f"msg_{number}",
            "role": "assistant",
            "status": "completed",
            "content": [text],
        }

    def response(self, completion: Completion) -> Wire:
        parts = completion.message.parts
        length = completion.finish_reason == "length"
        return {
            "id": completion.id,
            "object": "response",
            "created_at": 1,
            "status": "incomplete" if length else "completed",
            "incomplete_details": {"reason": "max_output_tokens"} if length else None,
            "error": None,
            "model": completion.model,
            "output": [self.item(part, number) for number, part in enumerate(parts)],
            "usage": self.usage(completion.usage) if completion.usage else None,
        }

    def whole(self, completion: Completion) -> bytes:
        return dumped(self.response(completion))

    def events(self, completion: Completion, size: int) -> list[Event]:
        whole = self.response(completion)
        out: list[Wire] = []
        begun = {**whole, "status": "in_progress", "output": [], "usage": None}
        out.append({"type": "response.created", "response": begun})
        out.append({"type": "response.in_progress", "response": begun})
        for place, item in enumerate(whole["output"]):
            at = {"output_index": place, "item_id": item.get("id")}
            out.extend(self.item_events(item, at, size))
            out.append({"type": "response.output_item.done", "output_index": place, "item": item})
        ending = "response.incomplete" if whole["status"] == "incomplete" else "response.completed"
        out.append({"type": ending, "response": whole})
        return [
            Event(each["type"], dumped({**each, "sequence_number": number}))
            for number, each in enumerate(out)
        ]

    def item_events(self, item: Wire, at: Wire, size: int) -> list[Wire]:
        added = {"type": "response.output_item.added", "output_index": at["output_index"]}
        if item["type"] == "reasoning":
            text = "".join(each["text"] for each in item["summary"])
            kind, empty = "response.reasoning_summary_text.delta", {"summary": []}
        elif item["type"] == "function_call":
            text = item["arguments"]
            kind, empty = "response.function_call_arguments.delta", {"arguments": ""}
        elif item["type"] == "message":
            text = item["content"][0]["text"]
            kind, empty = "response.output_text.delta", {"content": []}
        else:
            return [{**added, "item": item}]
        deltas = [{"type": kind, **at, "delta": piece} for piece in pieces(text, size)]
        begun = {**item, **empty}
        begun.pop("encrypted_content", None)
        return [{**added, "item": begun}, *deltas, {"type": kind.replace(".delta", ".done"), **at}]

    def history(self, completion: Completion) -> list[Wire]:
        items = []
        for number, part in enumerate(completion.message.parts):
            item = self.item(part, number)
            if item["type"] == "message":
                item = {"role": "assistant", "content": item["content"][0]["text"]}
            elif item["type"] == "function_call":
                item = {n: item[n] for n in ("type", "call_id", "name", "arguments")}
            items.append(item)
        return items


class MessagesTwin:
    """Messages."""

    name = "anthropic"
    reasons: ClassVar = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}

    def usage(self, usage: Usage) -> Wire:
        return {
            "input_tokens": usage.input - usage.cached - usage.cache_written,
            "cache_read_input_tokens": usage.cached,
            "cache_creation_input_tokens": usage.cache_written,
            "output_tokens": usage.output,
            "output_tokens_details": {"thinking_tokens": usage.reasoning},
        }

    def block(self, part: Any) -> Wire:
        if isinstance(part, Reasoning):
            if part.encrypted is not None:
                return {"type": "redacted_thinking", "data": part.encrypted}
            return {"type": "thinking", "thinking": part.text, "signature": part.signature}
        if isinstance(part, ToolCall):
            given = json.loads(part.arguments)
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": given}
        if isinstance(part, Media):
            return dict(part.raw)
        return {"type": "text", "text": part.text}

    def message(self, completion: Completion) -> Wire:
        reason = completion.choices[0].finish_reason
        stop = completion.choices[0].stop_sequence
        return {
            "id": completion.id,
            "type": "message",
            "role": "assistant",
            "model": completion.model,
            "content": [self.block(part) for part in completion.message.parts],
            "stop_reason": "stop_sequence" if stop else self.reasons[reason],
            "stop_sequence": stop,
            "usage": self.usage(completion.usage) if completion.usage else None,
        }

    def whole(self, completion: Completion) -> bytes:
        return dumped(self.message(completion))

    def events(self, completion: Completion, size: int) -> list[Event]:
        message = self.message(completion)
        usage = message["usage"]
        begun = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
        if usage:
            begun["usage"] = {**usage, "output_tokens": 1, "output_tokens_details": None}
        out: list[Wire] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
        for index, block in enumerate(message["content"]):
            out.extend(self.block_events(block, index, size))
        ending = {name: message[name] for name in ("stop_reason", "stop_sequence")}
        last: Wire = {"type": "message_delta", "delta": ending}
        if usage:
            names = ("output_tokens", "output_tokens_details")
            last["usage"] = {name: usage[name] for name in names}
        out.extend([last, {"type": "message_stop"}])
        return [Event(each["type"], dumped(each)) for each in out]

    def block_events(self, block: Wire, index: int, size: int) -> list[Wire]:
        begun, deltas = dict(block), []
        if block["type"] == "text":
            begun["text"] = ""
            deltas = [{"type": "text_delta", "text": p} for p in pieces(block["text"], size)]
        elif block["type"] == "thinking":
            begun.update(thinking="", signature="")
            deltas = [
                {"type": "thinking_delta", "thinking": p} for p in pieces(block["thinking"], size)
            ]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        elif block["type"] in ("tool_use", "server_tool_use"):
            begun["input"] = {}
            text = dumped(block["input"]).decode() if block["input"] else ""
            deltas = [{"type": "input_json_delta", "partial_json": p} for p in pieces(text, size)]
        return [
            {"type": "content_block_start", "index": index, "content_block": begun},
            *({"type": "content_block_delta", "index": index, "delta": d} for d in deltas),
            {"type": "content_block_stop", "index": index},
        ]

    def history(self, completion: Completion) -> list[Wire]:
        return [self.block(part) for part in completion.message.parts]


class GenerateContentTwin:
    """generateContent."""

    name = "google"
    reasons: ClassVar = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}

    def usage(self, usage: Usage) -> Wire:
        return {
            "promptTokenCount": usage.input,
            "cachedContentTokenCount": usage.cached,
            "candidatesTokenCount": usage.output - usage.reasoning,
            "thoughtsTokenCount": usage.reasoning,
            "totalTokenCount": usage.input + usage.output,
        }

    def part(self, part: Any) -> Wire:
        if isinstance(part, Reasoning):
            wire: Wire = {"text": part.text, "thought": True}
            return {**wire, "thoughtSignature": part.signature} if part.signature else wire
        if isinstance(part, ToolCall):
            given = json.loads(part.arguments)
            call: Wire = {"functionCall": {"id": part.id, "name": part.name, "args": given}}
            return {**call, "thoughtSignature": part.signature} if part.signature else call
        if isinstance(part, Image):
            head, _, data = part.url.partition(";base64,")
            return {"inlineData": {"mimeType": head.removeprefix("data:"), "data": data}}
        if isinstance(part, Media):
            return dict(part.raw)
        return {"text": part.text}

    def answer(self, completion: Completion, parts: list[Wire], last: bool) -> Wire:
        candidate: Wire = {"content": {"role": "model", "parts": parts}, "index": 0}
        if last:
            candidate["finishReason"] = self.reasons[completion.finish_reason]
        body: Wire = {
            "candidates": [candidate],
            "modelVersion": completion.model,
            "responseId": completion.id,
        }
        if completion.usage and last:
            body["usageMetadata"] = self.usage(completion.usage)
        return body

    def whole(self, completion: Completion) -> bytes:
        parts = [self.part(part) for part in completion.message.parts]
        return dumped(self.answer(completion, parts, True))

    def events(self, completion: Completion, size: int) -> list[Event]:
        chunks: list[list[Wire]] = []
        for part in completion.message.parts:
            wire = self.part(part)
            split = pieces(wire["text"], size) if wire.get("text") else []
            if len(split) < 2:
                chunks.append([wire])
                continue
            signature = wire.pop("thoughtSignature", None)
            chunks.extend([{**wire, "text": piece}] for piece in split)
            if signature:
                chunks[-1][0]["thoughtSignature"] = signature
        bodies = [self.answer(completion, parts, False) for parts in chunks]
        bodies.append(self.answer(completion, [], True))
        return [Event("", dumped(body)) for body in bodies]

    def history(self, completion: Completion) -> list[Wire]:
        parts = []
        for part in completion.message.parts:
            wire = self.part(part)
            if "thought" in wire:
                if "thoughtSignature" not in wire:
                    continue
                wire = {"text": "", "thoughtSignature": wire["thoughtSignature"]}
            parts.append(wire)
        return parts
