"""The frozen snapshot that serving reads, taken once per request and kept to its end."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from teppan.core.chat import Json


class Release(Struct, frozen=True):
    """What is live: prompts by name, and the fitted states of estimators by name.

    `states` are JSON values (`voters`, `confidence`, `picker`, ...) that `estimate/` reads;
    a missing one means "nothing was fitted yet".
    """

    id: str
    prompts: Mapping[str, str] = {}
    states: Mapping[str, Json] = {}
    previous: str | None = None
