"""What the stages of lessons work with: who is asked, what is known, what is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from teppan.core.chat import ChatRequest, Json, Message
from teppan.core.errors import BadRequest, BudgetExceeded, PriceUnknown, ProviderError, Refused
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.core.trace import Trace
from teppan.knowledge.lessons import Measure
from teppan.learn.asking import About, Ask, Asked
from teppan.learn.gathering import IntentOf, Talks
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.scoring import Scorer
from teppan.providers.embed.base import Embedder
from teppan.store.lessons import Lessons

T = TypeVar("T")

Report = Callable[[int, int, str], None]
"""How far a stage is: done, in all, what."""
Severity = Literal["", "low", "medium", "high"]
Kind = Literal[
    "corrected", "broken", "escalated", "poor", "disagreement", "praised", "good outcome"
]
KINDS: tuple[Kind, ...] = (
    "corrected",
    "broken",
    "escalated",
    "poor",
    "disagreement",
    "praised",
    "good outcome",
)
"""Why a case is interesting, in the order in which they are looked at: of a case that is so for two
reasons the first counts."""


def quiet(done: int, total: int, what: str) -> None:
    """Nobody is told."""


class Traces(Protocol):
    async def list(
        self,
        scope: Scope,
        limit: int = 50,
        before: str | None = None,
        episode: str | None = None,
    ) -> list[Trace]: ...


CASES: Mapping[str, int] = MappingProxyType(
    {
        "corrected": 6,
        "broken": 4,
        "escalated": 2,
        "poor": 4,
        "disagreement": 4,
        "praised": 2,
        "good outcome": 2,
    }
)
"""How many cases of each kind are looked at in a night."""


class Roles(Struct, frozen=True):
    """Real models: the critic writes and judges, teacher and student reflect."""

    critic: str
    teacher: str = ""
    student: str = ""


class Policy(Struct, frozen=True, kw_only=True):
    """How much is looked at, and what a lesson must show.

    `cases` are how many of each kind a night, `alike` how like two questions are one. `look` is how
    many traces are looked at, `days` how far back cases are found, `past` how far back is tried on.
    `near` and `far` are cases a night and lesson, `lessons` how many are tried a night, `spend` the
    most a stage may cost a night. `error` is the chance at which a useless lesson may go live,
    `lift` the least it must lift, `worse` the share of unrelated cases that may get worse, `most`
    after how many cases one that shows nothing is given up. `approval` says who lets one go live.
    """

    cases: Mapping[str, int] = CASES
    alike: float = 0.85
    same: float = 0.9
    look: int = 5_000
    days: float = 3.0
    past: float = 30.0
    poor: float = 0.4
    praised: float = 0.9
    known: float = 0.4
    outcomes: tuple[str, ...] = ("booking", "resolved", "tool:book")
    lessons: int = 20
    near: int = 40
    far: int = 6
    pool: int = 2_000
    most: int = 96
    error: float = 0.05
    lift: float = 0.05
    worse: float = 0.15
    live: int = 100
    approval: Literal["auto", "person"] = "auto"
    spend: Micros = 1_000_000
    worth: float = 0.02
    first_look: int = 20
    measure: Measure = Measure()


class Facts(Struct, frozen=True):
    """What the business says of one virtual model: its prompt with the facts in it, its rules."""

    prompt: str = ""
    rules: str = ""


class Desk(Struct, frozen=True, kw_only=True):
    """Everything wired. `models` are the virtual models that have lessons; `breaks` gives the worst
    rule an answer to a request breaks, as code finds it, `misstates` what a text says that the
    facts do not."""

    ask: Ask
    traces: Traces
    lessons: Lessons
    talk: Talks
    scorer: Scorer
    embedder: Embedder
    scrubber: Scrubber
    models: tuple[str, ...]
    roles: Callable[[str], Roles]
    facts: Callable[[str], Facts]
    breaks: Callable[[ChatRequest, str], Severity] = lambda request, text: ""
    misstates: Callable[[str], str] = lambda text: ""
    intent_of: IntentOf | None = None
    policy: Policy = Policy()
    now: Callable[[], float]


STOPPING = (BudgetExceeded, PriceUnknown)
"""After these asking on is no use; what is left waits for another night."""
FAILED = (ProviderError, BadRequest, Refused)
"""After these one question has no answer; the next one may."""


class Spent(Exception):
    """As much as the night may cost is spent; the rest waits for the next."""


class Till:
    """Asks, and stops when a stage has cost what it may. What was paid for before is free."""

    def __init__(self, desk: Desk, scope: Scope) -> None:
        self._desk = desk
        self._scope = scope
        self.spent: Micros = 0
        self.calls = 0
        self.again = 0

    async def ask(
        self,
        model: str,
        messages: Sequence[Message],
        key: str,
        about: About,
        schema: Mapping[str, Json] | None = None,
    ) -> Asked | None:
        """`None` where no answer came. Raises `Spent` before the next call once the most is
        reached, so that what was begun is paid at most once over."""
        if self.spent >= self._desk.policy.spend:
            raise Spent
        try:
            asked = await self._desk.ask(
                self._scope, model, messages, key=key, about=about, schema=schema, temperature=0.0
            )
        except STOPPING as error:
            raise Spent(error.message) from error
        except FAILED:
            return None
        self.calls += not asked.again
        self.again += asked.again
        self.spent += 0 if asked.again else asked.cost or 0
        return asked


async def both(*steps: Awaitable[T]) -> list[T]:
    """Steps that do not wait for each other. The first failure is raised when all have ended, so
    that nothing is left asking behind it."""
    done = await asyncio.gather(*steps, return_exceptions=True)
    found: list[T] = []
    for each in done:
        if isinstance(each, BaseException):
            raise each
        found.append(each)
    return found


def about(trace: Trace) -> About:
    """Whose words a case is."""
    user = trace.request.user if trace.request is not None else None
    return About(trace.id, trace.episode, user)
