"""Who may ask for what, decided before anything is spent."""

from __future__ import annotations

from teppan.core.chat import ChatRequest
from teppan.core.errors import BadRequest, Forbidden
from teppan.core.ids import Scope


def admit(request: ChatRequest, scope: Scope) -> None:
    """Raises when this key may not send this request."""
    if not scope.allows(request.model):
        raise Forbidden(f"this key may not use the model `{request.model}`", param="model")
    if not request.messages:
        raise BadRequest("`messages` must hold at least one message", param="messages")
