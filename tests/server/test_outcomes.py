"""Outcomes and statements are read exactly or refused: money to the micro-unit, zoned times."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.errors import BadRequest
from teppan.server import corrections, feedback, outcomes, strict_json
from teppan.store.outcomes import Outcome

AMOUNTS = st.integers(-999_999_999_999_999, 999_999_999_999_999)
"""Micro-units: up to fifteen digits, which a JSON number holds."""


def told(amount: str) -> Outcome:
    body = f'{{"trace_id": "tr_1", "metric": "booking", "amount": {amount}}}'
    return outcomes.read(strict_json.parse(body.encode()))


@given(AMOUNTS)
def test_an_amount_is_what_was_written_as_text_or_as_number(micros: int) -> None:
    written = f"{Decimal(micros).scaleb(-6):f}"
    assert told(f'"{written}"').amount == told(written).amount == micros
    shown = outcomes.card(told(written))["amount"]
    assert Decimal(str(shown)) * 1_000_000 == micros


@pytest.mark.parametrize(
    "text", ["", "1,000", "1_000", " 1", "1e3", "$5", "\u0661", "--1", ".5", "NaN", "inf", "0x1"]
)
def test_what_only_looks_like_an_amount_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        outcomes.read({"trace_id": "t", "metric": "m", "amount": text})


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (1_764_300_000, 1_764_300_000.0),
        ("2026-11-28T12:00:00Z", 1_795_867_200.0),
        ("2026-11-28T13:00:00+01:00", 1_795_867_200.0),
    ],
)
def test_a_time_is_read_with_its_zone(at: Any, seconds: float) -> None:
    assert outcomes.read({"trace_id": "t", "metric": "m", "at": at}).happened == seconds


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=3,
)
FIELDS = st.sampled_from(
    "trace_id episode thumbs stars rating comment user wrong_hit metric value amount currency id "
    "at text other".split()
)


@given(st.dictionaries(FIELDS, JSON, max_size=6))
def test_any_body_is_read_or_refused(body: dict[str, Any]) -> None:
    for read in (feedback.read, outcomes.read, corrections.read):
        with contextlib.suppress(BadRequest):
            read(body)
