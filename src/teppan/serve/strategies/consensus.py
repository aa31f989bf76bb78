"""Several models vote; the answer with the most learned weight behind it is served.

Replies are grouped by meaning or, for tasks with an exact answer, by the normalised answer. The
share of the vote, calibrated, is the confidence; below `min_agreement` nobody pretends.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from teppan.core.chat import ChatRequest
from teppan.core.reply import Outcome
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.ensemble import (
    Below,
    PanelSettings,
    Share,
    distrusted,
    escalation_is_named,
    one_choice_only,
)
from teppan.serve.strategies.estimates import learned_weights
from teppan.serve.strategies.gather import Ask
from teppan.serve.strategies.meaning import Embed
from teppan.serve.strategies.variation import distinct
from teppan.serve.strategies.voting import Poll, Rules, hold_vote, outcome_of


class ConsensusSettings(PanelSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`models` vote with the weights learned for the task.

    Below `min_agreement` (the winner's share of the vote) the request is escalated to
    `escalate_to`, refused, or served all the same. Texts whose cosine reaches `alike` mean the
    same.
    """

    min_agreement: Share = 0.0
    below: Below = "serve"
    escalate_to: str | None = None
    alike: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.85

    def __post_init__(self) -> None:
        escalation_is_named(self.below, self.escalate_to)


class Consensus:
    """Holds the vote and serves the heaviest voter of the winning group."""

    name = "consensus"

    def __init__(self, settings: ConsensusSettings, embed: Embed | None = None) -> None:
        self.settings = settings
        self.embed = embed

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `UnsupportedRequest` for n > 1, `AllFailed` when nobody answers, `Refused`
        below the agreement when the settings say so.
        """
        one_choice_only(request)
        settings = self.settings
        asks = [Ask(model, each) for model, each in distinct(request, settings.models)]
        rules = Rules(
            weights=learned_weights(call, request, settings.models),
            embed=self.embed,
            alike=settings.alike,
            quorum=settings.quorum,
            min_agreement=settings.min_agreement,
        )
        polled = await hold_vote(call, request, asks, rules, settings.timeout)
        outcome = await outcome_of(polled, call, request, settings.fallback)
        if not isinstance(polled, Poll) or polled.ballot.share >= settings.min_agreement:
            return outcome
        outcome = replace(
            outcome,
            reason=f"{outcome.reason}, below the {settings.min_agreement:.0%} that are required",
        )
        return await distrusted(call, settings.below, settings.escalate_to, request, outcome)
