"""What is left of the rate limits: told with every answer, and with every refusal."""

from __future__ import annotations

from msgspec import Struct


class Room(Struct, frozen=True):
    """What is left of one limit; `reset` is the seconds until all of it is there again."""

    limit: int
    remaining: int
    reset: float


class Allowance(Struct, frozen=True):
    """The tightest limit in requests and the tightest in tokens, where there are any.

    `taken` are the tokens that were counted when the request came.
    """

    requests: Room | None = None
    tokens: Room | None = None
    taken: int = 0
