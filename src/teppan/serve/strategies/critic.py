"""Teacher and student answer side by side; a critic says which answer is served, and why."""

from __future__ import annotations

from msgspec.structs import replace

from teppan.core.chat import ChatRequest
from teppan.core.errors import TeppanError
from teppan.core.reply import Outcome
from teppan.core.verdict import NEEDS_IMPROVEMENT, Verdict
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.chain import whole
from teppan.serve.strategies.critique import (
    Critic,
    Order,
    criticise,
    highest_judged,
    label,
    labelled,
    prompt,
)
from teppan.serve.strategies.ensemble import (
    Below,
    EnsembleSettings,
    Seconds,
    Share,
    alone,
    by_trust,
    distrusted,
    escalation_is_named,
    gathering,
    last_resort,
    one_choice_only,
    with_instruction,
)
from teppan.serve.strategies.estimates import judged
from teppan.serve.strategies.fence import Fence
from teppan.serve.strategies.gather import Ask, Gathered, gather


class CriticSettings(EnsembleSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`teacher` and `student` answer, `critic` judges them by the facts and the `constitution`.

    With `require_consensus` the critic must find that the two agree, at least by
    `min_agreement`; below it the request is refused, escalated to `escalate_to`, or served all
    the same. When the critic wants an improvement, `regenerate` answers anew, the teacher unless
    another model is named; with a `second`, that one answers too and the critic judges again.
    """

    teacher: str
    student: str
    critic: str
    constitution: str = ""
    order: Order = "both"
    critic_timeout: Seconds | None = None
    require_consensus: bool = False
    min_agreement: Share = 0.5
    below: Below = "refuse"
    escalate_to: str | None = None
    regenerate: str | None = None
    second: str | None = None

    def __post_init__(self) -> None:
        escalation_is_named(self.below, self.escalate_to)


class TeacherStudentCritic:
    """The verdict decides; a critic that cannot give one leaves it to trust, and that is said."""

    name = "critic"

    def __init__(self, settings: CriticSettings) -> None:
        self.settings = settings
        self.improve = prompt("improve")
        self.critic = Critic(
            model=settings.critic,
            prompt=prompt("critic"),
            constitution=settings.constitution,
            order=settings.order,
            timeout=settings.critic_timeout,
        )

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `UnsupportedRequest` for n > 1, `AllFailed` when nobody answers, `Refused` when
        a required consensus is missing and the settings say so.
        """
        one_choice_only(request)
        settings = self.settings
        asks = [
            Ask(settings.teacher, request, "teacher"),
            Ask(settings.student, request, "student"),
        ]
        gathered = await gather(call, asks, timeout=settings.timeout)
        replies = gathered.answers
        if not replies:
            return await last_resort(call, settings.fallback, request, gathered.causes)
        if len(replies) == 1:
            return alone(call, request, gathered)
        verdict = await criticise(self.critic, request, replies, call)
        if settings.require_consensus and not self._agreed(verdict):
            outcome = _better(request, call, verdict, gathered, "the two answers do not agree")
            return await distrusted(call, settings.below, settings.escalate_to, request, outcome)
        if verdict.best == NEEDS_IMPROVEMENT:
            return await self._improved(request, call, verdict, gathered)
        return _better(request, call, verdict, gathered, verdict.fallback)

    def _agreed(self, verdict: Verdict) -> bool:
        """Whether the consensus is enough; a critic that abstained does not stand in the way."""
        return verdict.fallback is not None or (
            verdict.consensus_score >= self.settings.min_agreement
            and verdict.agreement != "conflicting"
        )

    async def _improved(
        self, request: ChatRequest, call: Call, verdict: Verdict, gathered: Gathered
    ) -> Outcome:
        """The answer written anew, once; the better of the two when that fails."""
        model = self.settings.regenerate or self.settings.teacher
        mark = Fence.draw(call.random)
        review = mark.around("review", _review(verdict))
        told = self.improve.substitute(fence=mark.number, review=review)
        if self.settings.second is not None:
            anew = [
                Ask(each, with_instruction(request, told), "teacher")
                for each in (model, self.settings.second)
            ]
            again = await gather(call, anew, timeout=self.settings.timeout)
            if again.answers:
                return await self._judged_again(request, call, gathered, again)
        try:
            reply = await call.serve(model, with_instruction(request, told), "teacher")
        except TeppanError as error:
            why = f"the critic wanted an improvement, which failed: {error.message}"
            return _better(request, call, verdict, gathered, why)
        return Outcome(
            reply=reply,
            reason=f"{model} answered anew, as the critic asked",
            confidence=by_trust(call, model, request, "trust of the answer written anew"),
            replies=(*gathered.answers, *whole(reply)),
            verdict=verdict,
            evidence={**gathering(gathered), "regenerated": True},
        )

    async def _judged_again(
        self, request: ChatRequest, call: Call, before: Gathered, again: Gathered
    ) -> Outcome:
        """The better of two answers written anew."""
        replies = again.answers
        if len(replies) == 1:
            return replace(alone(call, request, again), replies=(*before.answers, *replies))
        verdict = await criticise(self.critic, request, replies, call)
        chosen = labelled(replies, verdict.best) or replies[highest_judged(verdict, replies)]
        return Outcome(
            reply=chosen,
            reason=f"{chosen.model} answered anew, and better than another",
            confidence=judged(call, request, verdict, chosen),
            replies=(*before.answers, *replies),
            verdict=verdict,
            evidence={**gathering(before), "regenerated": True},
        )


def _better(
    request: ChatRequest, call: Call, verdict: Verdict, gathered: Gathered, why: str | None
) -> Outcome:
    """The better of the two replies, with why it is only that when there is something to say."""
    replies = gathered.answers
    chosen = labelled(replies, verdict.best) or replies[highest_judged(verdict, replies)]
    return Outcome(
        reply=chosen,
        reason=why or f"the critic preferred {chosen.model}: {verdict.reason}",
        confidence=judged(call, request, verdict, chosen),
        replies=replies,
        verdict=verdict,
        evidence={
            **gathering(gathered),
            "labels": {label(at): reply.model for at, reply in enumerate(replies)},
        },
    )


def _review(verdict: Verdict) -> str:
    """What the critic asked for, and what it found wrong."""
    found = [
        text
        for each in verdict.judgements
        for text in (*each.issues, *each.hallucinations, *each.violations)
    ]
    lines = [verdict.improvement or verdict.reason, *dict.fromkeys(found)]
    return "\n".join(f"- {line}" for line in lines if line)
