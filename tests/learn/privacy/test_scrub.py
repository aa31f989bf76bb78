"""Conversations leave without private words, still readable, and only their owner can undo it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.core.chat import (
    ChatRequest,
    Choice,
    Completion,
    Image,
    Message,
    Text,
    ToolCall,
    ToolResult,
    say,
)
from teppan.learn.privacy.detector import PatternDetector
from teppan.learn.privacy.messages import scrubbed_json
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.privacy.spans import Span

SCRUBBER = Scrubber(PatternDetector())


def test_one_person_has_one_placeholder_from_the_first_message_to_the_last() -> None:
    masked = SCRUBBER.texts(
        [
            "Can Ann come? Her phone is (415) 555-0132.",
            "I'm Ann Lee, ann@example.com.",
            "Ms. Lee, +1 415.555.0132, ann at example dot com; not Bob Smith.",
        ]
    )
    assert masked.texts == (
        "Can [NAME_1] come? Her phone is [PHONE_1].",
        "I'm [NAME_1], [EMAIL_1].",
        "Ms. [NAME_1], [PHONE_1], [EMAIL_1]; not [NAME_2].",
    )
    assert masked.found == {"name": 2, "phone": 1, "email": 1}


def test_a_name_that_two_people_share_is_neither_of_them() -> None:
    masked = SCRUBBER.texts(["My name is Ann Lee.", "My name is Ann Smith.", "Is Ann there?"])
    assert [each.count("[NAME_") for each in masked.texts] == [1, 1, 1]
    assert masked.texts[2] == "Is [NAME_3] there?"


def test_numbers_begin_anew_in_every_conversation() -> None:
    assert SCRUBBER.text("I'm Ann Lee.") == SCRUBBER.text("I'm Bob Smith.") == "I'm [NAME_1]."


def test_words_are_put_back_by_the_caller_who_has_them() -> None:
    masked = SCRUBBER.texts(["I'm Ann Lee, call (415) 555-0132."])
    assert masked.restore("Dear [NAME_1], we call [PHONE_1]; [NAME_2]?") == (
        "Dear Ann Lee, we call (415) 555-0132; [NAME_2]?"
    )
    assert "Ann" not in repr(masked)


def test_a_placeholder_that_a_customer_writes_is_never_unmasked() -> None:
    masked = SCRUBBER.texts(["Who is [NAME_1]? I'm Ann Lee."])
    assert masked.texts == ("Who is [NAME_1]? I'm [NAME_2].",)
    assert masked.restore(masked.texts[0]) == "Who is [NAME_1]? I'm Ann Lee."


def test_tool_calls_and_results_stay_json() -> None:
    arguments = '{"name": "Ann Lee", "phone": 4155550132, "guests": 12, "birthDate": "1985-03-02"}'
    request = ChatRequest(
        model="m",
        messages=(
            say("user", "I'm Ann Lee"),
            Message("assistant", (ToolCall("c1", "book", arguments),)),
            Message(
                "tool", (ToolResult("c1", (Text('{"said": "Booked, \\"Ann\\"!", "x": 1.50}'),)),)
            ),
        ),
        user="ann-17",
        metadata={"mail": "ann@example.com"},
        episode="ann@example.com",
    )
    scrubbed = SCRUBBER.exchange(request).request
    call, result = scrubbed.messages[1].parts[0], scrubbed.messages[2].parts[0]
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {
        "name": "[NAME_1]",
        "phone": "[PHONE_1]",
        "guests": 12,
        "birthDate": "[BIRTH_1]",
    }
    assert isinstance(result, ToolResult)
    assert result.parts == (Text('{"said": "Booked, \\"[NAME_1]\\"!", "x": 1.50}'),)
    assert (scrubbed.user, scrubbed.metadata, scrubbed.episode) == (None, None, None)


def test_what_cannot_be_read_is_replaced_by_a_word() -> None:
    request = ChatRequest(
        model="m",
        messages=(Message("user", (Text("this is me"), Image("data:image/png;base64,x"))),),
    )
    assert SCRUBBER.exchange(request).request.messages[0].text == "this is me[picture]"


def test_an_answer_is_scrubbed_with_its_question() -> None:
    request = ChatRequest(model="m", messages=(say("user", "My name is Zora Quill."),))
    answer = Completion(
        "m", (Choice(say("assistant", "Dear Zora, $1,250 it is."), "stop", logprobs={"a": 1}),)
    )
    scrubbed = SCRUBBER.exchange(request, answer)
    assert scrubbed.completion is not None
    assert scrubbed.completion.text == "Dear [NAME_1], $1,250 it is."
    assert scrubbed.completion.choices[0].logprobs is None
    assert scrubbed.found == {"name": 1}


def test_any_detector_may_be_plugged_in() -> None:
    class Shouting:
        def find(self, text: str, languages: Sequence[str] = ()) -> list[Span]:
            return [Span(at, at + 3, "secret") for at in range(len(text)) if text[at:][:3] == "XYZ"]

    assert Scrubber(Shouting()).text("the word is XYZ, XYZ") == "the word is [SECRET_1], [SECRET_1]"


PIECES = st.sampled_from(
    "Ann Lee|my name is |王小明|我叫|(415) 555-0132|a@b.example|[NAME_1]|password: |Tr0ub4dor| and "
    "|, |\n|12 Oak St|と申します|田中|card ending in |4242| ".split("|")
)


@settings(max_examples=120, deadline=None)
@given(st.lists(PIECES | st.text(max_size=6), max_size=8).map("".join))
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    once = SCRUBBER.text(text)
    assert SCRUBBER.text(once) == once


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | PIECES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=120, deadline=None)
@given(JSON)
def test_json_stays_json_of_the_same_shape(value: object) -> None:
    written = json.dumps(value)
    assert shape(json.loads(scrubbed_json(written, SCRUBBER.text))) == shape(value)


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return None
