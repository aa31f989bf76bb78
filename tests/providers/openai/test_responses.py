"""Responses: what is sent, what is understood, what is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from teppan.core.chat import (
    ChatRequest,
    Image,
    Media,
    Message,
    Reasoning,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    say,
)
from teppan.core.errors import (
    ProviderBadAnswer,
    ProviderError,
    ProviderOverloaded,
    ProviderRateLimited,
)
from teppan.core.fold import fold
from teppan.providers.base import Capabilities, Event
from teppan.providers.openai.responses.dialect import ResponsesDialect

DIALECT = ResponsesDialect()
THINKING = Capabilities(reasoning=True, efforts=("low", "high"))
ENCRYPTED = "reasoning.encrypted_content"


def ask(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="v/m", messages=messages or (say("user", "hi"),), **fields)


def sent(request: ChatRequest, capabilities: Capabilities = THINKING) -> dict[str, Any]:
    return orjson.loads(DIALECT.encode(request, "m", capabilities, stream=False).body)


def dropped(request: ChatRequest) -> tuple[str, ...]:
    return DIALECT.encode(request, "m", THINKING, stream=False).dropped


def answer(*output: dict[str, Any], **fields: Any) -> bytes:
    text = {"type": "output_text", "text": "Hello.", "annotations": []}
    message = {"type": "message", "id": "msg", "role": "assistant", "content": [text]}
    whole = {"id": "resp", "object": "response", "status": "completed", "model": "m-1"}
    return orjson.dumps({**whole, "output": list(output) or [message], **fields})


class TestRequests:
    def test_nothing_is_stored_and_thoughts_come_along(self) -> None:
        assert sent(ask()) == {
            "model": "m",
            "input": [{"role": "user", "content": "hi"}],
            "store": False,
            "include": [ENCRYPTED],
        }

    def test_what_the_client_says_of_storing_holds(self) -> None:
        extra = {"store": True, "truncation": "auto"}
        body = sent(ask(extra=extra, dialect="openai_responses"))
        assert body["store"] is True
        assert body["truncation"] == "auto"
        assert "include" not in body

    def test_fields_have_their_wire_names(self) -> None:
        wanted = ResponseFormat("json_schema", "n", {"type": "object"}, True)
        body = sent(ask(max_tokens=5, effort="medium", response_format=wanted))
        assert body["max_output_tokens"] == 16
        assert body["reasoning"] == {"effort": "low"}
        shape = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}
        assert body["text"] == {"format": shape}

    def test_fields_of_a_chat_client_are_translated_or_reported(self) -> None:
        request = ask(stop=("x",), n=2, extra={"verbosity": "low", "service_tier": "flex", "z": 1})
        body = sent(request)
        assert body["text"] == {"verbosity": "low"}
        assert body["service_tier"] == "flex"
        assert set(dropped(request)) == {"stop", "n", "z"}

    def test_a_tool_turn_is_a_list_of_items(self) -> None:
        request = ask(
            say("developer", "be brief"),
            Message("user", (Text("see"), Image("https://x/y.png"))),
            Message(
                "assistant",
                (
                    Reasoning("hm", None, "zz", "rs_1", "openai_responses"),
                    ToolCall("c1", "weather", '{"a":1}'),
                    ToolCall("c2", "run", "ls", extra={"type": "custom"}),
                ),
            ),
            Message("tool", (ToolResult("c1", (Text("sun"),)), ToolResult("c2", (Text("ok"),)))),
            tools=(Tool("weather", None, None),),
            tool_choice=ToolChoice("named", "weather"),
        )
        body = sent(request)
        assert body["input"] == [
            {"role": "developer", "content": "be brief"},
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "see"},
                    {"type": "input_image", "image_url": "https://x/y.png", "detail": "auto"},
                ],
            },
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "hm"}],
                "encrypted_content": "zz",
            },
            {
                "type": "function_call",
                "call_id": "c1",
                "name": "weather",
                "arguments": '{"a":1}',
            },
            {"type": "custom_tool_call", "call_id": "c2", "name": "run", "input": "ls"},
            {"type": "function_call_output", "call_id": "c1", "output": "sun"},
            {"type": "custom_tool_call_output", "call_id": "c2", "output": "ok"},
        ]
        assert body["tools"][0]["strict"] is False
        assert body["tool_choice"] == {"type": "function", "name": "weather"}

    def test_a_thought_without_its_encrypted_form_stays_here(self) -> None:
        thought = Reasoning("hm", None, None, "rs_1", "openai_responses")
        request = ask(Message("assistant", (thought, Text("yes"))))
        assert sent(request)["input"] == [{"role": "assistant", "content": "yes"}]
        assert dropped(request) == ("reasoning",)

    def test_custom_tools_and_files_of_a_chat_client_are_translated(self) -> None:
        grammar = {"syntax": "lark", "definition": "s"}
        shape = {"type": "grammar", "grammar": grammar}
        raw = {"type": "custom", "custom": {"name": "run", "format": shape}}
        file = Media("openai_chat", {"type": "file", "file": {"file_id": "f"}})
        request = ask(
            Message("user", (file,)), tools=(Tool("run", raw=raw, dialect="openai_chat"),)
        )
        body = sent(request)
        flat = {"type": "custom", "name": "run", "format": {"type": "grammar", **grammar}}
        assert body["tools"] == [flat]
        assert body["input"][0]["content"] == [{"file_id": "f", "type": "input_file"}]


class TestAnswers:
    def test_an_incomplete_answer_says_why(self) -> None:
        cut = answer(status="incomplete", incomplete_details={"reason": "max_output_tokens"})
        assert DIALECT.decode(cut).finish_reason == "length"
        filtered = answer(status="incomplete", incomplete_details={"reason": "content_filter"})
        assert DIALECT.decode(filtered).finish_reason == "content_filter"

    def test_a_refusal_is_understood(self) -> None:
        message = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
        got = DIALECT.decode(answer(message))
        assert (got.text, got.message.refusal) == ("", "No.")

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            (answer(output=[]), ProviderBadAnswer),
            (answer(status="in_progress"), ProviderBadAnswer),
            (answer({"id": "x"}), ProviderBadAnswer),
            (answer({"type": "function_call", "name": "f"}), ProviderBadAnswer),
            (answer(status="failed"), ProviderOverloaded),
            (
                answer(status="failed", error={"code": "rate_limit_exceeded", "message": "x"}),
                ProviderRateLimited,
            ),
        ],
    )
    def test_what_is_not_an_answer(self, body: bytes, error: type[ProviderError]) -> None:
        with pytest.raises(error) as caught:
            DIALECT.decode(body)
        assert type(caught.value) is error

    @pytest.mark.parametrize(
        "event",
        [
            {"type": "error", "code": "rate_limit_exceeded", "message": "x", "param": None},
            {
                "type": "response.failed",
                "response": {"error": {"code": "rate_limit_exceeded", "message": "x"}},
            },
        ],
    )
    def test_an_error_event_ends_the_stream(self, event: dict[str, Any]) -> None:
        with pytest.raises(ProviderRateLimited):
            DIALECT.decoder().feed(Event("", orjson.dumps(event)))

    def test_words_that_came_whole_are_not_lost(self) -> None:
        whole = orjson.loads(answer())
        done = {"type": "response.output_item.done", "output_index": 0, "item": whole["output"][0]}
        end = {"type": "response.completed", "response": whole}
        decoder = DIALECT.decoder()
        got = fold(
            delta
            for event in (done, done, end, end)
            for delta in decoder.feed(Event("", orjson.dumps(event)))
        )
        assert got.text == "Hello."
