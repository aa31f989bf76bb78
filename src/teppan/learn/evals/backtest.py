"""How well would a strategy have answered: recorded questions put to it, one after the other.

The strategy comes as a function from a request to what was served; nobody is called. Quality is
the recorded score of the reply that was served, with a 95 % interval over prompts (percentile
bootstrap, Efron 1979). Cost counts every model that was asked as if it had answered in full: what
stopping early would have saved is not claimed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from teppan.core.chat import ChatRequest, say
from teppan.estimate.confidence import expected_calibration_error
from teppan.providers.replay import Prompt, Recorded, Recordings

RESAMPLES = 1000
_SEED = 20_240_601


class Served(Struct, frozen=True):
    """What a strategy served for one question: the recorded row, and every row it had asked for."""

    row: Recorded | None
    asked: tuple[Recorded, ...]
    confidence: float | None = None


Answering = Callable[[ChatRequest], Awaitable[Served]]


class Tally(Struct, frozen=True):
    """One question's figures; `cost` is in micro-dollars."""

    prompt_id: str
    quality: float
    cost: float
    calls: float
    chars: float
    confidence: float | None = None


class Figures(Struct, frozen=True):
    """The figures of one strategy; `low` and `high` bound its quality with 95 % confidence.

    `cost` is micro-dollars a question, `chars` the mean length of what was served, `error` the
    expected calibration error of its confidence, `None` when it states none.
    """

    strategy: str
    questions: int
    quality: float
    low: float
    high: float
    cost: float
    calls: float
    chars: float
    error: float | None = None


def request_of(prompt: Prompt, model: str = "backtest") -> ChatRequest:
    """The request that a recorded prompt was, with its category as the task type."""
    return ChatRequest(
        model=model, messages=(say("user", prompt.text),), task_type=prompt.category or None
    )


async def replay(prompts: Sequence[Prompt], answer: Answering) -> list[Tally]:
    """Puts every prompt to the strategy. A question that nobody answered has quality 0."""
    tallies = []
    for prompt in prompts:
        served = await answer(request_of(prompt))
        tallies.append(
            Tally(
                prompt_id=prompt.prompt_id,
                quality=_score(served.row),
                cost=sum(row.cost or 0.0 for row in served.asked),
                calls=len(served.asked),
                chars=len(served.row.response or "") if served.row else 0.0,
                confidence=served.confidence,
            )
        )
    return tallies


def figures(strategy: str, tallies: Sequence[Tally]) -> Figures:
    """The means over all questions, and the interval of the quality."""
    import numpy as np  # only reports need it: the gateway that is built beside them does not

    quality = np.array([each.quality for each in tallies])
    chance = np.random.default_rng(_SEED)
    picks = chance.integers(0, len(quality), (RESAMPLES, len(quality)))
    low, high = np.percentile(quality[picks].mean(1), [2.5, 97.5])
    stated = [(each.confidence, each.quality) for each in tallies if each.confidence is not None]
    return Figures(
        strategy=strategy,
        questions=len(tallies),
        quality=float(quality.mean()),
        low=float(low),
        high=float(high),
        cost=_mean([each.cost for each in tallies]),
        calls=_mean([each.calls for each in tallies]),
        chars=_mean([each.chars for each in tallies]),
        error=expected_calibration_error([c for c, _ in stated], [q for _, q in stated])
        if stated
        else None,
    )


def single(recordings: Recordings, prompts: Sequence[Prompt], model: str) -> list[Tally]:
    """One model alone."""
    rows = ((prompt, recordings.of(prompt.prompt_id, model)) for prompt in prompts)
    return [_alone(prompt, row) for prompt, row in rows if row is not None]


def chance(recordings: Recordings, prompts: Sequence[Prompt]) -> list[Tally]:
    """A model drawn at random: the mean of all."""
    tallies = []
    for prompt in prompts:
        rows = rows_of(recordings, prompt)
        tallies.append(
            Tally(
                prompt.prompt_id,
                _mean([_score(row) for row in rows]),
                _mean([row.cost or 0.0 for row in rows]),
                1.0,
                _mean([len(row.response or "") for row in rows]),
            )
        )
    return tallies


def oracle(recordings: Recordings, prompts: Sequence[Prompt]) -> list[Tally]:
    """The best reply there was, known afterwards: the limit of every choice among replies."""
    tallies = []
    for prompt in prompts:
        rows = rows_of(recordings, prompt)
        best = max(rows, key=_score)
        cost = sum(row.cost or 0.0 for row in rows)
        size = len(best.response or "")
        tallies.append(Tally(prompt.prompt_id, _score(best), cost, len(rows), size))
    return tallies


def ranking(recordings: Recordings, prompts: Sequence[Prompt]) -> list[str]:
    """The models of these prompts, the best first, among equals the cheapest."""

    def worth(model: str) -> tuple[float, float]:
        tallies = single(recordings, prompts, model)
        return -_mean([t.quality for t in tallies]), _mean([t.cost for t in tallies])

    return sorted(recordings.models, key=worth)


def rows_of(recordings: Recordings, prompt: Prompt) -> list[Recorded]:
    """The first recorded row of every model."""
    return [recordings.rows[prompt.prompt_id][model][0] for model in recordings.models]


def _alone(prompt: Prompt, row: Recorded) -> Tally:
    size = len(row.response or "")
    return Tally(prompt.prompt_id, _score(row), row.cost or 0.0, 1.0, size)


def _score(row: Recorded | None) -> float:
    return 0.0 if row is None or row.score is None else row.score


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
