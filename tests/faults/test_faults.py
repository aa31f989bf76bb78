"""One table: what goes wrong at a vendor -> what the client gets, what is tried, what is billed.

Every row is played in four wire formats, whole and streaming, against the simulated vendors, with
one key and up to three attempts. Waits between attempts pass at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, NamedTuple

import pytest
import pytest_asyncio

from fault_arena import CALM, HASTY, MODELS, Arena, Told, open_arena
from teppan.core.errors import (
    ContentFiltered,
    ProviderBadAnswer,
    ProviderBadRequest,
    ProviderContextTooLong,
    ProviderModelNotFound,
    ProviderOutOfCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnauthenticated,
    ProviderUnreachable,
    StreamIncomplete,
    TeppanError,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

Bill = Literal["nothing", "estimate", "vendor"]


class Expected(NamedTuple):
    """`error` is what the client gets (None: an answer), `calls` how often the vendor is asked."""

    error: type[TeppanError] | None
    calls: int
    bill: Bill


OK = Expected(None, 1, "vendor")
COUNTED = Expected(None, 1, "estimate")
SECOND, THIRD = Expected(None, 2, "vendor"), Expected(None, 3, "vendor")
THROTTLED = Expected(ProviderRateLimited, 3, "nothing")
TOO_LONG_A_REST = Expected(ProviderRateLimited, 1, "nothing")
DOWN = Expected(ProviderOverloaded, 3, "nothing")
GARBLED = Expected(ProviderBadAnswer, 3, "estimate")
CUT = Expected(StreamIncomplete, 3, "estimate")
LATE = Expected(ProviderTimeout, 1, "estimate")
# After the first word nothing is tried again: the client has read it.
GARBLED_LIVE = Expected(ProviderBadAnswer, 1, "estimate")
CUT_LIVE = Expected(StreamIncomplete, 1, "estimate")


def refused(error: type[TeppanError]) -> Expected:
    return Expected(error, 1, "nothing")


REFUSALS: dict[str, Expected] = {
    "429": THROTTLED,
    "429:2": THROTTLED,
    "429:0.5": THROTTLED,
    "429:0": THROTTLED,
    "429:-5": THROTTLED,
    "429:date": THROTTLED,
    "429:past": THROTTLED,
    "429:ms=250": THROTTLED,
    "429:garbage": THROTTLED,
    "429:1000000000": TOO_LONG_A_REST,
    "429:date=600": TOO_LONG_A_REST,
    "429:1;times=1": SECOND,
    "quota": refused(ProviderOutOfCredit),
    "402": refused(ProviderOutOfCredit),
    "400": refused(ProviderBadRequest),
    "401": refused(ProviderUnauthenticated),
    "403": refused(ProviderUnauthenticated),
    "404": refused(ProviderModelNotFound),
    "413": refused(ProviderContextTooLong),
    "context_overflow": refused(ProviderContextTooLong),
    "prompt_filter": refused(ContentFiltered),
    "500": DOWN,
    "502": DOWN,
    "503": DOWN,
    "504": DOWN,
    "529": DOWN,
    "503:1": DOWN,
    "503:100": Expected(ProviderOverloaded, 1, "nothing"),
    "500;times=1": SECOND,
    "503;times=2": THIRD,
    "529;times=2": THIRD,
    "503;every=2": SECOND,
    "refused": Expected(ProviderUnreachable, 3, "nothing"),
    "refused;times=1": SECOND,
    "reset_head": CUT,
    "reset_head;times=1": Expected(None, 2, "estimate"),
}
"""Before any word of an answer: the same whole and streaming."""

ANSWERS: dict[str, tuple[Expected, Expected]] = {
    # fault: (whole, streaming)
    "ok": (OK, OK),
    "cut_events:1": (CUT, CUT),
    "cut_events:6": (CUT, CUT_LIVE),
    "end_events:6": (GARBLED, CUT_LIVE),
    "reset_events:6": (CUT, CUT_LIVE),
    "cut_bytes": (CUT, CUT),
    "reset_body": (CUT, CUT),
    "malformed:1": (OK, GARBLED),
    "malformed:6": (OK, GARBLED_LIVE),
    "no_end": (OK, CUT_LIVE),
    "no_done": (OK, CUT_LIVE),
    "error_event:1": (DOWN, DOWN),
    "error_event:6": (DOWN, Expected(ProviderOverloaded, 1, "estimate")),
    "endless": (GARBLED, GARBLED_LIVE),
    "duplicate_end": (OK, OK),
    "after_end": (OK, OK),
    "sse_crlf": (OK, OK),
    "sse_cr": (OK, OK),
    "sse_comments": (OK, OK),
    "sse_multiline": (OK, OK),
    "sse_bom": (OK, OK),
    "sse_unknown": (OK, OK),
    "sse_no_blank": (OK, CUT_LIVE),
    "split:7": (OK, OK),
    "empty_choices": (GARBLED, CUT),
    "null_content": (OK, OK),
    "empty_text": (OK, OK),
    "no_usage": (COUNTED, COUNTED),
    "zero_usage": (COUNTED, COUNTED),
    "negative_usage": (COUNTED, COUNTED),
    "contradictory_usage": (COUNTED, COUNTED),
    "late_usage": (OK, OK),
    "other_model:another": (OK, OK),
    "empty_id": (OK, OK),
    "constant_id": (OK, OK),
    "content_filter": (OK, OK),
    "refusal": (OK, OK),
    "length": (OK, OK),
    "nul": (OK, OK),
    "invalid_utf8": (GARBLED, GARBLED),
    "lone_surrogate": (GARBLED, GARBLED),
    "long_line:200000": (OK, OK),
    "huge_body:4": (GARBLED, GARBLED),
    "gzip_bomb:4": (GARBLED, GARBLED),
    "short_length": (CUT, OK),
    "wrong_type:text/plain": (GARBLED, GARBLED),
    "html": (GARBLED, GARBLED),
    "truncated_json": (GARBLED, CUT_LIVE),
    "error_200": (DOWN, DOWN),
    "empty_body": (GARBLED, GARBLED),
}

SILENCES: dict[str, tuple[Expected, Expected]] = {
    "silence": (LATE, LATE),
    "slow_first:60": (LATE, LATE),
    "slow_first_event:60": (LATE, LATE),
    "stall:1": (LATE, LATE),
    "stall:6": (LATE, LATE),
    "stall_bytes:300": (LATE, LATE),
}
"""A clock runs out: the time is gone, so the same model is not asked again."""

EXCEPT: dict[tuple[str, str, bool], Expected] = {
    # Its first event already holds words, and the finish reason is its end marker.
    ("cut_events:1", "generate", True): CUT_LIVE,
    ("malformed:1", "generate", True): GARBLED_LIVE,
    ("error_event:1", "generate", True): Expected(ProviderOverloaded, 1, "estimate"),
    ("no_done", "generate", True): OK,
    # An empty list of content is an answer of this format, not the lack of one.
    ("empty_choices", "messages", False): OK,
    ("empty_choices", "messages", True): OK,
    # No item in the output is no answer of this format, however it is told.
    ("empty_choices", "responses", True): GARBLED,
    ("null_content", "responses", False): GARBLED,
    ("null_content", "responses", True): GARBLED,
    # What comes after the end marker means nothing, a count too.
    ("late_usage", "chat", True): COUNTED,
}
"""Where a wire format differs for a reason: by fault, format, streaming."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def arena() -> AsyncIterator[Arena]:
    async with open_arena() as opened:
        yield opened


