"""The router as a strategy: the question decides which model answers.

The choice itself is made in `routing/`; this hands it what it needs and serves by it. A chosen
model that fails before its first word is replaced by the next target. Members may be virtual: a
COMPLEX question usually goes to an ensemble.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import structlog
from msgspec import Meta, Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Delta, ToolDelta
from teppan.core.clock import Clock, SystemClock
from teppan.core.errors import TeppanError
from teppan.core.reply import LiveReply, Outcome, Reply
from teppan.core.trace import Route
from teppan.core.verdict import Confidence
from teppan.cost.tokens import request_tokens
from teppan.routing.affinity import Affinity
from teppan.routing.book import Book
from teppan.routing.choosing import Choice, Chooser, Kind, Policy, Surroundings, unpriced
from teppan.routing.fare import Rates
from teppan.routing.features import Reader
from teppan.routing.intent import UNKNOWN, Intents
from teppan.routing.language import Languages
from teppan.routing.rules import Rules, Weights
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.chain import Served, serve_first, whole
from teppan.serve.strategies.ensemble import Share, by_trust
from teppan.serve.strategies.meaning import Embed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_log = structlog.get_logger(__name__)

STATE = "router"
"""The release's state that the learned router goes by."""

Positive = Annotated[float, Meta(ge=0.0)]
Words = Mapping[str, tuple[str, ...]]


class AutoSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`simple`, `medium` and `complex` answer questions of those levels, `tools` those that need
    tools. `models` are chosen among by the learned and the adaptive router; `default` answers
    when the router is off. The other settings are those of `[router]`.
    """

    simple: str
    medium: str
    complex: str
    tools: str | None = None
    default: str | None = None
    models: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    kind: Kind = "rules"
    enabled: bool = True
    complex_threshold: Share = 0.3
    ensemble_threshold: Share = 0.6
    weights: Weights = Weights()
    complex_keywords: Words = {}
    tool_keywords: Words = {}
    quality: Share | None = None
    price_weight: Positive = 0.2
    explore: Share = 0.05
    sticky: Positive = 600.0


class Guide(Struct, frozen=True, kw_only=True):
    """What the router knows of the gateway around it; the defaults know nothing.

    `embedder` is the name of what `embed` embeds with.
    """

    languages: Languages = Languages()
    intents: Intents | None = None
    rates: Rates = unpriced
    calls_tools: Callable[[str], bool] = lambda _: True
    book: Book | None = None
    embed: Embed | None = None
    embedder: str = ""
    clock: Clock = SystemClock()


class Auto:
    """Chooses, serves, and says why."""

    name = "auto"

    def __init__(self, settings: AutoSettings, guide: Guide | None = None) -> None:
        self.settings = settings
        self._guide = guide = guide or Guide()
        self.book = guide.book
        self._affinity = Affinity(guide.clock)
        self._chooser = Chooser(
            policy_of(settings),
            Surroundings(
                reader=Reader(guide.languages, settings.complex_keywords, settings.tool_keywords),
                intents=guide.intents or Intents((), _nothing),
                affinity=self._affinity,
                rates=guide.rates,
                calls_tools=guide.calls_tools,
                book=guide.book,
            ),
        )

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises `AllFailed` when the chosen model, the other targets and every fallback fail."""
        choice = await self.choose(request, call.state(STATE), call.random())
        if request.task_type is None and choice.intent != UNKNOWN:
            request = replace(request, task_type=choice.intent)
        models = dict.fromkeys(
            (choice.model, *self._chooser.others(choice.model), *self.settings.fallback)
        )
        served = await serve_first(call, tuple(models), request, "single")
        return Outcome(
            reply=self._remembered(request, choice, served),
            reason=_told(choice, served),
            confidence=_confidence(call, request, choice, served),
            replies=whole(served.reply),
            evidence=served.evidence,
            route=Route(
                choice.model,
                self.name,
                _told(choice, served),
                choice.probability,
                {**choice.evidence(), "served": served.model},
            ),
        )

    async def choose(self, request: ChatRequest, state: Any, chance: float) -> Choice:
        """The choice for a request; `state` is the fitted router, or None."""
        return self._chooser.choose(
            request,
            tokens=request_tokens(request),
            chance=chance,
            router=state,
            vector=await self._vector(request.question, state),
        )

    async def _vector(self, question: str, state: Any) -> NDArray[np.float32] | None:
        """The question's embedding, where the fitted router was fitted with ours."""
        wanted = state.meaning if state is not None and self.settings.kind == "learned" else None
        embed = self._guide.embed
        if wanted is None or embed is None or wanted.embedder != self._guide.embedder:
            return None
        try:
            vector: NDArray[np.float32] = (await embed([question]))[0]
        except (TeppanError, OSError) as error:
            _log.warning("router.embedding_failed", error=str(error))
            return None
        return vector

    def _remembered(
        self, request: ChatRequest, choice: Choice, served: Served
    ) -> Reply | LiveReply:
        """The reply; who gave it is kept for the rest of the conversation and of a tool loop."""
        tokens = choice.tokens or request_tokens(request)
        self._affinity.served(choice.conversation, served.model, choice.level, tokens)
        reply = served.reply
        if isinstance(reply, Reply):
            calls = (each for one in reply.completion.choices for each in one.message.tool_calls)
            self._affinity.called(served.model, [each.id for each in calls])
            return reply
        return _Listening(reply, served.model, self._affinity) if request.tools else reply


class _Listening:
    """A live reply; tools that are called in it are remembered as its model's."""

    def __init__(self, reply: LiveReply, model: str, affinity: Affinity) -> None:
        self.model = reply.model
        self._reply = reply
        self._called = model
        self._affinity = affinity

    async def deltas(self) -> AsyncIterator[Delta]:
        async for delta in self._reply.deltas():
            if isinstance(delta, ToolDelta) and delta.id:
                self._affinity.called(self._called, (delta.id,))
            yield delta

    async def aclose(self) -> None:
        await self._reply.aclose()


def policy_of(settings: AutoSettings) -> Policy:
    return Policy(
        targets={
            "SIMPLE": settings.simple,
            "MEDIUM": settings.medium,
            "COMPLEX": settings.complex,
        },
        default=settings.default or settings.medium,
        kind=settings.kind,
        enabled=settings.enabled,
        tools=settings.tools,
        models=settings.models,
        rules=Rules(settings.weights, settings.complex_threshold, settings.ensemble_threshold),
        quality=settings.quality,
        price_weight=settings.price_weight,
        explore=settings.explore,
        sticky=settings.sticky,
    )


def _told(choice: Choice, served: Served) -> str:
    if not served.failures:
        return f"{choice.model}: {choice.reason}"
    return f"{choice.model}: {choice.reason}; {served.reason}"


def _confidence(call: Call, request: ChatRequest, choice: Choice, served: Served) -> Confidence:
    """What the model itself says (an ensemble does), the fitted router's chance, or trust."""
    reply = served.reply
    if isinstance(reply, Reply) and reply.confidence is not None:
        return reply.confidence
    chance = choice.chances.get(served.model)
    if chance is not None:
        return Confidence(chance, "router", chance, calibrated=True)
    return by_trust(call, served.model, request)


def _nothing(texts: Any) -> Any:
    raise AssertionError("there are no examples to embed")
