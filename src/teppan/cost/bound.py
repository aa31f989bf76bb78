"""The most that one answer can cost, known before it is asked for.

    input    a token of a byte-level tokeniser is at least one byte, so the bytes of the request
             bound its tokens; what a vendor adds around messages and tools is allowed for, and a
             picture counts `PICTURE` tokens
    output   what the client allows (`max_tokens`), else the most the model gives, else
             `ASSUMED_OUTPUT` and what it may think; times `n`
    rates    the dearest of plain, cached and newly cached input, in the dearest tier that so many
             tokens can reach

The bound is several times the likely cost; what was not used is free again when the call is over.
Media other than pictures (long recordings, large documents) can cost more than their bytes tell.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from teppan.core.chat import ChatRequest, Effort, Image, Media, Message, Reasoning, Text, ToolCall
from teppan.core.money import Micros, charge
from teppan.cost.prices import Rates

MESSAGE = 16
"""Tokens of a vendor's own around each message and tool; and thrice that around the whole."""

TOOLS = 1024
"""Tokens of the hidden instructions that come with tools or a schema."""

PICTURE = 4096
"""Tokens of a picture: more than any vendor's largest (2026-11)."""

ASSUMED_OUTPUT = 16_384
"""Tokens an answer is taken to have at most, when neither client nor catalogue says."""

SMALLEST_OUTPUT = 16
"""Some vendors refuse a smaller limit, and are sent this one."""

THINKING: dict[Effort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 32_768,
    "max": 65_536,
}
"""Tokens of thought that an effort may be translated to, for vendors that want a number."""


class Output(Struct, frozen=True):
    """What the catalogue knows of a model: its longest answer, and whether it takes a limit."""

    most: int | None = None
    limited: bool = True


class Bound(Struct, frozen=True):
    """The most tokens of a call; `assumed` when nobody said how long the answer may be."""

    input: int
    output: int
    assumed: bool = False


def of_request(request: ChatRequest, output: Output) -> Bound:
    """The most tokens that an answer to this request takes."""
    given, assumed = _output(request, output)
    return Bound(input_tokens(request), given, assumed)


def of_texts(texts: Sequence[str]) -> Bound:
    """The most tokens that embedding these texts takes."""
    return Bound(sum(_bytes(text) + MESSAGE for text in texts), 0)


def cost_of(bound: Bound, rates: Rates) -> Micros:
    """The most that so many tokens cost."""
    reached = [tier for tier in rates.tiers[1:] if bound.input > tier.above]
    return max(
        charge(
            (bound.input, max(tier.input, tier.cached or 0, tier.cache_write or 0)),
            (bound.output, max(tier.output, tier.reasoning or 0)),
        )
        for tier in (rates.tiers[0], *reached)
    )


def input_tokens(request: ChatRequest) -> int:
    """More tokens than any tokeniser makes of this request."""
    count = 3 * MESSAGE + sum(map(_message, request.messages))
    if request.tools:
        count += TOOLS + MESSAGE * len(request.tools) + len(msgspec.json.encode(request.tools))
    if request.response_format is not None and request.response_format.schema is not None:
        count += TOOLS + len(msgspec.json.encode(request.response_format.schema))
    if request.extra:
        count += len(msgspec.json.encode(request.extra))
    return count


def _message(message: Message) -> int:
    count = MESSAGE + _bytes(message.refusal or "") + _bytes(message.name or "")
    for part in message.parts:
        if isinstance(part, Text):
            count += _bytes(part.text)
        elif isinstance(part, Reasoning):
            count += _bytes(part.text) + len((part.encrypted or part.signature or "").encode())
        elif isinstance(part, ToolCall):
            count += MESSAGE + _bytes(part.name) + _bytes(part.arguments)
        elif isinstance(part, Image):
            count += PICTURE
        elif isinstance(part, Media):
            count += PICTURE + len(msgspec.json.encode(part.raw))
        else:
            count += MESSAGE + sum(
                _bytes(inner.text) if isinstance(inner, Text) else PICTURE for inner in part.parts
            )
    return count


def _output(request: ChatRequest, output: Output) -> tuple[int, bool]:
    """Tokens of all choices together, and whether they are only assumed."""
    asked = request.max_tokens if output.limited else None
    if asked is not None:
        each = max(asked if output.most is None else min(asked, output.most), SMALLEST_OUTPUT)
    elif output.most is not None:
        each = output.most
    else:
        thought = max(request.thinking_budget or 0, THINKING[request.effort or "none"])
        each = ASSUMED_OUTPUT + thought
    return each * max(1, request.n or 1), asked is None and output.most is None


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
