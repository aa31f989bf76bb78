"""Making a request fit a model: what it refuses is left out or said another way, and reported.

`Dropped` collects the names of what was left out (fields of `ChatRequest`, or of its `extra`);
they travel in `Encoded.dropped` to a response header, so that nobody has to guess why a
parameter had no effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from teppan.core.chat import (
    ChatRequest,
    Effort,
    Image,
    Json,
    Message,
    Reasoning,
    ResponseFormat,
    Text,
)
from teppan.providers.base import Capabilities
from teppan.providers.wire import dump_text

_LADDER: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

_BUDGETS: Mapping[str, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 32768,
    "max": 65536,
}


class Dropped:
    """The names of what a model will not take, each once, in the order they were met."""

    __slots__ = ("_names", "_refused")

    def __init__(self, capabilities: Capabilities) -> None:
        self._refused = capabilities.drop
        self._names: dict[str, None] = {}

    def takes(self, name: str, value: object) -> bool:
        """Whether to send the field: it was set, and the model does not refuse it."""
        if value is None or value == ():
            return False
        if name in self._refused:
            self._names[name] = None
            return False
        return True

    def add(self, name: str) -> None:
        self._names[name] = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)


def foreign_extra(request: ChatRequest, dialect: str, dropped: Dropped) -> dict[str, Json]:
    """The client's unknown fields when they speak `dialect`; otherwise none, and reported."""
    if not request.extra:
        return {}
    if request.dialect != dialect:
        for name in request.extra:
            dropped.add(name)
        return {}
    return {name: value for name, value in request.extra.items() if dropped.takes(name, value)}


def own_reasoning(part: Reasoning, dialect: str, dropped: Dropped) -> bool:
    """Whether a thought may return to this vendor: another's proof would be refused."""
    if part.dialect == dialect or (part.dialect is None and not (part.signature or part.encrypted)):
        return True
    dropped.add("reasoning")
    return False


def fit_effort(effort: Effort, allowed: Sequence[str]) -> str | None:
    """The nearest effort the model knows: the next lower one, or else the lowest it has.

    `None` when no thinking was asked for and the model cannot leave it: then nothing is said.
    """
    if not allowed or effort in allowed:
        return effort
    if effort == "none":
        return None
    place = _LADDER.index(effort)
    known = [level for level in _LADDER if level in allowed]
    lower = [level for level in known if _LADDER.index(level) <= place and level != "none"]
    higher = [level for level in known if _LADDER.index(level) > place]
    return lower[-1] if lower else higher[0] if higher else None


def answer_limit(request: ChatRequest, capabilities: Capabilities, dropped: Dropped) -> int | None:
    """The answer limit to send: what was asked, or what the model can give when that is less."""
    asked = request.max_tokens
    if asked is None or not dropped.takes("max_tokens", asked):
        return None
    most = capabilities.max_output
    if most is not None and asked > most:
        dropped.add("max_tokens")
        return most
    return asked


def effort_of_budget(budget: int) -> Effort:
    """The effort that a budget of thinking tokens amounts to."""
    for effort in reversed(_LADDER):
        if budget >= _BUDGETS[effort]:
            return effort
    return "none"


def budget_of_effort(effort: Effort) -> int:
    """The thinking tokens that an effort amounts to; 0 for none."""
    return _BUDGETS[effort]


def schema_in_words(wanted: ResponseFormat) -> str:
    """The wish for structured output as an instruction, for models without the feature."""
    if wanted.schema is None:
        return "Answer with one JSON object and nothing else."
    return (
        "Answer with one JSON value and nothing else. It must be valid for this JSON Schema:\n"
        + dump_text(dict(wanted.schema))
    )


IMAGE_LEFT_OUT = "[An image was left out: this model cannot see images.]"


def without_images(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation with a note in the place of each picture."""
    return tuple(
        Message(
            message.role,
            tuple(
                Text(IMAGE_LEFT_OUT) if isinstance(part, Image) else part for part in message.parts
            ),
            message.name,
            message.refusal,
            message.extra,
        )
        if any(isinstance(part, Image) for part in message.parts)
        else message
        for message in messages
    )
