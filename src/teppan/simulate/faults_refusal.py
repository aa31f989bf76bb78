"""Faults that are error responses: rate limits, keys, money, servers."""

import re
from collections.abc import Callable, Mapping
from email.utils import formatdate
from types import MappingProxyType

from teppan.simulate.turn import Refused

_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")


def retry_headers(form: str, now: float) -> tuple[tuple[str, str], ...]:
    """Retry-After in the form asked for.

    A number is sent as it is (0.5, -5 and 1000000000 too); `date` or `date=SECONDS` is an HTTP-date
    that far ahead, `past` one an hour ago, `ms=N` the `retry-after-ms` header, `garbage` a word;
    empty sends none (RFC 9110, section 10.2.3).
    """
    name, _, value = form.partition("=")
    if not form:
        return ()
    if _NUMBER.fullmatch(form):
        return (("retry-after", form),)
    if name == "date":
        return (("retry-after", formatdate(now + float(value or 2), usegmt=True)),)
    if name == "past":
        return (("retry-after", formatdate(now - 3600, usegmt=True)),)
    if name == "ms":
        return (("retry-after-ms", value), ("retry-after", str(-(-int(value) // 1000))))
    return (("retry-after", "soon"),)


def _refuse(kind: str, message: str) -> Callable[[str, float], Refused]:
    def make(argument: str, now: float) -> Refused:
        return Refused(kind, message, headers=retry_headers(argument, now))

    return make


def _quota(argument: str, now: float) -> Refused:
    return Refused(
        "quota",
        "You exceeded your current quota, please check your plan and billing details.",
        headers=retry_headers(argument, now),
    )


_FORMS = "argument: Retry-After as a number, date, date=S, past, ms=N, garbage; none without"

FAULTS: Mapping[str, tuple[str, Callable[[str, float], Refused]]] = MappingProxyType(
    {
        "429": (
            f"429 rate limit; {_FORMS}",
            _refuse("rate_limit", "Rate limit reached (simulated)."),
        ),
        "quota": ("429 that waiting cannot cure: money is exhausted", _quota),
        "400": ("400 invalid request", _refuse("invalid_request", "Invalid request (simulated).")),
        "401": (
            "401 bad key",
            _refuse("authentication", "Incorrect API key provided (simulated)."),
        ),
        "402": ("402 payment required", _refuse("payment", "Insufficient balance (simulated).")),
        "403": ("403 not allowed", _refuse("permission", "Not allowed (simulated).")),
        "404": (
            "404 unknown model",
            _refuse("model_not_found", "The model does not exist (simulated)."),
        ),
        "413": ("413 request too large", _refuse("too_large", "Request too large (simulated).")),
        "500": (
            f"500 server error; {_FORMS}",
            _refuse("server", "Internal server error (simulated)."),
        ),
        "502": (f"502 bad gateway; {_FORMS}", _refuse("bad_gateway", "Bad gateway (simulated).")),
        "503": (
            f"503 unavailable; {_FORMS}",
            _refuse("unavailable", "Service unavailable (simulated)."),
        ),
        "504": (f"504 timeout; {_FORMS}", _refuse("timeout", "Gateway timeout (simulated).")),
        "529": (f"529 overloaded; {_FORMS}", _refuse("overloaded", "Overloaded (simulated).")),
        "context_overflow": (
            "the prompt is too long, in the vendor's words",
            _refuse("context_overflow", "130000 > 128000"),
        ),
        "prompt_filter": (
            "the prompt is refused by the content filter",
            _refuse("content_filter", "The prompt was flagged by the content filter (simulated)."),
        ),
    }
)
