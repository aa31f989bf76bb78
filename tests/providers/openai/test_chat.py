"""Chat Completions: what is sent, what is understood, what is refused."""

from __future__ import annotations

from providers.openai.chat_bench import DIALECT, WEATHER, answer, ask, dropped, sent
from teppan.core.chat import (
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
from teppan.providers.base import Capabilities


class TestRequests:
    def test_a_plain_question_is_a_plain_body(self) -> None:
        assert sent(ask()) == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}

    def test_a_stream_always_asks_for_usage(self) -> None:
        body = sent(ask(extra={"stream_options": {"include_obfuscation": False}}), stream=True)
        assert body["stream"] is True
        assert body["stream_options"] == {"include_obfuscation": False, "include_usage": True}

    def test_every_field_has_its_wire_name(self) -> None:
        body = sent(
            ask(
                temperature=0.5,
                top_p=0.9,
                top_k=3,
                seed=1,
                n=2,
                stop=("a", "b"),
                max_tokens=9,
                frequency_penalty=0.1,
                presence_penalty=0.2,
                logprobs=True,
                top_logprobs=2,
                effort="high",
                user="u",
                metadata={"k": "v"},
            )
        )
        del body["messages"]
        assert body == {
            "model": "m",
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 3,
            "seed": 1,
            "n": 2,
            "stop": ["a", "b"],
            "max_tokens": 9,
            "frequency_penalty": 0.1,
            "presence_penalty": 0.2,
            "logprobs": True,
            "top_logprobs": 2,
            "reasoning_effort": "high",
            "user": "u",
            "metadata": {"k": "v"},
        }

    def test_zero_and_false_are_said_not_forgotten(self) -> None:
        body = sent(ask(temperature=0.0, logprobs=False, seed=0))
        assert (body["temperature"], body["logprobs"], body["seed"]) == (0.0, False, 0)

    def test_the_answer_limit_has_the_name_the_model_wants(self) -> None:
        capabilities = Capabilities(max_tokens_field="max_completion_tokens")
        assert sent(ask(max_tokens=9), capabilities)["max_completion_tokens"] == 9

    def test_what_a_model_refuses_is_left_out_and_reported(self) -> None:
        capabilities = Capabilities(drop=frozenset({"temperature", "logit_bias"}))
        request = ask(temperature=1.0, extra={"logit_bias": {"1": 2}, "verbosity": "low"})
        body = sent(request, capabilities)
        assert "temperature" not in body
        assert "logit_bias" not in body
        assert body["verbosity"] == "low"
        assert set(dropped(request, capabilities)) == {"temperature", "logit_bias"}

    def test_a_field_not_asked_for_is_not_reported(self) -> None:
        assert dropped(ask(), Capabilities(drop=frozenset({"temperature"}))) == ()

    def test_unknown_fields_of_another_dialect_stay_out(self) -> None:
        request = ask(extra={"container": "c"}, dialect="anthropic")
        assert "container" not in sent(request)
        assert dropped(request, Capabilities()) == ("container",)

    def test_unknown_fields_cannot_take_the_place_of_ours(self) -> None:
        body = sent(ask(extra={"model": "other", "messages": [], "stream": True}))
        assert body["model"] == "m"
        assert body["messages"]
        assert "stream" not in body

    def test_effort_goes_to_the_next_lower_level_the_model_knows(self) -> None:
        low = Capabilities(efforts=("low", "high"))
        assert sent(ask(effort="medium"), low)["reasoning_effort"] == "low"
        assert sent(ask(effort="minimal"), low)["reasoning_effort"] == "low"
        assert sent(ask(effort="max"), low)["reasoning_effort"] == "high"

    def test_developer_becomes_system_where_nobody_knows_it(self) -> None:
        capabilities = Capabilities(roles={"developer": "system"})
        body = sent(ask(say("developer", "be brief")), capabilities)
        assert body["messages"][0] == {"role": "system", "content": "be brief"}

    def test_pictures_and_files_travel_as_parts(self) -> None:
        file = {"type": "file", "file": {"file_id": "f"}}
        message = Message(
            "user",
            (
                Text("see", {"cache_control": {"type": "ephemeral"}}),
                Image("https://x/y.png", "low"),
                Media("openai_chat", file),
                Media("anthropic", {"type": "document"}),
            ),
        )
        body = sent(ask(message))
        assert body["messages"][0]["content"] == [
            {"type": "text", "text": "see", "cache_control": {"type": "ephemeral"}},
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
            file,
        ]
        assert dropped(ask(message), Capabilities()) == ("media",)

    def test_a_blind_model_is_told_of_the_picture_it_misses(self) -> None:
        request = ask(Message("user", (Text("see"), Image("https://x/y.png"))))
        blind = Capabilities(images=False)
        assert "image_url" not in str(sent(request, blind))
        assert "image was left out" in str(sent(request, blind))
        assert dropped(request, blind) == ("images",)


