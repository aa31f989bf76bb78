"""How good an answer probably is, told before it is sent, and what is done about a doubtful one.

    fitted states of tenants (the store) ─┐
    `gateway.fitted` (the release)       ─┴─> Teller ──> cascades: stop here?
                                                    └──> `assess`: a figure for the trace
                                                    └──> `keep`: below the floor write anew, or
                                                                 call a person; by default nothing

A figure comes with every whole answer, and with a stream when its last word has come: latency and
cost are no part of it, so both are told by the same. What is broken here changes no answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Completion
from teppan.core.errors import TeppanError
from teppan.core.ids import Scope
from teppan.core.release import Release
from teppan.core.reply import Outcome, Reply
from teppan.core.trace import JOB
from teppan.serve.journey import Journey
from teppan.serve.strategies.base import Case
from teppan.serve.strategies.ensemble import with_instruction

if TYPE_CHECKING:
    from teppan.estimate.predictor import Predictor
    from teppan.estimate.seen import Seen

log = structlog.get_logger(__name__)

STATE = "predictor"
"""Its name among fitted states. What reads them needs numpy, and is loaded with the first."""
AGAIN = (
    "A first answer to this was doubtful. Answer anew: only what you know from what you were told, "
    "every figure checked, and say plainly what you do not know."
)
REASON = "confidence"
"""Why a person is called."""

Below = Literal["none", "regenerate", "escalate"]
Again = Callable[[ChatRequest], Awaitable[Outcome]]
Hand = Callable[[Case, str, str], Awaitable[str]]
"""Calls a person: durable when it returns. Raises `StoreError`."""


class Fit(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def body(self) -> bytes: ...


class Fits(Protocol):
    def live(self, scope: Scope, kind: str) -> Fit | None:
        """From memory alone."""


class Teller:
    """A predictor with what it needs to know of a question: the state `predictor` of a release."""

    __slots__ = ("_intent_of", "_language_of", "predictor")

    def __init__(
        self,
        predictor: Predictor,
        intent_of: Callable[[str], tuple[str, float]] | None = None,
        language_of: Callable[[str], str] | None = None,
    ) -> None:
        self.predictor = predictor
        self._intent_of = intent_of
        self._language_of = language_of

    @property
    def decides(self) -> bool:
        return self.predictor.decides

    def of(self, seen: Seen) -> float:
        """The probability in [0, 1] that the answer is good."""
        if self._intent_of is not None and not seen.intent:
            seen = replace(seen, intent=self._intent_of(seen.question)[0])
        if self._language_of is not None and not seen.language:
            seen = replace(seen, language=self._language_of(seen.question))
        return self.predictor.of(seen)


class Floor(Struct, frozen=True):
    """What is done `below` which figure; `cascade` whether cascades go by it."""

    at: float = 0.0
    below: Below = "none"
    cascade: bool = True


class Assessor:
    """`intent_of` and `language_of` are those the fit was made with."""

    def __init__(
        self,
        fits: Fits,
        floor: Floor | None = None,
        *,
        intent_of: Callable[[str], tuple[str, float]] | None = None,
        language_of: Callable[[str], str] | None = None,
        hand: Hand | None = None,
    ) -> None:
        self._fits = fits
        self._floor = floor or Floor()
        self._intent_of = intent_of
        self._language_of = language_of
        self._hand = hand
        self._tellers: dict[str, tuple[str, Teller | None]] = {}

    def release(self, release: Release, scope: Scope) -> Release:
        """The release as this tenant is served by it: with the teller as its state `predictor`,
        where one was fitted and cascades go by it. Its id stays: what may be answered from memory
        does not hang on who was asked."""
        teller = self.teller(scope, release) if self._floor.cascade else None
        if teller is None and STATE not in release.states:
            return release
        others = {name: each for name, each in release.states.items() if name != STATE}
        states = others if teller is None else {**others, STATE: teller}
        return replace(release, states=states)

    def teller(self, scope: Scope, release: Release | None = None) -> Teller | None:
        """The tenant's own, else that of the file of fitted states; None where neither is."""
        fit = self._fits.live(scope, STATE)
        if fit is not None:
            known = self._tellers.get(scope.tenant)
            if known is None or known[0] != fit.id:
                known = self._tellers[scope.tenant] = (fit.id, self._read(fit))
            if known[1] is not None:
                return known[1]
        found = release.states.get(STATE) if release is not None else None
        return found if isinstance(found, Teller) or found is None else self._telling(found)

    def assess(
        self, journey: Journey, served: str, answer: Completion, release: Release | None = None
    ) -> float | None:
        """How good this answer probably is; None where nothing was fitted, for jobs, and for an
        answer without words. Reads no clock and no store."""
        teller = self.teller(journey.scope, release)
        if teller is None or journey.endpoint == JOB:
            return None
        from teppan.estimate.seen import seen_of

        seen = seen_of(journey.trace("ok", served=served, answer=answer))
        return teller.of(seen) if seen is not None and seen.text.strip() else None

    async def keep(
        self, journey: Journey, request: ChatRequest, outcome: Outcome, again: Again
    ) -> Outcome:
        """The outcome to serve. `again` writes another draft that keeps the rules; it takes the
        place of the first only when it is expected to be better. What was done by an agent, and
        what is being streamed, stands."""
        floor, reply = self._floor, outcome.reply
        if floor.below == "none" or not isinstance(reply, Reply) or outcome.tools:
            return outcome
        first = self._expected(journey, outcome, reply)
        if first is None or first >= floor.at:
            return outcome
        if floor.below == "escalate":
            return await self._called(journey, outcome, first)
        try:
            other = await again(with_instruction(request, AGAIN))
        except TeppanError as error:
            log.warning("assessor.not_written_anew", trace_id=journey.id, reason=error.message)
            return outcome
        anew = other.reply
        second = self._expected(journey, other, anew) if isinstance(anew, Reply) else None
        chosen = other if second is not None and second > first else outcome
        drafts = {"drafts": [round(first, 4), None if second is None else round(second, 4)]}
        return replace(chosen, evidence={**(chosen.evidence or {}), **drafts})

    def _expected(self, journey: Journey, outcome: Outcome, reply: Reply) -> float | None:
        before, journey.outcome = journey.outcome, outcome
        try:
            return self.assess(journey, reply.model, reply.completion)
        finally:
            journey.outcome = before

    async def _called(self, journey: Journey, outcome: Outcome, expected: float) -> Outcome:
        if self._hand is None or REASON in outcome.escalated:
            return outcome
        await self._hand(journey, REASON, f"expected to be good with {expected:.0%}")
        return replace(outcome, escalated=(*outcome.escalated, REASON))

    def _read(self, fit: Fit) -> Teller | None:
        from teppan.estimate.predictor import read

        try:
            return self._telling(read(fit.body))
        except msgspec.DecodeError as error:  # of another version: as if nothing were fitted
            log.warning("assessor.fit_not_read", id=fit.id, reason=str(error))
            return None

    def _telling(self, predictor: Predictor) -> Teller:
        return Teller(predictor, self._intent_of, self._language_of)
