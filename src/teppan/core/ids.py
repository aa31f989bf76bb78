"""Names for things: time-ordered ids, content hashes, and the tenant a thing belongs to."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

NewId = Callable[[str], str]
"""`new_id("tr")` -> `tr_01jd...`: the seam tests replace with a counter."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """`prefix_` + 26 letters: 48 bits of milliseconds, then 80 random bits, so ids sort by time.

    The order and alphabet (Crockford base 32, lower case) are those of the ULID specification.
    """
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    return f"{prefix}_{_base32(value, 26)}"


def _base32(value: int, length: int) -> str:
    letters = []
    for _ in range(length):
        letters.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(letters))


class CountingIds:
    """Ids for tests: `tr_1`, `tr_2`, ..."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}_{self.count}"


def content_hash(data: bytes) -> str:
    """The first 128 bits of SHA-256, in hexadecimal: the same content has the same name."""
    return hashlib.sha256(data).hexdigest()[:32]


class Scope(Struct, frozen=True):
    """Whose data this is. Made only from an authenticated key; required wherever data is kept.

    `key_id` is the gateway key that asked, `tenant` the wall no byte crosses. `models` are the
    names or `prefix/*` patterns the key may use; empty means all. `admin` opens operations; a
    `feedback` key may only say what people think, from pages of its `origins` where it names some,
    a `reviewer` only review its tenant's answers.
    """

    tenant: str
    key_id: str
    models: tuple[str, ...] = ()
    role: Literal["user", "admin", "feedback", "reviewer"] = "user"
    origins: tuple[str, ...] = ()

    def allows(self, model: str) -> bool:
        if not self.models or model in self.models:
            return True
        return any(
            pattern.endswith("*") and model.startswith(pattern[:-1]) for pattern in self.models
        )


LOCAL = Scope(tenant="local", key_id="local", role="admin")
"""Whoever sits at this machine: the CLI, the Python API, and loopback when no key exists yet."""