class TestToolsSent:
    def test_a_tool_turn_keeps_calls_and_results_together(self) -> None:
        request = ask(
            say("user", "weather?"),
            Message(
                "assistant",
                (ToolCall("c1", "weather", '{"at":1}'), ToolCall("c2", "weather", "")),
            ),
            Message(
                "tool",
                (ToolResult("c1", (Text("sun"), Image("https://x/sky.png"))),),
            ),
            Message("tool", (ToolResult("c2", (Text("rain"),)),)),
            tools=(WEATHER,),
            tool_choice=ToolChoice("named", "weather"),
            parallel_tool_calls=False,
        )
        body = sent(request)
        assert [each["role"] for each in body["messages"]] == [
            "user",
            "assistant",
            "tool",
            "tool",
            "user",
        ]
        assert body["messages"][1]["content"] is None
        assert body["messages"][1]["tool_calls"][1]["function"]["arguments"] == "{}"
        assert body["messages"][2] == {"role": "tool", "tool_call_id": "c1", "content": "sun"}
        assert body["messages"][4]["content"][1]["image_url"] == {"url": "https://x/sky.png"}
        assert body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
        assert body["parallel_tool_calls"] is False
        assert body["tools"][0]["function"]["strict"] is True

    def test_tool_fields_without_tools_are_not_sent(self) -> None:
        body = sent(ask(tool_choice=ToolChoice("auto"), parallel_tool_calls=True))
        assert set(body) == {"model", "messages"}

    def test_custom_tools_are_called_by_their_own_kind(self) -> None:
        raw = {"type": "custom", "custom": {"name": "run", "format": {"type": "text"}}}
        request = ask(
            Message("assistant", (ToolCall("c", "run", "ls", extra={"type": "custom"}),)),
            tools=(Tool("run", raw=raw, dialect="openai_chat"),),
            tool_choice=ToolChoice("named", "run"),
        )
        body = sent(request)
        assert body["tools"] == [raw]
        assert body["tool_choice"] == {"type": "custom", "custom": {"name": "run"}}
        assert body["messages"][0]["tool_calls"] == [
            {"id": "c", "type": "custom", "custom": {"name": "run", "input": "ls"}}
        ]

    def test_a_built_in_tool_of_another_dialect_is_left_out(self) -> None:
        request = ask(tools=(Tool("web", raw={"type": "web_search"}, dialect="anthropic"),))
        assert "tools" not in sent(request)
        assert dropped(request, Capabilities()) == ("tools.web",)

    def test_a_model_without_tools_gets_none(self) -> None:
        assert dropped(ask(tools=(WEATHER,)), Capabilities(tools=False)) == ("tools",)


class TestStructuredOutput:
    FORMAT = ResponseFormat("json_schema", "n", {"type": "object"}, True)

    def test_a_schema_is_sent_whole(self) -> None:
        assert sent(ask(response_format=self.FORMAT))["response_format"] == {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
        }

    def test_without_the_feature_the_schema_is_said_in_words(self) -> None:
        plain = Capabilities(json_schema=False)
        body = sent(ask(response_format=self.FORMAT), plain)
        assert body["response_format"] == {"type": "json_object"}
        assert '{"type":"object"}' in body["messages"][0]["content"]
        assert dropped(ask(response_format=self.FORMAT), plain) == ("json_schema",)


class TestThoughtsReturned:
    THOUGHT = Reasoning("hm", dialect="openai_chat")

    def test_thoughts_go_into_the_field_the_model_wants(self) -> None:
        request = ask(Message("assistant", (self.THOUGHT, Text("yes"))))
        wire = sent(request, Capabilities(reasoning_field="reasoning_content"))["messages"][0]
        assert wire == {"role": "assistant", "content": "yes", "reasoning_content": "hm"}

    def test_a_model_that_wants_no_thoughts_gets_none(self) -> None:
        request = ask(Message("assistant", (self.THOUGHT, Text("yes"))))
        assert sent(request)["messages"][0] == {"role": "assistant", "content": "yes"}
        assert dropped(request, Capabilities()) == ("reasoning",)

    def test_details_return_unchanged(self) -> None:
        details = [{"type": "reasoning.encrypted", "data": "zz", "id": "r", "format": "f"}]
        completion = DIALECT.decode(answer({"reasoning_details": details}))
        request = ask(completion.message)
        wire = sent(request, Capabilities(reasoning_field="reasoning_details"))["messages"][0]
        assert wire["reasoning_details"] == details

    def test_the_proof_of_another_vendor_stays_here(self) -> None:
        request = ask(Message("assistant", (Reasoning("hm", "sig", dialect="anthropic"),)))
        capabilities = Capabilities(reasoning_field="reasoning_content")
        assert "hm" not in str(sent(request, capabilities))
        assert dropped(request, capabilities) == ("reasoning",)
