"""Every error Teppan raises on purpose, with its HTTP status and its CLI exit code.

    TeppanError
    ├─ BadRequest                  400  2   the client's request cannot be understood
    │  ├─ ContextTooLong           400  2   more tokens than the model takes
    │  └─ UnsupportedRequest       400  2   no model in the chain can do what was asked
    ├─ Unauthenticated             401  3   no key, or an unknown, expired or revoked one
    ├─ Forbidden                   403  3   the key may not use this model or route
    ├─ NotFound                    404  4   no such model, trace or key in this tenant
    │  └─ ModelNotFound            404  4   no such model; the message names the nearest
    ├─ Conflict                    409  5   the same idempotency key with another body
    ├─ Taken                       409  5   somebody else has it, or it is closed
    ├─ BodyTooLarge                413  2   the request is larger than the limit
    ├─ RateLimited                 429  6   too many requests; `retry_after` says when
    ├─ BudgetExceeded              429  6   the money is spent; `retry_after` says until when
    ├─ PriceUnknown                403  3   a hard budget cannot count a model without a price
    ├─ NotCached                   504  4   `only-if-cached` was asked and nothing is
    ├─ ConfigError                 500  2   a setting is wrong; the message names it and the remedy
    ├─ StoreError                  503  7   the database did not do what it must
    ├─ ShuttingDown                503  7   the gateway is draining
    ├─ Refused                     422  8   the strategy would not vouch for any answer
    └─ ProviderError               502  9   a vendor failed; `verdict.py` says whether to try again
       ├─ ProviderBadRequest       400  2   the vendor calls the request invalid
       │  ├─ ProviderContextTooLong 400  2  more tokens than the vendor's model takes
       │  └─ ContentFiltered       400  2   the vendor's filter refused the prompt
       ├─ ProviderUnauthenticated  502  9   the vendor refuses our key
       ├─ ProviderOutOfCredit      502  9   the vendor wants money
       ├─ ProviderModelNotFound    404  4   the vendor has no such model
       ├─ ProviderRateLimited      429  6   the vendor is throttling this key
       ├─ ProviderOverloaded       503  9   the vendor says it is overloaded (500, 502, 503, 529)
       ├─ ProviderUnreachable      502  9   no connection: refused, reset, DNS, TLS
       ├─ ProviderTimeout          504  9   one of the four clocks ran out; `clock` says which
       ├─ ProviderBadAnswer        502  9   the bytes are not an answer in the vendor's dialect
       │  └─ StreamIncomplete      502  9   the stream ended without its end marker
       ├─ CircuitOpen              503  9   the breaker rests this model or key
       └─ AllFailed                502  9   every model of the chain failed; `causes` says how

The docstring of a class is its default message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from teppan.core.allowance import Allowance

Clock = Literal["connect", "first_token", "idle", "total"]


class TeppanError(Exception):
    """Something went wrong."""

    status = 500
    exit_code = 1
    code = "internal_error"
    kind = "server_error"

    def __init__(
        self,
        message: str | None = None,
        *,
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.param = param
        self.retry_after = retry_after
        super().__init__(self.message)


class BadRequest(TeppanError):
    """The request cannot be understood."""

    status, exit_code, code, kind = 400, 2, "invalid_request", "invalid_request_error"


class ContextTooLong(BadRequest):
    """The conversation has more tokens than the model takes."""

    code = "context_length_exceeded"


class UnsupportedRequest(BadRequest):
    """No model in the chain can do what was asked."""

    code = "unsupported"


class Unauthenticated(TeppanError):
    """A valid API key is needed: send it as `Authorization: Bearer ...` or `x-api-key`."""

    status, exit_code, code, kind = 401, 3, "invalid_api_key", "authentication_error"


class Forbidden(TeppanError):
    """This key may not do that."""

    status, exit_code, code, kind = 403, 3, "forbidden", "permission_error"


class NotFound(TeppanError):
    """There is no such thing here."""

    status, exit_code, code, kind = 404, 4, "not_found", "invalid_request_error"


class ModelNotFound(NotFound):
    """There is no such model here."""

    code = "model_not_found"


class Conflict(TeppanError):
    """The same idempotency key was used with another request."""

    status, exit_code, code, kind = 409, 5, "idempotency_conflict", "invalid_request_error"


class Taken(TeppanError):
    """Somebody else has taken this on, or it is closed: it must be opened again first."""

    status, exit_code, code, kind = 409, 5, "taken", "invalid_request_error"


class BodyTooLarge(TeppanError):
    """The request is larger than this gateway accepts."""

    status, exit_code, code, kind = 413, 2, "request_too_large", "invalid_request_error"


class RateLimited(TeppanError):
    """Too many requests.

    `allowance` is what is left of the limits. Without `retry_after` waiting does not help.
    """

    status, exit_code, code, kind = 429, 6, "rate_limit_exceeded", "rate_limit_error"

    def __init__(
        self,
        message: str | None = None,
        *,
        allowance: Allowance | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message or "too many requests", retry_after=retry_after)
        self.allowance = allowance


class BudgetExceeded(TeppanError):
    """The budget does not allow this call."""

    status, exit_code, code, kind = 429, 6, "insufficient_quota", "insufficient_quota"


class PriceUnknown(TeppanError):
    """The price of this model is unknown, so a hard budget cannot count it."""

    status, exit_code, code, kind = 403, 3, "price_unknown", "permission_error"


class NotCached(TeppanError):
    """No cached answer fits this request, and `only-if-cached` allows no other."""

    status, exit_code, code, kind = 504, 4, "not_cached", "invalid_request_error"


class ConfigError(TeppanError):
    """A setting is wrong."""

    exit_code, code = 2, "config_error"


class StoreError(TeppanError):
    """The database did not do what it must."""

    status, exit_code, code = 503, 7, "store_unavailable"


class ShuttingDown(TeppanError):
    """The gateway is shutting down; send the request again."""

    status, exit_code, code = 503, 7, "shutting_down"


class Refused(TeppanError):
    """No answer was good enough to vouch for."""

    status, exit_code, code, kind = 422, 8, "no_trusted_answer", "invalid_request_error"


class ProviderError(TeppanError):
    """A vendor failed.

    `provider` and `model` say who, `upstream_status` what it answered. The message never holds
    a key or the vendor's raw body.
    """

    status, exit_code, code = 502, 9, "provider_error"

    def __init__(
        self,
        message: str | None = None,
        *,
        provider: str = "",
        model: str = "",
        upstream_status: int | None = None,
        retry_after: float | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(
            message or (type(self).__doc__ or "").strip().partition("\n")[0],
            param=param,
            retry_after=retry_after,
        )
        self.provider = provider
        self.model = model
        self.upstream_status = upstream_status


class ProviderBadRequest(ProviderError):
    """The vendor calls the request invalid."""

    status, exit_code, code, kind = 400, 2, "provider_invalid_request", "invalid_request_error"


class ProviderContextTooLong(ProviderBadRequest):
    """The conversation has more tokens than the vendor's model takes."""

    code = "context_length_exceeded"


