"""`teppan confidence`: from traces and ratings in the store to a fit that serves."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from cli.conftest import printed, teppan, told
from learn.test_assessing import answered
from teppan.build.confidence import open_assessor, open_desk
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, Choice, Completion, say
from teppan.core.clock import FixedClock
from teppan.core.errors import ConfigError
from teppan.core.ids import LOCAL, CountingIds, Scope
from teppan.core.release import Release
from teppan.learn import assessing
from teppan.serve.journey import Journey
from teppan.store import Store
from teppan.store.feedback import Opinion

MINUTE = 60.0


def fill(folder: Path, many: int, begin: float) -> None:
    """Answers that are rated by whether they hedge, nine times of ten."""

    async def filled() -> None:
        store = await Store.open(folder / "teppan.db", durability="process")
        for number in range(many):
            hedging = number % 3 == 0
            made = answered(number, hedging, begin + number * MINUTE)
            store.traces.put(replace(made, tenant="local"))
            happy = hedging == (number % 10 == 0)
            opinion = Opinion(
                trace_id=made.id, value=1.0 if happy else 0.0, source=f"user:{number}", model="m"
            )
            await store.feedback.say(LOCAL, opinion)
        await store.close()

    asyncio.run(filled())


@pytest.fixture
def rated(folder: Path) -> Path:
    fill(folder, 280, time.time() - 280 * MINUTE)
    return folder


def test_too_little_is_refused_with_what_is_needed(folder: Path) -> None:
    result = teppan("confidence", "fit")
    assert result.exit_code != 0
    assert "200 scored answers are needed, 0 are there" in str(result.exception)
    assert "nothing is fitted" in printed(["confidence", "show"])
    assert told(teppan("confidence", "show", "--json"))["fitted"] is False


def test_fitted_on_ratings_it_is_shown_with_its_error_and_serves(rated: Path) -> None:
    made = told(teppan("confidence", "fit", "--json"))
    assert made["examples"] == 280
    assert made["new"]
    assert made["error"]["over_constant"]["low"] > 0
    shown = printed(["confidence", "show"])
    assert made["id"] in shown
    assert "cascades go by it" in shown
    assert "hedges" in shown
    assert "0 scored answers since the fit" in shown
    seen = told(teppan("confidence", "show", "--json"))
    assert (seen["id"], seen["decides"]) == (made["id"], True)
    assert asyncio.run(assessed(rated, "Adults pay $55.")) > 0.7
    assert asyncio.run(assessed(rated, "Perhaps adults pay $55, I think.")) < 0.4
    again = told(teppan("confidence", "fit", "--json"))
    assert not again["new"]


async def assessed(folder: Path, text: str) -> float:
    """What a gateway says of an answer before it is sent."""
    store = await Store.open(folder / "teppan.db", durability="process")
    assessor = open_assessor(Settings(), None, store)
    request = ChatRequest(model="s", messages=(say("user", "What do adults pay?"),))
    trip = Journey(request, LOCAL, "chat", clock=FixedClock(), new_id=CountingIds(), allowed=60.0)
    answer = Completion("m", (Choice(say("assistant", text), "stop"),))
    found = assessor.assess(trip, "vendor/m", answer)
    other = replace_scope(trip)
    assert assessor.assess(other, "vendor/m", answer) is None
    assert "predictor" in assessor.release(Release("rel_1"), LOCAL).states
    await store.close()
    assert found is not None
    return found


def replace_scope(trip: Journey) -> Journey:
    return Journey(
        trip.request,
        Scope("anna", "k"),
        "chat",
        clock=FixedClock(),
        new_id=CountingIds(),
        allowed=60.0,
    )


async def test_the_night_fits_what_the_verb_fits(folder: Path) -> None:
    await asyncio.to_thread(fill, folder, 280, time.time() - 280 * MINUTE)
    store = await Store.open(folder / "teppan.db", durability="process")
    desk, now = open_desk(Settings(), None, store), time.time()
    told_of: list[int] = []
    made = await assessing.fit(desk, LOCAL, now - 60, now, lambda done, _, __: told_of.append(done))
    assert made.examples == 280
    assert told_of == [280]
    live = store.fits.live(LOCAL, "predictor")
    assert live is not None
    assert live.id == made.id
    await store.close()


async def test_a_person_is_only_called_by_the_rules_of_a_pack(folder: Path) -> None:
    store = await Store.open(folder / "teppan.db", durability="process")
    settings = Settings(learn={"confidence": {"floor": 0.5, "below": "escalate"}})
    with pytest.raises(ConfigError, match="calls a person by the rules of a pack"):
        open_assessor(settings, None, store)
    await store.close()
