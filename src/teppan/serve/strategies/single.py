"""One model answers: what every ensemble has to beat."""

from __future__ import annotations

from msgspec import Struct

from teppan.core.chat import ChatRequest
from teppan.core.reply import Outcome
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.chain import serve_first, whole
from teppan.serve.strategies.ensemble import by_trust


class SingleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model` answers; `fallback` are tried in order when it fails before its first word."""

    model: str
    fallback: tuple[str, ...] = ()


class Single:
    """Passes the request to one model, live, and changes nothing."""

    name = "single"

    def __init__(self, settings: SingleSettings) -> None:
        self.settings = settings

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `AllFailed` when the model and every fallback fail."""
        models = (self.settings.model, *self.settings.fallback)
        served = await serve_first(call, models, request, "single")
        return Outcome(
            reply=served.reply,
            reason=served.reason,
            confidence=by_trust(call, served.model, request),
            replies=whole(served.reply),
            evidence=served.evidence,
        )
