"""Token estimates: close enough to bill by, never negative, always marked."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.chat import ChatRequest, Image, Message, Text, Tool, Usage, say
from teppan.cost.tokens import TokenCount, estimate, request_tokens

REQUEST = ChatRequest(model="m", messages=(say("user", "How many guests fit at one grill?"),))
DATA = Path(os.environ.get("TEPPAN_DATA", Path(__file__).parents[3] / "shared" / "data"))


@given(st.text(max_size=400))
def test_an_estimate_is_positive_for_any_text_and_at_most_a_few_tokens_a_character(
    text: str,
) -> None:
    count = estimate(text)
    assert (count > 0) == bool(text)
    assert count <= 3 * len(text) + 1


@given(st.text(alphabet="abc de.\n12é漢", min_size=1, max_size=50), st.integers(1, 20))
def test_more_of_the_same_text_is_more_tokens(text: str, times: int) -> None:
    assert estimate(text * (times + 1)) >= estimate(text * times)


def test_a_long_text_is_estimated_from_samples_close_to_the_whole() -> None:
    passage = "The chef arrives an hour early, sets up 2 grills and counts 30 plates. "
    assert estimate(passage * 2000) == pytest.approx(2000 * estimate(passage), rel=0.05)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The quick brown fox jumps over the lazy dog.", 9, 11),  # 10 in cl100k_base
        ("def add(a, b):\n    return a + b\n", 11, 17),
        ("你好,世界", 4, 8),
        ("Здравствуйте, как дела?", 7, 14),
        ("1234567890", 4, 8),
        ("👋🏽👋🏽", 4, 14),
    ],
)
def test_known_texts_are_near_what_tokenisers_say(text: str, low: int, high: int) -> None:
    assert low <= estimate(text) <= high


@pytest.mark.parametrize("benchmark", ["gsm8k", "mmlu_pro", "alpaca_eval", "crux"])
def test_recorded_answers_are_estimated_within_six_percent_on_average(benchmark: str) -> None:
    path = DATA / f"responses_{benchmark}_dev.jsonl.gz"
    if not path.exists():
        pytest.skip("the recorded answers are not here (TEPPAN_DATA names their folder)")
    errors = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in itertools.islice(lines, 300):
            row = json.loads(line)
            if row["response"] and row["output_tokens"]:
                errors.append(abs(estimate(row["response"]) / row["output_tokens"] - 1))
    assert statistics.mean(errors) < 0.06


def test_a_request_counts_messages_tools_and_pictures() -> None:
    plain = request_tokens(REQUEST)
    tool = Tool("find", "Finds a free date", {"type": "object", "properties": {"day": {}}})
    pictured = Message("user", (Text("What is this?"), Image("https://example.com/a.png")))
    assert request_tokens(ChatRequest(model="m", messages=REQUEST.messages, tools=(tool,))) > plain
    assert request_tokens(ChatRequest(model="m", messages=(pictured,))) > 700


def test_a_count_that_can_be_true_is_kept_as_it_is() -> None:
    reported = Usage(12, 5, cached=4, reasoning=2)
    assert TokenCount().usage(REQUEST, reported, ["Ten."], True) is reported
    embedding = Usage(12, 0)
    assert TokenCount().usage(REQUEST, embedding, [], True) is embedding


@pytest.mark.parametrize(
    "reported",
    [
        None,
        Usage(),
        Usage(-5, 3),
        Usage(10, -1),
        Usage(10, 0),
        Usage(10, 2_000_000_000),
        Usage(10**12, 3),
        Usage(10, 3, cached=11),
        Usage(10, 3, cached=-1),
        Usage(10, 3, cache_written=-4),
        Usage(10, 3, cached=6, cache_written=6),
        Usage(10, 3, reasoning=4),
        Usage(10, 3, reasoning=-4),
    ],
)
def test_a_count_that_cannot_be_true_is_replaced_and_marked(reported: Usage | None) -> None:
    billed = TokenCount().usage(REQUEST, reported, ["Eight to ten ", "guests."], True)
    assert billed.estimated
    assert 0 < billed.input < 40
    assert 0 < billed.output < 12
    assert 0 <= billed.cached + billed.cache_written <= billed.input
    assert 0 <= billed.reasoning <= billed.output


def test_a_cut_answer_is_billed_for_what_was_produced() -> None:
    early = Usage(40, 1, cached=30)
    billed = TokenCount().usage(REQUEST, early, ["Eight to ten ", "guests."], False)
    assert billed.estimated
    assert (billed.input, billed.cached) == (40, 30)
    assert billed.output == estimate("Eight to ten guests.")


FIELD = st.integers(-(2**63), 2**63) | st.integers(-3, 50)


@given(
    st.builds(Usage, FIELD, FIELD, FIELD, FIELD, FIELD),
    st.lists(st.text(max_size=20), max_size=4),
    st.booleans(),
)
def test_whatever_a_vendor_reports_the_bill_is_sane(
    reported: Usage, produced: list[str], whole: bool
) -> None:
    billed = TokenCount().usage(REQUEST, reported, produced, whole)
    assert billed.input > 0
    assert billed.output >= 0
    assert billed.cached >= 0
    assert billed.cache_written >= 0
    assert billed.cached + billed.cache_written <= billed.input
    assert 0 <= billed.reasoning <= billed.output
    assert billed.output > 0 or not any(produced)
