"""From a customer's question to an example a person vouches for, through the whole house."""

from __future__ import annotations

import time
from pathlib import Path

from learn.review.test_filling import asked
from teppan.build import open_house
from teppan.build.review import open_review_desk, open_reviewing
from teppan.config.load import parse
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, say
from teppan.core.ids import LOCAL
from teppan.learn.review.filling import fill
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store import Store
from teppan.store.review_rows import Decision

ENVIRONMENT = {"SIMULATED_KEY": DEFAULT_KEYS[0]}


async def waited(store: Store, id: str) -> None:
    while store.traces.waiting or await store.traces.get(LOCAL, id) is None:
        await store.escalations.list(LOCAL)  # the writer takes its turn


async def test_what_is_decided_is_an_example_at_once_and_undone_is_none(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "t.db", durability="process")
    settings = Settings(learn={"terms": {"openllm": "free"}})
    asked_now = asked(
        1, "What do adults pay?", tenant="local", started=time.time() - 900, served="openllm/m"
    )
    store.traces.put(asked_now)
    await waited(store, asked_now.id)
    await fill(open_review_desk(settings, None, store), LOCAL, 0.0, time.time())
    desk = open_reviewing(settings, None, store)
    item = await desk.next(LOCAL, "mia")
    assert item is not None

    await desk.decide(LOCAL, item.id, Decision("approve"), "mia")
    example = await store.signals.get(LOCAL, asked_now.id)
    assert example is not None
    assert example.trains
    assert example.provenance.source == "review"

    await desk.undo(LOCAL, "mia")
    example = await store.signals.get(LOCAL, asked_now.id)
    assert example is None or not example.trains

    await desk.decide(LOCAL, item.id, Decision("edit", "Adults are $55 each."), "mia")
    example = await store.signals.get(LOCAL, asked_now.id)
    assert example is not None
    assert (example.trains, example.chosen) == (True, "Adults are $55 each.")

    await store.signals.drop(LOCAL, [asked_now.id])  # as if it had failed then
    await fill(open_review_desk(settings, None, store), LOCAL, 0.0, time.time())
    assert await store.signals.get(LOCAL, asked_now.id) is not None
    await store.close()


async def test_a_critic_of_the_house_suggests_and_its_question_is_no_item(tmp_path: Path) -> None:
    async with Fleet(FleetSettings(speed=0)) as fleet:
        settings = parse(
            {
                "store": {"url": f"sqlite:///{tmp_path / 't.db'}", "durability": "process"},
                "log": {"level": "error"},
                "providers": {
                    "openai": {
                        "url": fleet.address("openai"),
                        "keys": ["env:SIMULATED_KEY"],
                        "models": ["sim-gpt-small"],
                    }
                },
                "learn": {"review": {"critic": "openai/sim-gpt-small", "share": 0.0}},
            },
            "the test",
        )
        async with open_house(settings, environment=ENVIRONMENT) as house:
            request = ChatRequest(
                model="openai/sim-gpt-small", messages=(say("user", "What is 6 times 7?"),)
            )
            answer = await house.gateway.answer(request, LOCAL)
            await waited(house.store, answer.trace_id)
            for made in (1, 0):
                desk = open_review_desk(settings, None, house.store, ask=house.ask)
                done = await fill(desk, LOCAL, 0.0, time.time() + 1)
                assert (done.suggested, done.stopped) == (made, "")
            [item] = await house.store.review.list(None)
            assert item.trace_id == answer.trace_id
            assert item.content.suggestion
            assert item.content.suggester == "openai/sim-gpt-small"
