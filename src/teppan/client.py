"""The Python API: the whole gateway inside your process, no server needed.

    from teppan import Teppan

    with Teppan() as teppan:
        print(teppan.ask("What is 17 * 23?").text)
        answer = teppan.ensemble("What is 17 * 23?", strategy="consensus", task_type="math")
        print(answer.text, answer.confidence, answer.cost)

`AsyncTeppan` is the same with `await`; `Teppan` runs it on a thread of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from msgspec import Struct

from teppan.build import House, open_house
from teppan.config.load import load
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, Message, TextDelta, say
from teppan.core.errors import BadRequest
from teppan.core.ids import LOCAL
from teppan.core.money import Micros
from teppan.core.reply import Reply
from teppan.core.verdict import Confidence, Evidence, Verdict
from teppan.serve.answer import Answer

Question = str | Sequence[Mapping[str, str]] | Sequence[Message]
"""Plain words, or messages: `{"role": ..., "content": ...}` tables or `core.chat.Message`."""

DEFAULT_STRATEGY = "consensus"


class Answered(Struct, frozen=True, kw_only=True):
    """An answer and what is known of it. `cost` is in micro-dollars, `latency` in seconds."""

    text: str
    model: str
    strategy: str
    trace_id: str
    confidence: Confidence | None
    cost: Micros | None
    latency: float
    calls: int
    reason: str = ""
    replies: tuple[Reply, ...] = ()
    verdict: Verdict | None = None
    evidence: Evidence | None = None


class AsyncTeppan:
    """The gateway in this process. Opens on first use or with `async with`; close it at the end.

    `config` is a settings object, a path to a `teppan.toml`, or nothing for the one found here.
    """

    def __init__(self, config: Settings | Path | str | None = None) -> None:
        self._config = config
        self._stack = AsyncExitStack()
        self._house: House | None = None

    async def ask(
        self, question: Question, *, model: str | None = None, task_type: str | None = None
    ) -> Answered:
        """The whole answer of one model, real or virtual (the best found when none is named)."""
        house = await self._open()
        request = ChatRequest(
            model=model or house.default_model(),
            messages=_messages(question),
            task_type=task_type,
        )
        return _answered(await house.gateway.answer(request, LOCAL))

    async def stream(
        self, question: Question, *, model: str | None = None, task_type: str | None = None
    ) -> AsyncIterator[str]:
        """The answer's words as they come. Raises when the rest never comes."""
        house = await self._open()
        request = ChatRequest(
            model=model or house.default_model(),
            messages=_messages(question),
            task_type=task_type,
            stream=True,
        )
        answer = await house.gateway.answer(request, LOCAL)
        try:
            async for delta in answer.deltas():
                if isinstance(delta, TextDelta) and delta.text:
                    yield delta.text
        finally:
            await answer.aclose()

    async def ensemble(
        self,
        messages: Question,
        strategy: str = DEFAULT_STRATEGY,
        models: int | Sequence[str] | None = None,
        task_type: str | None = None,
    ) -> Answered:
        """Several models, one answer. `models` names them or says how many of those found."""
        house = await self._open()
        routed = house.ensemble(strategy, models)
        request = ChatRequest(
            model=routed.route.chosen, messages=_messages(messages), task_type=task_type
        )
        return _answered(await house.gateway.answer(request, LOCAL, "ensemble", routed))

    async def aclose(self) -> None:
        """Flushes what is still being recorded and closes connections."""
        self._house = None
        await self._stack.aclose()

    async def _open(self) -> House:
        if self._house is None:
            config = self._config
            if not isinstance(config, Settings):
                config = load(Path(config) if config is not None else None)
            self._house = await self._stack.enter_async_context(open_house(config))
        return self._house

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


_T = TypeVar("_T")


class Teppan:
    """The blocking twin of `AsyncTeppan`: same methods, same answers."""

    def __init__(self, config: Settings | Path | str | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="teppan", daemon=True)
        self._thread.start()
        self._teppan = AsyncTeppan(config)

    def ask(
        self, question: Question, *, model: str | None = None, task_type: str | None = None
    ) -> Answered:
        """See `AsyncTeppan.ask`."""
        return self._wait(self._teppan.ask(question, model=model, task_type=task_type))

    def stream(
        self, question: Question, *, model: str | None = None, task_type: str | None = None
    ) -> Iterator[str]:
        """See `AsyncTeppan.stream`."""
        words = self._teppan.stream(question, model=model, task_type=task_type)
        try:
            while True:
                piece = self._wait(_next(words))
                if piece is None:
                    return
                yield piece
        finally:
            self._wait(words.aclose())  # type: ignore[attr-defined]

    def ensemble(
        self,
        messages: Question,
        strategy: str = DEFAULT_STRATEGY,
        models: int | Sequence[str] | None = None,
        task_type: str | None = None,
    ) -> Answered:
        """See `AsyncTeppan.ensemble`."""
        return self._wait(self._teppan.ensemble(messages, strategy, models, task_type))

    def close(self) -> None:
        """Flushes, closes, and ends the thread. Safe to call twice."""
        if self._thread.is_alive():
            self._wait(self._teppan.aclose())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


async def _next(words: AsyncIterator[str]) -> str | None:
    return await anext(words, None)


def _messages(question: Question) -> tuple[Message, ...]:
    if isinstance(question, str):
        return (say("user", question),)
    messages = []
    for number, each in enumerate(question):
        if isinstance(each, Message):
            messages.append(each)
            continue
        assert isinstance(each, Mapping)
        role, content = each.get("role"), each.get("content")
        if role not in ("system", "developer", "user", "assistant") or not isinstance(content, str):
            raise BadRequest(
                f"message {number} needs a `role` (system, user, assistant) and a text `content`",
                param=f"messages[{number}]",
            )
        messages.append(say(role, content))
    return tuple(messages)


def _answered(answer: Answer) -> Answered:
    assert answer.completion is not None
    facts, outcome = answer.facts, answer.outcome
    return Answered(
        text=answer.completion.text,
        model=facts.model,
        strategy=facts.strategy,
        trace_id=facts.trace_id,
        confidence=facts.confidence,
        cost=facts.cost,
        latency=answer.latency,
        calls=facts.attempts,
        reason=facts.reason,
        replies=outcome.replies if outcome else (),
        verdict=outcome.verdict if outcome else None,
        evidence=outcome.evidence if outcome else None,
    )
