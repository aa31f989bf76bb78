"""Messages: what is sent to each version, what is understood, what is refused."""

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
    Usage,
    say,
)
from teppan.core.errors import (
    ProviderBadAnswer,
    ProviderContextTooLong,
    ProviderError,
    ProviderOutOfCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    UnsupportedRequest,
)
from teppan.core.fold import fold
from teppan.providers.anthropic.dialect import MessagesDialect
from teppan.providers.base import Capabilities, Event

DIALECT = MessagesDialect()
OLD = Capabilities(version="2023-06-01", thinking="budget", max_output=32000)
NEW = Capabilities(
    version="2026-10-21", thinking="adaptive", efforts=("low", "medium", "high", "max")
)
TOOL = Tool("weather", "Tells.", {"properties": {"at": {"type": "string"}}}, True)
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}


def ask(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="v/m", messages=messages or (say("user", "hi"),), **fields)


def sent(request: ChatRequest, capabilities: Capabilities = OLD) -> dict[str, Any]:
    return orjson.loads(DIALECT.encode(request, "m", capabilities, stream=False).body)


def dropped(request: ChatRequest, capabilities: Capabilities = OLD) -> tuple[str, ...]:
    return DIALECT.encode(request, "m", capabilities, stream=False).dropped


def answer(*content: dict[str, Any], **fields: Any) -> bytes:
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "content": list(content) or [{"type": "text", "text": "Hello."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 2},
    }
    return orjson.dumps({**whole, **fields})


class TestRequests:
    def test_the_limit_that_the_vendor_demands_is_always_there(self) -> None:
        encoded = DIALECT.encode(ask(), "m", OLD, stream=True)
        assert orjson.loads(encoded.body) == {
            "model": "m",
            "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": 16384,
            "stream": True,
        }
        assert encoded.path == "/v1/messages"
        assert encoded.headers == (("anthropic-version", "2023-06-01"),)

    def test_a_limit_beyond_the_model_is_lowered_and_reported(self) -> None:
        assert sent(ask(max_tokens=64000))["max_tokens"] == 32000
        assert dropped(ask(max_tokens=64000)) == ("max_tokens",)

    def test_the_system_prompt_stands_apart_and_keeps_its_cache_mark(self) -> None:
        mark = {"cache_control": {"type": "ephemeral"}}
        request = ask(
            Message("system", (Text("rules", mark),)), say("developer", "more"), say("user", "hi")
        )
        body = sent(request)
        assert body["system"] == [
            {"type": "text", "text": "rules", **mark},
            {"type": "text", "text": "more"},
        ]
        assert len(body["messages"]) == 1

    def test_the_newer_version_knows_no_sampling(self) -> None:
        request = ask(temperature=0.3, top_p=0.9, top_k=4)
        assert not {"temperature", "top_p", "top_k"} & set(sent(request, NEW))
        assert dropped(request, NEW) == ("temperature", "top_p", "top_k")

    def test_the_older_version_takes_one_of_temperature_and_top_p(self) -> None:
        body = sent(ask(temperature=1.7, top_p=0.9, top_k=4))
        assert (body["temperature"], body["top_k"]) == (1.0, 4)
        assert dropped(ask(temperature=1.7, top_p=0.9)) == ("top_p",)

    def test_what_the_format_cannot_say_is_reported(self) -> None:
        request = ask(seed=1, n=2, logprobs=True, metadata={"user_id": "u", "other": 1})
        assert sent(request)["metadata"] == {"user_id": "u"}
        assert set(dropped(request)) == {"seed", "n", "logprobs", "metadata"}

    def test_pictures_go_inline_or_by_address(self) -> None:
        pictures = (Image("data:image/png;base64,AAA="), Image("https://x/y.png"))
        content = sent(ask(Message("user", pictures)))["messages"][0]["content"]
        assert [block["source"] for block in content] == [
            {"type": "base64", "media_type": "image/png", "data": "AAA="},
            {"type": "url", "url": "https://x/y.png"},
        ]

    def test_a_document_may_not_stand_in_the_newer_assistant_turn(self) -> None:
        document = Media("anthropic", {"type": "document", "source": {}})
        request = ask(
            say("user", "hi"), Message("assistant", (Text("so"), document)), say("user", "?")
        )
        assert "document" in str(sent(request, OLD))
        assert "document" not in str(sent(request, NEW))


