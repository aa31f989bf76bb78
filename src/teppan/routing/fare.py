"""What asking a model is expected to cost, before it is asked.

A vendor keeps the beginning of a conversation for some minutes and reads it again at a fraction
of its price, but only for the model that had it. So the model that served the last turn costs
less than its list price says, and switching pays the whole conversation anew.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from teppan.core.money import Micros, charge

WARM = 300.0
"""Seconds for which a vendor keeps a prefix, at least: five minutes where it is documented."""
SMALLEST = 1024
"""Tokens below which no vendor keeps a prefix."""
USUAL_OUTPUT = 300
"""Tokens of an answer, where nothing is known."""


class Rate(Struct, frozen=True):
    """Micro-dollars per million tokens; `cached` is that of tokens read from a kept prefix.

    `calls` is how many models are asked: the rates of an ensemble are those of all its members.
    """

    input: int
    output: int
    cached: int | None = None
    calls: int = 1


Rates = Callable[[str], Rate | None]
"""The rates of a real or virtual model now; `None` when unknown, which is not free."""


def fare(rate: Rate | None, input: int, output: int = USUAL_OUTPUT, kept: int = 0) -> Micros | None:
    """The expected cost of a call with `input` tokens, `kept` of which the vendor has already."""
    if rate is None:
        return None
    cached = 0 if rate.cached is None or kept < SMALLEST else min(kept, input)
    return charge((input - cached, rate.input), (cached, rate.cached or 0), (output, rate.output))
