"""The steps around a strategy, as the gateway sees them; each may be left out.

    Limits     may this key ask now?                      `cost/limits.py`
    Reception  which agent a question goes to             `serve/agents/reception.py`
    Cache      an answer that was given before            `serve/cache/`
    Ear        the language of a conversation              `serve/language/`
    Lessons    what was learned, for this question        `serve/lessons.py`
    Context    a long conversation, told shorter          `serve/context/`
    Rules      what the business lets an answer say       `serve/ruled.py`
    Assessor   how good an answer probably is             `serve/assessor.py`
    Behind     what is asked when the answer has left     `serve/shadow.py`

The neutral ones here change nothing: a gateway of a test, or one with everything switched off.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from teppan.core.allowance import Allowance
from teppan.core.chat import ChatRequest, Completion
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.core.release import Release
from teppan.core.reply import Outcome
from teppan.core.trace import CacheStatus, Remembered, Shortened, Trace
from teppan.providers.caller import Observe
from teppan.serve.journey import Journey
from teppan.serve.lessons import Given, NoLessons
from teppan.serve.ruled import Again
from teppan.serve.shadow import Judge, Served
from teppan.serve.strategies.base import Call


class Limits(Protocol):
    async def take(self, scope: Scope, request: ChatRequest) -> Allowance | None:
        """Counts a request. Raises `RateLimited`; None where nothing is limited."""


class Reception(Protocol):
    async def direct(self, request: ChatRequest, scope: Scope) -> tuple[ChatRequest, str]:
        """The request with the name of the model it goes to, and why, if that was to be chosen."""


class Ear(Protocol):
    def language(self, request: ChatRequest, scope: Scope) -> str:
        """The two letters of the language to answer in; empty where nobody listens."""

    def told(self, request: ChatRequest, said: ChatRequest, language: str) -> ChatRequest:
        """The request, with the language to answer in where that must be said."""


class Lessons(Protocol):
    def version(self, scope: Scope) -> str:
        """Names all that are live for this tenant; empty for none."""

    async def give(
        self, request: ChatRequest, asked: ChatRequest, scope: Scope, language: str = ""
    ) -> Given:
        """The request under its prompt, with the lessons that bear on what was asked. Never
        raises."""


class Assessor(Protocol):
    def release(self, release: Release, scope: Scope) -> Release:
        """The release as this tenant is served by it."""

    def assess(
        self, journey: Journey, served: str, answer: Completion, release: Release | None = None
    ) -> float | None:
        """How good this answer probably is, in [0, 1]; None where that cannot be told."""

    async def keep(
        self, journey: Journey, request: ChatRequest, outcome: Outcome, again: Again
    ) -> Outcome:
        """The outcome to serve: a doubtful one may be written `again`."""


class Context(Protocol):
    async def shorten(
        self, request: ChatRequest, scope: Scope, call: Call, *, virtual: bool
    ) -> tuple[ChatRequest, Shortened | None]:
        """The request, told in fewer tokens where that loses nothing. Never raises."""


class Seat(Protocol):
    """One request's place at the cache: a remembered answer, or the duty to bring one."""

    status: CacheStatus
    hit: Completion | None
    served: str
    remembered: Remembered | None
    verify: bool

    def keep(self, completion: Completion, served: str, trace_id: str, cost: Micros | None) -> None:
        """A whole answer has come."""

    def drop(self) -> None:
        """None will come: whoever waits for it goes on alone."""

    async def checked(self, same: bool) -> None:
        """What asking anew said of the remembered answer."""


class Cache(Protocol):
    async def look(
        self, request: ChatRequest, scope: Scope, release: Release, observe: Observe
    ) -> Seat:
        """Never fails; raises `NotCached` only when the client takes nothing else.

        `observe` is told of embedding calls that cost money.
        """

    async def same(self, one: Completion, other: Completion) -> bool | None:
        """Whether two answers say the same; None when that cannot be told."""


class Rules(Protocol):
    @property
    def holds(self) -> bool:
        """Whether an answer must be whole before any of it is sent."""

    async def keep(
        self, trace_id: str, scope: Scope, request: ChatRequest, outcome: Outcome, again: Again
    ) -> Outcome:
        """The outcome to serve; `again` asks for another draft."""

    async def remembered(
        self, trace_id: str, scope: Scope, request: ChatRequest, outcome: Outcome
    ) -> Outcome:
        """The same for an answer that kept the rules when it was first given."""


class Behind(Protocol):
    def compare(self, served: Served) -> None: ...

    def verify(self, served: Served, judge: Judge) -> None: ...


class Unlimited:
    async def take(self, scope: Scope, request: ChatRequest) -> None:
        return None


class Straight:
    async def direct(self, request: ChatRequest, scope: Scope) -> tuple[ChatRequest, str]:
        return request, ""


class Deaf:
    def language(self, request: ChatRequest, scope: Scope) -> str:
        return ""

    def told(self, request: ChatRequest, said: ChatRequest, language: str) -> ChatRequest:
        return request


class Unassessed:
    def release(self, release: Release, scope: Scope) -> Release:
        return release

    def assess(
        self, journey: Journey, served: str, answer: Completion, release: Release | None = None
    ) -> float | None:
        return None

    async def keep(
        self, journey: Journey, request: ChatRequest, outcome: Outcome, again: Again
    ) -> Outcome:
        return outcome


class Untouched:
    async def shorten(
        self, request: ChatRequest, scope: Scope, call: Call, *, virtual: bool
    ) -> tuple[ChatRequest, None]:
        return request, None


class NoSeat:
    status: CacheStatus = "off"
    hit: Completion | None = None
    served: str = ""
    remembered: Remembered | None = None
    verify: bool = False

    def keep(self, completion: Completion, served: str, trace_id: str, cost: Micros | None) -> None:
        return None

    def drop(self) -> None:
        return None

    async def checked(self, same: bool) -> None:
        return None


class Forgetful:
    async def look(
        self, request: ChatRequest, scope: Scope, release: Release, observe: Observe
    ) -> Seat:
        return NoSeat()

    async def same(self, one: Completion, other: Completion) -> bool | None:
        return None

    async def wrong(self, scope: Scope, trace_id: str) -> bool:
        return False


class Unlearning:
    async def rated(self, trace: Trace, quality: float) -> None:
        return None


class Unruled:
    holds = False

    async def keep(
        self, trace_id: str, scope: Scope, request: ChatRequest, outcome: Outcome, again: Again
    ) -> Outcome:
        return outcome

    async def remembered(
        self, trace_id: str, scope: Scope, request: ChatRequest, outcome: Outcome
    ) -> Outcome:
        return outcome


class Nobody:
    def compare(self, served: Served) -> None:
        return None

    def verify(self, served: Served, judge: Judge) -> None:
        return None


class Steps(Struct, frozen=True):
    limits: Limits = Unlimited()
    reception: Reception = Straight()
    ear: Ear = Deaf()
    lessons: Lessons = NoLessons()
    context: Context = Untouched()
    cache: Cache = Forgetful()
    rules: Rules = Unruled()
    assessor: Assessor = Unassessed()
    behind: Behind = Nobody()