class TestTools:
    def test_results_come_first_in_one_user_turn(self) -> None:
        request = ask(
            say("user", "weather?"),
            Message("assistant", (ToolCall("a.b:0", "weather", '{"at":"x"}'),)),
            Message("tool", (ToolResult("a.b:0", (Text("sun"), Image("https://x/y.png")), True),)),
            say("user", "and?"),
            tools=(TOOL,),
            tool_choice=ToolChoice("required"),
            parallel_tool_calls=False,
        )
        body = sent(request)
        use, turn = body["messages"][1]["content"][0], body["messages"][2]["content"]
        assert use == {"type": "tool_use", "id": "a_b_0", "name": "weather", "input": {"at": "x"}}
        assert [block["type"] for block in turn] == ["tool_result", "text"]
        assert turn[0]["tool_use_id"] == "a_b_0"
        assert turn[0]["is_error"] is True
        assert turn[0]["content"][1]["type"] == "image"
        assert body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
        assert body["tools"][0]["input_schema"]["type"] == "object"
        assert body["tools"][0]["strict"] is True

    def test_arguments_that_are_no_object_still_travel(self) -> None:
        request = ask(say("user", "x"), Message("assistant", (ToolCall("c", "f", "oops"),)))
        assert sent(request)["messages"][1]["content"][0]["input"] == {"input": "oops"}


class TestThinking:
    def test_a_budget_fits_under_the_limit(self) -> None:
        body = sent(ask(effort="high"))
        assert body["thinking"] == {"type": "enabled", "budget_tokens": 16384}
        assert body["max_tokens"] == 32000
        assert sent(ask(thinking_budget=9000, max_tokens=2000))["thinking"]["budget_tokens"] == 1999
        assert "thinking" not in sent(ask(thinking_budget=9000, max_tokens=500))

    def test_sampling_gives_way_to_a_budget(self) -> None:
        assert dropped(ask(effort="low", temperature=0.2)) == ("temperature",)

    def test_adaptive_models_are_told_an_effort(self) -> None:
        body = sent(ask(effort="xhigh"), NEW)
        assert body["output_config"] == {"effort": "high"}
        assert body["thinking"]["type"] == "adaptive"
        assert sent(ask(thinking_budget=9000), NEW)["output_config"] == {"effort": "medium"}
        assert "thinking" not in sent(ask(effort="none"), NEW)

    def test_a_forced_tool_leaves_no_room_for_thought(self) -> None:
        request = ask(effort="high", tools=(TOOL,), tool_choice=ToolChoice("named", "weather"))
        assert "thinking" not in sent(request, NEW)
        assert "thinking" not in sent(request, OLD)

    def test_proofs_return_and_those_of_others_do_not(self) -> None:
        request = ask(
            say("user", "hi"),
            Message(
                "assistant",
                (
                    Reasoning("hm", "sig", dialect="anthropic"),
                    Reasoning(encrypted="zz", dialect="anthropic"),
                    Reasoning("other", dialect="openai_chat"),
                    Text("so"),
                ),
            ),
            say("user", "?"),
        )
        assert sent(request)["messages"][1]["content"] == [
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "redacted_thinking", "data": "zz"},
            {"type": "text", "text": "so"},
        ]
        assert dropped(request) == ("reasoning",)


