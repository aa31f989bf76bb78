"""One header, as ASGI wants it."""

from __future__ import annotations

Header = tuple[bytes, bytes]
