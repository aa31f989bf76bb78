"""A context over scripted models, and conversations to shorten."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from teppan.core.chat import ChatRequest, Choice, Completion, FinishReason, Message, say
from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.core.reply import Reply
from teppan.core.trace import CallRole
from teppan.serve.context import Context, ContextPolicy, Knowledge, SummaryBook
from teppan.store.summaries import Summary

ANNA = Scope("anna", "key-a")


class Shelf:
    """The store's summaries, in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Summary] = {}
        self.looked = 0

    async def find(self, scope: Scope, prefixes: Sequence[str]) -> dict[str, Summary]:
        self.looked += 1
        tenant = scope.tenant
        return {p: self.rows[tenant, p] for p in prefixes if (tenant, p) in self.rows}

    async def keep(self, scope: Scope, summary: Summary) -> Summary:
        return self.rows.setdefault((scope.tenant, summary.prefix), summary)


class Writer:
    """A model that writes summaries: what `says` makes of the request, or an error of its own."""

    def __init__(
        self,
        says: Callable[[ChatRequest], str] = lambda request: "user: all is told",
        finish: FinishReason = "stop",
    ) -> None:
        self.says = says
        self.finish = finish
        self.asked: list[ChatRequest] = []

    async def ask(self, model: str, request: ChatRequest, role: CallRole) -> Reply:
        assert role == "summary"
        self.asked.append(request)
        message = say("assistant", self.says(request))
        return Reply(model=model, completion=Completion(model, (Choice(message, self.finish),)))


class Nobody:
    async def ask(self, model: str, request: ChatRequest, role: CallRole) -> Reply:
        raise AssertionError("no model was to be asked")


def context(
    policy: ContextPolicy,
    shelf: Shelf | None = None,
    knowledge: Knowledge | None = None,
    window: int | None = None,
) -> Context:
    return Context(policy, SummaryBook(shelf or Shelf(), FixedClock()), knowledge, lambda _: window)


def conversation(turns: int, system: str = "You answer customers.") -> list[Message]:
    """A system text and so many turns, the last by the user; each turn names its own number."""
    messages = [say("system", system)] if system else []
    for turn in range(1, turns + 1):
        words = f"In turn {turn} I say that table {turn} needs {turn + 100} cups."
        messages.append(say("user", words))
        if turn < turns:
            answer = f"Thank you, table {turn} is noted. What else would you like to add?"
            messages.append(say("assistant", answer))
    return messages


def chatting(turns: int, facts: int) -> list[Message]:
    """The same, with nothing but small talk after so many facts, until the last turn."""
    messages = conversation(turns)
    for place in range(1 + 2 * facts, len(messages) - 2, 2):
        messages[place] = say("user", "That sounds lovely to me, thank you ever so much for it.")
    return messages


def request(messages: Sequence[Message], **more: object) -> ChatRequest:
    return ChatRequest(model="pack/support", messages=tuple(messages), **more)  # type: ignore[arg-type]
