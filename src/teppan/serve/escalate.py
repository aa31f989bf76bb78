"""When a person must look: a step after the rules, before the answer is acknowledged.

    asked        the customer asks for a person
    anger        the customer is angry                       (`routing/sentiment.py`)
    confidence   nobody knows whether the answer is right    (only where the pack names a threshold)
    rule         the answer was replaced by the safe one
    agent        an agent wanted one; `failed` and `limit` say that it could not go on (`hand`)

Each makes an escalation with a summary of the talk in its own sentences, durable before the answer
goes out, once per trace and reason. The answer stays as it is, unless the pack's `[escalate]` says
that the handover is added to it (`append`) or takes its place (`replace`). An answer that says it
was passed on is not given when that could not be written down; a silent escalation that could not
is logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import structlog
from msgspec.structs import replace

from teppan.config.rules import Rulebook
from teppan.core.chat import ChatRequest, Message
from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.core.reply import Outcome, Reply
from teppan.routing.language import Languages
from teppan.routing.sentiment import sentiment
from teppan.serve.answer import whole
from teppan.serve.context.sentences import said_in
from teppan.serve.context.telling import tell
from teppan.serve.guard.guard import with_text
from teppan.serve.guard.reading import digits, plain, read
from teppan.serve.guard.saying import denied_around
from teppan.serve.guard.words import words
from teppan.serve.language.hearing import language_of
from teppan.serve.strategies.base import Case
from teppan.store.escalations import Called

log = structlog.get_logger(__name__)

SUMMARY_TOKENS = 200
"""Length of a summary, the last question aside."""
LOOKED_AT = 4_000
"""Characters of a question that are looked at."""
GUESSES = ("trust", "router")
"""Bases of a confidence that say how good a model is, and nothing of this answer."""
HANDOVER = "I have passed this on to a person of our team."
"""The handover of a pack that names none."""
BY_HAND = "handover"
"""The model that is named for it."""


class Records(Protocol):
    async def call(self, scope: Scope, called: Sequence[Called]) -> Sequence[Any]:
        """Durable when it returns; once for a trace and a reason. Raises `StoreError`."""


class Reason(NamedTuple):
    name: str
    detail: str = ""


class Escalator:
    """Built once from a pack's rules."""

    def __init__(
        self, book: Rulebook, languages: Languages, records: Records, fallback: str = "en"
    ) -> None:
        self._book = book
        self._settings = book.escalate
        self._languages = languages
        self._records = records
        self._fallback = fallback

    def asked(self, request: ChatRequest) -> bool:
        """Whether the last question asks for a person, and does not deny wanting one."""
        reading = read(request.question[-LOOKED_AT:])
        own = self._settings.asks
        for clauses in reading.sentences:
            for clause in (", ".join(clauses), *clauses):
                for wanted in (words().asks, own):
                    if wanted is not None and wanted.search(clause):
                        return not denied_around(clause, wanted)
        return False

    def reasons(self, request: ChatRequest, outcome: Outcome) -> list[Reason]:
        """Why a person must look at this, the strongest first."""
        settings, found = self._settings, []
        spoken = bool(request.messages) and request.messages[-1].role == "user"
        if settings.asked and spoken and self.asked(request):
            found.append(Reason("asked"))
        if settings.rule and outcome.guarded == "replaced":
            rules = dict.fromkeys(each.rule for each in outcome.violations)
            found.append(Reason("rule", ", ".join(rules)))
        if settings.anger and spoken:
            question = request.question[-LOOKED_AT:]
            mood = sentiment(question, self._languages.of(question))
            if mood < settings.anger:
                found.append(Reason("anger", f"sentiment {mood:.2f}"))
        sure = outcome.confidence
        told = sure is not None and not sure.basis.startswith(GUESSES)
        if settings.confidence and sure is not None and told and sure.value < settings.confidence:
            found.append(Reason("confidence", f"{sure.value:.2f} by {sure.basis}"))
        return found

    async def hand(self, case: Case, reason: str, detail: str = "") -> str:
        """Calls a person for somebody who works on an answer: durable when it returns the words
        that tell the customer so. Raises `StoreError`."""
        called = self._called(case.id, case.request, [Reason(reason, detail)])
        await self._records.call(case.scope, called)
        return self._words(case.request)

    async def look(
        self, trace_id: str, scope: Scope, request: ChatRequest, outcome: Outcome
    ) -> Outcome:
        """The outcome to serve, its escalations durable. Raises `StoreError` where the answer would
        claim what was not written down."""
        reasons = self.reasons(request, outcome)
        if not reasons:
            called = outcome.escalated
            return await self._handed(request, outcome, called) if called else outcome
        names = (*outcome.escalated, *(each.name for each in reasons))
        told = self._settings.replace | self._settings.append
        speaks = outcome.guarded == "replaced" or any(name in told for name in names)
        try:
            await self._records.call(scope, self._called(trace_id, request, reasons))
        except StoreError as error:
            if speaks:
                raise
            log.error("an escalation could not be written", trace=trace_id, reason=error.message)
            return outcome
        return replace(await self._handed(request, outcome, names), escalated=names)

    def _called(
        self, trace_id: str, request: ChatRequest, reasons: Sequence[Reason]
    ) -> list[Called]:
        question = request.question
        language = language_of(request, self._languages).language
        summary = summary_of(request)
        return [
            Called(
                trace_id=trace_id,
                reason=each.name,
                detail=each.detail,
                language=language,
                question=question[:LOOKED_AT],
                summary=summary,
                model=request.model,
                episode=request.episode,
            )
            for each in reasons
        ]

    async def _handed(
        self, request: ChatRequest, outcome: Outcome, names: Sequence[str]
    ) -> Outcome:
        """The answer, with the handover where the pack wants it."""
        settings = self._settings
        replaces = any(name in settings.replace for name in names)
        if not replaces and not any(name in settings.append for name in names):
            return outcome
        text = self._words(request)
        reply = outcome.reply if isinstance(outcome.reply, Reply) else await whole(outcome.reply)
        if replaces:
            return replace(outcome, reply=with_text(reply, text, BY_HAND), confidence=None)
        if text in reply.text or outcome.guarded == "replaced" or not reply.text:
            return replace(outcome, reply=reply)
        added = with_text(reply, f"{reply.text.rstrip()}\n\n{text}", reply.model)
        return replace(outcome, reply=added)

    def _words(self, request: ChatRequest) -> str:
        """The handover, in the customer's language."""
        language = language_of(request, self._languages).language
        texts = self._book.handover
        return texts.get(language) or texts.get(self._fallback) or HANDOVER


def summary_of(request: ChatRequest, most: int = SUMMARY_TOKENS) -> str:
    """What was said, in the talk's own sentences; what the assistant was told is not part of it."""
    spoken: list[Message] = [
        each for each in request.messages if each.role not in ("system", "developer")
    ]
    if request.asked is not None and spoken and spoken[-1].role == "user":
        spoken = spoken[:-1]  # the gateway's own words stand before the customer's there
    earlier = tell("", said_in(spoken[-60:]), most)
    last = f"user: {digits(plain(request.question))[:600]}" if request.asked is not None else ""
    return "\n".join(part for part in (earlier, last) if part) or request.question[:600]