class ContentFiltered(ProviderBadRequest):
    """The vendor's content filter refused the prompt."""

    code = "content_filter"


class ProviderUnauthenticated(ProviderError):
    """The vendor refuses the gateway's key."""

    code = "provider_key_refused"


class ProviderOutOfCredit(ProviderError):
    """The vendor wants money: the gateway's account there is out of credit or quota."""

    code = "provider_out_of_credit"


class ProviderModelNotFound(ProviderError):
    """The vendor has no such model."""

    status, exit_code, code, kind = 404, 4, "model_not_found", "invalid_request_error"


class ProviderRateLimited(ProviderError):
    """The vendor is throttling the gateway."""

    status, exit_code, code, kind = 429, 6, "provider_rate_limited", "rate_limit_error"


class ProviderOverloaded(ProviderError):
    """The vendor is failing or overloaded."""

    status, code = 503, "provider_overloaded"


class ProviderUnreachable(ProviderError):
    """The vendor cannot be reached."""

    code = "provider_unreachable"


class ProviderTimeout(ProviderError):
    """The vendor took too long."""

    status, code = 504, "provider_timeout"

    def __init__(
        self,
        message: str | None = None,
        *,
        clock: Clock = "total",
        provider: str = "",
        model: str = "",
    ) -> None:
        super().__init__(message, provider=provider, model=model)
        self.clock = clock


class ProviderBadAnswer(ProviderError):
    """What the vendor sent is not an answer."""

    code = "provider_bad_answer"


class StreamIncomplete(ProviderBadAnswer):
    """The answer was cut off before its end."""

    code = "stream_incomplete"


class CircuitOpen(ProviderError):
    """The vendor failed too often and is resting."""

    status, code = 503, "circuit_open"


class AllFailed(ProviderError):
    """Every model that could answer failed."""

    code = "all_providers_failed"

    def __init__(self, message: str | None = None, *, causes: Sequence[TeppanError] = ()) -> None:
        super().__init__(message)
        self.causes = tuple(causes)
        if causes:
            last = causes[-1]
            self.status, self.retry_after = last.status, last.retry_after
