"""What may be sent of a conversation: all, its end, what the gateway makes of it, the limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from talks.talk import Talk, tells, words_of
from teppan.core.chat import ChatRequest, Message, say
from teppan.core.clock import SystemClock
from teppan.core.ids import LOCAL
from teppan.core.reply import Reply
from teppan.core.trace import CallRole
from teppan.cost.tokens import request_tokens
from teppan.serve.context import Context, ContextPolicy, SummaryBook
from teppan.serve.context.sentences import split

LAST = 5
SYSTEM = ("system", "developer")

Sent = list[tuple[Message, ...]]
"""What was sent at each turn of the user."""


def ours(talk: Talk, policy: ContextPolicy) -> tuple[Sent, list[float], int]:
    """What the gateway sends, the milliseconds each time, and how many summaries it made."""
    book = SummaryBook(None, SystemClock())
    context = Context(policy, book)
    sent, took = [], []

    async def all_turns() -> None:
        for place in talk.turns:
            request = request_of(talk.messages[: place + 1])
            begun = time.perf_counter()
            shorter, _ = await context.shorten(request, LOCAL, _Nobody(), virtual=True)
            took.append(1000 * (time.perf_counter() - begun))
            sent.append(shorter.messages)

    asyncio.run(all_turns())
    return sent, took, book.made


def everything(talk: Talk) -> Sent:
    return [talk.messages[: place + 1] for place in talk.turns]


def last_only(talk: Talk) -> Sent:
    """The leading system text and the last five messages, pairs of tool calls not minded."""
    return [_lead(all_of) + all_of[_from(all_of, LAST) :] for all_of in everything(talk)]


def truncated(talk: Talk, like: Sequence[int]) -> Sent:
    """As many of the newest messages as have the tokens of ours (`like`), and the system text."""
    sent = []
    for all_of, most in zip(everything(talk), like, strict=True):
        lead, kept = _lead(all_of), 1
        while kept < len(all_of) - len(lead):
            if request_tokens(request_of(lead + all_of[-kept - 1 :])) > most:
                break
            kept += 1
        sent.append(lead + all_of[-kept:])
    return sent


def limit(talk: Talk) -> Sent:
    """Who knows the facts: the sentences that state them, and the last five messages."""
    sent = []
    for place, all_of in zip(talk.turns, everything(talk), strict=True):
        begin = _from(all_of, LAST)
        lines: list[str] = []
        for fact in talk.due(place):
            if len(_lead(all_of)) <= fact.at < begin:
                said = words_of((all_of[fact.at],))
                lines.append(next((s for s in split(said) if tells(fact, s)), said))
        note = (say("user", "\n".join(lines)),) if lines else ()
        sent.append(_lead(all_of) + note + all_of[begin:])
    return sent


def request_of(messages: Sequence[Message]) -> ChatRequest:
    return ChatRequest(model="bench/context", messages=tuple(messages))


def _lead(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return messages[:1] if messages[0].role in SYSTEM else ()


def _from(messages: tuple[Message, ...], keep: int) -> int:
    """Where the last so many messages begin that are not the system's."""
    places = [place for place, each in enumerate(messages) if each.role not in SYSTEM]
    return places[-keep] if len(places) > keep else len(_lead(messages))


class _Nobody:
    async def ask(self, model: str, request: ChatRequest, role: CallRole) -> Reply:
        raise AssertionError("no model is asked here")
