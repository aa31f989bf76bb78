"""From cheap to premium, one model at a time, stopping as soon as the answer can be relied on.

    ask the next model ── fails ───────────────────────────────────> the next
         │
         ├─ two agree, and confidence reaches `agree_at` ──────────> served
         ├─ alone, and confidence reaches `alone_at` ──────────────> served
         │  (confidence: what the trust in each model comes to, or what a fitted predictor says
         │  of its very answer)
         ├─ with a chain fitted for `quality`: going on would gain
         │  less than it costs (instead of the two rules above) ───> served
         ├─ models are left ───────────────────────────────────────> the next
         └─ none is left: the critic decides between the answers; without one the last stands

The order saves money as FrugalGPT does (Chen et al., 2023, arXiv 2305.05176), with agreement
beside the learned score. The thresholds are for confidence that means what it says: 0.9 stops
where nine answers of ten are right. A predictor is asked only where it was better than what was
stated, on answers it had not seen (`learn/assessing.py`), and of each reply as if it stood alone:
that takes the place of the trust in its model, and agreement stays evidence of its own. A fitted
chain (`estimate/chain.py`) asks instead what the next model would gain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Json
from teppan.core.errors import TeppanError
from teppan.core.reply import Outcome, Reply
from teppan.core.verdict import Confidence
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.chain import whole
from teppan.serve.strategies.critique import Critic, Order, criticise, labelled, prompt
from teppan.serve.strategies.ensemble import (
    EnsembleSettings,
    Names,
    Seconds,
    Share,
    by_trust,
    gathering,
    last_resort,
    one_choice_only,
)
from teppan.serve.strategies.estimates import (
    chain_of,
    judged,
    learned_weights,
    predicted,
    relied_on,
    scored,
)
from teppan.serve.strategies.gather import Ask, Failure, Gathered, gather
from teppan.serve.strategies.meaning import Embed
from teppan.serve.strategies.saying import Counted
from teppan.serve.strategies.variation import distinct
from teppan.serve.strategies.voting import BallotBox, Rules

if TYPE_CHECKING:
    from teppan.estimate.chain import Chain
    from teppan.estimate.scorer import Score


class CascadeSettings(EnsembleSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`models` from cheap to premium.

    `agree_at` and `alone_at` are the confidence at which agreeing answers, or one alone, are
    served. With `quality` (a share of right answers) the cheapest chain fitted for it decides
    when to stop, where there is one. `critic` validates last, by the `constitution`. Texts whose
    cosine reaches `alike` mean the same.
    """

    models: Names
    agree_at: Share = 0.8
    alone_at: Share = 0.9
    quality: Share | None = None
    critic: str | None = None
    constitution: str = ""
    order: Order = "both"
    critic_timeout: Seconds | None = None
    alike: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.85


class _Climb(Struct, frozen=True):
    """How far one request has come."""

    gathered: Gathered
    votes: Counted | None = None
    confidence: Confidence | None = None
    score: Score | None = None
    without: Confidence | None = None
    """What the confidence would be without the predictor, where there is one."""
    chances: Mapping[int, float] = {}
    """What the predictor says of each reply, by its place."""

    @property
    def best(self) -> Reply:
        """The reply that speaks for the answer with most weight; the last when none was read."""
        if self.votes is None or len(self.votes.saying.unread) == len(self.gathered.replies):
            return self.gathered.answers[-1]
        place = self.votes.ballot.winner.speaker.place
        return next(reply for at, reply in self.gathered.replies if at == place)

    @property
    def agreed(self) -> bool:
        return self.votes is not None and len(self.votes.ballot.winner.votes) > 1

    @property
    def evidence(self) -> dict[str, Json]:
        return {
            **gathering(self.gathered),
            "steps": [reply.model for reply in self.gathered.answers],
            "confidence": round(self.confidence.value, 4) if self.confidence else None,
            **({"gain": round(self.score.gain, 4)} if self.score else {}),
            **(_instead_of(self.without) if self.without else {}),
            **({"predicted": _rounded(self.chances.values())} if self.chances else {}),
        }


