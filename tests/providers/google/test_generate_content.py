"""generateContent: what is sent, what is understood, what is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from teppan.core.chat import (
    ChatRequest,
    Image,
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
    ContentFiltered,
    ProviderBadAnswer,
    ProviderContextTooLong,
    ProviderError,
    ProviderOutOfCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderUnauthenticated,
)
from teppan.providers.base import Capabilities, Event
from teppan.providers.google.dialect import GenerateContentDialect
from teppan.providers.google.schema import taken

DIALECT = GenerateContentDialect()
LEVEL = Capabilities(thinking="level", efforts=("low", "high"))
BUDGET = Capabilities(thinking="budget")
TOOL = Tool("weather", "Tells.", {"type": "object", "$schema": "x", "properties": {}})


def ask(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="v/m", messages=messages or (say("user", "hi"),), **fields)


def sent(request: ChatRequest, capabilities: Capabilities = BUDGET) -> dict[str, Any]:
    return orjson.loads(DIALECT.encode(request, "m", capabilities, stream=False).body)


def answer(*parts: dict[str, Any], **fields: Any) -> bytes:
    content = {"role": "model", "parts": list(parts) or [{"text": "Hello."}]}
    whole = {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "modelVersion": "m-1",
        "responseId": "r",
    }
    return orjson.dumps({**whole, **fields})


class TestRequests:
    def test_the_model_stands_in_the_path(self) -> None:
        whole = DIALECT.encode(ask(), "m", BUDGET, stream=False)
        assert whole.path == "/models/m:generateContent"
        stream = DIALECT.encode(ask(), "tunedModels/a b?x", BUDGET, stream=True)
        assert stream.path == "/tunedModels/a%20b%3Fx:streamGenerateContent?alt=sse"

    def test_fields_have_their_wire_names(self) -> None:
        request = ask(
            say("system", "rules"),
            say("user", "hi"),
            temperature=0.5,
            top_p=0.9,
            top_k=3,
            max_tokens=9,
            stop=("a",),
            seed=1,
            logprobs=True,
            top_logprobs=2,
            effort="high",
            user="u",
        )
        body = sent(request)
        assert body["systemInstruction"] == {"parts": [{"text": "rules"}]}
        assert body["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]
        assert body["generationConfig"] == {
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 3,
            "seed": 1,
            "responseLogprobs": True,
            "logprobs": 2,
            "maxOutputTokens": 9,
            "stopSequences": ["a"],
            "thinkingConfig": {"thinkingBudget": 16384, "includeThoughts": True},
        }
        assert DIALECT.encode(request, "m", BUDGET, stream=False).dropped == ("user",)

    def test_thinking_is_a_level_where_budgets_are_refused(self) -> None:
        for asked, level in (("medium", "LOW"), ("max", "HIGH"), ("none", "LOW")):
            config = sent(ask(effort=asked), LEVEL)["generationConfig"]["thinkingConfig"]
            assert config == {"thinkingLevel": level, "includeThoughts": True}
        no_thought = sent(ask(effort="none"))["generationConfig"]["thinkingConfig"]
        assert no_thought == {"thinkingBudget": 0, "includeThoughts": False}

    def test_tools_and_results_name_their_function(self) -> None:
        request = ask(
            say("user", "weather?"),
            Message("assistant", (ToolCall("x1", "weather", '{"at":"y"}', "sig"),)),
            Message("tool", (ToolResult("x1", (Text('{"sky":"blue"}'),)),)),
            tools=(TOOL,),
            tool_choice=ToolChoice("named", "weather"),
        )
        body = sent(request)
        call = {"id": "x1", "name": "weather", "args": {"at": "y"}}
        assert body["contents"][1]["parts"] == [{"functionCall": call, "thoughtSignature": "sig"}]
        response = {"id": "x1", "name": "weather", "response": {"sky": "blue"}}
        assert body["contents"][2]["parts"] == [{"functionResponse": response}]
        declared = body["tools"][0]["functionDeclarations"][0]
        assert declared["parametersJsonSchema"] == {"type": "object", "properties": {}}
        assert body["toolConfig"]["functionCallingConfig"] == {
            "mode": "ANY",
            "allowedFunctionNames": ["weather"],
        }

    def test_a_call_of_another_vendor_is_marked_as_unsigned(self) -> None:
        request = ask(say("user", "x"), Message("assistant", (ToolCall("call_1", "f", "{}"),)))
        part = sent(request, LEVEL)["contents"][1]["parts"][0]
        assert part["thoughtSignature"] == "skip_thought_signature_validator"
        assert "id" not in part["functionCall"]

    def test_pictures_go_inline_or_by_address(self) -> None:
        pictures = (Image("data:image/png;base64,AAA="), Image("https://x/y.png?q"))
        parts = sent(ask(Message("user", pictures)))["contents"][0]["parts"]
        assert parts == [
            {"inlineData": {"mimeType": "image/png", "data": "AAA="}},
            {"fileData": {"mimeType": "image/png", "fileUri": "https://x/y.png?q"}},
        ]

    def test_a_schema_loses_only_what_the_vendor_refuses(self) -> None:
        schema = {
            "$schema": "x",
            "type": "object",
            "definitions": {"a": {"const": "k"}},
            "properties": {
                "pattern": {"type": "string", "pattern": "x"},
                "one": {"oneOf": [{"$ref": "#/definitions/a"}]},
            },
            "required": ["one"],
        }
        wanted = ResponseFormat("json_schema", "n", schema)
        config = sent(ask(response_format=wanted))["generationConfig"]
        assert config["responseMimeType"] == "application/json"
        assert config["responseJsonSchema"] == {
            "type": "object",
            "$defs": {"a": {"enum": ["k"]}},
            "properties": {
                "pattern": {"type": "string"},
                "one": {"anyOf": [{"$ref": "#/$defs/a"}]},
            },
            "required": ["one"],
        }
        assert taken(True) is True


class TestAnswers:
    def test_thoughts_count_as_output(self) -> None:
        usage = {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 6}
        assert DIALECT.decode(answer(usageMetadata=usage)).usage == Usage(9, 10, reasoning=6)

    def test_a_signature_on_words_is_kept_beside_them(self) -> None:
        got = DIALECT.decode(answer({"text": "Hi", "thoughtSignature": "s"}))
        assert got.message.parts == (Text("Hi"), Reasoning("", "s", dialect="google"))
        body = sent(ask(say("user", "x"), got.message))
        assert body["contents"][1]["parts"] == [
            {"text": "Hi"},
            {"text": "", "thoughtSignature": "s"},
        ]

    def test_calls_without_an_id_get_the_same_one_every_time(self) -> None:
        body = answer({"functionCall": {"name": "f"}}, {"functionCall": {"name": "f"}})
        calls = DIALECT.decode(body).message.tool_calls
        assert calls == DIALECT.decode(body).message.tool_calls
        assert calls[0].id != calls[1].id
        assert DIALECT.decode(body).finish_reason == "tool_calls"

    def test_a_blocked_prompt_is_a_filtered_one(self) -> None:
        body = b'{"promptFeedback":{"blockReason":"SAFETY"}}'
        with pytest.raises(ContentFiltered):
            DIALECT.decode(body)
        with pytest.raises(ContentFiltered):
            DIALECT.decoder().feed(Event("", body))

    @pytest.mark.parametrize(
        ("reason", "meaning"),
        [
            ("STOP", "stop"),
            ("MAX_TOKENS", "length"),
            ("SAFETY", "content_filter"),
            ("RECITATION", "content_filter"),
            ("NEW", "stop"),
        ],
    )
    def test_reasons_to_stop(self, reason: str, meaning: str) -> None:
        candidate = {"content": {"parts": [{"text": "x"}]}, "finishReason": reason}
        assert DIALECT.decode(answer(candidates=[candidate])).finish_reason == meaning

    def test_a_filtered_candidate_may_have_no_content(self) -> None:
        got = DIALECT.decode(answer(candidates=[{"finishReason": "SAFETY"}]))
        assert (got.text, got.finish_reason) == ("", "content_filter")

    def test_log_probabilities_take_the_usual_shape(self) -> None:
        token = {"token": "x", "logProbability": -0.5}
        candidate = {
            "content": {"parts": [{"text": "x"}]},
            "finishReason": "STOP",
            "logprobsResult": {
                "chosenCandidates": [token],
                "topCandidates": [{"candidates": [token]}],
            },
        }
        told = {"token": "x", "logprob": -0.5, "bytes": [120]}
        got = DIALECT.decode(answer(candidates=[candidate])).choices[0].logprobs
        assert got == {"content": [{**told, "top_logprobs": [told]}]}

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            (b"{}", ProviderBadAnswer),
            (answer(candidates=[]), ProviderBadAnswer),
            (answer(candidates=[{"content": {}}]), ProviderBadAnswer),
            (answer(candidates=[{"finishReason": "MALFORMED_FUNCTION_CALL"}]), ProviderBadAnswer),
            (answer({"functionCall": {}}), ProviderBadAnswer),
            (b'{"error":{"status":"UNAVAILABLE","message":"busy"}}', ProviderOverloaded),
        ],
    )
    def test_what_is_not_an_answer(self, body: bytes, error: type[ProviderError]) -> None:
        with pytest.raises(error) as caught:
            DIALECT.decode(body)
        assert type(caught.value) is error


def refusal(status: int, name: str, message: str, *details: dict[str, Any]) -> ProviderError:
    inner = {"code": status, "status": name, "message": message, "details": list(details)}
    return DIALECT.error(status, {}, orjson.dumps([{"error": inner}]))


def test_refusals() -> None:
    bad_key = refusal(400, "INVALID_ARGUMENT", "x", {"reason": "API_KEY_INVALID"})
    assert type(bad_key) is ProviderUnauthenticated
    long = refusal(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum")
    assert type(long) is ProviderContextTooLong
    words = "You exceeded your current quota, please check your plan and billing details."
    throttled = refusal(429, "RESOURCE_EXHAUSTED", words, {"retryDelay": "34.5s"})
    assert type(throttled) is ProviderRateLimited
    assert throttled.retry_after == 34.5
    assert type(refusal(429, "RESOURCE_EXHAUSTED", words)) is ProviderOutOfCredit
    assert type(refusal(503, "UNAVAILABLE", "busy")) is ProviderOverloaded


def test_embeddings_and_models() -> None:
    encoded = DIALECT.encode_embeddings(["a"], "e", {"dimensions": 2})
    assert encoded.path == "/models/e:batchEmbedContents"
    assert orjson.loads(encoded.body)["requests"][0]["outputDimensionality"] == 2
    got = DIALECT.decode_embeddings(b'{"embeddings":[{"values":[1,2]},{"values":[3,4.5]}]}')
    assert got.vectors == ((1.0, 2.0), (3.0, 4.5))
    with pytest.raises(ProviderBadAnswer):
        DIALECT.decode_embeddings(b'{"embeddings":[{"values":["x"]}]}')
    models = (
        b'{"models":[{"name":"models/a","supportedGenerationMethods":["generateContent"]},'
        b'{"name":"models/e","supportedGenerationMethods":["embedContent"]}]}'
    )
    assert DIALECT.decode_models(models) == ("a",)
