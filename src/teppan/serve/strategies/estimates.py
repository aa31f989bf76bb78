"""How good an answer is, by what the release has fitted, by plain priors where nothing is.

    state "voters"       estimate.voters.VoterWeights       what a model's vote weighs
    state "confidence"   estimate.confidence.Calibrations   raw figures made into probabilities
    state "cascade"      Thresholds, one for each quality   when a cascade may stop

A state is the object itself or its JSON. The modules that need numpy are loaded with the first
fitted state: an idle gateway has no use for them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from teppan.core.chat import ChatRequest
from teppan.core.reply import Reply
from teppan.core.verdict import Confidence, Verdict
from teppan.estimate.confidence import Calibrations
from teppan.serve.strategies.ballot import Ballot
from teppan.serve.strategies.base import Call

Fitted = TypeVar("Fitted")

WRONG_WAYS = 4
"""In how many ways a wrong answer is wrong, by default: two that err agree once in so many."""


class Thresholds(Struct, frozen=True, kw_only=True):
    """The confidence at which a cascade keeps `quality` (a share of right answers): for answers
    that agree, and for one alone.
    """

    quality: float
    agree_at: float
    alone_at: float


def learned_weights(call: Call, request: ChatRequest, models: Sequence[str]) -> list[float]:
    """What each model's vote on this question weighs; its trust where nothing was learned."""
    if call.state("voters") is None:
        return [call.trust(model, request.task_type) for model in models]
    from teppan.estimate.voters import VoterWeights, question_of

    voters = _fitted(call, "voters", VoterWeights)
    question = question_of(request.question, request.task_type)
    return [voters.of(model, question) for model in models] if voters else []


def voted(call: Call, request: ChatRequest, share: float) -> Confidence:
    """The confidence in the winner of a vote, from its share in [0, 1]."""
    return calibrated(call, request, "vote share", share)


def judged(call: Call, request: ChatRequest, verdict: Verdict, reply: Reply) -> Confidence:
    """The confidence in a reply a critic chose; its model's trust when the critic abstained."""
    if verdict.fallback is not None:
        return calibrated(call, request, "trust", call.trust(reply.model, request.task_type))
    return calibrated(call, request, "critic", verdict.confidence)


def relied_on(
    call: Call, request: ChatRequest, replies: Sequence[Reply], ballot: Ballot | None
) -> Confidence:
    """The confidence in the best answer so far of a cascade."""
    if ballot is None:
        trust = call.trust(replies[-1].model, request.task_type)
        return calibrated(call, request, "trust", trust)
    groups = [
        [call.trust(vote.model, request.task_type) for vote in group.votes]
        for group in ballot.groups
    ]
    return calibrated(call, request, "agreement", first_is_right(groups))


def first_is_right(groups: Sequence[Sequence[float]]) -> float:
    """The probability that the first group of voters is right, from what each is right with.

    One hypothesis for each group, and one that all are wrong; voters err independently, each in
    one of `WRONG_WAYS` (the one-coin model of Dawid and Skene, 1979).
    """
    rates = [[min(0.99, max(0.01, rate)) for rate in group] for group in groups]
    wrong = [
        math.prod(1.0 - rate for rate in group) / float(WRONG_WAYS) ** (len(group) - 1)
        for group in rates
    ]
    ways = [
        math.prod(group) * math.prod(wrong[:at] + wrong[at + 1 :]) for at, group in enumerate(rates)
    ]
    return ways[0] / (sum(ways) + math.prod(wrong))


def thresholds(call: Call, quality: float | None) -> Thresholds | None:
    """The fitted thresholds of the lowest quality that is at least the one asked for."""
    if quality is None or call.state("cascade") is None:
        return None
    fitted = _fitted(call, "cascade", tuple[Thresholds, ...]) or ()
    enough = [each for each in fitted if each.quality >= quality]
    return min(enough, key=lambda each: each.quality, default=None)


def calibrated(call: Call, request: ChatRequest, basis: str, raw: float) -> Confidence:
    """The figure as a probability: by the fitted curve of its basis, else as it stands."""
    curves = _fitted(call, "confidence", Calibrations)
    if curves is None:
        return Confidence(raw, basis, raw)
    from teppan.estimate.voters import question_of

    curve = curves.curve(basis, question_of(request.question, request.task_type).kind)
    if curve is None:
        return Confidence(raw, basis, raw)
    return Confidence(curve.of(raw), basis, raw, calibrated=True)


def _fitted(call: Call, name: str, kind: type[Fitted]) -> Fitted | None:
    state = call.state(name)
    if state is None or (isinstance(kind, type) and isinstance(state, kind)):
        return state
    return msgspec.convert(state, kind)