def bill(told: Told) -> Bill:
    """Whose count the attempts are billed by."""
    counted = [attempt.usage for attempt in told.attempts if attempt.usage.input > 0]
    if not counted:
        return "nothing"
    return "estimate" if any(usage.estimated for usage in counted) else "vendor"


def check(told: Told, expected: Expected, where: str) -> None:
    assert isinstance(told.error, expected.error or type(None)), f"{where}: {told.error!r}"
    if expected is LATE:  # on a busy machine the clock may run out before the vendor has heard
        assert len(told.upstream) <= 1, where
    else:
        assert len(told.upstream) == expected.calls, where
    assert len(told.attempts) == expected.calls, where
    assert bill(told) == expected.bill, f"{where}: {[one.usage for one in told.attempts]}"
    assert (told.completion is None) == (expected.error is not None), where
    *before, last = told.attempts
    assert all(attempt.outcome == "failed" for attempt in before), where
    if told.error is None:
        assert last.outcome == "ok", where
    else:
        assert last.outcome == ("incomplete" if told.deltas else "failed"), where
        assert getattr(told.error, "provider", None), f"{where}: the error blames nobody"
    for attempt in told.attempts:
        assert min(attempt.usage.input, attempt.usage.output, attempt.usage.cached) >= 0, where
    assert all(wait >= 0.05 for wait in told.slept), f"{where}: a tight loop"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "live"])
@pytest.mark.parametrize("fault", REFUSALS)
async def test_a_refusal_is_retried_only_where_it_helps(
    arena: Arena, fault: str, stream: bool
) -> None:
    for dialect, told in (await arena.ask_all(fault, stream=stream)).items():
        check(told, REFUSALS[fault], f"{fault} in {dialect}")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "live"])
@pytest.mark.parametrize("fault", ANSWERS)
async def test_what_is_not_a_whole_answer_is_an_error(
    arena: Arena, fault: str, stream: bool
) -> None:
    for dialect, told in (await arena.ask_all(fault, stream=stream)).items():
        expected = EXCEPT.get((fault, dialect, stream), ANSWERS[fault][stream])
        check(told, expected, f"{fault} in {dialect}")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "live"])
@pytest.mark.parametrize("fault", SILENCES)
async def test_a_vendor_that_says_nothing_more_runs_into_a_clock(
    arena: Arena, fault: str, stream: bool
) -> None:
    for dialect, told in (await arena.ask_all(fault, stream=stream, clocks=HASTY)).items():
        check(told, SILENCES[fault][stream], f"{fault} in {dialect}")


async def test_retry_after_is_waited_for_and_not_less(arena: Arena) -> None:
    for fault, least in (("429:2", 2.0), ("429:ms=250", 0.25), ("503:1", 1.0)):
        for told in (await arena.ask_all(fault, stream=False)).values():
            assert all(wait >= least for wait in told.slept)
            assert len(told.slept) == 2


async def test_a_slow_answer_within_the_clocks_is_an_answer(arena: Arena) -> None:
    for told in (await arena.ask_all("slow_first:0.1", stream=True, clocks=CALM)).values():
        assert told.error is None


async def test_the_model_that_answered_is_recorded_beside_the_one_asked(arena: Arena) -> None:
    for dialect, told in (await arena.ask_all("other_model:another", stream=True)).items():
        assert told.attempts[0].returned_model == "another"
        assert told.attempts[0].model == MODELS[dialect]
