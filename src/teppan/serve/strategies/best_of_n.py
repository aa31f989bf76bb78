"""Several answers, one judge: the answer it scores highest is served."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from teppan.core.chat import ChatRequest
from teppan.core.reply import Outcome
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.critique import (
    Critic,
    Order,
    criticise,
    highest_judged,
    label,
    most_trusted,
    prompt,
)
from teppan.serve.strategies.ensemble import (
    PanelSettings,
    Seconds,
    alone,
    by_trust,
    gathering,
    last_resort,
    one_choice_only,
    quorum_of,
)
from teppan.serve.strategies.estimates import calibrated, judged, picked
from teppan.serve.strategies.gather import Ask, Gathered, gather
from teppan.serve.strategies.variation import distinct


class BestOfNSettings(PanelSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`judge` scores `n` answers of each of `models`; the fitted picker does, without a judge.

    `constitution` are rules the judge holds the answers to. `order` is how position bias is
    met: judging twice in opposite orders, or once in a random one.
    """

    judge: str | None = None
    n: Annotated[int, Meta(ge=1, le=32)] = 1
    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None
    constitution: str = ""
    order: Order = "both"
    judge_timeout: Seconds | None = None


class BestOfN:
    """Gathers the answers, has them judged together, and serves the highest judged."""

    name = "best_of_n"

    def __init__(self, settings: BestOfNSettings) -> None:
        self.settings = settings
        self.judge = settings.judge and Critic(
            model=settings.judge,
            prompt=prompt("judge"),
            role="judge",
            constitution=settings.constitution,
            order=settings.order,
            timeout=settings.judge_timeout,
        )

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `UnsupportedRequest` for n > 1, `AllFailed` when nobody answers."""
        one_choice_only(request)
        settings = self.settings
        panel = distinct(request, settings.models * settings.n, settings.temperature)
        asks = [Ask(model, each) for model, each in panel]
        enough = quorum_of(settings.quorum)
        gathered = await gather(call, asks, timeout=settings.timeout, enough=enough)
        replies = gathered.answers
        if not replies:
            return await last_resort(call, settings.fallback, request, gathered.causes)
        if len(replies) == 1:
            return alone(call, request, gathered)
        if not self.judge:
            return _picked(request, call, gathered)
        verdict = await criticise(self.judge, request, replies, call)
        best = highest_judged(verdict, replies)
        verdict = replace(verdict, best=label(best))
        return Outcome(
            reply=replies[best],
            reason=verdict.fallback or f"{replies[best].model} was judged highest",
            confidence=judged(call, request, verdict, replies[best]),
            replies=replies,
            verdict=verdict,
            evidence={
                **gathering(gathered),
                "scores": {each.label: round(each.score, 4) for each in verdict.judgements},
            },
        )


def _picked(request: ChatRequest, call: Call, gathered: Gathered) -> Outcome:
    """The answer that reads best by the fitted picker; the most trusted where none is fitted."""
    replies = gathered.answers
    found = picked(call, request, replies)
    scores: list[float] = []
    if found is None:
        best = most_trusted(request, replies, range(len(replies)), call)
        confidence = by_trust(call, replies[best].model, request)
    else:
        best, scores = found
        confidence = calibrated(call, request, "picker", min(1.0, max(0.0, scores[best])))
    shown = {label(at): round(score, 4) for at, score in enumerate(scores)}
    return Outcome(
        reply=replies[best],
        reason=f"{replies[best].model} {'reads best' if shown else 'is the most trusted'}",
        confidence=confidence,
        replies=replies,
        evidence={**gathering(gathered), "scores": shown},
    )
