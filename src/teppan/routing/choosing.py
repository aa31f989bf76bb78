"""The choice: one question, one policy, one model, and why.

in a tool loop?  ── the model that called
with a model?    ── the same, unless the question is harder than those before
learned          ── the model that is worth most, at the price the state was calibrated to
adaptive         ── drawn from the records of this kind of question
rules            ── the target of the level; also when the others cannot choose
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from teppan.core.chat import ChatRequest, Json
from teppan.core.money import Micros
from teppan.routing import bandit
from teppan.routing.affinity import Affinity, Stay, conversation_of, under_way
from teppan.routing.book import Book
from teppan.routing.fare import USUAL_OUTPUT, WARM, Rate, Rates, fare
from teppan.routing.features import Features, Reader, in_tool_loop
from teppan.routing.intent import UNKNOWN, Intents
from teppan.routing.learned import CENT, Router, price_for, worth
from teppan.routing.rules import ORDER, Complexity, Level, Rules

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["rules", "learned", "adaptive"]

ANY = "any"
"""The category of a question whose intent is not known."""


class Policy(Struct, frozen=True, kw_only=True):
    """How one virtual model chooses. `targets` has a model for each level, `models` are those the
    learned and the adaptive router choose among; `quality` is the share of the best quality to
    keep, `price_weight` the quality one cent is worth, `explore` the least share of each model.
    """

    targets: Mapping[Level, str]
    default: str
    kind: Kind = "rules"
    enabled: bool = True
    tools: str | None = None
    models: tuple[str, ...] = ()
    rules: Rules = Rules()
    quality: float | None = None
    price_weight: float = 0.2
    explore: float = 0.05
    sticky: float = 600.0


class Choice(Struct, frozen=True, kw_only=True):
    """The chosen model, how probable that was, and why in words.

    `costs` are the expected micro-dollars of each model that was weighed (`None`: unknown),
    `chances` the probability of a good answer where a fitted router told it, `shares` how
    probable each model's choice was.
    """

    model: str
    reason: str
    probability: float = 1.0
    kind: str = "rules"
    category: str = ANY
    intent: str = UNKNOWN
    intent_probability: float = 0.0
    features: Features | None = None
    complexity: Complexity | None = None
    costs: Mapping[str, Micros | None] = {}
    chances: Mapping[str, float] = {}
    shares: Mapping[str, float] = {}
    conversation: str = ""
    tokens: int = 0

    @property
    def level(self) -> int:
        return ORDER[self.complexity.level] if self.complexity else 0

    def evidence(self) -> dict[str, Json]:
        """What was seen, as a trace keeps it."""
        told: dict[str, Json] = {
            "kind": self.kind,
            "category": self.category,
            "intent": self.intent,
            "intent_probability": round(self.intent_probability, 4),
            "tokens": self.tokens,
            "costs": dict(self.costs),
        }
        if self.chances:
            told["chances"] = {name: round(each, 4) for name, each in self.chances.items()}
        if self.shares:
            told["shares"] = {name: round(each, 4) for name, each in self.shares.items()}
        if self.features is not None:
            told |= {
                "language": self.features.language,
                "words": self.features.words,
                "complex_words": list(self.features.complex_words),
                "tool_words": list(self.features.tool_words),
                "sentiment": round(self.features.sentiment, 4),
                "turns": self.features.turns,
                "needs_tools": self.features.needs_tools,
            }
        if self.complexity is not None:
            told |= {
                "level": self.complexity.level,
                "score": round(self.complexity.score, 4),
                "parts": {name: round(each, 4) for name, each in self.complexity.parts.items()},
            }
        return told


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a chooser asks: figures of a text, intents, prices, abilities, records, memory."""

    reader: Reader
    intents: Intents
    affinity: Affinity
    rates: Rates
    calls_tools: Callable[[str], bool]
    book: Book | None = None


