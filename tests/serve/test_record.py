"""What follows an answer: the tokens it used are counted, and dear days are told."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

from serve.conftest import Opening
from teppan.core.allowance import Allowance, Room
from teppan.core.budget import Booking
from teppan.core.chat import ChatRequest, say
from teppan.core.ids import LOCAL, Scope
from teppan.core.trace import ModelCall
from teppan.serve.record import Recorder
from teppan.serve.steps import Steps


class Counting:
    """Limits that admit everybody; and an alarm that remembers what it heard."""

    def __init__(self) -> None:
        self.spent_tokens: list[int] = []
        self.heard: list[int] = []

    async def take(self, scope: Scope, request: ChatRequest) -> Allowance:
        return Allowance(tokens=Room(100, 92, 1.0), taken=8)

    async def spend(self, scope: Scope, tokens: int) -> None:
        self.spent_tokens.append(tokens)

    def spent(self, cost: int) -> Coroutine[Any, Any, None]:
        return self._hear(cost)

    async def _hear(self, cost: int) -> None:
        self.heard.append(cost)


class Rows:
    """A ledger that remembers how it was asked."""

    def __init__(self) -> None:
        self.appended: list[tuple[int, str, str | None, Booking | None]] = []

    async def append(
        self,
        scope: Scope,
        calls: Sequence[ModelCall],
        strategy: str = "",
        episode: str | None = None,
        booking: Booking | None = None,
    ) -> None:
        self.appended.append((len(calls), strategy, episode, booking))


def request(**changes: Any) -> ChatRequest:
    return ChatRequest(model="a/x", messages=(say("user", "What is 6 * 7?"),), **changes)


async def test_the_tokens_beyond_those_of_the_question_are_counted(opening: Opening) -> None:
    counting = Counting()
    setting = opening({"a": {"x": "42"}}, steps=Steps(limits=counting))
    recorder = Recorder(
        setting.memory,
        setting.memory,
        limits=counting,
        alarm=counting,  # type: ignore[arg-type]
    )
    setting.gateway.recorder = recorder
    answer = await setting.gateway.answer(request(), LOCAL)
    await recorder.drain()
    assert answer.facts.allowance == Allowance(tokens=Room(100, 92, 1.0), taken=8)
    assert counting.spent_tokens == [15 - 8]
    assert counting.heard == [20]


async def test_a_call_is_booked_under_its_strategy_and_conversation(opening: Opening) -> None:
    setting, rows = opening({"a": {"x": "42"}}), Rows()
    setting.gateway.recorder = Recorder(rows, setting.memory)
    await setting.gateway.answer(request(episode="talk-1"), LOCAL)
    assert rows.appended == [(1, "single", "talk-1", None)]