class TestStructuredOutput:
    WANTED = ResponseFormat("json_schema", "n", SCHEMA)

    def test_a_schema_is_closed_and_without_bounds(self) -> None:
        shape = sent(ask(response_format=self.WANTED), NEW)["output_config"]["format"]
        assert shape["schema"] == {
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "additionalProperties": False,
        }

    def test_a_model_without_the_feature_answers_through_a_tool(self) -> None:
        plain = Capabilities(version="2023-06-01", json_schema=False)
        body = sent(ask(response_format=self.WANTED), plain)
        name = body["tools"][0]["name"]
        assert body["tool_choice"] == {"type": "tool", "name": name}
        use = {"type": "tool_use", "id": "t", "name": name, "input": {"n": 1}}
        got = DIALECT.decode(answer(use, stop_reason="tool_use"))
        assert (got.text, got.finish_reason) == ('{"n":1}', "stop")
        begun = {**use, "input": {}}
        events = [
            {"type": "message_start", "message": {"model": "m"}},
            {"type": "content_block_start", "index": 0, "content_block": begun},
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "input_json_delta", "partial_json": '{"n":1}'},
            },
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
            {"type": "message_stop"},
        ]
        decoder = DIALECT.decoder()
        streamed = fold(
            delta for event in events for delta in decoder.feed(Event("", orjson.dumps(event)))
        )
        assert (streamed.text, streamed.finish_reason) == ('{"n":1}', "stop")

    def test_beside_other_tools_the_schema_is_said_in_words(self) -> None:
        plain = Capabilities(json_schema=False)
        body = sent(ask(response_format=self.WANTED, tools=(TOOL,)), plain)
        assert "JSON Schema" in body["system"]


class TestAnswers:
    def test_cached_tokens_are_part_of_the_input(self) -> None:
        usage = {
            "input_tokens": 5,
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 20,
            "output_tokens": 7,
        }
        assert DIALECT.decode(answer(usage=usage)).usage == Usage(125, 7, 100, 20)

    @pytest.mark.parametrize(
        ("reason", "meaning"),
        [
            ("end_turn", "stop"),
            ("stop_sequence", "stop"),
            ("pause_turn", "stop"),
            ("max_tokens", "length"),
            ("model_context_window_exceeded", "length"),
            ("tool_use", "tool_calls"),
            ("refusal", "refusal"),
            ("new", "stop"),
        ],
    )
    def test_reasons_to_stop(self, reason: str, meaning: str) -> None:
        assert DIALECT.decode(answer(stop_reason=reason)).finish_reason == meaning

    def test_a_refusal_explains_itself(self) -> None:
        details = {"type": "refusal", "explanation": "No."}
        got = DIALECT.decode(answer(stop_reason="refusal", stop_details=details))
        assert got.message.refusal == "No."

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            (b"{}", ProviderBadAnswer),
            (answer(content=None), ProviderBadAnswer),
            (answer(stop_reason=None), ProviderBadAnswer),
            (answer({"text": "x"}), ProviderBadAnswer),
            (answer({"type": "tool_use", "id": "x"}), ProviderBadAnswer),
            (
                b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
                ProviderOverloaded,
            ),
        ],
    )
    def test_what_is_not_an_answer(self, body: bytes, error: type[ProviderError]) -> None:
        with pytest.raises(error) as caught:
            DIALECT.decode(body)
        assert type(caught.value) is error

    def test_an_error_event_ends_the_stream(self) -> None:
        data = b'{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}'
        with pytest.raises(ProviderRateLimited):
            DIALECT.decoder().feed(Event("error", data))


@pytest.mark.parametrize(
    ("status", "kind", "message", "meaning"),
    [
        (400, "invalid_request_error", "prompt is too long: 9 > 8", ProviderContextTooLong),
        (400, "invalid_request_error", "Your credit balance is too low", ProviderOutOfCredit),
        (402, "billing_error", "", ProviderOutOfCredit),
        (429, "rate_limit_error", "", ProviderRateLimited),
        (529, "overloaded_error", "Overloaded", ProviderOverloaded),
    ],
)
def test_refusals(status: int, kind: str, message: str, meaning: type[ProviderError]) -> None:
    body = orjson.dumps({"type": "error", "error": {"type": kind, "message": message}})
    error = DIALECT.error(status, {"retry-after": "3"}, body)
    assert type(error) is meaning
    assert error.retry_after == 3


def test_there_are_no_embeddings_but_models() -> None:
    with pytest.raises(UnsupportedRequest):
        DIALECT.encode_embeddings(["a"], "m", {})
    assert DIALECT.decode_models(b'{"data":[{"id":"a"}]}') == ("a",)


def test_a_signed_in_users_token_is_a_bearer() -> None:
    assert DIALECT.auth("sk-ant-api03-x")[0][0] == "x-api-key"
    assert DIALECT.auth("sk-ant-oat01-x") == (("authorization", "Bearer sk-ant-oat01-x"),)
