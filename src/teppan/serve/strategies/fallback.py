"""Models in order of preference: the first that begins to answer is served."""

from __future__ import annotations

from msgspec import Struct

from teppan.core.chat import ChatRequest
from teppan.core.reply import Outcome
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.chain import serve_first, whole
from teppan.serve.strategies.ensemble import Names, by_trust


class FallbackSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`models` in order of preference; a local one last still answers when every vendor is down."""

    models: Names


class Fallback:
    """Goes down the list until a model has said its first word."""

    name = "fallback"

    def __init__(self, settings: FallbackSettings) -> None:
        self.settings = settings

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `AllFailed` when every model fails, at once what no other model could mend."""
        served = await serve_first(call, self.settings.models, request, "single")
        return Outcome(
            reply=served.reply,
            reason=served.reason,
            confidence=by_trust(call, served.model, request),
            replies=whole(served.reply),
            evidence=served.evidence,
        )
