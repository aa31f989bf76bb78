"""Chat Completions read: answers, counts, nonsense, embeddings."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from providers.openai.chat_bench import DIALECT, answer
from teppan.core.chat import (
    Reasoning,
    ToolCall,
    Usage,
)
from teppan.core.errors import (
    ContentFiltered,
    ProviderBadAnswer,
    ProviderBadRequest,
    ProviderError,
    ProviderOverloaded,
    ProviderRateLimited,
)


class TestAnswers:
    def test_a_plain_answer(self) -> None:
        got = DIALECT.decode(answer(service_tier="default", system_fingerprint=None))
        assert (got.text, got.model, got.id) == ("Hello.", "m-1", "chatcmpl-1")
        assert got.finish_reason == "stop"
        assert got.usage == Usage(5, 2)
        assert got.extra == {"created": 7, "service_tier": "default"}

    def test_calls_without_words(self) -> None:
        call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        got = DIALECT.decode(answer({"content": None, "tool_calls": [call]}))
        assert got.text == ""
        assert got.message.tool_calls == (ToolCall("c", "f", "{}"),)
        assert got.finish_reason == "tool_calls"

    def test_arguments_as_an_object_become_text(self) -> None:
        call = {"function": {"name": "f", "arguments": {"a": 1}}}
        got = DIALECT.decode(answer({"tool_calls": [call]}))
        assert got.message.tool_calls == (ToolCall("call_0", "f", '{"a":1}'),)

    def test_a_refusal_is_not_an_answer_but_is_understood(self) -> None:
        got = DIALECT.decode(answer({"content": None, "refusal": "No."}))
        assert got.message.refusal == "No."
        assert got.text == ""

    def test_unknown_fields_of_the_message_are_kept(self) -> None:
        got = DIALECT.decode(answer({"annotations": [{"type": "url_citation"}]}))
        assert got.message.extra == {"annotations": [{"type": "url_citation"}]}

    @pytest.mark.parametrize(
        "fields",
        [
            {"reasoning_content": "hm"},
            {"reasoning": "hm"},
            {"reasoning": "hm", "reasoning_content": "hm"},
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
            {"content": [{"type": "thinking", "thinking": "hm"}]},
        ],
    )
    def test_thoughts_are_found_wherever_a_vendor_puts_them(self, fields: dict[str, Any]) -> None:
        parts = DIALECT.decode(answer(fields)).message.parts
        assert parts[0] == Reasoning("hm", dialect="openai_chat")

    @pytest.mark.parametrize(
        ("reason", "meaning"),
        [
            ("stop", "stop"),
            ("length", "length"),
            ("model_length", "length"),
            ("content_filter", "content_filter"),
            ("tool_calls", "tool_calls"),
            ("something new", "stop"),
        ],
    )
    def test_reasons_to_stop(self, reason: str, meaning: str) -> None:
        choice = {"index": 0, "message": {"content": "x"}, "finish_reason": reason}
        assert DIALECT.decode(answer(choices=[choice])).finish_reason == meaning

    def test_several_choices_keep_their_numbers(self) -> None:
        choices = [
            {"index": n, "message": {"content": str(n)}, "finish_reason": "stop"} for n in (1, 0)
        ]
        got = DIALECT.decode(answer(choices=choices))
        assert [(each.index, each.message.text) for each in got.choices] == [(1, "1"), (0, "0")]


class TestUsage:
    @pytest.mark.parametrize(
        "usage",
        [
            None,
            {},
            {"prompt_tokens": 0, "completion_tokens": 0},
            {"prompt_tokens": -4, "completion_tokens": 2},
            {"prompt_tokens": 5, "completion_tokens": -2},
            {"prompt_tokens": 5},
            {"prompt_tokens": "5", "completion_tokens": 2},
            {"prompt_tokens": 10**15, "completion_tokens": 2},
            {"prompt_tokens": True, "completion_tokens": True},
            [1],
        ],
    )
    def test_a_count_nobody_can_believe_is_no_count(self, usage: Any) -> None:
        assert DIALECT.decode(answer(usage=usage)).usage is None

    def test_details_are_part_of_the_whole(self) -> None:
        usage = {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
            "completion_tokens_details": {"reasoning_tokens": 30},
        }
        assert DIALECT.decode(answer(usage=usage)).usage == Usage(100, 50, 60, 10, 30)

    def test_thoughts_counted_beside_the_answer_are_added_to_it(self) -> None:
        usage = {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "total_tokens": 180,
            "completion_tokens_details": {"reasoning_tokens": 30},
        }
        assert DIALECT.decode(answer(usage=usage)).usage == Usage(100, 80, reasoning=30)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", ProviderBadAnswer),
        (b"<html>502</html>", ProviderBadAnswer),
        (b'{"choices":[', ProviderBadAnswer),
        (b"[]", ProviderBadAnswer),
        (b'{"choices":[{"message":{"content":"\xff"}}]}', ProviderBadAnswer),
        (b'{"choices":[{"message":{"content":"\\ud800"}}]}', ProviderBadAnswer),
        (b'{"choices":[{"message":{"content":"a\x00b"}}]}', ProviderBadAnswer),
        (b'{"choices":[{"message":{"content":NaN}}]}', ProviderBadAnswer),
        (answer(choices=[]), ProviderBadAnswer),
        (answer(choices=None), ProviderBadAnswer),
        (answer(choices=["x"]), ProviderBadAnswer),
        (answer(choices=[{"index": 0}]), ProviderBadAnswer),
        (answer(choices=[{"message": {"content": "x"}}]), ProviderBadAnswer),
        (answer({"content": 5}), ProviderBadAnswer),
        (answer({"tool_calls": [{"id": "c", "function": {}}]}), ProviderBadAnswer),
        (answer(choices=[{"message": {}, "finish_reason": "error"}]), ProviderOverloaded),
        (b'{"error":{"message":"slow down","code":429}}', ProviderRateLimited),
        (b'{"error":{"message":"oops","type":"server_error"}}', ProviderOverloaded),
        (b'{"error":{"message":"oops","type":"invalid_request_error"}}', ProviderBadRequest),
        (b'{"error":{"message":"x","code":"content_filter"}}', ContentFiltered),
        (b'{"error":"what?"}', ProviderBadAnswer),
        (b'{"object":"error","message":"engine died","code":500}', ProviderOverloaded),
    ],
)
def test_what_is_not_an_answer_is_a_typed_error(body: bytes, error: type[ProviderError]) -> None:
    with pytest.raises(error) as caught:
        DIALECT.decode(body)
    assert type(caught.value) is error


class TestEmbeddings:
    def test_vectors_come_back_in_order(self) -> None:
        encoded = DIALECT.encode_embeddings(["a", "b"], "e", {"dimensions": 2, "odd": 1})
        assert orjson.loads(encoded.body) == {
            "model": "e",
            "input": ["a", "b"],
            "encoding_format": "float",
            "dimensions": 2,
        }
        assert encoded.dropped == ("odd",)
        body = b"""{"model":"e","data":[{"index":1,"embedding":[3,4]},
                {"index":0,"embedding":"AACAPwAAAEA="}],"usage":{"prompt_tokens":2}}"""
        got = DIALECT.decode_embeddings(body)
        assert got.vectors == ((1.0, 2.0), (3.0, 4.0))
        assert got.usage == Usage(2)

    @pytest.mark.parametrize(
        "body",
        [
            b"{}",
            b'{"data":[]}',
            b'{"data":[{"index":1,"embedding":[1]}]}',
            b'{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}',
            b'{"data":[{"index":0,"embedding":"!"}]}',
            b'{"data":[{"index":0,"embedding":[null]}]}',
            b"\xff",
        ],
    )
    def test_broken_vectors_are_no_answer(self, body: bytes) -> None:
        with pytest.raises(ProviderBadAnswer):
            DIALECT.decode_embeddings(body)

    def test_models_are_listed_by_name(self) -> None:
        assert DIALECT.decode_models(b'{"data":[{"id":"a"},{"id":"b"},{}]}') == ("a", "b")
        assert DIALECT.decode_models(b'[{"id":"a"}]') == ("a",)
