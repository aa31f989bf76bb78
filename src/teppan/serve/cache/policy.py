"""What may be remembered, and for how long. Pure; decides from the request and the answer alone."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from teppan.core.chat import CacheWish, ChatRequest, Completion, Text

NO_WISH = CacheWish()


class CachePolicy(Struct, frozen=True, kw_only=True):
    """The settings of the cache; times in seconds, shares in [0, 1]."""

    exact: bool = True
    ttl: float = 3600.0
    ttl_by_intent: Mapping[str, float] = {}
    max_temperature: float = 0.5
    semantic: bool = False
    intents: frozenset[str] = frozenset()
    error_bound: float = 0.02
    min_similarity: float = 0.75
    verify: float = 0.02

    @property
    def uses_intents(self) -> bool:
        return bool(self.intents or self.ttl_by_intent)

    def wish(self, request: ChatRequest) -> CacheWish:
        """What this request asks of the cache, or would if it may."""
        wish = request.cache or NO_WISH
        if wish.force or not wish.store or self.reads(request):
            return wish
        return CacheWish(read=False, store=False, only=wish.only)

    def reads(self, request: ChatRequest) -> bool:
        """Whether another answer to the same request would be the same: not when it is hot."""
        hot = request.temperature is not None and request.temperature > self.max_temperature
        return not hot and (request.n or 1) == 1

    def keeps(self, request: ChatRequest, completion: Completion) -> bool:
        """Whether this answer is whole and says something: no errors, cuts, filters or tools."""
        if len(completion.choices) != (request.n or 1):
            return False
        return all(
            choice.finish_reason == "stop"
            and not choice.message.tool_calls
            and choice.message.refusal is None
            and any(isinstance(part, Text) and part.text.strip() for part in choice.message.parts)
            for choice in completion.choices
        )

    def ttl_of(self, request: ChatRequest, intent: str | None) -> float:
        wish = request.cache or NO_WISH
        if wish.ttl is not None:
            return wish.ttl
        return self.ttl_by_intent.get(intent or "", self.ttl)

    def means(self, request: ChatRequest, intent: str | None) -> bool:
        """Whether this request may be answered by meaning."""
        wanted = (request.cache or NO_WISH).semantic
        if wanted is False or not self.semantic:
            return False
        if self.intents and intent not in self.intents:
            return False
        plain = (
            not request.tools
            and request.response_format is None
            and not request.logprobs
            and request.seed is None
            and (request.n or 1) == 1
        )
        last = request.messages[-1] if request.messages else None
        return (
            plain
            and last is not None
            and last.role == "user"
            and all(isinstance(part, Text) for part in last.parts)
        )
