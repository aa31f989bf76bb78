"""What is left of the rate limits, in the headers that official clients read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from teppan.server.header import Header

if TYPE_CHECKING:
    from teppan.core.allowance import Allowance


def allowance_headers(allowance: Allowance | None) -> list[Header]:
    """`x-ratelimit-*` for requests and for tokens, where there are such limits."""
    if allowance is None:
        return []
    headers: list[Header] = []
    for kind, room in ((b"requests", allowance.requests), (b"tokens", allowance.tokens)):
        if room is not None:
            headers += [
                (b"x-ratelimit-limit-" + kind, b"%d" % room.limit),
                (b"x-ratelimit-remaining-" + kind, b"%d" % room.remaining),
                (b"x-ratelimit-reset-" + kind, duration(room.reset).encode()),
            ]
    return headers


def duration(seconds: float) -> str:
    """`0s`, `20ms`, `8.64s`, `6m0s`, `1h0m2.5s`, as OpenAI writes it; in whole milliseconds."""
    left = max(0, math.ceil(round(seconds * 1000, 3)))
    if 0 < left < 1000:
        return f"{left}ms"
    minutes, rest = divmod(left, 60_000)
    hours, minutes = divmod(minutes, 60)
    told = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{told}"
    return f"{minutes}m{told}" if minutes else told
