"""Every dialect, the same promises: whole answers and streams tell the same, and lose nothing."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.answers import answers
from tests.wire.twins import (
    ChatTwin,
    GenerateContentTwin,
    MessagesTwin,
    ResponsesTwin,
    Twin,
)

from teppan.core.chat import ChatRequest, Completion, Message, Text, ToolResult, say
from teppan.core.errors import ProviderError, StreamIncomplete
from teppan.core.fold import Fold, fold, unfold
from teppan.providers.base import Capabilities, Dialect, Event
from teppan.providers.catalogue import dialects
from teppan.providers.sse import SseParser

TWINS: list[Any] = [ChatTwin(), ResponsesTwin(), MessagesTwin(), GenerateContentTwin()]
SPOKEN = dialects()
THINKING = Capabilities(reasoning=True, reasoning_field="reasoning_content")

FEW = settings(max_examples=15)

each_twin = pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)


def told(dialect: Dialect, events: list[Event]) -> Completion:
    decoder = dialect.decoder()
    folding = Fold()
    for event in events:
        for delta in decoder.feed(event):
            folding.add(delta)
    for delta in decoder.end():
        folding.add(delta)
    return folding.completion()


@each_twin
@FEW
@given(data=st.data())
def test_a_whole_answer_is_understood(twin: Twin, data: st.DataObject) -> None:
    completion = data.draw(answers(twin.name))
    assert SPOKEN[twin.name].decode(twin.whole(completion)) == completion


@each_twin
@FEW
@given(data=st.data())
def test_a_stream_tells_what_the_whole_answer_tells(twin: Twin, data: st.DataObject) -> None:
    completion = data.draw(answers(twin.name))
    events = twin.events(completion, data.draw(st.integers(1, 9)))
    assert told(SPOKEN[twin.name], events) == completion


@each_twin
@FEW
@given(data=st.data())
def test_unfolding_and_folding_is_the_identity(twin: Twin, data: st.DataObject) -> None:
    completion = data.draw(answers(twin.name))
    assert fold(unfold(completion)) == completion


@each_twin
@FEW
@given(data=st.data())
def test_a_stream_cut_before_its_end_is_an_error(twin: Twin, data: st.DataObject) -> None:
    events = twin.events(data.draw(answers(twin.name)), 5)
    for cut in range(len(events)):
        with pytest.raises(StreamIncomplete):
            told(SPOKEN[twin.name], events[:cut])


@each_twin
@FEW
@given(data=st.data())
def test_what_repeats_after_the_end_changes_nothing(twin: Twin, data: st.DataObject) -> None:
    completion = data.draw(answers(twin.name))
    events = twin.events(completion, 5)
    late = data.draw(st.lists(st.sampled_from(events), max_size=5))
    again = told(SPOKEN[twin.name], [*events, events[-1], *late])
    assert again.choices == completion.choices


@each_twin
@FEW
@given(data=st.data())
def test_events_nobody_knows_are_ignored(twin: Twin, data: st.DataObject) -> None:
    completion = data.draw(answers(twin.name))
    events = twin.events(completion, 5)
    place = data.draw(st.integers(1, len(events)))
    unknown = Event("something.new", b'{"type":"something.new","value":1}')
    assert told(SPOKEN[twin.name], [*events[:place], unknown, *events[place:]]) == completion


@each_twin
@FEW
@given(data=st.data())
def test_packets_may_be_cut_anywhere(twin: Twin, data: st.DataObject) -> None:
    completion = data.draw(answers(twin.name))
    events = twin.events(completion, 7)
    raw = b"".join(
        b"".join([b"event: %s\n" % event.name.encode()] if event.name else [])
        + b"data: %s\n\n" % event.data
        for event in events
    )
    parser, read = SseParser(), []
    start = 0
    while start < len(raw):
        step = data.draw(st.integers(1, max(1, len(raw) // 3)))
        read.extend(parser.feed(raw[start : start + step]))
        start += step
    assert told(SPOKEN[twin.name], read) == completion


@each_twin
@FEW
@given(data=st.data())
def test_the_next_turn_returns_what_the_vendor_said(twin: Any, data: st.DataObject) -> None:
    completion = data.draw(answers(twin.name))
    results = [ToolResult(call.id, (Text("done"),)) for call in completion.message.tool_calls]
    turns = [say("user", "hi"), completion.message]
    turns.append(Message("tool", tuple(results)) if results else say("user", "go on"))
    request = ChatRequest(model="v/m", messages=tuple(turns))
    dialect = SPOKEN[twin.name]
    body = orjson.loads(dialect.encode(request, "m", THINKING, stream=False).body)
    expected = _plain(twin.name, twin.history(completion))
    assert _returned(twin.name, body, len(expected)) == expected


def _returned(name: str, body: dict[str, Any], count: int) -> list[Any]:
    if name == "openai_chat":
        return [body["messages"][1]]
    if name == "openai_responses":
        return body["input"][1 : 1 + count]
    turns = body["contents" if name == "google" else "messages"]
    if len(turns) < 2 or turns[1]["role"] == "user":
        return []
    content = turns[1]["parts" if name == "google" else "content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _plain(name: str, expected: list[Any]) -> list[Any]:
    if name == "openai_responses":  # a thought that nothing follows is refused
        while expected and expected[-1].get("type") == "reasoning":
            expected = expected[:-1]
        return expected
    if name == "openai_chat":
        message = expected[0]
        if message["content"] is None and "tool_calls" not in message:
            message["content"] = ""
    return expected


@each_twin
@FEW
@given(data=st.data())
def test_any_damage_is_a_typed_error_or_an_answer(twin: Twin, data: st.DataObject) -> None:
    completion = data.draw(answers(twin.name))
    dialect = SPOKEN[twin.name]
    whole, events = twin.whole(completion), twin.events(completion, 9)
    chance = random.Random(data.draw(st.integers(0, 1 << 32)))
    for _ in range(20):
        with contextlib.suppress(ProviderError):
            assert isinstance(dialect.decode(_damaged(whole, chance)), Completion)
        place = chance.randrange(len(events))
        hurt = Event(events[place].name, _damaged(events[place].data, chance))
        with contextlib.suppress(ProviderError):
            told(dialect, [*events[:place], hurt, *events[place + 1 :]])


PLAIN: list[Any] = [None, True, 0, -1, 1.5, 10**9, "", "x"]
OTHER_THINGS = [*PLAIN, {}, {"a": 1}, [], [1], [[]], [{}]]


def _damaged(body: bytes, chance: random.Random) -> bytes:
    """The body with one place of it replaced by something else or removed."""
    if body == b"[DONE]":
        return body
    value = json.loads(body)
    places: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        at = waiting.pop()
        for key in at.keys() if isinstance(at, dict) else range(len(at)):
            places.append((at, key))
            if isinstance(at[key], dict | list):
                waiting.append(at[key])
    at, key = chance.choice(places)
    if isinstance(at, dict) and chance.random() < 0.2:
        del at[key]
    else:
        at[key] = chance.choice(OTHER_THINGS)
    return orjson.dumps(value)
