"""One logical call: what is tried, in which order, and what every attempt is billed."""

from __future__ import annotations

import asyncio

import pytest

from providers.caller_bench import REQUEST, USAGE, WHOLE, Bench
from teppan.core.chat import (
    Completion,
    Usage,
)
from teppan.core.errors import (
    CircuitOpen,
    ModelNotFound,
    ProviderBadRequest,
    ProviderOutOfCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnauthenticated,
    UnsupportedRequest,
)
from teppan.cost.tokens import request_tokens


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