class Chooser:
    """Chooses by a policy."""

    def __init__(self, policy: Policy, around: Surroundings) -> None:
        self.policy = policy
        self.around = around

    def choose(
        self,
        request: ChatRequest,
        *,
        tokens: int,
        chance: float,
        router: Router | None = None,
        vector: NDArray[np.float32] | None = None,
    ) -> Choice:
        """The model for a request of `tokens`; `chance` in [0, 1) draws where one is drawn.

        `router` is the fitted state, `vector` the question's embedding where the state wants it.
        """
        policy, around = self.policy, self.around
        conversation = conversation_of(request)
        if not policy.enabled:
            reason = "the router is switched off; the default model answers"
            return Choice(
                model=policy.default, kind="off", reason=reason, conversation=conversation
            )
        features = around.reader.of(request)
        intent, sure = around.intents.of(request.question)
        asked = _Question(
            features,
            policy.rules.judge(features),
            request.task_type or (intent if intent != UNKNOWN else ANY),
            tokens,
            self._stay(request, conversation),
        )
        kind, model, reason, probability = self._settled(request, asked, conversation)
        chances: Mapping[str, float] = {}
        shares: Mapping[str, float] = {}
        if model is None and policy.kind == "adaptive":
            pull = self._adaptive(asked, chance)
            kind, model, reason = "adaptive", pull.model, pull.reason
            probability, shares = pull.probability, pull.chances
        elif model is None and policy.kind == "learned":
            model, reason, chances = self._learned(request, asked, router, vector)
            kind = "learned"
        if model is None:
            why = f"{reason}; rules chose: " if reason else ""
            model, reason = self._by_rules(asked)
            kind, reason = "rules", why + reason
        return Choice(
            model=model,
            reason=reason,
            probability=probability,
            kind=kind,
            category=asked.category,
            intent=intent,
            intent_probability=sure,
            features=features,
            complexity=asked.complexity,
            costs={name: self._fare(name, asked) for name in self._named(model)},
            chances=chances,
            shares=shares,
            conversation=conversation,
            tokens=tokens,
        )

    def others(self, chosen: str) -> tuple[str, ...]:
        """Who is tried when the chosen model fails: the other targets, the middle one first."""
        policy = self.policy
        targets = (policy.targets[level] for level in ("MEDIUM", "SIMPLE", "COMPLEX"))
        every = dict.fromkeys((*targets, policy.default, *policy.models))
        return tuple(model for model in every if model != chosen)

    # --- the ways to choose ----------------------------------------------------------------------

    def _settled(
        self, request: ChatRequest, asked: _Question, conversation: str
    ) -> tuple[str, str | None, str, float]:
        """The choice that earlier ones have made: a tool loop, or a conversation under way."""
        around, stay = self.around, asked.stay
        if in_tool_loop(request.messages):
            caller = around.affinity.caller(request) or (stay.model if stay else None)
            if caller is not None:
                return (
                    "tool loop",
                    caller,
                    f"{caller} called the tools and reads their results",
                    1.0,
                )
        last = around.affinity.last(conversation, self.policy.sticky) if stay else None
        if last is None or not self._may(last.model, asked):
            return "", None, "", 1.0
        if self.policy.kind == "rules" and ORDER[asked.complexity.level] > last.level:
            return "", None, "", 1.0
        return "sticky", last.model, f"the conversation stays with {last.model}", 1.0

    def _by_rules(self, asked: _Question) -> tuple[str, str]:
        policy, complexity = self.policy, asked.complexity
        target = policy.targets[complexity.level]
        if asked.features.needs_tools and policy.tools:
            return policy.tools, f"{complexity.reason}; it needs tools, which {policy.tools} calls"
        if asked.features.offers_tools and policy.tools and not self.around.calls_tools(target):
            return policy.tools, f"{complexity.reason}; {target} cannot call the tools offered"
        warm = self._warm(target, asked)
        if warm is not None:
            return warm
        return target, complexity.reason

    def _warm(self, target: str, asked: _Question) -> tuple[str, str] | None:
        """The model of the last turn, where its kept prefix makes it cheaper than the target."""
        stay = asked.stay
        if stay is None or stay.model == target or stay.level < ORDER[asked.complexity.level]:
            return None
        here, there = self._fare(stay.model, asked), self._fare(target, asked)
        if here is None or there is None or here >= there or not self._may(stay.model, asked):
            return None
        why = f"{stay.model} still has the conversation in its prompt cache and costs less so"
        return stay.model, f"{asked.complexity.reason}; {why}"

    def _adaptive(self, asked: _Question, chance: float) -> bandit.Pull:
        models = self._able(self.policy.models or tuple(dict.fromkeys(self._targets())), asked)
        book = self.around.book
        arms = book.arms(asked.category, models) if book else dict.fromkeys(models, bandit.NEW)
        return bandit.choose(
            arms,
            self._expected(models, asked, {name: arm.usual_cost for name, arm in arms.items()}),
            category=asked.category,
            price_weight=self.policy.price_weight,
            explore=self.policy.explore,
            chance=chance,
        )

    def _learned(
        self,
        request: ChatRequest,
        asked: _Question,
        router: Router | None,
        vector: NDArray[np.float32] | None,
    ) -> tuple[str | None, str, Mapping[str, float]]:
        """The model that is worth most; nobody, with the reason, where that cannot be told."""
        if router is None:
            return None, "nothing is fitted (`teppan route fit`)", {}
        allowed = self._able(self.policy.models or router.models, asked)
        try:
            predicted = router.predict(request.question, vector)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            return None, f"the fitted router failed ({type(error).__name__})", {}
        known = {name: each for name, each in predicted.items() if name in allowed}
        if len(known) < 2:
            return None, "the fitted router knows none of these models", {}
        wanted = self.policy.quality
        price = price_for(router.frontier, wanted) if wanted is not None else None
        price = router.price if price is None else price
        costs = self._as_learned(list(known), asked, router.costs)
        values = worth(router, known, costs, price)
        chosen = max(known, key=lambda name: values[name])
        best = max(known, key=lambda name: known[name].chance)
        reason = f"{chosen} answers this well with a chance of {known[chosen].chance:.0%}"
        if best != chosen:
            gain = known[best].chance - known[chosen].chance
            reason += f"; {best} would gain {gain:.1%} and is not worth its price"
        return chosen, reason, {name: each.chance for name, each in known.items()}

    # --- figures ---------------------------------------------------------------------------------

    def _stay(self, request: ChatRequest, conversation: str) -> Stay | None:
        """Who served the last turn, while a vendor may still have its prefix."""
        if not under_way(request):
            return None
        return self.around.affinity.last(conversation, max(WARM, self.policy.sticky))

    def _fare(self, model: str, asked: _Question) -> Micros | None:
        return fare(self.around.rates(model), asked.tokens, USUAL_OUTPUT, self._kept(model, asked))

    def _kept(self, model: str, asked: _Question) -> int:
        """Tokens that the model's vendor has from the last turn."""
        stay = asked.stay
        return stay.tokens if stay is not None and stay.model == model else 0

    def _expected(
        self, models: Sequence[str], asked: _Question, usual: Mapping[str, float | None]
    ) -> dict[str, float]:
        """What each model would cost: by its rates, else what it usually did, else what the
        dearest of the others does, because unknown is not free.
        """
        found = {name: self._fare(name, asked) for name in models}
        costs = {
            name: float(cost) if cost is not None else usual.get(name)
            for name, cost in found.items()
        }
        dearest = max((cost for cost in costs.values() if cost is not None), default=0.0)
        return {name: dearest if cost is None else cost for name, cost in costs.items()}

    def _as_learned(
        self, models: Sequence[str], asked: _Question, learned: Mapping[str, float]
    ) -> dict[str, float]:
        """What the frontier was measured with, or its promises would not hold: the learned costs,
        less where a vendor still has the conversation; by rates where nothing was learned.
        """
        expected = self._expected(models, asked, learned)
        for name in models:
            if name in learned:
                cold = fare(self.around.rates(name), asked.tokens)
                warm = self._fare(name, asked)
                expected[name] = learned[name] * (warm / cold if warm and cold else 1.0)
        return expected

    def _targets(self) -> Sequence[str]:
        return tuple(self.policy.targets.values())

    def _named(self, chosen: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((chosen, *self._targets(), *self.policy.models)))

    def _able(self, models: Sequence[str], asked: _Question) -> tuple[str, ...]:
        """Those that can take the request; all of them where none can."""
        able = tuple(name for name in models if self._may(name, asked))
        return able or tuple(models)

    def _may(self, model: str, asked: _Question) -> bool:
        return not asked.features.offers_tools or self.around.calls_tools(model)


class _Question(Struct, frozen=True):
    features: Features
    complexity: Complexity
    category: str
    tokens: int
    stay: Stay | None


def unpriced(_: str) -> Rate | None:
    """Rates of a gateway that knows none."""
    return None


def cents(cost: Micros | None) -> str:
    """A cost as people read it."""
    return "unknown" if cost is None else f"{cost / CENT:.4f} ct"
