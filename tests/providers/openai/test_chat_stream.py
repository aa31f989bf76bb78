"""Chat Completions streams: how vendors differ, and how streams go wrong."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from teppan.core.chat import Completion, Reasoning, ReasoningDelta, Text, ToolCall, Usage
from teppan.core.errors import (
    ProviderBadAnswer,
    ProviderError,
    ProviderOverloaded,
    ProviderRateLimited,
    StreamIncomplete,
)
from teppan.core.fold import Fold
from teppan.providers.base import Event
from teppan.providers.openai.chat.stream import ChatStream

DONE = Event("", b"[DONE]")


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **fields: Any) -> Event:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return Event("", orjson.dumps({"id": "c", "model": "m", "choices": [choice], **fields}))


def told(*events: Event) -> Completion:
    stream, folding = ChatStream(), Fold()
    for event in events:
        for delta in stream.feed(event):
            folding.add(delta)
    for delta in stream.end():
        folding.add(delta)
    return folding.completion()


WORDS, STOP = chunk({"content": "Hi"}), chunk(finish="stop")


@pytest.mark.parametrize(
    "events",
    [(), (DONE,), (WORDS,), (WORDS, STOP), (WORDS, DONE), (chunk({"role": "assistant"}), DONE)],
)
def test_both_ends_are_needed(events: tuple[Event, ...]) -> None:
    with pytest.raises(StreamIncomplete):
        told(*events)


def test_every_choice_must_end() -> None:
    second = Event("", b'{"choices":[{"index":1,"delta":{"content":"x"}}]}')
    with pytest.raises(StreamIncomplete):
        told(WORDS, second, STOP, DONE)


def test_what_comes_after_an_end_changes_nothing() -> None:
    late = chunk({"content": "!"})
    assert told(WORDS, STOP, STOP, late, DONE, late, STOP, DONE).text == "Hi"


@pytest.mark.parametrize(
    "fields",
    [
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
        {"choices": [], "x_vendor": {"usage": {"prompt_tokens": 3, "completion_tokens": 1}}},
    ],
)
def test_usage_may_come_late_and_in_odd_places(fields: dict[str, Any]) -> None:
    assert told(WORDS, STOP, chunk(**fields), DONE).usage == Usage(3, 1)


def test_the_last_count_holds_and_a_bad_one_does_not_count() -> None:
    def counting(prompt: int) -> Event:
        return chunk(usage={"prompt_tokens": prompt, "completion_tokens": 1})

    assert told(counting(3), counting(4), counting(-1), WORDS, STOP, DONE).usage == Usage(4, 1)


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_thoughts_come_before_words(field: str) -> None:
    got = told(chunk({field: "h"}), chunk({field: "m", "content": ""}), WORDS, STOP, DONE)
    assert got.message.parts == (Reasoning("hm", dialect="openai_chat"), Text("Hi"))


def test_pieces_of_details_become_one_proof() -> None:
    def detail(**fields: Any) -> Event:
        return chunk({"reasoning_details": [{"type": "reasoning.text", "index": 0, **fields}]})

    hidden = {"type": "reasoning.encrypted", "data": "zz", "index": 1}
    got = told(
        detail(text="h", format="f"),
        detail(text="m"),
        detail(signature="sig"),
        chunk({"reasoning_details": [hidden]}),
        WORDS,
        STOP,
        DONE,
    )
    thought = got.message.parts[0]
    assert isinstance(thought, Reasoning)
    assert thought.text == "hm"
    assert orjson.loads(thought.encrypted or "") == [
        {"type": "reasoning.text", "index": 0, "text": "hm", "format": "f", "signature": "sig"},
        hidden,
    ]


def test_calls_without_numbers_are_told_apart_by_id() -> None:
    def call(id: str | None, name: str | None, arguments: str) -> Event:
        function = {"name": name, "arguments": arguments}
        return chunk({"tool_calls": [{"id": id, "function": function}]})

    got = told(call("a", "f", "{"), call(None, None, "}"), call("b", "g", "{}"), STOP, DONE)
    assert got.message.tool_calls == (ToolCall("a", "f", "{}"), ToolCall("b", "g", "{}"))
    assert got.finish_reason == "tool_calls"


def test_custom_calls_are_marked() -> None:
    begun = {"index": 0, "id": "c", "type": "custom", "custom": {"name": "run", "input": ""}}
    more = {"index": 0, "custom": {"input": "ls"}}
    got = told(chunk({"tool_calls": [begun]}), chunk({"tool_calls": [more]}), STOP, DONE)
    assert got.message.tool_calls == (ToolCall("c", "run", "ls", extra={"type": "custom"}),)


def test_log_probabilities_are_joined() -> None:
    def piece(token: str) -> Event:
        logprobs = {"content": [{"token": token, "logprob": -0.1}], "refusal": None}
        choice = {"index": 0, "delta": {"content": token}, "logprobs": logprobs}
        return Event("", orjson.dumps({"choices": [choice]}))

    logprobs = told(piece("a"), piece("b"), STOP, DONE).choices[0].logprobs
    assert [each["token"] for each in logprobs["content"]] == ["a", "b"]


def test_a_model_named_late_is_still_named() -> None:
    first = Event("", b'{"choices":[],"prompt_filter_results":[]}')
    assert told(first, WORDS, STOP, DONE).model == "m"


def test_content_in_parts_is_understood() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]
    got = told(
        chunk({"content": parts}), chunk({"content": [{"type": "text", "text": "Hi"}]}), STOP, DONE
    )
    assert got.message.parts == (Reasoning("hm", dialect="openai_chat"), Text("Hi"))


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (Event("", b"{"), ProviderBadAnswer),
        (Event("", b"\xff"), ProviderBadAnswer),
        (Event("", b"[1]"), ProviderBadAnswer),
        (Event("", b'{"choices":{}}'), ProviderBadAnswer),
        (chunk({"content": 1}), ProviderBadAnswer),
        (chunk(finish="error"), ProviderOverloaded),
        (Event("", b'{"error":{"message":"x","code":429}}'), ProviderRateLimited),
        (
            Event("error", b'{"error":{"message":"x","code":"rate_limit_exceeded"}}'),
            ProviderRateLimited,
        ),
        (Event("error", b"oops"), ProviderBadAnswer),
        (Event("", b'{"error":{"message":"x","type":"server_error"}}'), ProviderOverloaded),
    ],
)
def test_trouble_in_mid_stream_is_a_typed_error(event: Event, error: type[ProviderError]) -> None:
    with pytest.raises(error) as caught:
        told(WORDS, event, STOP, DONE)
    assert type(caught.value) is error


def test_each_piece_is_told_at_once() -> None:
    stream = ChatStream()
    assert [type(delta).__name__ for delta in stream.feed(WORDS)] == ["Started", "TextDelta"]
    assert stream.feed(chunk({"reasoning": "x"})) == [ReasoningDelta("x", dialect="openai_chat")]
