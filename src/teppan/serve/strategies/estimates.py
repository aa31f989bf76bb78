"""How good an answer is, by what the release has fitted, by plain priors where nothing is."""

from __future__ import annotations

from collections.abc import Sequence

from teppan.core.chat import ChatRequest
from teppan.core.reply import Reply
from teppan.core.verdict import Confidence, Verdict
from teppan.serve.strategies.base import Call


def voted(call: Call, request: ChatRequest, share: float) -> Confidence:
    return Confidence(share, "vote share", share)


def judged(call: Call, request: ChatRequest, verdict: Verdict, reply: Reply) -> Confidence:
    if verdict.fallback is not None:
        trust = call.trust(reply.model, request.task_type)
        return Confidence(trust, "trust", trust)
    return Confidence(verdict.confidence, "critic", verdict.confidence)


def learned_weights(call: Call, request: ChatRequest, models: Sequence[str]) -> list[float]:
    return [call.trust(model, request.task_type) for model in models]
