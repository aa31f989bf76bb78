"""What a vendor's refusal means: status, code and words -> one typed error.

Vendors agree on statuses more than on codes, so the rules go from the sure to the vague:
money, context and content are recognised by code or phrase, the rest by status. The table is
data, so that a phrase seen in the wild is one more line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from teppan.core.errors import (
    ContentFiltered,
    ProviderBadAnswer,
    ProviderBadRequest,
    ProviderContextTooLong,
    ProviderError,
    ProviderModelNotFound,
    ProviderOutOfCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderUnauthenticated,
)
from teppan.providers.retry import retry_after

_MONEY = re.compile(
    r"insufficient[_ ](?:quota|balance|credit|funds)|billing_(?:error|hard_limit|not_active)"
    r"|credit balance is too low|out of credits|used all available credits|spending limit"
    r"|check your plan and billing|payment required|requires more credits",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"context_length_exceeded|context[ _](?:length|window|size)|maximum (?:context|prompt) length"
    r"|prompt is too long|input (?:is )?too long|too many (?:input )?tokens"
    r"|input token count.{0,40}exceeds|exceeds the (?:maximum|limit|max)[^.]{0,40}tokens"
    r"|max_model_len|string_above_max_length|request_too_large",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"content[_ ](?:filter|policy|management|moderation)|responsible_?ai|moderation_blocked"
    r"|flagged (?:by|for|as)|safety (?:system|policy|checks)|prohibited[_ ]content|invalid_prompt",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"invalid[_ ]api[_ ]key|incorrect api key|api key not valid|api_key_invalid"
    r"|authentication_error|invalid x-api-key|no api key|missing api key",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"model_not_found|model_not_available|invalid_model|not_found_error"
    r"|model\b.{0,120}(?:does not exist|not found|not exist|is not available|is not supported)"
    r"|(?:unknown|no such|invalid) model",
    re.IGNORECASE | re.DOTALL,
)

_BY_KIND: Mapping[str, type[ProviderError]] = {
    "rate_limit_error": ProviderRateLimited,
    "rate_limit_exceeded": ProviderRateLimited,
    "rate_limit": ProviderRateLimited,
    "tokens": ProviderRateLimited,
    "requests": ProviderRateLimited,
    "overloaded_error": ProviderOverloaded,
    "server_error": ProviderOverloaded,
    "internal_error": ProviderOverloaded,
    "internal_server_error": ProviderOverloaded,
    "internalservererror": ProviderOverloaded,
    "api_error": ProviderOverloaded,
    "timeout_error": ProviderOverloaded,
    "service_unavailable": ProviderOverloaded,
    "service_unavailable_error": ProviderOverloaded,
    "billing_error": ProviderOutOfCredit,
    "authentication_error": ProviderUnauthenticated,
    "permission_error": ProviderUnauthenticated,
    "not_found_error": ProviderModelNotFound,
    "invalid_request_error": ProviderBadRequest,
    "badrequesterror": ProviderBadRequest,
}

_REQUEST_AT_FAULT = frozenset({400, 403, 404, 413, 422})

_TRY_LATER = frozenset({408, 409, 425, 498, 499})
"""Statuses below 500 that speak of the vendor's state, not of the request."""


def classify(status: int, kind: str = "", code: str = "", message: str = "") -> type[ProviderError]:
    """The error class for an HTTP status with the vendor's own type, code and message.

    A status below 400 is an error object inside a success: then only the words can tell, and
    when they do not, the answer is no answer.
    """
    said = f"{kind} {code} {message}"
    if status == 402 or (status in (0, 200, 400, 403, 429) and _MONEY.search(said)):
        return ProviderOutOfCredit
    if status == 401 or (status in (0, 200, 400, 403) and _KEY.search(said)):
        return ProviderUnauthenticated
    if status == 429:
        return ProviderRateLimited
    if status >= 500:
        return ProviderOverloaded
    if status in _REQUEST_AT_FAULT or status < 400:
        about = _request_at_fault(status, said)
        if about is not None:
            return about
    if status in _TRY_LATER:
        return ProviderOverloaded
    if status == 403:
        return ProviderUnauthenticated
    if status >= 400:
        return ProviderBadRequest
    named = _BY_KIND.get(code.lower()) or _BY_KIND.get(kind.lower())
    return named or ProviderBadAnswer


def _request_at_fault(status: int, said: str) -> type[ProviderError] | None:
    if status == 413 or _CONTEXT.search(said):
        return ProviderContextTooLong
    if _CONTENT.search(said):
        return ContentFiltered
    if status == 404 or (status in (0, 200, 400, 422) and _MODEL.search(said)):
        return ProviderModelNotFound
    return None


# --- words --------------------------------------------------------------------------------------

_SECRETS = re.compile(
    r"(?i:bearer)\s+\S+"
    r"|\bsk-[\w*-]+"
    r"|[?&](?i:key|token|api_key)=[^\s&]+"
    r"|\b(?=\w*\d)(?=\w*[A-Z])(?=\w*[a-z])\w{20,}"
    r"|[\w-]*\*{3,}[\w-]*"
    r"|\b[\w-]{36,}"
)
_LONGEST = 300


def vendor_words(message: object) -> str:
    """A vendor's message made fit to show: one short line without anything like a key."""
    if not isinstance(message, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in message[:2000]).split())
    line = _SECRETS.sub("[hidden]", line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def failure(
    status: int,
    *,
    kind: str = "",
    code: str = "",
    message: object = None,
    param: str | None = None,
    retry_after: float | None = None,
) -> ProviderError:
    """The typed error of a vendor's refusal, with the vendor's words made fit to show."""
    said = message if isinstance(message, str) else ""
    error = classify(status, kind, code, said)
    words = vendor_words(said)
    summary = (error.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    return error(
        f"{summary}: {words}" if words else f"{summary} (HTTP {status})",
        upstream_status=status or None,
        retry_after=retry_after,
        param=param,
    )


# --- when to come back --------------------------------------------------------------------------


def wait_asked(headers: Mapping[str, str]) -> float | None:
    """Seconds the vendor asks to wait, reckoned with its own clock when it named a date.

    Without a `date` header a named date says nothing here; who has a clock may ask
    `retry.retry_after` again.
    """
    if "retry-after" not in headers and "retry-after-ms" not in headers:
        return None
    try:
        now = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except ValueError:
        now = -math.inf
    asked = retry_after(headers, now)
    return asked if asked is not None and math.isfinite(asked) else None
