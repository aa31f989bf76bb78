"""The cache as the gateway sees it: look before asking, keep afterwards.

    exact answer -> somebody who is asking the same just now -> an answer by meaning -> a miss

Whatever breaks in here is a miss, said in the log; no client ever sees it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from teppan.core.chat import ChatRequest, Completion
from teppan.core.clock import Clock, Dice
from teppan.core.errors import NotCached
from teppan.core.ids import NewId, Scope
from teppan.core.money import Micros
from teppan.core.trace import Remembered, Trace
from teppan.serve.cache.flight import Flights, Landed
from teppan.serve.cache.keeping import Asked, Keeper
from teppan.serve.cache.key import exact_key
from teppan.serve.cache.policy import CachePolicy
from teppan.serve.cache.seat import Seat
from teppan.serve.cache.spared import spared, spared_now
from teppan.serve.cache.stats import CacheStats, read_stats
from teppan.serve.cache.tally import Tally
from teppan.store.answers import ExactAnswers
from teppan.store.cache import CacheRecords, How

if TYPE_CHECKING:
    from teppan.providers.caller import Observe
    from teppan.serve.cache.semantic import SemanticCache


class Traces(Protocol):
    async def get(self, scope: Scope, id: str) -> Trace | None: ...


class Cache:
    """`semantic` is `None` where answers are not given by meaning. Belongs to one event loop."""

    def __init__(
        self,
        policy: CachePolicy,
        exact: ExactAnswers,
        records: CacheRecords,
        traces: Traces,
        semantic: SemanticCache | None = None,
        *,
        clock: Clock,
        new_id: NewId,
        dice: Dice,
    ) -> None:
        self.policy = policy
        self.semantic = semantic
        self._exact = exact
        self._records = records
        self._traces = traces
        self._clock = clock
        self._new_id = new_id
        self._dice = dice
        self._flights = Flights()
        self._tally = Tally(records, clock)
        self._keeper = Keeper(policy, exact, semantic, clock, new_id)

    async def look(
        self,
        request: ChatRequest,
        scope: Scope,
        *,
        version: str,
        intent: str | None,
        deadline: float,
        observe: Observe | None = None,
    ) -> Seat:
        """A remembered answer, or a seat that waits for a fresh one.

        `version` names prompt and knowledge, `deadline` is on the monotonic clock; `observe` is
        told of embedding calls that cost money. Raises `NotCached`, nothing else.
        """
        wish = self.policy.wish(request)
        on = (wish.read or wish.store) and (self.policy.exact or self.semantic is not None)
        name = partial(exact_key, scope, request, version)
        key = spared_now(name, "", "name the request") if on else ""
        if not key:
            if wish.only:
                raise NotCached
            return Seat("off")
        asked = Asked(request, scope, version, intent, wish, key, observe)
        hit = await self._remembered(asked) if wish.read else None
        if hit is None and wish.read and wish.store and not wish.only:
            boarded = await self._flights.board(asked.key, deadline - self._clock.monotonic())
            if isinstance(boarded, Landed):
                hit = self._landed(asked, boarded)
            asked = msgspec.structs.replace(asked, leads=boarded == "lead")
        if hit is None and wish.read:
            try:
                hit, asked = await self._by_meaning(asked)
            except BaseException:
                self._let_go(asked)
                raise
        if hit is not None:
            return hit
        self._tally.miss(scope)
        if wish.only:
            raise NotCached
        return Seat(
            "miss",
            keep=partial(self._keep, asked),
            drop=partial(self._let_go, asked),
        )

    async def checked(
        self, scope: Scope, hit: Remembered, same: bool, how: How = "verified", trace_id: str = ""
    ) -> None:
        """What became known of a semantic hit. A twin that was wrong has aged, and goes."""
        if self.semantic is None:
            return
        trace_id = trace_id or self._new_id("chk")
        await spared(self.semantic.learn(scope, hit, same, how, trace_id), None, "check")
        if not same and not hit.signs:
            await spared(self._keeper.evict(scope, [hit.entry], hit.source), None, "evict")

    async def same(self, one: Completion, other: Completion) -> bool | None:
        """Whether two answers say the same; `None` when that cannot be told."""
        if self.semantic is None:
            return None
        return await spared(self.semantic.same(one, other), None, "compare")

    async def wrong(self, scope: Scope, trace_id: str) -> bool:
        """A person says that the answer of this trace is wrong: what gave it is forgotten.

        Returns whether anything was. Raises `StoreError`: who complains must know.
        """
        trace = await self._traces.get(scope, trace_id)
        hit = trace.remembered if trace is not None else None
        gone = await self._keeper.evict(scope, [], trace_id)
        if hit is None or trace is None:
            return gone > 0
        if trace.cache == "semantic":
            await self.checked(scope, hit, False, "feedback", trace_id)
        await self._keeper.evict(scope, [hit.entry], hit.source)
        return True

    async def erase(self, scope: Scope, trace_id: str | None = None) -> None:
        """Forgets everything of a tenant, or what was first answered in one trace.

        Raises `StoreError` when something may be left.
        """
        if trace_id is not None:
            await self._keeper.evict(scope, [], trace_id)
            return
        await self._exact.erase(scope)
        if self.semantic is not None:
            await self.semantic.erase(scope)
        else:
            await self._records.erase(scope)

    async def stats(self, scope: Scope, days: int = 30) -> CacheStats:
        """Hits, their measured truth, and what was saved, over the last days."""
        await self._tally.flush()
        return await read_stats(self._records, scope, days, self._clock.now())

    async def settled(self) -> None:
        """Returns when everything kept so far has been remembered."""
        await self._keeper.settled()

    async def close(self) -> None:
        """Writes what waits; before the store is closed."""
        await self.settled()
        await self._tally.flush()
        await self._exact.close()

    # --- looking -----------------------------------------------------------------------------

    async def _remembered(self, asked: Asked) -> Seat | None:
        if not self.policy.exact:
            return None
        found = await spared(self._exact.get(asked.scope, asked.key), None, "look")
        if found is None:
            return None
        age = max(0.0, self._clock.now() - found.created)
        if asked.wish.max_age is not None and age > asked.wish.max_age:
            return None
        return self._hit(
            asked,
            "exact",
            found.completion,
            found.served,
            Remembered(asked.key, found.trace_id, age, found.cost),
        )

    def _landed(self, asked: Asked, landed: Landed) -> Seat:
        return self._hit(
            asked,
            "exact",
            landed.completion,
            landed.served,
            Remembered(asked.key, landed.trace_id, 0.0, landed.cost),
        )

    async def _by_meaning(self, asked: Asked) -> tuple[Seat | None, Asked]:
        """A hit by meaning, or the look with what was found on the way."""
        found = await self._keeper.find(asked)
        if found is None or not found.serve or found.candidate is None:
            return None, msgspec.structs.replace(asked, found=found)
        if asked.leads:
            self._flights.leave(asked.key)  # the others will find it too
        kept, signs = found.candidate.kept, found.signs
        remembered = Remembered(
            kept.id,
            kept.trace_id,
            max(0.0, self._clock.now() - kept.created),
            kept.cost,
            signs.similarity if signs else 1.0,
            kept.question,
            kept.kin,
            tuple(signs) if signs else (),
        )
        completion = found.candidate.completion
        return self._hit(asked, "semantic", completion, kept.model, remembered), asked

    def _hit(
        self,
        asked: Asked,
        status: Literal["exact", "semantic"],
        completion: Completion,
        served: str,
        remembered: Remembered,
    ) -> Seat:
        self._tally.hit(asked.scope, status, remembered.saved)
        return Seat(
            status,
            completion,
            remembered,
            served=served,
            verify=status == "semantic" and self._dice.random() < self.policy.verify,
            checked=partial(self.checked, asked.scope, remembered),
        )

    # --- keeping -----------------------------------------------------------------------------

    def _keep(
        self, asked: Asked, completion: Completion, served: str, trace_id: str, cost: Micros | None
    ) -> None:
        keeps = asked.wish.store and self.policy.keeps(asked.request, completion)
        landed = Landed(completion, served, trace_id, cost)
        if asked.leads and keeps:
            self._flights.land(asked.key, landed)
        elif asked.leads:
            self._flights.leave(asked.key)
        if keeps:
            self._keeper.keep(asked, landed)

    def _let_go(self, asked: Asked) -> None:
        if asked.leads:
            self._flights.fail(asked.key)
