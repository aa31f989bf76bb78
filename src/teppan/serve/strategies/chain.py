"""Models tried in order until one begins to answer.

Before the first word another model costs the client nothing but time; after it, the answer is
the client's, and only the one who streams it can say that it broke.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from teppan.core.chat import ChatRequest, Json
from teppan.core.errors import (
    AllFailed,
    BudgetExceeded,
    PriceUnknown,
    StoreError,
    TeppanError,
    UnsupportedRequest,
)
from teppan.core.reply import LiveReply, Reply
from teppan.core.trace import CallRole
from teppan.core.verdict import Evidence
from teppan.providers.retry import another_model_may_help
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.gather import Failure

_OURS = (BudgetExceeded, PriceUnknown, StoreError)
"""Why a call is not made for the sake of a budget: the client should read that, not `AllFailed`."""


class Served(Struct, frozen=True):
    """Who answered, and who was tried before in vain."""

    model: str
    reply: Reply | LiveReply
    failures: tuple[Failure, ...] = ()

    @property
    def reason(self) -> str:
        tried = ", ".join(f"{each.model} ({each.error.code})" for each in self.failures)
        return f"{self.model} answered after {tried} failed" if tried else f"{self.model} answered"

    @property
    def evidence(self) -> Evidence | None:
        return failed(self.failures) if self.failures else None


async def serve_first(
    call: Call,
    models: Sequence[str],
    request: ChatRequest,
    role: CallRole,
    *,
    then: CallRole = "fallback",
    causes: Sequence[TeppanError] = (),
) -> Served:
    """The answer of the first model that begins one; `role` is the first's, `then` the others'.

    Raises `AllFailed` when none does, with `causes` (what failed before) in front of theirs, or
    the last error when it was money alone that none was asked for; raises at once an error that
    no other model can mend.
    """
    failures: list[Failure] = []
    for model in models:
        try:
            reply = await call.serve(model, request, then if failures else role)
        except TeppanError as error:
            if not (another_model_may_help(error) or isinstance(error, UnsupportedRequest)):
                raise
            failures.append(Failure(model, error))
        else:
            return Served(model, reply, tuple(failures))
    every = (*causes, *(failure.error for failure in failures))
    if every and all(isinstance(each, _OURS) for each in every):
        raise every[-1]
    raise AllFailed(_what_failed(every), causes=every)


def failed(failures: Sequence[Failure]) -> dict[str, Json]:
    """Who failed and how, as evidence."""
    return {"failed": [{"model": each.model, "error": each.error.code} for each in failures]}


def whole(reply: Reply | LiveReply) -> tuple[Reply, ...]:
    """The reply when it is all there, and nothing while it is still being written."""
    return (reply,) if isinstance(reply, Reply) else ()


def _what_failed(causes: Sequence[TeppanError]) -> str:
    if not causes:
        return "no model is configured to answer"
    return "every model failed: " + "; ".join(dict.fromkeys(error.message for error in causes))
