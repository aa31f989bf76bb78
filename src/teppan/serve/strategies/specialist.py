"""The model that knows this kind of task answers."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from teppan.core.chat import ChatRequest
from teppan.core.reply import Outcome
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.chain import serve_first, whole
from teppan.serve.strategies.ensemble import by_trust


class SpecialistSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`specialists` maps a task type to a model; `default` takes what no specialist does.

    When the specialist fails the `default` is tried, then `fallback` in order.
    """

    specialists: Mapping[str, str]
    default: str
    fallback: tuple[str, ...] = ()


class Specialist:
    """Chooses by the task type the client named (or the router recognised), then answers live."""

    name = "specialist"

    def __init__(self, settings: SpecialistSettings) -> None:
        self.settings = settings

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `AllFailed` when the specialist, the default and every fallback fail."""
        task = request.task_type
        chosen = self.settings.specialists.get(task or "", self.settings.default)
        models = tuple(dict.fromkeys((chosen, self.settings.default, *self.settings.fallback)))
        served = await serve_first(call, models, request, "single")
        known = task in self.settings.specialists
        reason = f"{chosen} is the specialist for {task}" if known else f"no specialist for {task}"
        if served.model != chosen or not known:
            reason += f"; {served.model} answered"
        return Outcome(
            reply=served.reply,
            reason=reason,
            confidence=by_trust(call, served.model, request),
            replies=whole(served.reply),
            evidence={
                "task_type": task,
                "specialist": chosen if known else None,
                "failed": {each.model: each.error.code for each in served.failures},
            },
        )
