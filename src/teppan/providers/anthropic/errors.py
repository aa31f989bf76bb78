"""What an error object of this vendor means.

{"type": "error", "error": {"type", "message"}, "request_id"}
"""

from __future__ import annotations

from collections.abc import Mapping

from teppan.core.chat import Json
from teppan.core.errors import ProviderError
from teppan.providers.failures import failure, wait_asked
from teppan.providers.wire import Object, parse_value


def error(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The typed error of a refused request."""
    said = parse_value(body)
    inner = said.get("error") if isinstance(said, dict) else None
    kind, message = _read(inner)
    return failure(status, kind=kind, message=message, retry_after=wait_asked(headers))


def error_inside(answer: Object) -> ProviderError | None:
    """The error that came inside a success or a stream, if this is one."""
    inner = answer.get("error")
    if answer.get("type") != "error" and not inner:
        return None
    kind, message = _read(inner)
    return failure(200, kind=kind, message=message)


def _read(inner: Json) -> tuple[str, Json]:
    if not isinstance(inner, dict):
        return "", inner
    kind = inner.get("type")
    return kind if isinstance(kind, str) else "", inner.get("message")
