"""How good an answer is, by what the release has fitted, by plain priors where nothing is.

    state "voters"       estimate.voters.VoterWeights       what a model's vote weighs
    state "confidence"   estimate.confidence.Calibrations   raw figures made into probabilities
    state "cascade"      estimate.chain.Chain, one or more  when a cascade may stop
    state "picker"       estimate.picker.Picker             which open answer reads best
    state "router"       routing.learned.Router             which model answers a question well
    state "predictor"    estimate.predictor.Predictor       how good an answer is, before it is sent

A release is opened with `typed` states. The modules that need numpy are loaded with the first of
them: an idle gateway has no use for numpy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from teppan.core.chat import ChatRequest, Json
from teppan.core.errors import ConfigError
from teppan.core.reply import Reply
from teppan.core.verdict import Confidence, Verdict
from teppan.estimate.confidence import shipped
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.saying import Counted

if TYPE_CHECKING:
    from teppan.estimate.chain import Chain
    from teppan.estimate.scorer import Score

PREDICTED = "predictor"
"""The basis of a confidence that is a prediction for an answer that stands alone."""
WRONG_WAYS = 4
"""In how many ways a wrong answer is wrong, by default: two that err agree once in so many."""


def typed(states: Mapping[str, Json]) -> dict[str, Any]:
    """The states of a fitted file as the objects they are; those of unknown names as they stand.

    Raises `ConfigError` naming the state that is not one.
    """
    from teppan.estimate.chain import Chain
    from teppan.estimate.confidence import Calibrations
    from teppan.estimate.picker import Picker
    from teppan.estimate.predictor import Predictor
    from teppan.estimate.voters import VoterWeights
    from teppan.routing.learned import Router

    kinds: dict[str, Any] = {
        "voters": VoterWeights,
        "confidence": Calibrations,
        "cascade": tuple[Chain, ...],
        "picker": Picker,
        "router": Router,
        "predictor": Predictor,
    }
    found: dict[str, Any] = {}
    for name, state in states.items():
        try:
            found[name] = msgspec.convert(state, kinds.get(name, Any))
        except msgspec.ValidationError as error:
            raise ConfigError(f"the fitted state `{name}` cannot be read: {error}") from None
    return found


def learned_weights(call: Call, request: ChatRequest, models: Sequence[str]) -> list[float]:
    """What each model's vote on this question weighs; its trust where nothing was learned."""
    voters = call.state("voters")
    if voters is None:
        return [call.trust(model, request.task_type) for model in models]
    from teppan.estimate.voters import question_of

    question = question_of(request.question, request.task_type)
    return [voters.of(model, question) for model in models]


def voted(call: Call, request: ChatRequest, share: float) -> Confidence:
    """The confidence in the winner of a vote, from its share in [0, 1]."""
    return calibrated(call, request, "vote share", share)


def judged(call: Call, request: ChatRequest, verdict: Verdict, reply: Reply) -> Confidence:
    """The confidence in a reply a critic chose; its model's trust when the critic abstained."""
    if verdict.fallback is not None:
        return calibrated(call, request, "trust", call.trust(reply.model, request.task_type))
    return calibrated(call, request, "critic", verdict.confidence)


def relied_on(
    call: Call, request: ChatRequest, votes: Counted, chances: Mapping[int, float] | None = None
) -> Confidence:
    """The confidence in the best answer so far of a cascade: what the trust in each model, or the
    `chances` of its very reply (by place), and their agreement come to.
    """
    known = chances or {}
    groups = [
        [known.get(vote.place, call.trust(vote.model, request.task_type)) for vote in group.votes]
        for group in votes.ballot.groups
    ]
    alone = len(groups) == len(groups[0]) == 1
    if alone and known:
        return Confidence(groups[0][0], PREDICTED, groups[0][0], calibrated=True)
    return calibrated(call, request, "trust" if alone else "agreement", first_is_right(groups))


def predicted(call: Call, request: ChatRequest, reply: Reply) -> float | None:
    """How probable it is that this reply, had it been given alone, is good; None where no predictor
    is fitted, or it was not surely better than what is stated without it.
    """
    state = call.state("predictor")
    if state is None or not state.decides:
        return None
    from teppan.estimate.seen import Seen, conversation, probabilities_of

    trust = call.trust(reply.model, request.task_type)
    found: float = state.of(
        Seen(
            question=request.question,
            text=reply.text,
            model=reply.model,
            strategy="cascade",
            said=conversation(request.messages),
            turns=sum(each.role == "user" for each in request.messages),
            task_type=request.task_type,
            confidence=calibrated(call, request, "trust", trust),
            probabilities=probabilities_of(reply.completion),
            finish=reply.completion.finish_reason,
        )
    )
    return found


def scored(request: ChatRequest, votes: Counted, speaker: Reply, chain: Chain) -> Score | None:
    """What the fitted chain makes of the best answer so far; None after steps it never saw."""
    from teppan.estimate.scorer import Heard, wording_of
    from teppan.estimate.voters import question_of

    winner = votes.ballot.winner
    cast = sorted(
        (vote for group in votes.ballot.groups for vote in group.votes), key=lambda vote: vote.place
    )
    heard = [
        Heard(
            vote.model,
            vote.key == winner.key if vote.place in votes.saying.keys else None,
            vote.weight,
        )
        for vote in cast
    ]
    wording = wording_of(speaker.text, plain=winner.speaker.plain)
    question = question_of(request.question, request.task_type)
    return chain.scorers.of(heard, winner.speaker.model, wording, question)


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


def chain_of(call: Call, models: Sequence[str], quality: float | None) -> Chain | None:
    """The chain fitted for these models: the cheapest that has the quality asked for, else the
    one of the highest quality.
    """
    state = call.state("cascade")
    if state is None:
        return None
    from teppan.estimate.chain import Chain

    chains = (state,) if isinstance(state, Chain) else state
    fitted = [each for each in chains if each.models == tuple(models)]
    enough = [each for each in fitted if quality is not None and each.quality >= quality]
    best = max(fitted, key=lambda each: each.quality, default=None)
    return min(enough, key=lambda each: each.cost, default=best)


def picked(
    call: Call, request: ChatRequest, replies: Sequence[Reply]
) -> tuple[int, list[float]] | None:
    """Which open answer to serve and how good each reads, by the fitted picker; None where none
    is fitted.
    """
    picker = call.state("picker")
    if picker is None:
        return None
    texts = [(reply.model, reply.text) for reply in replies]
    scores = picker.scores(request.question, texts)
    return picker.pick(texts, scores), scores


def calibrated(call: Call, request: ChatRequest, basis: str, raw: float) -> Confidence:
    """The figure as a probability: by the release's curve of its basis, else by the one shipped
    with the package, else as it stands.
    """
    curves = call.state("confidence") or shipped()
    from teppan.estimate.voters import question_of

    curve = curves.curve(basis, question_of(request.question, request.task_type).kind)
    if curve is None:
        return Confidence(raw, basis, raw)
    return Confidence(curve.of(raw), basis, raw, calibrated=True)
