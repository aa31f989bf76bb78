"""The frozen snapshot that serving reads, taken once per request and kept to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Release(Struct, frozen=True):
    """What is live: prompts by name, and the fitted states of estimators by name.

    `states` are objects of `estimate/` (`voters`, `confidence`, `picker`, ...) that whoever opens a
    release has read; a missing one means "nothing was fitted yet".
    """

    id: str
    prompts: Mapping[str, str] = {}
    states: Mapping[str, Any] = {}
    previous: str | None = None
