"""Long conversations go out short, and nothing that must be there is missing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve.context.talks import (
    ANNA,
    Nobody,
    Shelf,
    chatting,
    context,
    conversation,
    request,
)
from teppan.core.chat import (
    ChatRequest,
    Image,
    Media,
    Message,
    Text,
    ToolCall,
    ToolResult,
    say,
)
from teppan.core.errors import StoreError
from teppan.core.trace import Shortened
from teppan.cost.tokens import request_tokens
from teppan.serve.context import Context, ContextPolicy
from teppan.store.summaries import Summary

SMALL = ContextPolicy(tokens=300)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def short(made: Context, asked: ChatRequest) -> tuple[ChatRequest, Shortened | None]:
    return await made.shorten(asked, ANNA, Nobody(), virtual=True)


def own_parts(message: Message) -> tuple[object, ...]:
    """The parts that are the client's."""
    blocks = ("<earlier_conversation>", "<knowledge>")
    return tuple(
        p for p in message.parts if not (isinstance(p, Text) and p.text.startswith(blocks))
    )


# --- what is left alone -----------------------------------------------------------------------


async def test_a_short_conversation_is_the_very_same_object() -> None:
    asked = request(conversation(4))
    sent, told = await short(context(ContextPolicy(tokens=2000)), asked)
    assert sent is asked
    assert told is None


async def test_a_real_model_is_asked_as_the_client_asked() -> None:
    asked = request(conversation(40))
    sent, told = await context(SMALL).shorten(asked, ANNA, Nobody(), virtual=False)
    assert sent is asked
    assert told is None


async def test_apply_all_shortens_for_real_models_and_off_for_none() -> None:
    asked = request(conversation(40))
    every = context(ContextPolicy(apply="all", tokens=300))
    assert (await every.shorten(asked, ANNA, Nobody(), virtual=False))[1] is not None
    none = context(ContextPolicy(apply="off", tokens=300))
    assert (await none.shorten(asked, ANNA, Nobody(), virtual=True))[0] is asked


async def test_what_fails_leaves_the_conversation_as_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("teppan.serve.context.context.take_apart", broken)
    asked = request(conversation(40))
    sent, told = await short(context(SMALL), asked)
    assert sent is asked
    assert told is None


async def test_a_store_that_is_away_costs_a_summary_not_an_answer() -> None:
    class Away(Shelf):
        async def find(self, *_: Any) -> dict[str, Summary]:
            raise StoreError("away")

        async def keep(self, *_: Any) -> Summary:
            raise StoreError("away")

    _, told = await short(context(SMALL, Away()), request(conversation(40)))
    assert told is not None
    assert told.after < told.before


# --- what is kept -----------------------------------------------------------------------------


async def test_a_long_conversation_halves_and_keeps_its_figures() -> None:
    asked = request(chatting(40, facts=4))
    sent, told = await short(context(ContextPolicy(tokens=500)), asked)
    assert told is not None
    assert told.before == request_tokens(asked)
    assert told.after == request_tokens(sent)
    assert told.after < told.before / 2
    words = " ".join(message.text for message in sent.messages)
    for turn in (1, 2, 3, 4, 40):
        assert f"table {turn} needs {turn + 100} cups" in words
    assert sent.messages[0] == asked.messages[0]
    assert sent.messages[-5:] == asked.messages[-5:]


async def test_a_system_text_sent_again_is_left_out() -> None:
    system = say("system", "You answer customers of a flower shop. " * 12)
    turns = conversation(6, system="")
    messages = [each for turn in turns for each in (system, turn)]
    asked = request(messages)
    sent, told = await short(context(SMALL), asked)
    assert told is not None
    assert told.summarised == 0
    assert sent.messages == (system, *turns)


async def test_a_later_system_text_that_is_new_stays_word_for_word() -> None:
    messages = conversation(40)
    messages.insert(9, say("system", "From now on answer in Spanish."))
    sent, _ = await short(context(SMALL), request(messages))
    systems = [each.text for each in sent.messages if each.role == "system"]
    assert systems == ["You answer customers.", "From now on answer in Spanish."]


async def test_turns_alternate_and_the_first_is_the_users() -> None:
    for turns in range(8, 60, 3):
        sent, _ = await short(context(SMALL), request(conversation(turns)))
        roles = [each.role for each in sent.messages if each.role != "system"]
        assert roles == ["user" if place % 2 == 0 else "assistant" for place in range(len(roles))]


async def test_inside_a_long_tool_loop_the_question_stays_and_no_result_loses_its_call() -> None:
    messages = [say("system", "You plan."), say("user", "Plan the party of 25 for June 14.")]
    for step in range(30):
        call = ToolCall(f"c{step}", "look", f'{{"step": {step}, "place": "hall number {step}"}}')
        result = ToolResult(f"c{step}", (Text(f'{{"free": true, "price": {step * 11}}}'),))
        messages += [Message("assistant", (call,)), Message("tool", (result,))]
    asked = request(messages)
    sent, told = await short(context(SMALL), asked)
    assert told is not None
    assert told.after < told.before
    assert sent.question == asked.question
    assert own_parts(sent.messages[1]) == messages[1].parts
    assert [each.role for each in sent.messages[:3]] == ["system", "user", "assistant"]
    assert_no_orphans(sent.messages)


