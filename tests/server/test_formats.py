"""The served formats keep what they carry: there and back, whole and as a stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from served_words import completions
from teppan.core.chat import (
    ChatRequest,
    Finished,
    Message,
    Reasoning,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    Usage,
    UsageSeen,
)
from teppan.core.errors import RateLimited, StreamIncomplete
from teppan.core.fold import unfold
from teppan.server.chat import CHAT
from teppan.server.format import Envelope, Format
from teppan.server.messages import MESSAGES
from teppan.server.responses import RESPONSES

FORMATS = {"chat": CHAT, "responses": RESPONSES, "messages": MESSAGES}


def encode(value: Any) -> str:
    return orjson.dumps(value).decode()


def envelope(format: Format, **request: Any) -> Envelope:
    asked = ChatRequest(model="asked", messages=(), stream=True, include_usage=True, **request)
    return Envelope(f"{format.prefix}1", 1_700_000_000, asked)


def question(format: Format, answer: dict[str, Any]) -> dict[str, Any]:
    """A body that hands an answer back, as a client does in the next turn."""
    if format is CHAT:
        return {"model": "m", "messages": [answer["choices"][0]["message"]]}
    if format is RESPONSES:
        return {"model": "m", "input": answer["output"]}
    turn = {"role": "assistant", "content": answer["content"]}
    return {"model": "m", "max_tokens": 1, "messages": [turn]}


def events(body: bytes) -> list[dict[str, Any]]:
    found = []
    for block in body.decode().split("\n\n"):
        for line in block.split("\n"):  # and not `splitlines`, which ends lines in text too
            if line.startswith("data: {"):
                found.append(json.loads(line.removeprefix("data: ")))
    return found


def canonical(message: Message) -> Message:
    """Arguments as equal JSON, ids of thoughts left out where the format makes its own."""
    parts = []
    for part in message.parts:
        if isinstance(part, ToolCall):
            parts.append(
                ToolCall(part.id, part.name, encode(json.loads(part.arguments)), part.signature)
            )
        elif isinstance(part, Reasoning):
            parts.append(
                Reasoning(part.text, part.signature, part.encrypted, part.id, part.dialect)
            )
        else:
            parts.append(part)
    return Message("assistant", tuple(parts))


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS.keys())
@given(data=st.data())
def test_an_answer_that_is_handed_back_is_what_was_answered(format: Format, data: Any) -> None:
    completion = data.draw(completions(encode))
    body = json.loads(format.write(completion, envelope(format)))
    request = format.read(question(format, body))
    assert canonical(request.messages[0]) == canonical(completion.message)


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS.keys())
@given(data=st.data())
def test_a_stream_adds_up_to_the_whole(format: Format, data: Any) -> None:
    completion = data.draw(completions(encode))
    whole = json.loads(format.write(completion, envelope(format)))
    writer = format.stream(envelope(format))
    told = b"".join(writer.feed(delta) for delta in unfold(completion)) + writer.end()
    assert ADD_UP[format.endpoint](events(told)) == comparable(format, whole)


def comparable(format: Format, whole: dict[str, Any]) -> dict[str, Any]:
    if format is CHAT:
        choice = whole["choices"][0]
        message = {key: value for key, value in choice["message"].items() if value is not None}
        return {
            "message": {"content": "", **message},
            "finish": choice["finish_reason"],
            "usage": whole.get("usage"),
        }
    return whole


def add_up_chat(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """What a client makes of chunks: text is appended, calls are joined by index."""
    message: dict[str, Any] = {"content": ""}
    calls: dict[int, dict[str, Any]] = {}
    finish = usage = None
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for choice in chunk["choices"]:
            finish = choice["finish_reason"] or finish
            delta = choice["delta"]
            for name in ("content", "reasoning_content"):
                if delta.get(name) is not None:
                    message[name] = message.get(name, "") + delta[name]
            for name in ("role",):
                if name in delta:
                    message[name] = delta[name]
            if "reasoning_details" in delta:
                message.setdefault("reasoning_details", []).extend(delta["reasoning_details"])
            for piece in delta.get("tool_calls", ()):
                call = calls.setdefault(piece["index"], {"function": {"arguments": ""}})
                call["function"]["arguments"] += piece["function"].pop("arguments")
                call["function"].update(piece["function"])
                call.update({name: piece[name] for name in ("id", "type") if name in piece})
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    return {"message": message, "finish": finish, "usage": usage}


def add_up_responses(told: list[dict[str, Any]]) -> dict[str, Any]:
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    last = told[-1]["response"]
    done = [event["item"] for event in told if event["type"] == "response.output_item.done"]
    assert sorted(done, key=lambda item: item["id"]) == sorted(
        last["output"], key=lambda item: item["id"]
    )
    return last


def add_up_messages(told: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = told[0]["message"]
    for event in told:
        if event["type"] == "content_block_start":
            assert event["index"] == len(message["content"])
            message["content"].append({**event["content_block"], "json": ""})
        elif event["type"] == "content_block_delta":
            block, delta = message["content"][event["index"]], event["delta"]
            for field in ("text", "thinking", "signature"):
                if field in delta:
                    block[field] += delta[field]
            block["json"] += delta.get("partial_json", "")
        elif event["type"] == "message_delta":
            message.update(event["delta"])
            message["usage"] = event["usage"]
    for block in message["content"]:
        text = block.pop("json")
        if block["type"] == "tool_use":
            block["input"] = json.loads(text or "{}")
    return message


ADD_UP: dict[str, Callable[[list[dict[str, Any]]], dict[str, Any]]] = {
    "chat": add_up_chat,
    "responses": add_up_responses,
    "messages": add_up_messages,
}


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS.keys())
def test_a_stream_that_never_said_why_it_stopped_has_no_end(format: Format) -> None:
    for deltas in ([], [Started("m")], [TextDelta("half")]):
        writer = format.stream(envelope(format))
        for delta in deltas:
            writer.feed(delta)
        with pytest.raises(StreamIncomplete):
            writer.end()


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS.keys())
def test_an_error_in_a_stream_is_an_event_and_not_an_end(format: Format) -> None:
    writer = format.stream(envelope(format))
    told = writer.feed(TextDelta("half")) + writer.error(RateLimited("slow down"), "req_1")
    assert b"slow down" in told
    for end in (b"[DONE]", b"message_stop", b"response.completed"):
        assert end not in told


def test_parallel_calls_of_a_stream_may_be_told_by_turns() -> None:
    """Vendors interleave the pieces of parallel calls; each keeps its own."""
    deltas = [
        ToolDelta(0, "", "a", "f"),
        ToolDelta(1, "", "b", "g"),
        ToolDelta(0, '{"x":'),
        ToolDelta(1, "{}"),
        ToolDelta(0, "1}"),
        Finished("tool_calls"),
    ]
    for format in FORMATS.values():
        writer = format.stream(envelope(format))
        told = b"".join(map(writer.feed, deltas)) + writer.end()
        added = ADD_UP[format.endpoint](events(told))
        if format is CHAT:
            found = [call["function"]["arguments"] for call in added["message"]["tool_calls"]]
        elif format is RESPONSES:
            found = [item["arguments"] for item in added["output"]]
        else:
            found = [
                json.dumps(block["input"], separators=(",", ":")) for block in added["content"]
            ]
        assert found == ['{"x":1}', "{}"]


def test_what_a_chat_client_left_out_stays_unsaid_and_what_we_have_no_word_for_travels() -> None:
    request = CHAT.read(
        {
            "model": "m",
            "messages": [{"role": "user", "content": "hi", "cache": 1}],
            "api_base": "http://169.254.169.254/",
            "base_url": "http://evil",
            "callbacks": ["x"],
            "metadata": {"tenant": "other"},
            "max_completion_tokens": 5,
            "temperature": None,
        }
    )
    assert request.temperature is None
    assert request.max_tokens == 5
    assert request.messages == (Message("user", (Text("hi"),), extra={"cache": 1}),)
    assert request.extra == {
        "api_base": "http://169.254.169.254/",
        "base_url": "http://evil",
        "callbacks": ["x"],
    }
    assert request.metadata == {"tenant": "other"}


def test_a_usage_seen_before_the_words_is_told_at_the_start_of_a_message() -> None:
    writer = MESSAGES.stream(envelope(MESSAGES))
    told = (
        writer.feed(Started("m"))
        + writer.feed(UsageSeen(Usage(10, 1, 4)))
        + writer.feed(TextDelta("a"))
    )
    assert events(told)[0]["message"]["usage"]["input_tokens"] == 6
