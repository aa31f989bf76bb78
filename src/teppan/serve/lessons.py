"""Lessons for a question: those that are live and bear on it, held back now and then by chance.

    asked ── is there any? ── the most alike ── by chance held back ── behind the prompt
                 no: O(1)

A request that brings its lessons along, of a try-out, gets no others.
What is held back is written into the trace as well as what is given, so that the two can be
compared: only chance tells between them, and so only the lessons. In one conversation the same is
decided all the time. Where lessons cannot be found the answer is made without; `notes` says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest
from teppan.core.errors import TeppanError
from teppan.core.ids import Scope
from teppan.knowledge.lessons import QUESTION, Measure, Shelf, holds, told
from teppan.providers.embed.base import Embedder
from teppan.store.lesson_rows import Live

log = structlog.get_logger(__name__)

IntentOf = Callable[[str], tuple[str, float]]
SURE = 0.5
"""An intent less probable than this is none."""
TENANTS = 1_000
"""Tenants whose lessons are ready in memory."""


class Book(Protocol):
    """Where the live lessons are."""

    def live(self, scope: Scope) -> tuple[Live, ...]: ...

    def version(self, scope: Scope) -> str: ...


class Given(Struct, frozen=True):
    """The request with its lessons; ids of what was given, and of what was held back."""

    request: ChatRequest
    lessons: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


class NoLessons:
    """A gateway that has none."""

    def version(self, scope: Scope) -> str:
        return ""

    async def give(
        self, request: ChatRequest, asked: ChatRequest, scope: Scope, language: str = ""
    ) -> Given:
        return Given(request)

    @property
    def notes(self) -> tuple[str, ...]:
        return ()


class LiveLessons:
    """`withhold` is the chance that a conversation is answered without any."""

    def __init__(
        self,
        book: Book,
        embedder: Embedder,
        measure: Measure,
        withhold: float,
        chance: Callable[[], float],
        intent_of: IntentOf | None = None,
    ) -> None:
        self._book = book
        self._embedder = embedder
        self._measure = measure
        self._withhold = withhold
        self._chance = chance
        self._intent_of = intent_of
        self._shelves: dict[str, tuple[tuple[Live, ...], Shelf]] = {}
        self._failed = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What an operator should know."""
        return (self._failed,) if self._failed else ()

    def version(self, scope: Scope) -> str:
        """Names all that are live for this tenant, at once; empty for none."""
        return self._book.version(scope)

    async def give(
        self, request: ChatRequest, asked: ChatRequest, scope: Scope, language: str = ""
    ) -> Given:
        """`request` is the one under its prompt, `asked` what the client sent. Never raises for
        lessons that cannot be found."""
        lives = self._book.live(scope)
        question = asked.question[:QUESTION]
        if not lives or not question.strip() or holds(asked.messages):
            return Given(request)
        try:
            rules = await self._rules(lives, asked.model, question, scope, language)
            self._failed = ""
        except (TeppanError, ValueError, RuntimeError) as error:
            failed = f"answers are made without lessons: {error}"
            if failed != self._failed:  # once, not with every question
                log.warning("lessons could not be found", reason=str(error))
            self._failed = failed
            return Given(request)
        if not rules:
            return Given(request)
        if self._held_back(asked, scope):
            return Given(request, (), tuple(rules))
        messages = told(request.messages, rules)
        return Given(replace(request, messages=messages), tuple(rules))

    async def _rules(
        self, lives: tuple[Live, ...], model: str, question: str, scope: Scope, language: str
    ) -> dict[str, str]:
        if not any(each.lesson.model == model for each in lives):
            return {}
        shelf = await self._shelf(scope, lives)
        [vector] = await self._embedder.embed([question])
        intent, probability = self._intent_of(question) if self._intent_of else ("", 0.0)
        known = intent if probability >= SURE else ""
        found = shelf.bearing(vector, model, known, language, self._measure)
        return {each.lesson.id: each.lesson.rule for each in found}

    async def _shelf(self, scope: Scope, lives: tuple[Live, ...]) -> Shelf:
        """The vectors of what is live, made when it has changed."""
        kept = self._shelves.pop(scope.tenant, None)
        if kept is None or kept[0] is not lives:
            kept = (lives, await Shelf.of(lives, self._embedder))
        self._shelves[scope.tenant] = kept
        while len(self._shelves) > TENANTS:
            self._shelves.pop(next(iter(self._shelves)))
        return kept[1]

    def _held_back(self, asked: ChatRequest, scope: Scope) -> bool:
        """By chance; in one conversation always the same."""
        if asked.episode is None:
            return self._chance() < self._withhold
        name = f"{scope.tenant}\0{asked.episode}".encode()
        drawn = int.from_bytes(hashlib.sha256(name).digest()[:8]) / 2**64
        return drawn < self._withhold
