"""What a gateway key looks like: `sk-tp-<id>-<secret><checksum>`.

The id (10 letters) finds the key; the secret (32 letters of Crockford's base 32) is 160 random
bits; the checksum (7 letters) lets secret scanners, and us, tell a key from a typing error.
"""

from __future__ import annotations

import re
import secrets
import zlib

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
SHAPE = re.compile(
    r"sk-tp-([0-9a-hjkmnp-tv-z]{10})-([0-9a-hjkmnp-tv-z]{32})([0-9a-hjkmnp-tv-z]{7})"
)


def new_key() -> tuple[str, str]:
    """An id and the whole text of a new key."""
    id, secret = _letters(10), _letters(32)
    stem = f"sk-tp-{id}-{secret}"
    return id, stem + _checksum(stem)


def key_id(text: str) -> str | None:
    """The id in a well-formed key; `None` when this cannot be a key of ours."""
    shape = SHAPE.fullmatch(text)
    if shape is None or _checksum(text[:-7]) != shape[3]:
        return None
    return shape[1]


def _letters(count: int) -> str:
    return "".join(ALPHABET[byte & 31] for byte in secrets.token_bytes(count))


def _checksum(stem: str) -> str:
    value = zlib.crc32(stem.encode())
    return "".join(ALPHABET[value >> shift & 31] for shift in range(30, -1, -5))
