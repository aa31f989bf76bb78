"""One logical call: what is tried, in which order, and what every attempt is billed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from teppan.core.chat import (
    ChatRequest,
    Choice,
    Completion,
    Delta,
    Embeddings,
    Finished,
    Started,
    TextDelta,
    Usage,
    UsageSeen,
    say,
)
from teppan.core.clock import FixedClock, seeded_dice
from teppan.core.errors import (
    CircuitOpen,
    ModelNotFound,
    ProviderBadRequest,
    ProviderOutOfCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnauthenticated,
    StreamIncomplete,
    UnsupportedRequest,
)
from teppan.core.reply import LiveReply
from teppan.cost.tokens import TokenCount, estimate, request_tokens
from teppan.providers.base import Attempted, Clocks, Deltas
from teppan.providers.caller import Attempt, Caller

REQUEST = ChatRequest(model="acme/small", messages=(say("user", "How many plates?"),))
USAGE = Usage(10, 4)
WHOLE = Completion("small-1", (Choice(say("assistant", "Thirty."), "stop"),), USAGE, id="v1")
STREAM: list[Any] = [
    Started("small-1", "v1"),
    TextDelta(""),
    TextDelta("Thir"),
    TextDelta("ty."),
    Finished("stop"),
    UsageSeen(USAGE),
]


class Scripted:
    """A provider that plays its script: an error is raised, a number is waited, else answered."""

    name = "acme"

    def __init__(self, *script: Any, keys: int = 1, clock: FixedClock | None = None) -> None:
        self.script = list(script)
        self.keys = keys
        self.used: list[int] = []
        self.clocks: list[Clocks] = []
        self.closed = 0
        self.clock = clock

    def next(self, key: int, clocks: Clocks) -> Any:
        self.used.append(key)
        self.clocks.append(clocks)
        return self.script.pop(0) if self.script else None

    async def complete(
        self, request: ChatRequest, model: str, key: int, clocks: Clocks
    ) -> Attempted:
        act = self.next(key, clocks)
        if isinstance(act, Exception):
            raise act
        if act == "hang":
            await asyncio.Event().wait()
        return Attempted(act or WHOLE, 0.1, ("seed",))

    def stream(self, request: ChatRequest, model: str, key: int, clocks: Clocks) -> Deltas:
        act = self.next(key, clocks)
        return Deltas(self.play(act if isinstance(act, list) else [act] if act else STREAM), ("n",))

    async def play(self, script: list[Any]) -> AsyncGenerator[Delta]:
        try:
            for act in script:
                if isinstance(act, Exception):
                    raise act
                if act == "hang":
                    await asyncio.Event().wait()
                yield act
        finally:
            self.closed += 1

    def dropped(self, request: ChatRequest, model: str) -> tuple[str, ...]:
        return ()

    async def embed(self, texts: Sequence[str], model: str, key: int, clocks: Clocks) -> Embeddings:
        act = self.next(key, clocks)
        if isinstance(act, Exception):
            raise act
        return Embeddings("e-1", tuple((1.0,) for _ in texts), Usage(0, 0))

    async def models(self, clocks: Clocks) -> tuple[str, ...]:
        return ()


class Bench:
    """A caller over one scripted provider, with everything it observed."""

    def __init__(self, *script: Any, keys: int = 1) -> None:
        self.clock = FixedClock()
        self.provider = Scripted(*script, keys=keys)
        self.seen: list[Attempt] = []
        self.caller = Caller(
            {"acme": self.provider},
            counting=TokenCount(),
            clock=self.clock,
            dice=seeded_dice(1),
        )

    async def complete(self, model: str = "acme/small", seconds: float = 100.0) -> Any:
        return await self.caller.complete(
            model, REQUEST, deadline=self.clock.monotonic() + seconds, observe=self.seen.append
        )

    async def stream(self, seconds: float = 100.0) -> Any:
        return await self.caller.stream(
            "acme/small",
            REQUEST,
            deadline=self.clock.monotonic() + seconds,
            observe=self.seen.append,
        )

    @property
    def outcomes(self) -> list[str]:
        return [attempt.outcome for attempt in self.seen]


async def test_a_first_answer_is_passed_on_and_observed_once() -> None:
    bench = Bench()
    answered = await bench.complete()
    assert answered.completion is WHOLE
    assert (answered.attempts, answered.first_token, answered.dropped) == (1, 0.1, ("seed",))
    (attempt,) = bench.seen
    assert (attempt.outcome, attempt.model, attempt.number) == ("ok", "acme/small", 1)
    assert (attempt.returned_model, attempt.vendor_id) == ("small-1", "v1")
    assert (attempt.usage, attempt.dropped) == (USAGE, ("seed",))
    assert bench.clock.slept == []


async def test_a_passing_failure_is_tried_again_after_a_wait_and_costs_nothing() -> None:
    bench = Bench(ProviderOverloaded(), ProviderOverloaded())
    answered = await bench.complete()
    assert answered.attempts == 3
    assert bench.outcomes == ["failed", "failed", "ok"]
    assert [attempt.usage for attempt in bench.seen] == [Usage(), Usage(), USAGE]
    assert len(bench.clock.slept) == 2
    assert all(0.05 <= wait <= 1.0 for wait in bench.clock.slept)


async def test_after_the_last_attempt_the_vendors_error_is_raised() -> None:
    bench = Bench(*[ProviderOverloaded(f"{n}") for n in range(9)])
    with pytest.raises(ProviderOverloaded, match="2"):
        await bench.complete()
    assert len(bench.provider.used) == 3


async def test_an_invalid_request_is_sent_once() -> None:
    bench = Bench(ProviderBadRequest())
    with pytest.raises(ProviderBadRequest):
        await bench.complete()
    assert len(bench.provider.used) == 1


async def test_an_error_of_ours_before_sending_is_neither_retried_nor_billed() -> None:
    bench = Bench(UnsupportedRequest())
    with pytest.raises(UnsupportedRequest):
        await bench.complete()
    assert bench.seen == []


async def test_retry_after_is_obeyed_when_it_fits_and_not_waited_for_when_it_does_not() -> None:
    bench = Bench(ProviderRateLimited(retry_after=7))
    await bench.complete()
    assert 7 <= sum(bench.clock.slept) <= 8
    late = Bench(ProviderRateLimited(retry_after=7))
    with pytest.raises(ProviderRateLimited):
        await late.complete(seconds=5)
    assert late.clock.slept == []
    absurd = Bench(ProviderRateLimited(retry_after=1e9))
    with pytest.raises(ProviderRateLimited):
        await absurd.complete()
    assert absurd.clock.slept == []


@pytest.mark.parametrize("keys", [1, 2, 3])
@pytest.mark.parametrize("asked", [None, 0.0, -5.0])
async def test_a_vendor_that_throttles_and_asks_for_no_rest_is_not_stormed(
    keys: int, asked: float | None
) -> None:
    bench = Bench(*[ProviderRateLimited(retry_after=asked)] * 50, keys=keys)
    with pytest.raises(ProviderRateLimited):
        await bench.complete()
    assert len(bench.provider.used) == max(3, keys)
    assert all(wait >= 0.05 for wait in bench.clock.slept)


async def test_a_throttled_key_rests_and_another_one_answers_at_once() -> None:
    bench = Bench(ProviderRateLimited(retry_after=60), keys=2)
    await bench.complete()
    await bench.complete()
    assert bench.provider.used == [0, 1, 1]
    assert bench.clock.slept == []


async def test_a_request_waits_for_a_resting_key_when_it_is_not_for_long() -> None:
    bench = Bench(ProviderRateLimited(retry_after=60), ProviderBadRequest())
    with pytest.raises(ProviderRateLimited):
        await bench.complete()
    with pytest.raises(ProviderRateLimited) as refused:
        await bench.complete()  # without asking the vendor again
    assert refused.value.retry_after == pytest.approx(60)
    assert len(bench.provider.used) == 1
    bench.clock.advance(55)
    with pytest.raises(ProviderBadRequest):
        await bench.complete()
    assert 5 <= sum(bench.clock.slept) < 6


async def test_a_refused_key_is_dead_and_the_next_one_takes_over() -> None:
    bench = Bench(ProviderUnauthenticated(), keys=2)
    for _ in range(3):
        await bench.complete()
    assert bench.provider.used == [0, 1, 1, 1]
    alone = Bench(ProviderUnauthenticated())
    for _ in range(3):
        with pytest.raises(ProviderUnauthenticated):
            await alone.complete()
    assert alone.provider.used == [0]


async def test_an_empty_account_is_left_for_another_vendor_and_its_key_rests() -> None:
    bench = Bench(ProviderOutOfCredit(), keys=2)
    with pytest.raises(ProviderOutOfCredit):
        await bench.complete()
    await bench.complete()
    assert bench.provider.used == [0, 1]


async def test_a_failing_model_is_left_alone_then_probed_by_one_request_at_a_time() -> None:
    bench = Bench(*[ProviderTimeout()] * 5)
    for _ in range(5):
        with pytest.raises(ProviderTimeout):
            await bench.complete()
    with pytest.raises(CircuitOpen) as circuit:
        await bench.complete()
    assert circuit.value.retry_after == pytest.approx(5)
    await bench.complete("acme/other")  # another model of the vendor is not to blame
    bench.provider.script = ["hang"]
    bench.clock.advance(5)
    probe = asyncio.create_task(bench.complete())
    await asyncio.sleep(0)
    with pytest.raises(CircuitOpen):
        await bench.complete()
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    await bench.complete()  # the cancelled probe gave its turn back
    await asyncio.gather(*(bench.complete() for _ in range(5)))


async def test_retries_stop_when_the_whole_house_has_used_up_its_share() -> None:
    bench = Bench(*[ProviderOverloaded()] * 2000)
    for number in range(300):
        with pytest.raises((ProviderOverloaded, CircuitOpen)):
            await bench.complete(f"acme/m{number}")
        bench.clock.time = 1.0  # no time passes, so that no reserve refills
    assert 300 < len(bench.provider.used) <= 300 * 1.2 + 10


async def test_one_deadline_is_shared_by_all_attempts() -> None:
    bench = Bench(ProviderOverloaded(retry_after=6), ProviderOverloaded(retry_after=6))
    with pytest.raises(ProviderOverloaded):
        await bench.complete(seconds=10)
    assert [clocks.total for clocks in bench.provider.clocks] == pytest.approx([10, 4], abs=0.6)
    with pytest.raises(ProviderTimeout):
        await bench.complete(seconds=0)


async def test_a_client_that_leaves_cancels_the_call_and_is_billed_for_the_question() -> None:
    bench = Bench("hang")
    task = asyncio.create_task(bench.complete())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (attempt,) = bench.seen
    assert attempt.outcome == "cancelled"
    assert attempt.usage == Usage(request_tokens(REQUEST), 0, estimated=True)


@pytest.mark.parametrize("usage", [None, Usage(), Usage(-1, -1)])
async def test_a_count_that_cannot_be_true_is_replaced_where_the_client_sees_it_too(
    usage: Usage | None,
) -> None:
    bench = Bench(Completion("small-1", WHOLE.choices, usage))
    answered = await bench.complete()
    assert answered.completion.usage == bench.seen[0].usage
    assert bench.seen[0].usage.estimated


@pytest.mark.parametrize("name", ["acme/small", "acme:small"])
async def test_a_model_may_be_named_with_slash_or_colon(name: str) -> None:
    bench = Bench()
    await bench.complete(name)
    assert bench.seen[0].model == "acme/small"
    await bench.complete("acme/org/model:tag")
    assert bench.seen[1].model == "acme/org/model:tag"


@pytest.mark.parametrize("name", ["other/small", "small", "acme/", "acme", ""])
async def test_an_unknown_model_is_not_found(name: str) -> None:
    with pytest.raises(ModelNotFound):
        await Bench().complete(name)


async def test_a_stream_returns_with_its_first_content_and_tells_everything_in_order() -> None:
    bench = Bench()
    live: LiveReply = await bench.stream()
    assert bench.seen == []
    assert [delta async for delta in live.deltas()] == STREAM
    (attempt,) = bench.seen
    assert (attempt.outcome, attempt.usage, attempt.dropped) == ("ok", USAGE, ("n",))
    assert attempt.first_token is not None


async def test_a_stream_cut_before_its_first_content_is_tried_again() -> None:
    bench = Bench([Started("a"), StreamIncomplete()], [Started("a"), UsageSeen(USAGE)])
    live = await bench.stream()
    assert [delta async for delta in live.deltas()] == STREAM
    assert bench.outcomes == ["failed", "failed", "ok"]


async def test_a_stream_cut_after_its_first_content_is_an_error_and_never_tried_again() -> None:
    bench = Bench([TextDelta("Thirty pla"), StreamIncomplete()])
    live = await bench.stream()
    deltas = aiter(live.deltas())
    assert await anext(deltas) == TextDelta("Thirty pla")
    with pytest.raises(StreamIncomplete):
        await anext(deltas)
    assert bench.provider.used == [0]
    (attempt,) = bench.seen
    assert attempt.outcome == "incomplete"
    assert attempt.usage == Usage(request_tokens(REQUEST), estimate("Thirty pla"), estimated=True)


async def test_a_stream_that_never_said_why_it_stopped_is_incomplete() -> None:
    bench = Bench([TextDelta("Thirty")])
    live = await bench.stream()
    with pytest.raises(StreamIncomplete):
        async for _ in live.deltas():
            pass
    assert bench.outcomes == ["incomplete"]


async def test_a_stream_without_a_count_ends_with_our_estimate() -> None:
    bench = Bench(STREAM[:-1])
    live = await bench.stream()
    deltas = [delta async for delta in live.deltas()]
    assert deltas[:-1] == STREAM[:-1]
    assert deltas[-1] == UsageSeen(bench.seen[0].usage)
    assert bench.seen[0].usage.estimated


async def test_a_reader_that_closes_cancels_the_vendor_and_is_billed_for_what_was_said() -> None:
    bench = Bench()
    live = await bench.stream()
    async for delta in live.deltas():
        if delta == TextDelta("ty."):
            break
    await live.aclose()
    assert bench.provider.closed == 1
    (attempt,) = bench.seen
    assert attempt.outcome == "cancelled"
    assert attempt.usage.output == estimate("Thirty.")


async def test_a_reader_that_is_cancelled_closes_the_vendors_stream() -> None:
    bench = Bench([TextDelta("Thir"), "hang"])
    live = await bench.stream()

    async def read() -> None:
        async for _ in live.deltas():
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.outcomes == ["cancelled"]
    assert bench.provider.closed == 1


async def test_a_stream_cancelled_before_its_first_content_is_observed_too() -> None:
    bench = Bench(["hang"])
    task = asyncio.create_task(bench.stream())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.outcomes == ["cancelled"]
    assert bench.provider.closed == 1


async def test_embeddings_are_tried_again_and_counted() -> None:
    bench = Bench(ProviderOverloaded())
    found = await bench.caller.embed(
        "acme/e", ["a grill"], deadline=bench.clock.monotonic() + 9, observe=bench.seen.append
    )
    assert found.vectors == ((1.0,),)
    assert bench.outcomes == ["failed", "ok"]
    assert found.usage.estimated
    assert found.usage.input > 0
