"""Answers grouped by meaning, each model's vote weighing what it is trusted with."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from teppan.core.chat import ChatRequest
from teppan.core.reply import Outcome
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.ensemble import PanelSettings, one_choice_only
from teppan.serve.strategies.gather import Ask
from teppan.serve.strategies.meaning import Embed
from teppan.serve.strategies.variation import distinct
from teppan.serve.strategies.voting import Rules, hold_vote, outcome_of


class WeightedSettings(PanelSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`models` vote with their trust; texts whose cosine reaches `alike` mean the same."""

    alike: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.85


class Weighted:
    """Serves the most trusted reply of the group that is trusted most."""

    name = "weighted"

    def __init__(self, settings: WeightedSettings, embed: Embed | None = None) -> None:
        self.settings = settings
        self.embed = embed

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `UnsupportedRequest` for n > 1, `AllFailed` when nobody answers."""
        one_choice_only(request)
        settings = self.settings
        asks = [Ask(model, each) for model, each in distinct(request, settings.models)]
        rules = Rules(
            weights=[call.trust(model, request.task_type) for model in settings.models],
            embed=self.embed,
            alike=settings.alike,
            quorum=settings.quorum,
        )
        polled = await hold_vote(call, request, asks, rules, settings.timeout)
        return await outcome_of(polled, call, request, settings.fallback)
