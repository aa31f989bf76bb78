"""Errors in the client's own wire format, and the one border where strangers become typed.

    plain_body     {"error": {"message", "type", "param", "code", ...}}
    messages_body  {"type": "error", "error": {"type", "message"}, "request_id"}

Both say whether a provider or the gateway failed, and keep the provider's status.
"""

from __future__ import annotations

import math
from traceback import extract_tb

import orjson
import structlog

from teppan.core.chat import Json
from teppan.core.errors import (
    BudgetExceeded,
    ConfigError,
    Conflict,
    ProviderError,
    ProviderOutOfCredit,
    ProviderUnauthenticated,
    RateLimited,
    TeppanError,
    Unauthenticated,
)
from teppan.server.allowance import allowance_headers
from teppan.server.header import Header

HOPELESS = (ConfigError, Conflict, ProviderOutOfCredit, ProviderUnauthenticated, RateLimited)
"""Errors whose status looks worth a retry, but sending the same again cannot help, unless they say
when it will."""

PATIENT = 60.0
"""Seconds that a client may be asked to wait for a budget before it tries by itself."""

MESSAGES_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "invalid_request_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}

_log = structlog.get_logger("teppan.server")


def plain_body(error: TeppanError, request_id: str) -> bytes:
    """The refusal of the chat, responses, embeddings and models endpoints."""
    return orjson.dumps({"error": plain(error)})


def plain(error: TeppanError) -> dict[str, Json]:
    """The four keys every client expects, then who failed."""
    return {
        "message": error.message,
        "type": error.kind,
        "param": error.param,
        "code": error.code,
        **_blame(error),
    }


def messages_body(error: TeppanError, request_id: str) -> bytes:
    """The refusal of the messages endpoint."""
    kind = MESSAGES_TYPES.get(error.status, "api_error")
    inner = {"type": kind, "message": error.message, "code": error.code, **_blame(error)}
    return orjson.dumps({"type": "error", "error": inner, "request_id": request_id})


def error_headers(error: TeppanError) -> list[Header]:
    """When to come again, and whether to."""
    headers = [(b"x-teppan-error-source", _source(error).encode())]
    if error.retry_after is not None:
        wait = max(error.retry_after, 0.0)
        headers.append((b"retry-after", str(math.ceil(wait)).encode()))
        headers.append((b"retry-after-ms", str(math.ceil(wait * 1000)).encode()))
    elif error.status in (429, 503) and not isinstance(error, HOPELESS):
        headers.append((b"retry-after", b"1"))
    if _is_hopeless(error):
        headers.append((b"x-should-retry", b"false"))
    if isinstance(error, RateLimited):
        headers += allowance_headers(error.allowance)
    if isinstance(error, Unauthenticated):
        headers.append((b"www-authenticate", b"Bearer"))
    return headers


def _is_hopeless(error: TeppanError) -> bool:
    if isinstance(error, BudgetExceeded):
        return error.retry_after is None or error.retry_after > PATIENT
    return isinstance(error, HOPELESS) and error.retry_after is None


def typed(error: Exception, request_id: str) -> TeppanError:
    """A typed error stays; anything else becomes an internal one, whose place is logged.

    Its message and its variables are not: they may hold keys and what people said.
    """
    if isinstance(error, TeppanError):
        return error
    _log.error(
        "unexpected error",
        request_id=request_id,
        error=type(error).__name__,
        where=[
            f"{each.filename}:{each.lineno} {each.name}" for each in extract_tb(error.__traceback__)
        ],
    )
    return TeppanError(
        f"the gateway failed in a way it did not foresee; its log names request {request_id}"
    )


def _source(error: TeppanError) -> str:
    return "provider" if isinstance(error, ProviderError) else "gateway"


def _blame(error: TeppanError) -> dict[str, Json]:
    blame: dict[str, Json] = {"source": _source(error)}
    if isinstance(error, ProviderError):
        if error.provider:
            blame["provider"] = error.provider
        if error.upstream_status is not None:
            blame["provider_status"] = error.upstream_status
    return blame
