"""What an error object of this vendor means.

    {"error": {"code", "message", "status", "details": [{"@type", "reason" | "retryDelay"}]}}

Streams that fail early may send the object inside a list.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from teppan.core.chat import Json
from teppan.core.errors import (
    ProviderError,
    ProviderOutOfCredit,
    ProviderRateLimited,
)
from teppan.providers.failures import failure, wait_asked
from teppan.providers.wire import Object, parse_value

_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


def error(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The typed error of a refused request."""
    said = parse_value(body)
    if isinstance(said, list) and said:
        said = said[0]
    inner = said.get("error") if isinstance(said, dict) else None
    return _typed(status, inner, wait_asked(headers))


def error_inside(answer: Object) -> ProviderError | None:
    """The error that came inside a success or a stream, if this is one."""
    inner = answer.get("error")
    if not inner:
        return None
    status = 200
    if isinstance(inner, dict):
        code = inner.get("code")
        named = _STATUS.get(str(inner.get("status")))
        status = code if isinstance(code, int) and 400 <= code <= 599 else named or 200
    return _typed(status, inner, None)


def _typed(status: int, inner: Json, wait: float | None) -> ProviderError:
    if not isinstance(inner, dict):
        return failure(status, message=inner, retry_after=wait)
    details = inner.get("details")
    details = details if isinstance(details, list) else []
    wait = wait if wait is not None else _retry_delay(details)
    kind = str(inner.get("status") or "")
    found = failure(
        status, kind=kind, code=_reason(details), message=inner.get("message"), retry_after=wait
    )
    if isinstance(found, ProviderOutOfCredit) and status == 429 and wait is not None:
        # Its words for a rate limit speak of plan and billing; only a rest that is asked for tells.
        return ProviderRateLimited(found.message, upstream_status=status, retry_after=wait)
    return found


def _reason(details: Sequence[Json]) -> str:
    for detail in details:
        if isinstance(detail, dict) and isinstance(detail.get("reason"), str):
            return str(detail["reason"])
    return ""


def _retry_delay(details: Sequence[Json]) -> float | None:
    """Seconds from `"retryDelay": "34.5s"`, the JSON form of a protobuf duration."""
    for detail in details:
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                seconds = float(delay[:-1])
            except ValueError:
                continue
            if math.isfinite(seconds):
                return seconds
    return None
