"""What is asked behind an answer, when it has left: never shown, never billed to its client.

    compare   a share of the answers is asked of the shadow model too: could it have said the same?
    verify    a share of the remembered answers is asked anew: was it right to remember them?

What a shadow said is kept beside the answer where words may be kept: a pair of teacher and student
to learn from. Both share a budget a day of their own, and at most `AT_ONCE` questions are under
way: what does not fit is skipped. A question that may call tools is never repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

import msgspec
import structlog
from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion
from teppan.core.clock import Clock
from teppan.core.errors import TeppanError
from teppan.core.ids import NewId, Scope
from teppan.core.money import Micros
from teppan.core.release import Release
from teppan.core.reply import Reply
from teppan.core.trace import CallRole
from teppan.serve.call import JourneyCall, Reach
from teppan.serve.journey import Journey
from teppan.serve.strategies.meaning import Embed, Likeness
from teppan.store.shadow_words import ShadowSaid

AT_ONCE = 4
KEY = "behind"
"""The key that questions behind answers are booked under."""
DAY = 86_400

_log = structlog.get_logger(__name__)


class ShadowPolicy(Struct, frozen=True):
    """`model` is compared for a `share` of answers; `alike` is the likeness of equal answers.

    `daily` is the most that may be spent a day (UTC), `allowed` the seconds for one question.
    """

    model: str | None = None
    share: float = 0.1
    alike: float = 0.85
    daily: Micros = 1_000_000
    allowed: float = 120.0


class Served(Struct, frozen=True):
    """An answer that has left. `asked` is the client's request, `dressed` has its prompt."""

    trace_id: str
    scope: Scope
    asked: ChatRequest
    dressed: ChatRequest
    release: Release
    model: str
    answer: Completion


class Compared(Struct, frozen=True):
    """How a shadow's answer compared with the one that was served."""

    trace_id: str
    model: str
    served: str
    likeness: float
    same: bool
    cost: Micros | None
    at: float


class Books(Protocol):
    async def book(self, journey: Journey, strategy: str) -> None:
        """Writes down what was spent; durable when it returns."""


class Records(Protocol):
    async def record(self, scope: Scope, compared: Compared) -> None: ...

    async def spent(self, since: float) -> Micros:
        """What was spent behind answers since then, by any gateway of this database."""


class Words(Protocol):
    """`store/shadow_words.py` has it."""

    async def put(self, scope: Scope, said: ShadowSaid) -> None: ...


Judge = Callable[[Completion], Awaitable[None]]
"""Told what would be answered now in place of a remembered answer."""


class Shadow:
    """Asks behind answers. `dice` draws which."""

    def __init__(
        self,
        reach: Reach,
        books: Books,
        records: Records,
        embed: Embed,
        policy: ShadowPolicy,
        *,
        clock: Clock,
        new_id: NewId,
        words: Words | None = None,
    ) -> None:
        self.skipped = 0
        self._words = words
        self._reach = reach
        self._books = books
        self._records = records
        self._embed = embed
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._asking: set[asyncio.Task[None]] = set()
        self._day, self._spent = -1, 0

    def compare(self, served: Served) -> None:
        """Asks the shadow model the same, for a share of the answers. Never waits."""
        policy = self._policy
        if policy.model and served.model != policy.model and self._reach.random() < policy.share:
            self._spawn(self._compare(served, policy.model))

    def verify(self, served: Served, judge: Judge) -> None:
        """Asks the model anew for what it once said. Never waits."""
        self._spawn(self._verify(served, judge))

    async def drain(self) -> None:
        """Ends what is still being asked; what it cost is booked."""
        for task in self._asking:
            task.cancel()
        while self._asking:
            await asyncio.gather(*self._asking, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._asking) >= AT_ONCE:
            self.skipped += 1
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _compare(self, served: Served, model: str) -> None:
        virtual = self._reach.models.virtual(model) is not None
        request = served.asked if virtual else served.dressed
        given = await self._ask(served, model, request, "shadow")
        if given is None:
            return
        reply, cost, asking = given
        likeness, same = await self._alike(served.answer.text, reply.text)
        now = self._clock.now()
        compared = Compared(served.trace_id, model, served.model, likeness, same, cost, now)
        await self._quietly(self._records.record(served.scope, compared))
        if self._words is not None and reply.completion.finish_reason == "stop" and reply.text:
            said = ShadowSaid(
                id=asking,
                trace_id=served.trace_id,
                model=model,
                text=reply.text,
                likeness=likeness,
                same=same,
                episode=served.asked.episode,
                user=served.asked.user,
                at=now,
            )
            await self._quietly(self._words.put(served.scope, said))

    async def _verify(self, served: Served, judge: Judge) -> None:
        name = served.asked.model
        model = name if self._reach.models.virtual(name) else self._reach.models.real(name)
        given = await self._ask(served, model, served.asked, "verify")
        if given is not None:
            await self._quietly(judge(given[0].completion))

    async def _ask(
        self, served: Served, model: str, request: ChatRequest, role: CallRole
    ) -> tuple[Reply, Micros | None, str] | None:
        """The answer, its cost and the id of its asking; None when it may not, or could not, be
        asked."""
        if request.tools or not await self._affordable():
            self.skipped += 1
            return None
        request = msgspec.structs.replace(request, stream=False)
        journey = Journey(
            request,
            Scope(served.scope.tenant, KEY),
            role,
            clock=self._clock,
            new_id=self._new_id,
            allowed=self._policy.allowed,
        )
        call = JourneyCall(self._reach, journey, served.release)
        try:
            return await call.ask(model, request, role), journey.cost, journey.id
        except TeppanError as error:
            _log.info("shadow.failed", model=model, role=role, reason=error.code)
            return None
        finally:
            await self._book(journey, role)

    async def _book(self, journey: Journey, role: CallRole) -> None:
        await self._quietly(self._books.book(journey, role))
        if journey.calls:
            if journey.cost is None:  # what cannot be counted cannot be bounded
                _log.warning("shadow.price_unknown", role=role, remedy="add it under [[prices]]")
                self._spent = self._policy.daily
            else:
                self._spent += journey.cost

    async def _affordable(self) -> bool:
        """Whether today's money lasts; what other gateways spent is looked up once a day."""
        now = self._clock.now()
        day = int(now) // DAY
        if day != self._day:
            self._day, self._spent = day, 0
            try:
                self._spent = await self._records.spent(day * float(DAY))
            except TeppanError as error:
                _log.warning("shadow.spending_unknown", reason=error.message)
                self._day = -1
                return False
        return self._spent < self._policy.daily

    async def _alike(self, one: str, other: str) -> tuple[float, bool]:
        """The cosine of two answers, and whether they say the same."""
        likeness = Likeness.of(await self._embed([one, other]))
        first = likeness.groups(self._policy.alike, [one, other])
        return likeness.cosines[0][1], first[0] == first[1]

    async def _quietly(self, work: Awaitable[None]) -> None:
        try:
            await work
        except TeppanError as error:
            _log.warning("shadow.not_recorded", reason=error.message)
