"""Seeded chance without state: the same words always give the same number.

Every draw is a hash of its names (seed, persona, question, ...), so results do not depend on the
order in which concurrent requests arrive.
"""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def number(*names: object) -> int:
    """A 64-bit number that depends only on the names."""
    key = "\x1f".join(map(str, names)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big")


def unit(*names: object) -> float:
    """A number in [0, 1)."""
    return (number(*names) >> 11) / (1 << 53)


def pick(options: Sequence[T], *names: object) -> T:
    """One of the options."""
    return options[number(*names) % len(options)]


def word(length: int, *names: object) -> str:
    """An identifier-like word of lower-case hexadecimal digits."""
    text = ""
    while len(text) < length:
        text += f"{number(*names, len(text)):016x}"
    return text[:length]


def normal(*names: object) -> float:
    """A standard normal draw (Box and Muller, 1958)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - unit(*names, "radius")))
    return radius * math.cos(2.0 * math.pi * unit(*names, "angle"))


def exponential(mean: float, *names: object) -> float:
    """An exponential draw with the given mean."""
    return -mean * math.log(1.0 - unit(*names))