async def test_a_picture_that_is_told_is_named_and_one_that_is_kept_is_there() -> None:
    picture, sound = Image("https://example.test/a.png"), Media("openai_chat", {"type": "audio"})
    messages = conversation(40)
    messages[3] = Message("user", (Text("The hall has 12 doors, see:"), picture))
    messages[-1] = Message("user", (Text("And this?"), picture, sound))
    sent, _ = await short(context(SMALL), request(messages))
    assert own_parts(sent.messages[-1]) == messages[-1].parts
    assert sum(isinstance(p, Image) for m in sent.messages for p in m.parts) == 1


# --- the model's window -----------------------------------------------------------------------


async def test_a_small_window_shortens_more_than_the_settings_ask_for() -> None:
    asked = request(conversation(40), max_tokens=100)
    sent, told = await short(context(ContextPolicy(tokens=5000), window=500), asked)
    assert told is not None
    assert told.after + 100 <= 500
    assert sent.messages[-1] == asked.messages[-1]


async def test_what_was_squeezed_for_a_small_model_is_not_taken_for_a_large_one() -> None:
    shelf, asked = Shelf(), request(conversation(40), max_tokens=100)
    small = context(ContextPolicy(tokens=5000), shelf, window=260)
    sent, told = await short(small, asked)
    assert told is not None
    assert told.after + 100 <= 260
    large, _ = await short(context(SMALL, shelf), asked)
    assert large.messages[-5:] == asked.messages[-5:]
    assert (await short(small, asked))[0] == sent


async def test_what_cannot_fit_the_window_goes_on_as_it_is() -> None:
    messages = conversation(10)
    messages[-1] = say("user", "I want 10 cups. " * 400)
    asked = request(messages)
    sent, told = await short(context(SMALL, window=600), asked)
    assert sent is asked
    assert told is None


async def test_a_huge_newest_message_makes_no_new_summary_each_turn(shelf: Shelf) -> None:
    made, messages = context(SMALL, shelf), conversation(30)
    messages[-1] = say("user", "Read this: " + "the hall has 4 doors and many windows. " * 60)
    await short(made, request(messages))
    kept = len(shelf.rows)
    assert kept == 1
    messages += [say("assistant", "Read."), say("user", "Good.")]
    await short(made, request(messages))
    assert len(shelf.rows) == kept


# --- any conversation -------------------------------------------------------------------------


WORDS = st.text(st.sampled_from("ab 1.,?\nño过敏|<>{}"), max_size=120)


@st.composite
def turns(draw: st.DrawFn) -> list[Message]:
    """A turn of the user, maybe tool calls with their results, an answer; ids may repeat."""
    made = [say("user", draw(WORDS))]
    for _ in range(draw(st.integers(0, 2))):
        ids = [f"c{n}" for n in range(draw(st.integers(1, 2)))]
        made.append(
            Message("assistant", (Text(draw(WORDS)), *(ToolCall(i, "f", draw(WORDS)) for i in ids)))
        )
        made += [Message("tool", (ToolResult(i, (Text(draw(WORDS)),)),)) for i in ids]
    if draw(st.booleans()):
        made.append(say("system", draw(WORDS)))
    made.append(say("assistant", draw(WORDS)))
    return made


HISTORIES = st.lists(turns(), min_size=0, max_size=12).flatmap(
    lambda some: st.tuples(
        st.just([message for turn in some for message in turn]), st.integers(1, 6), WORDS
    )
)


def assert_no_orphans(messages: tuple[Message, ...]) -> None:
    called: set[str] = set()
    for message in messages:
        called.update(call.id for call in message.tool_calls)
        for part in message.parts:
            assert not isinstance(part, ToolResult) or part.call_id in called


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_any_history_keeps_its_newest_turns_and_its_pairs(
    given_history: tuple[list[Message], int, str],
) -> None:
    history, keep, last = given_history
    asked = request([say("system", "S"), *history, say("user", last)])
    policy = ContextPolicy(tokens=100, keep_last=keep)
    made = context(policy)
    sent, told = asyncio.run(short(made, asked))
    if told is None:
        assert sent is asked
        return
    assert told.after <= told.before
    assert sent.messages[-1] == asked.messages[-1] or own_parts(sent.messages[-1]) == (
        asked.messages[-1].parts
    )
    talk = [m for m in asked.messages if m.role != "system"][-keep:]
    kept = [m for m in sent.messages if m.role != "system"][-keep:]
    assert kept == talk
    assert sent.question == asked.question
    assert_no_orphans(sent.messages)
    again, more = asyncio.run(short(context(policy), sent))
    assert again is sent or told.summarised == 0
    assert more is None or told.summarised == 0


@settings(max_examples=25, deadline=None)
@given(st.lists(turns(), min_size=12, max_size=20))
def test_the_beginning_changes_only_with_a_new_summary(history: list[list[Message]]) -> None:
    shelf = Shelf()
    made = context(ContextPolicy(tokens=100, share=0.6), shelf)
    before: tuple[Message, ...] = ()
    kept = 0
    for number in range(1, len(history)):
        told = [each for turn in history[:number] for each in turn if each.role != "system"]
        sent, _ = asyncio.run(short(made, request([*told, say("user", "and?")])))
        if len(shelf.rows) == kept and before:
            assert sent.messages[: len(before) - 1] == before[:-1]
        before, kept = sent.messages, len(shelf.rows)
