"""A stream and a whole answer are two forms of one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.chat import (
    Choice,
    Completion,
    Finished,
    Image,
    Message,
    Reasoning,
    ReasoningDelta,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    Usage,
)
from teppan.core.errors import StreamIncomplete
from teppan.core.fold import Fold, fold, unfold

words = st.text(max_size=20)
texts = words.filter(bool).map(Text)
thoughts = st.builds(
    Reasoning, words, st.none() | words, st.none(), st.uuids().map(str), st.just("anthropic")
)
images = words.map(Image)
calls = st.builds(
    ToolCall, st.uuids().map(str), words.filter(bool), words, st.none() | words.filter(bool)
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    parts: list[object] = []
    for part in draw(st.lists(texts | thoughts | images | calls, max_size=6)):
        # Two texts in a row are one text: a stream cannot tell where the first one ended.
        if not (parts and isinstance(parts[-1], Text) and isinstance(part, Text)):
            parts.append(part)
    return Message("assistant", tuple(parts), refusal=draw(st.none() | words.filter(bool)))  # type: ignore[arg-type]


reasons = st.sampled_from(["stop", "length", "tool_calls", "content_filter", "refusal"])
usages = st.builds(Usage, *[st.integers(0, 10**6)] * 5)


@st.composite
def completions(draw: st.DrawFn) -> Completion:
    count = draw(st.integers(1, 3))
    choices = tuple(Choice(draw(messages()), draw(reasons), index) for index in range(count))
    return Completion(draw(words), choices, draw(st.none() | usages), draw(words))


@given(completions())
def test_folding_what_was_unfolded_gives_the_same_answer(completion: Completion) -> None:
    assert fold(unfold(completion)) == completion


@given(completions(), st.data())
def test_a_stream_without_its_last_finish_is_incomplete(
    completion: Completion, data: st.DataObject
) -> None:
    deltas = list(unfold(completion))
    finishes = [place for place, delta in enumerate(deltas) if isinstance(delta, Finished)]
    del deltas[data.draw(st.sampled_from(finishes))]
    if any(not isinstance(delta, Started) for delta in deltas) and len(finishes) == 1:
        with pytest.raises(StreamIncomplete):
            fold(deltas)


def test_an_empty_stream_is_incomplete() -> None:
    with pytest.raises(StreamIncomplete):
        fold([Started("m")])


def test_tool_arguments_in_pieces_become_one_call() -> None:
    folding = Fold()
    for delta in (
        ToolDelta(0, "", "call_1", "add"),
        ToolDelta(0, '{"a":'),
        ToolDelta(1, "{}", "call_2", "stop"),
        ToolDelta(0, " 1}"),
        Finished("tool_calls"),
    ):
        folding.add(delta)
    one, two = folding.completion().message.tool_calls
    assert (one.name, one.arguments, two.id) == ("add", '{"a": 1}', "call_2")


def test_a_thought_in_pieces_keeps_its_signature() -> None:
    completion = fold(
        [
            ReasoningDelta("two "),
            ReasoningDelta("and two"),
            ReasoningDelta(signature="proof"),
            TextDelta("4"),
            Finished("stop"),
        ]
    )
    assert completion.message.parts == (Reasoning("two and two", "proof"), Text("4"))
