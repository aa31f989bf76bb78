"""Recorded answers of real models as the traces a gateway would have kept of them.

The strategies are the gateway's own code over a provider that replays recordings. A business sees
one answer to each question, so each question of the fit is answered in one way, drawn for it.
"""

from __future__ import annotations

import random
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from teppan.build.replaying import remembering
from teppan.build.virtual import direct
from teppan.core.clock import SystemClock
from teppan.core.ids import LOCAL, new_id
from teppan.core.release import Release
from teppan.core.reply import Reply
from teppan.core.trace import Route, Trace
from teppan.cost.tokens import TokenCount
from teppan.estimate.predictor import Labelled, labelled
from teppan.estimate.seen import seen_of
from teppan.learn.evals.backtest import request_of
from teppan.learn.evals.fitting import RIGHT
from teppan.providers.caller import Caller
from teppan.providers.replay import NAME as REPLAY
from teppan.providers.replay import Prompt, Recordings, ReplayProvider, called
from teppan.serve.call import JourneyCall, Reach
from teppan.serve.journey import Journey
from teppan.serve.models import Models
from teppan.serve.strategies.base import Strategy
from teppan.serve.strategies.registry import build as build_strategy

WAYS = 5
_PRIOR = 8.0
"""Answers that a model's own rate counts as in its rate of one kind of task."""


class Given(Struct, frozen=True):
    """One served answer: its trace, its recorded score, what it cost in micro-dollars."""

    trace: Trace
    score: float
    cost: float

    @property
    def example(self) -> Labelled | None:
        seen = seen_of(self.trace)
        good = float(self.score > RIGHT)
        return labelled(seen, good, self.trace.episode or "", 0.0) if seen is not None else None


class Trust:
    """How often each model was right, by kind of task: known from the same answers that the
    predictor learns from, one to a question, where it was asked alone."""

    def __init__(
        self, recordings: Recordings, prompts: Sequence[Prompt], models: Sequence[str]
    ) -> None:
        seen: dict[tuple[str, str | None], list[float]] = defaultdict(list)
        for prompt in prompts:
            way = way_of(prompt)
            if way >= len(models):
                continue
            row = recordings.of(prompt.prompt_id, models[way].removeprefix(called("")))
            for task in {prompt.category, None}:
                seen[models[way], task].append(row.score or 0.0 if row else 0.0)
        self._seen = {key: (sum(some), len(some)) for key, some in seen.items()}

    def of(self, model: str, task_type: str | None) -> float:
        total, many = self._seen.get((model, None), (0.0, 0))
        rate = (total + 2.0) / (many + 4.0)
        total, many = self._seen.get((model, task_type), (0.0, 0)) if task_type else (0.0, 0)
        return (total + _PRIOR * rate) / (many + _PRIOR)


class Kitchen:
    """Answers recorded questions by strategies, and keeps the traces."""

    def __init__(self, recordings: Recordings, trust: Trust) -> None:
        self.recordings = recordings
        self._provider = ReplayProvider(recordings)
        self._clock, chance = SystemClock(), random.Random(0)
        self._embed = remembering()
        self._reach = Reach(
            Caller({REPLAY: self._provider}, counting=TokenCount(), clock=self._clock, dice=chance),
            Models((), {REPLAY: recordings.models}, partial(direct, ())),
            _Unpriced(),
            trust,
            chance.random,
            max_depth=4,
            max_calls=10_000,
        )

    def strategy(self, name: str, **settings: Any) -> Strategy:
        return build_strategy(name, settings, self._embed)

    async def answer(self, prompt: Prompt, strategy: Strategy, states: Mapping[str, Any]) -> Given:
        request = request_of(prompt)
        journey = Journey(request, LOCAL, "chat", clock=self._clock, new_id=new_id, allowed=60.0)
        journey.route = Route("bench", strategy.name, "bench")
        release = Release("rel_bench", {}, states)
        outcome = await strategy.run(request, JourneyCall(self._reach, journey, release))
        journey.outcome = outcome
        assert isinstance(outcome.reply, Reply)
        completion = outcome.reply.completion
        trace = journey.trace("ok", served=outcome.reply.model, answer=completion)
        row = (completion.extra or {}).get("recorded")
        asked = [call.model.removeprefix(f"{REPLAY}/") for call in journey.calls]
        cost = sum(self._provider.recorded(request, each).cost or 0.0 for each in asked)
        score = row.score or 0.0 if row is not None else 0.0
        return Given(replace(trace, episode=prompt.prompt_id), score, cost)


def ladder(recordings: Recordings, prompts: Sequence[Prompt]) -> tuple[str, str, str]:
    """A cheap, a middle and the best model, chosen on these prompts: each is the best of those at
    a price of at most 5 %, 30 % and 100 % of the best one's."""
    cost, quality = {}, {}
    for model in recordings.models:
        rows = [recordings.of(each.prompt_id, model) for each in prompts]
        cost[model] = sum(row.cost or 0.0 for row in rows if row) / len(rows)
        quality[model] = sum(row.score or 0.0 for row in rows if row) / len(rows)
    best = max(quality, key=lambda each: quality[each])
    found = []
    for share in (0.05, 0.3):
        able = [each for each in cost if cost[each] <= share * cost[best] and each not in found]
        found.append(max(able or list(cost), key=lambda each: quality[each]))
    return called(found[0]), called(found[1]), called(best)


async def traffic(
    kitchen: Kitchen, prompts: Sequence[Prompt], models: Sequence[str]
) -> list[Given]:
    """Each question answered in one of five ways."""
    ways = [
        *(kitchen.strategy("single", model=model) for model in models),
        kitchen.strategy("cascade", models=list(models)),
        kitchen.strategy("consensus", models=list(models)),
    ]
    found = []
    for prompt in prompts:
        found.append(await kitchen.answer(prompt, ways[way_of(prompt)], {}))
    return found


def way_of(prompt: Prompt) -> int:
    """Which of the five ways answers a question: the first three are models alone."""
    return zlib.crc32(f"way {prompt.prompt_id}".encode()) % WAYS


class _Unpriced:
    def price(self, model: str, returned: str, usage: object) -> tuple[None, str]:
        return None, ""
