"""One model asked N times, its answers put to the vote: the honest baseline of every ensemble.

For exact answers this is self-consistency (Wang et al., 2022, arXiv 2203.11171). A mixed panel
that does not beat it at the same price is not worth its trouble.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from teppan.core.chat import ChatRequest
from teppan.core.reply import Outcome
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.ensemble import EnsembleSettings, one_choice_only
from teppan.serve.strategies.gather import Ask
from teppan.serve.strategies.meaning import Embed
from teppan.serve.strategies.variation import varied
from teppan.serve.strategies.voting import Rules, hold_vote, outcome_of


class SampleSettings(EnsembleSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model` is asked `n` times, with another seed each time and at `temperature`.

    The client's own temperature goes before the setting; a model that takes neither seed nor
    temperature varies by its own chance. Texts whose cosine reaches `alike` mean the same.
    """

    model: str
    n: Annotated[int, Meta(ge=1, le=64)] = 5
    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] | None = None
    quorum: Annotated[int, Meta(ge=1)] | None = None
    alike: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.85


class Sample:
    """Serves the answer that the model gives most often."""

    name = "sample"

    def __init__(self, settings: SampleSettings, embed: Embed | None = None) -> None:
        self.settings = settings
        self.embed = embed

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `UnsupportedRequest` for n > 1, `AllFailed` when no sample comes."""
        one_choice_only(request)
        settings = self.settings
        samples = varied(request, settings.n, settings.temperature)
        rules = Rules(
            weights=[1.0] * settings.n,
            embed=self.embed,
            alike=settings.alike,
            quorum=settings.quorum,
        )
        asks = [Ask(settings.model, each, "sample") for each in samples]
        polled = await hold_vote(call, request, asks, rules, settings.timeout)
        return await outcome_of(polled, call, request, settings.fallback)
