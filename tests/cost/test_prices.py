"""Where prices come from, and that unknown is not zero."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from structlog.testing import capture_logs

from teppan.core.chat import Usage
from teppan.core.clock import FixedClock
from teppan.cost.meter import Meter, cost
from teppan.cost.prices import Book, Clause, Period, Prices, Row, Tier, override, shipped

DAY = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()


def book(**vendors: list[Row]) -> Book:
    rows = {name: msgspec.Raw(msgspec.json.encode(rows)) for name, rows in vendors.items()}
    return Book("list 1", {"acme-ai": "acme"}, rows)


def row(clause: Clause, *periods: Period) -> Row:
    return Row(clause, periods)


FLAT = Period((Tier(0, 1_000_000, 2_000_000),))
ACME = book(
    acme=[
        row(Clause(equals="small"), FLAT),
        row(
            Clause(starts="dated"),
            Period((Tier(0, 10, 20),)),
            Period((Tier(0, 30, 40),), since="2026-06-01"),
            Period((Tier(0, 5, 6),), since="2026-06-01", hours=("22:00:00", "04:00:00")),
        ),
        row(Clause(regex="^old-[0-9]+$"), FLAT),
        row(Clause(all=(Clause(contains="big"), Clause(ends="-pro"))), FLAT),
    ],
    acme_north=[row(Clause(equals="org/open"), FLAT)],
)


def rates(model: str, at: float = DAY) -> Tier | None:
    found = Prices(book=ACME).rates(model, at)
    return found.tiers[0] if found else None


def test_a_listed_model_is_found_by_name_clause_and_vendor_alias() -> None:
    assert rates("acme/small") == Tier(0, 1_000_000, 2_000_000)
    assert rates("acme/SMALL") == rates("acme-ai/small") == rates("acme/old-12")
    assert rates("acme/the-big-pro") == rates("acme/small")


def test_an_unknown_model_or_vendor_has_no_price() -> None:
    for model in ("acme/none", "other/small", "small", "", "acme/", "acme/old-x"):
        assert rates(model) is None


def test_a_routers_host_is_priced_by_the_host() -> None:
    assert rates("acme/org/open:north") == Tier(0, 1_000_000, 2_000_000)
    assert rates("acme/org/open:south") is None


def test_dated_prices_and_prices_by_the_hour_hold_when_they_say() -> None:
    def at(text: str) -> Tier | None:
        return rates("acme/dated", datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())

    assert at("2026-05-31T23:00") == Tier(0, 10, 20)
    assert at("2026-06-01T12:00") == Tier(0, 30, 40)
    assert at("2026-06-01T23:00") == Tier(0, 5, 6)
    assert at("2026-06-02T03:59:59") == Tier(0, 5, 6)
    assert at("2026-06-02T04:00") == Tier(0, 30, 40)


def test_a_price_of_ones_own_wins_from_its_day_on_and_the_name_beats_the_pattern() -> None:
    own = [
        override("acme/*", input="9", output="9", since="2026-03-01"),
        override("acme/small", input="0.5", output="1", since="2026-02-01", cached="0.05"),
    ]
    prices = Prices(own, book=ACME)
    january = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    before, now = prices.rates("acme/small", january), prices.rates("acme/small", DAY)
    assert before is not None
    assert before.version == "list 1"
    assert now is not None
    assert now.version == "own 2026-02-01"
    assert now.tiers == (Tier(0, 500_000, 1_000_000, 50_000),)
    other = prices.rates("acme/else", DAY)
    assert other is not None
    assert other.tiers[0].input == 9_000_000


def test_a_price_of_ones_own_may_have_parts_and_a_share_for_batches() -> None:
    own = override("acme/*", input="2", output="8", reasoning="3", batch="0.5", since="2026-01-01")
    found = Prices([own], book=ACME).rates("acme/small", DAY)
    assert found is not None
    assert found.tiers == (Tier(0, 2_000_000, 8_000_000, reasoning=3_000_000),)
    assert found.batch == 500_000
    assert cost(Usage(1_000_000, 0), found, batch=True) == 1_000_000


def test_what_a_vendor_asks_for_batches_comes_with_the_list() -> None:
    listed = Prices().rates("openai/gpt-4o", DAY)
    assert listed is not None
    assert listed.batch == 500_000
    other = Prices(book=ACME).rates("acme/small", DAY)
    assert other is not None
    assert other.batch is None


@pytest.mark.parametrize("share", ["-0.1", "1.01"])
def test_a_share_for_batches_lies_between_nothing_and_all(share: str) -> None:
    with pytest.raises(ValueError, match="share"):
        override("acme/small", input="1", output="1", since="2026-01-01", batch=share)


def test_a_negative_price_of_ones_own_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        override("acme/small", input="-1", output="1", since="2026-01-01")


def test_a_model_on_this_host_costs_nothing_and_says_so() -> None:
    found = Prices(local=["here"], book=ACME).rates("here/any", DAY)
    assert found is not None
    assert (found.version, found.tiers) == ("local", (Tier(0, 0, 0),))


def test_an_unknown_price_is_none_and_warned_about_once() -> None:
    meter = Meter(Prices(book=ACME), FixedClock(DAY))
    with capture_logs() as logs:
        for _ in range(3):
            assert meter.price("acme/none", "", Usage(10, 10)) == (None, "")
    assert [log["event"] for log in logs] == ["price.unknown"]


def test_the_price_is_that_of_the_model_that_answered() -> None:
    meter = Meter(Prices(book=ACME), FixedClock(DAY))
    assert meter.price("acme/none", "small", Usage(1_000_000, 0)) == (1_000_000, "list 1")
    assert meter.price("acme/small", "unheard-of", Usage(1_000_000, 0)) == (1_000_000, "list 1")


def test_the_meter_looks_again_when_the_price_changes() -> None:
    clock = FixedClock(datetime(2026, 5, 31, 23, 59, tzinfo=UTC).timestamp())
    meter = Meter(Prices(book=ACME), clock)
    assert meter.price("acme/dated", "", Usage(1_000_000, 0)) == (10, "list 1")
    clock.advance(3 * 3600 + 2 * 60 + 3600)
    assert meter.price("acme/dated", "", Usage(1_000_000, 0)) == (30, "list 1")


def test_the_shipped_list_says_what_the_price_library_says() -> None:
    """The whole file; and bills of every 25th model at three sizes that cross the usual tiers."""
    types = pytest.importorskip("genai_prices.types")
    from genai_prices import __version__
    from genai_prices.data import providers

    from teppan.cost.refresh import book as fresh
    from teppan.cost.refresh import one_row_a_line

    listed = shipped()
    assert listed.version == f"genai-prices {__version__}", "run python -m teppan.cost.refresh"
    assert one_row_a_line(listed) == one_row_a_line(fresh())
    prices, moment = Prices(book=listed), datetime.fromtimestamp(DAY, UTC)
    compared = 0
    for provider in providers:
        for model in provider.models[::25]:
            found = prices.rates(f"{provider.id}/{model.id}", DAY)
            theirs = provider.find_model(model.id.lower(), all_providers=[])
            if found is None or theirs is None:
                continue
            for tokens in (1_000, 150_000, 900_000):
                usage = Usage(tokens, 5_000, cached=400, cache_written=100)
                said = theirs.calc_price(
                    types.Usage(
                        input_tokens=tokens,
                        output_tokens=5_000,
                        cache_read_tokens=400,
                        cache_write_tokens=100,
                    ),
                    provider,
                    genai_request_timestamp=moment,
                )
                assert abs(Decimal(cost(usage, found)) - said.total_price * 1_000_000) <= 1, model
                compared += 1
    assert compared > 200
