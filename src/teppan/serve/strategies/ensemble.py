"""What every strategy that asks several models shares: settings, refusals, the last resort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Json, say
from teppan.core.errors import Refused, TeppanError, UnsupportedRequest
from teppan.core.reply import Outcome
from teppan.core.verdict import Confidence
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.chain import failed, serve_first, whole
from teppan.serve.strategies.gather import Enough, Gathered

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, Meta(gt=0.0)]
Names = Annotated[tuple[str, ...], Meta(min_length=1)]

ALONE = 0.8
"""How much of its trust an answer keeps when the models that should have confirmed it failed."""

Below = Literal["escalate", "refuse", "serve"]
"""What happens to an answer that is not trusted enough: ask `escalate_to`, refuse, or serve it."""


class EnsembleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of every ensemble.

    `fallback` are models tried in order when no member answers, `timeout` the seconds each
    member has (none: the request's own deadline).
    """

    fallback: tuple[str, ...] = ()
    timeout: Seconds | None = None


class PanelSettings(EnsembleSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of ensembles of equals: `models` are asked side by side.

    With `quorum`, that many answers are enough and the slower models are cancelled.
    """

    models: Names
    quorum: Annotated[int, Meta(ge=1)] | None = None


def escalation_is_named(below: Below, escalate_to: str | None) -> None:
    """Raises `ValueError` for a setting that escalates to nobody."""
    if below == "escalate" and escalate_to is None:
        raise ValueError('below = "escalate" needs the model to ask: set `escalate_to`')


def one_choice_only(request: ChatRequest) -> None:
    """Raises `UnsupportedRequest` for `n` above 1: an ensemble has one best answer."""
    if request.n is not None and request.n > 1:
        raise UnsupportedRequest(
            f"n={request.n}: a model that asks several models gives one answer; send n=1, "
            "or ask a single model",
            param="n",
        )


async def last_resort(
    call: Call, fallback: Sequence[str], request: ChatRequest, causes: Sequence[TeppanError]
) -> Outcome:
    """The answer of the fallback chain after every member failed; `AllFailed` when it fails too."""
    served = await serve_first(call, fallback, request, "fallback", causes=causes)
    return Outcome(
        reply=served.reply,
        reason=f"every member failed; the fallback {served.model} answered",
        confidence=by_trust(call, served.model, request, "trust of the fallback"),
        replies=whole(served.reply),
        evidence={"failed": [error.code for error in causes]},
    )


async def distrusted(
    call: Call,
    below: Below,
    escalate_to: str | None,
    request: ChatRequest,
    outcome: Outcome,
) -> Outcome:
    """What becomes of an outcome below the bar: another model's answer, a refusal, or itself.

    Raises `Refused` when `below` says so. When the escalation fails the outcome itself is served
    and says so: a doubtful answer is better than none where refusing was not asked for.
    """
    if below == "refuse":
        raise Refused(f"no answer is served: {outcome.reason}")
    if below == "serve" or escalate_to is None:
        return outcome
    try:
        reply = await call.serve(escalate_to, request, "fallback")
    except TeppanError as error:
        return replace(
            outcome, reason=f"{outcome.reason}; {escalate_to} could not help: {error.message}"
        )
    return Outcome(
        reply=reply,
        reason=f"{outcome.reason}; escalated to {escalate_to}",
        confidence=by_trust(call, escalate_to, request, "trust of the escalation"),
        replies=(*outcome.replies, *whole(reply)),
        verdict=outcome.verdict,
        evidence={**(outcome.evidence or {}), "escalated_to": escalate_to},
    )


def by_trust(call: Call, model: str, request: ChatRequest, basis: str = "trust") -> Confidence:
    """The confidence in an answer that nothing was compared with: how far its model is trusted."""
    trust = call.trust(model, request.task_type)
    return Confidence(trust, basis, trust)


def alone(call: Call, request: ChatRequest, gathered: Gathered) -> Outcome:
    """The outcome when one reply is left of several asked: served, with lowered confidence."""
    (reply,) = gathered.answers
    trust = call.trust(reply.model, request.task_type)
    return Outcome(
        reply=reply,
        reason=f"only {reply.model} answered of {gathered.asked} asked; nothing confirms it",
        confidence=Confidence(trust * ALONE, "trust of the only reply", trust),
        replies=(reply,),
        evidence=gathering(gathered),
    )


def gathering(gathered: Gathered) -> dict[str, Json]:
    """How many were asked, who failed, how many were cancelled: part of every evidence."""
    return {
        "asked": gathered.asked,
        "answered": len(gathered.replies),
        "cancelled": len(gathered.pending),
        **(failed([failure for _, failure in gathered.failures]) if gathered.failures else {}),
    }


def quorum_of(count: int | None) -> Enough:
    """Enough once `count` replies have come; never, without a count."""

    async def reached(gathered: Gathered) -> bool:
        return count is not None and len(gathered.replies) >= count

    return reached


def with_instruction(request: ChatRequest, text: str) -> ChatRequest:
    """The request with one more system message, behind those it begins with."""
    opening = next(
        (at for at, each in enumerate(request.messages) if each.role not in _INSTRUCTING),
        len(request.messages),
    )
    messages = request.messages
    return replace(
        request, messages=(*messages[:opening], say("system", text), *messages[opening:])
    )


_INSTRUCTING = frozenset({"system", "developer"})
