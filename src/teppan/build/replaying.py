"""Recorded answers + a strategy -> something a back-test can ask."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from teppan.build.virtual import direct, embedder
from teppan.core.chat import ChatRequest, Json, Usage
from teppan.core.clock import SystemClock
from teppan.core.ids import LOCAL, new_id
from teppan.core.release import Release
from teppan.core.reply import Reply
from teppan.cost.tokens import TokenCount
from teppan.estimate.trust import PRIOR
from teppan.learn.evals.backtest import Answering, Served
from teppan.providers.caller import Caller
from teppan.providers.replay import NAME as REPLAY
from teppan.providers.replay import Recordings, ReplayProvider
from teppan.serve.call import JourneyCall, Reach
from teppan.serve.journey import Journey
from teppan.serve.models import Models
from teppan.serve.strategies.meaning import Embed
from teppan.serve.strategies.registry import build as build_strategy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def replaying(
    recordings: Recordings,
    strategy: str,
    settings: Mapping[str, Json],
    states: Mapping[str, Any],
    trust: Mapping[str, float],
    embed: Embed | None = None,
) -> Answering:
    """A strategy over recorded answers, for back-tests: its real code, and nobody is called.

    `states` are those of a release, `trust` is by the name of a model, for any task. Every model
    that is asked answers at once, so nothing is saved by stopping early. Strategies over the same
    recordings may share one `remembering()`.
    """
    provider = ReplayProvider(recordings)
    made = build_strategy(strategy, settings, embed or embedder())
    clock, chance = SystemClock(), random.Random(0)
    reach = Reach(
        Caller({REPLAY: provider}, counting=TokenCount(), clock=clock, dice=chance),
        Models((), {REPLAY: recordings.models}, partial(direct, ())),
        _Unpriced(),
        _Given(trust),
        chance.random,
        max_depth=4,
        max_calls=10_000,
    )
    release = Release("rel_replay", {}, states)

    async def answer(request: ChatRequest) -> Served:
        journey = Journey(request, LOCAL, "replay", clock=clock, new_id=new_id, allowed=60.0)
        outcome = await made.run(request, JourneyCall(reach, journey, release))
        asked = [call.model.removeprefix(f"{REPLAY}/") for call in journey.calls]
        extra = outcome.reply.completion.extra if isinstance(outcome.reply, Reply) else None
        return Served(
            row=(extra or {}).get("recorded"),
            asked=tuple(provider.recorded(request, model) for model in asked),
            confidence=outcome.confidence.value if outcome.confidence else None,
        )

    return answer


def remembering() -> Embed:
    """The default embedder, asked once for each text."""
    embed = embedder()
    known: dict[str, NDArray[np.float32]] = {}

    async def remembered(texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, await embed(new), strict=True))
        return np.stack([known[text] for text in texts])

    return remembered


class _Given:
    """Trust that is given and does not change."""

    def __init__(self, scores: Mapping[str, float]) -> None:
        self._scores = scores

    def of(self, model: str, task_type: str | None) -> float:
        return self._scores.get(model, PRIOR)


class _Unpriced:
    """Recorded answers carry their own cost: no price list is asked."""

    def price(self, model: str, returned: str, usage: Usage) -> tuple[None, str]:
        return None, ""
