"""A person is called when one must look, and the answer says so only where the pack wants it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from teppan.config.rules import read_rules
from teppan.core.chat import ChatRequest, Choice, Completion, Message, Text, say
from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.core.reply import Outcome, Reply
from teppan.core.verdict import Confidence, Violation
from teppan.routing.language import Languages
from teppan.serve.escalate import Escalator, summary_of
from teppan.store.escalations import Called

SCOPE = Scope("shop", "anna")
HANDOVER = {"en": "A person calls you.", "ja": "担当者がお電話します。"}

ASKS = {
    "en": [
        "I want to speak to a manager.",
        "Let me talk to a human being!",
        "manager please",
        "Can I speak with your boss",
        "connect me to a real person",
        "I need a human",
    ],
    "es": [
        "Quiero hablar con una persona",
        "¿Puedo hablar con el gerente?",
        "Páseme con un agente",
        "una persona real, por favor",
    ],
    "zh": ["我要转人工", "我想找经理", "可以跟真人聊吗", "人工客服在吗"],
    "ja": ["担当者と話したいです", "人間に代わってください", "マネージャーをお願いします"],
}
OTHERS = [
    "Are you a real person?",
    "I do not want to talk to a human.",
    "No quiero hablar con una persona.",
    "How many people can one chef cook for?",
    "We are 10 people, price per person please",
    "Is the chef a nice person?",
    "我们有十个人",
    "10人でお願いします",
    "¿Cuánto cuesta por persona?",
    "Can you talk to my venue about parking?",
]


class Book:
    """Keeps what was called."""

    def __init__(self, fails: bool = False) -> None:
        self.called: list[Called] = []
        self.fails = fails

    async def call(self, scope: Scope, called: Sequence[Called]) -> Sequence[Any]:
        if self.fails:
            raise StoreError("the disk is full")
        self.called += called
        return called


def escalator(records: Book, **settings: Any) -> Escalator:
    rules = read_rules({"escalate": settings, "handover": HANDOVER}, Path("rules.toml"))
    return Escalator(rules, Languages(("en", "es", "zh", "ja")), records)


def asked(text: str, *earlier: Message) -> ChatRequest:
    return ChatRequest(model="support", messages=(*earlier, say("user", text)), episode="ep_1")


def outcome(text: str = "It is $55.", **fields: Any) -> Outcome:
    choice = Choice(Message("assistant", (Text(text),)), "stop")
    reply = Reply(model="a/one", completion=Completion("a/one", (choice,)))
    return Outcome(reply=reply, reason="single", **fields)


def text_of(kept: Outcome) -> str:
    assert isinstance(kept.reply, Reply)
    return kept.reply.text


@pytest.mark.parametrize("text", [each for some in ASKS.values() for each in some])
def test_asking_for_a_person_is_understood(text: str) -> None:
    assert escalator(Book()).asked(asked(text))


@pytest.mark.parametrize("text", OTHERS)
def test_other_questions_ask_for_nobody(text: str) -> None:
    assert not escalator(Book()).asked(asked(text))


async def test_who_asks_for_a_person_is_written_down_and_told_so_where_the_pack_wants_it() -> None:
    records = Book()
    kept = await escalator(records, replace=["asked"]).look(
        "tr_1", SCOPE, asked("manager please"), outcome()
    )
    assert text_of(kept) == HANDOVER["en"]
    assert kept.escalated == ("asked",)
    [called] = records.called
    assert (called.trace_id, called.reason, called.episode) == ("tr_1", "asked", "ep_1")
    assert called.question == "manager please"
    assert (called.language, called.model) == ("en", "support")


async def test_the_answer_stays_where_the_pack_says_nothing() -> None:
    records = Book()
    kept = await escalator(records).look("tr_1", SCOPE, asked("manager please"), outcome())
    assert text_of(kept) == "It is $55."
    assert len(records.called) == 1


async def test_the_handover_is_added_in_the_customers_language() -> None:
    kept = await escalator(Book(), append=["asked"]).look(
        "tr_1", SCOPE, asked("担当者と話したいです"), outcome("はい。")
    )
    assert text_of(kept) == f"はい。\n\n{HANDOVER['ja']}"


async def test_an_angry_customer_a_doubtful_answer_and_a_broken_rule_call_a_person() -> None:
    records = Book()
    doubtful = outcome(
        confidence=Confidence(0.1, "vote share", 0.1),
        guarded="replaced",
        violations=(Violation("no-wagyu", "high", "it offers wagyu"),),
    )
    angry = asked("This is terrible!! Worst service ever, absolutely horrible, I hate it!")
    kept = await escalator(records, confidence=0.3).look("tr_1", SCOPE, angry, doubtful)
    assert kept.escalated == ("rule", "anger", "confidence")
    assert [each.detail.split()[0] for each in records.called] == [
        "no-wagyu",
        "sentiment",
        "0.10",
    ]


async def test_an_ordinary_question_calls_nobody() -> None:
    records = Book()
    kept = await escalator(records, confidence=0.3).look(
        "tr_1",
        SCOPE,
        asked("How much per adult?"),
        outcome(confidence=Confidence(0.9, "vote share", 0.9)),
    )
    assert kept.escalated == ()
    assert records.called == []


async def test_a_tool_result_is_no_question_of_the_customers() -> None:
    records = Book()
    talk = (say("user", "manager please"), say("assistant", "One moment."))
    request = ChatRequest(model="m", messages=talk)
    assert (await escalator(records).look("tr_1", SCOPE, request, outcome())).escalated == ()


async def test_an_answer_that_says_it_was_passed_on_is_not_given_when_it_was_not() -> None:
    with pytest.raises(StoreError):
        await escalator(Book(fails=True), replace=["asked"]).look(
            "tr_1", SCOPE, asked("manager please"), outcome()
        )
    silent = await escalator(Book(fails=True)).look(
        "tr_1", SCOPE, asked("manager please"), outcome()
    )
    assert text_of(silent) == "It is $55."
    assert silent.escalated == ()


def test_the_summary_is_the_talk_in_its_own_sentences() -> None:
    talk = (
        say("system", "You are kind."),
        say("user", "We are 25 guests on June 14, my sister is allergic to shellfish."),
        say("assistant", "25 guests, noted."),
    )
    told = summary_of(asked("A human please, this does not work", *talk))
    assert "25 guests" in told
    assert "shellfish" in told
    assert "human" in told
    assert "You are kind" not in told
