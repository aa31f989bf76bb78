"""The same question several times, so that one model answers it differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from teppan.core.chat import ChatRequest

TEMPERATURE = 0.8
"""What samples are drawn with when neither the client nor the settings say."""


def varied(
    request: ChatRequest, times: int, temperature: float | None = None
) -> tuple[ChatRequest, ...]:
    """`times` requests that differ in their seed; one alone is the request itself.

    The client's temperature holds, then the setting's, then `TEMPERATURE`. A model that takes
    neither seed nor temperature drops them and varies by its own chance.
    """
    if times == 1:
        return (request,)
    heat = request.temperature
    if heat is None:
        heat = TEMPERATURE if temperature is None else temperature
    first = request.seed if request.seed is not None else 1
    return tuple(replace(request, seed=first + number, temperature=heat) for number in range(times))


def distinct(
    request: ChatRequest, models: Sequence[str], temperature: float | None = None
) -> tuple[tuple[str, ChatRequest], ...]:
    """Each model with its request; one that is named several times is asked with several seeds."""
    waiting = {
        model: iter(varied(request, times, temperature)) for model, times in Counter(models).items()
    }
    return tuple((model, next(waiting[model])) for model in models)