class Cascade:
    """Climbs until the answer is good enough for what the next step would cost."""

    name = "cascade"

    def __init__(self, settings: CascadeSettings, embed: Embed | None = None) -> None:
        self.settings = settings
        self.embed = embed
        self.critic = settings.critic and Critic(
            model=settings.critic,
            prompt=prompt("critic"),
            constitution=settings.constitution,
            order=settings.order,
            timeout=settings.critic_timeout,
        )

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `UnsupportedRequest` for n > 1, `AllFailed` when nobody answers."""
        one_choice_only(request)
        steps = distinct(request, self.settings.models)
        chain = chain_of(call, self.settings.models, self.settings.quality)
        learned = learned_weights(call, request, self.settings.models)
        weights = [max(0.0, weight) for weight in learned]  # so are chains fitted
        box = BallotBox(
            request, Rules(weights=weights, embed=self.embed, alike=self.settings.alike)
        )
        climb = _Climb(Gathered(()))
        for place, (model, each) in enumerate(steps):
            if place == len(steps) - 1 and request.stream and not (self.critic or chain):
                return await self._last_word(model, each, call, climb)
            climb = await self._step(place, Ask(model, each), call, (box, chain), climb)
            if self._sure(climb):
                return _stopped(climb)
        if not climb.gathered.replies:
            causes = climb.gathered.causes
            return await last_resort(call, self.settings.fallback, request, causes)
        return await self._at_the_top(request, call, climb, chain)

    def _sure(self, climb: _Climb) -> bool:
        """Whether going on is not worth it: by the chain fitted for a stated quality, else by the
        confidence that was asked for.
        """
        if climb.confidence is None:
            return False
        if climb.score is not None and self.settings.quality is not None:
            return climb.score.gain <= 0.0
        bar = self.settings.agree_at if climb.agreed else self.settings.alone_at
        return climb.confidence.value >= bar

    async def _step(
        self,
        place: int,
        ask: Ask,
        call: Call,
        knowing: tuple[BallotBox, Chain | None],
        climb: _Climb,
    ) -> _Climb:
        """One more model's answer, or its failure, which leaves the climb without confidence."""
        before = climb
        new = await gather(call, [ask], timeout=self.settings.timeout)
        gathered = Gathered(
            (*climb.gathered.replies, *((place, reply) for reply in new.answers)),
            (*climb.gathered.failures, *((place, failure) for _, failure in new.failures)),
        )
        if not new.answers:
            return _Climb(gathered, climb.votes, chances=climb.chances)
        box, chain = knowing
        climb = _Climb(gathered, await box.count(gathered))
        assert climb.votes is not None
        score = scored(ask.request, climb.votes, climb.best, chain) if chain else None
        if score is None:
            return self._relying(call, ask.request, climb, before)
        sure = Confidence(score.chance, "scorer", score.chance, calibrated=True)
        return _Climb(gathered, climb.votes, sure, score)

    def _relying(self, call: Call, request: ChatRequest, climb: _Climb, before: _Climb) -> _Climb:
        """The climb with its confidence, by what a predictor says of each reply where there is
        one."""
        assert climb.votes is not None
        plain = relied_on(call, request, climb.votes)
        chances = dict(before.chances)
        for place, reply in climb.gathered.replies:
            if place not in chances and (one := predicted(call, request, reply)) is not None:
                chances[place] = one
        if not chances:
            return _Climb(climb.gathered, climb.votes, plain)
        told = relied_on(call, request, climb.votes, chances)
        return _Climb(climb.gathered, climb.votes, told, without=plain, chances=chances)

    async def _at_the_top(
        self, request: ChatRequest, call: Call, climb: _Climb, chain: Chain | None = None
    ) -> Outcome:
        """No model is left: the critic decides, else an agreement, else the last model; with
        fitted weights the heaviest answer.
        """
        replies = climb.gathered.answers
        if self.critic and len(replies) > 1:
            return await self._validated(self.critic, request, call, climb)
        chosen = climb.best if climb.agreed or chain else replies[-1]
        return Outcome(
            reply=chosen,
            reason=f"{chosen.model} {'stands confirmed' if climb.agreed else 'had the last word'}",
            confidence=climb.confidence or by_trust(call, chosen.model, request),
            replies=replies,
            evidence=climb.evidence,
        )

    async def _validated(
        self, critic: Critic, request: ChatRequest, call: Call, climb: _Climb
    ) -> Outcome:
        """The critic's choice among the answers that differ; the last model's when it has none."""
        replies = climb.gathered.answers
        rivals = _one_of_each(climb)
        if len(rivals) == 1:
            rivals = replies
        verdict = await criticise(critic, request, rivals, call)
        chosen = labelled(rivals, verdict.best) if not verdict.fallback else None
        outcome = Outcome(
            reply=chosen or replies[-1],
            reason=f"the critic preferred {chosen.model}: {verdict.reason}" if chosen else "",
            confidence=judged(call, request, verdict, chosen or replies[-1]),
            replies=replies,
            verdict=verdict,
            evidence=climb.evidence,
        )
        if chosen is not None:
            return outcome
        why = verdict.fallback or "the critic accepted none"
        return replace(outcome, reason=f"{why}; {replies[-1].model} had the last word")

    async def _last_word(
        self, model: str, request: ChatRequest, call: Call, climb: _Climb
    ) -> Outcome:
        """The last model's answer, streamed: nothing can come after it."""
        try:
            reply = await call.serve(model, request, "member")
        except TeppanError as error:
            last = (len(self.settings.models) - 1, Failure(model, error))
            gathered = Gathered(climb.gathered.replies, (*climb.gathered.failures, last))
            if not gathered.replies:
                return await last_resort(call, self.settings.fallback, request, gathered.causes)
            return await self._at_the_top(request, call, _Climb(gathered, climb.votes))
        return Outcome(
            reply=reply,
            reason=f"{model} had the last word",
            confidence=by_trust(call, model, request, "trust of the last model"),
            replies=(*climb.gathered.answers, *whole(reply)),
            evidence=climb.evidence,
        )


def _stopped(climb: _Climb) -> Outcome:
    count = len(climb.gathered.replies)
    how = "agreed on it" if climb.agreed else "was sure enough alone"
    return Outcome(
        reply=climb.best,
        reason=f"{climb.best.model} {how} after {count} {'step' if count == 1 else 'steps'}",
        confidence=climb.confidence,
        replies=climb.gathered.answers,
        evidence=climb.evidence,
    )


def _instead_of(without: Confidence) -> dict[str, Json]:
    return {"instead of": {"basis": without.basis, "value": round(without.value, 4)}}


def _rounded(chances: Iterable[float]) -> list[float]:
    return [round(each, 4) for each in chances]


def _one_of_each(climb: _Climb) -> Sequence[Reply]:
    """The speaker of each group of answers, in the order they were asked."""
    if climb.votes is None:
        return climb.gathered.answers
    speaking = {group.speaker.place for group in climb.votes.ballot.groups}
    return [reply for place, reply in climb.gathered.replies if place in speaking]
