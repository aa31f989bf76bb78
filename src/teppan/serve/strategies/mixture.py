"""Several models propose, one writes the answer from their proposals.

The scheme is one layer of mixture-of-agents (Wang et al., 2024, arXiv 2406.04692). The same model
may stand in `models` several times: proposals of one good model often serve better than those of
many mixed ones (Self-MoA, arXiv 2502.00674).
"""

from __future__ import annotations

from teppan.core.chat import ChatRequest
from teppan.core.errors import TeppanError
from teppan.core.reply import Outcome, Reply
from teppan.serve.strategies import fence
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.chain import whole
from teppan.serve.strategies.critique import most_trusted, prompt
from teppan.serve.strategies.ensemble import (
    PanelSettings,
    alone,
    by_trust,
    gathering,
    last_resort,
    one_choice_only,
    quorum_of,
    with_instruction,
)
from teppan.serve.strategies.gather import Ask, Gathered, gather
from teppan.serve.strategies.variation import distinct

LONGEST = 24_000
"""Characters of each proposal that the aggregator is shown."""


class MixtureSettings(PanelSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`models` propose, `aggregator` writes the answer, which is streamed as it is written."""

    aggregator: str


class Mixture:
    """Gathers proposals and serves the aggregator's answer; the best proposal when that fails."""

    name = "mixture"

    def __init__(self, settings: MixtureSettings) -> None:
        self.settings = settings
        self.prompt = prompt("aggregator")

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `UnsupportedRequest` for n > 1, `AllFailed` when nobody answers."""
        one_choice_only(request)
        settings = self.settings
        asks = [Ask(model, each, "proposer") for model, each in distinct(request, settings.models)]
        enough = quorum_of(settings.quorum)
        gathered = await gather(call, asks, timeout=settings.timeout, enough=enough)
        if not gathered.replies:
            return await last_resort(call, settings.fallback, request, gathered.causes)
        if len(gathered.replies) == 1:
            return alone(call, request, gathered)
        informed = self._informed(request, gathered.answers, call)
        try:
            reply = await call.serve(settings.aggregator, informed, "aggregator")
        except TeppanError as error:
            return _best_proposal(request, gathered, call, error)
        return Outcome(
            reply=reply,
            reason=f"{settings.aggregator} wrote it from {len(gathered.replies)} proposals",
            confidence=by_trust(call, settings.aggregator, request, "trust of the aggregator"),
            replies=(*gathered.answers, *whole(reply)),
            evidence=gathering(gathered),
        )

    def _informed(
        self, request: ChatRequest, proposals: tuple[Reply, ...], call: Call
    ) -> ChatRequest:
        """The client's request, with the proposals in random order before the aggregator."""
        mark = fence.Fence.draw(call.random)
        names = fence.labels(len(proposals), call.random)
        order = fence.shuffled(len(proposals), call.random)
        blocks = (
            mark.around("answer", fence.shown(proposals[at].completion.message, LONGEST), name)
            for name, at in zip(names, order, strict=True)
        )
        told = self.prompt.substitute(fence=mark.number, answers="\n\n".join(blocks))
        return with_instruction(request, told)


def _best_proposal(
    request: ChatRequest, gathered: Gathered, call: Call, error: TeppanError
) -> Outcome:
    replies = gathered.answers
    chosen = replies[most_trusted(request, replies, range(len(replies)), call)]
    return Outcome(
        reply=chosen,
        reason=f"the aggregator failed ({error.code}); {chosen.model} is trusted most",
        confidence=by_trust(call, chosen.model, request, "trust of one proposal"),
        replies=replies,
        evidence=gathering(gathered),
    )
