"""A night of lessons over the whole house: real gateway, pack and store, simulated vendors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from teppan.build import House, open_house
from teppan.build.lessons import lesson_stages, models_of, open_lesson_desk
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, say
from teppan.core.errors import ConfigError
from teppan.core.ids import LOCAL
from teppan.core.trace import Trace
from teppan.learn.privacy.erase import erase_person, places_of_store
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store.lesson_rows import Lesson, Source, Written

MODELS = ("sim-gpt-large", "sim-gpt-small")
QUESTION = "How much do you charge per adult?"
RULE = "When adults are asked about, name the price of each adult."
DAY = 86_400.0

PACK = {
    "pack.toml": """
name = "grill"
facts = "facts.md"
rules = "rules.toml"

[prompts]
support = "support.md"
""",
    "facts.md": "Adults are $55 each. Children from 6 to 12 are $30 each.",
    "support.md": "You answer customers.\n\n{facts}\n\n{rules}",
    "rules.toml": """
[money]
signs = ["$"]

[counts.adults]
after = ["adults?"]

[[price]]
id = "adult"
amount = 55
per = "adults"
base = true
about = ["adults?"]

[[price]]
id = "child"
amount = 30
base = true
about = ["child(?:ren)?"]

[[rule]]
id = "true-prices"
text = "Name no price but these."
severity = "high"

[[rule.check]]
kind = "amounts"
""",
}


class Shop:
    def __init__(self, fleet: Fleet, tables: dict[str, Any]) -> None:
        self.fleet = fleet
        self.tables = tables

    def settings(self, **lessons: Any) -> Settings:
        return Settings(**{**self.tables, "learn": {"lessons": {"withhold": 0.0, **lessons}}})

    @asynccontextmanager
    async def house(self, **lessons: Any) -> AsyncIterator[House]:
        environment = {"SIMULATED_KEY": DEFAULT_KEYS[0]}
        async with open_house(self.settings(**lessons), environment=environment) as house:
            yield house

    def calls(self) -> int:
        return len(self.fleet.calls.select(vendor="openai"))


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    monkeypatch.setenv("SIMULATED_KEY", DEFAULT_KEYS[0])
    pack = tmp_path / "grill"
    pack.mkdir()
    for name, text in PACK.items():
        (pack / name).write_text(text)
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        critic = {
            "strategy": "critic",
            "teacher": "openai/sim-gpt-large",
            "student": "openai/sim-gpt-small",
            "critic": "openai/sim-gpt-large",
            "prompt": "support",
        }
        yield Shop(
            fleet,
            {
                "store": {"url": f"sqlite:///{tmp_path / 'teppan.db'}", "durability": "process"},
                "gateway": {"pack": str(pack)},
                "cache": {"exact": False, "semantic": False},
                "providers": {
                    "openai": {
                        "url": fleet.address("openai"),
                        "keys": ("env:SIMULATED_KEY",),
                        "models": MODELS,
                    }
                },
                "models": {"desk": critic},
            },
        )


async def asked(house: House, text: str) -> Trace:
    """The trace of a question, when it is written."""
    request = ChatRequest(model="desk", messages=(say("user", text),), user="u1")
    answer = await house.gateway.answer(request, LOCAL)
    while (found := await house.store.traces.get(LOCAL, answer.trace_id)) is None:
        await asyncio.sleep(0.01)
    return found


async def live(house: House) -> Lesson:
    """A lesson that is live, of a case of somebody."""
    written = Written(question=QUESTION, rule=RULE, said=RULE)
    source = Source(trace_id="tr_1", user="u9", lesson="les_1", written=written)
    lesson = Lesson(id="les_1", model="desk", rule=RULE, origin="tr_1", status="live")
    await house.store.lessons.keep(LOCAL, source, lesson)
    await house.store.lessons.refresh()
    return lesson


async def test_a_night_writes_and_tries_and_run_again_pays_nothing(shop: Shop) -> None:
    async with shop.house() as house:
        trace = await asked(house, QUESTION)
        for text in ("What does a child cost?", "Is there a minimum?", "Do you travel far?"):
            await asked(house, text)
        await house.store.corrections.record(LOCAL, trace.id, "It is $55 per adult, $30 per child.")
        until = trace.started + 60.0
        seen: list[str] = []
        stages = lesson_stages(house)
        assert list(stages) == ["lessons.write", "lessons.try", "lessons.retire"]
        for run in stages.values():
            await run(LOCAL, until - DAY, until, lambda done, total, what: seen.append(what))
        assert "lessons written" in seen
        assert len(await house.store.lessons.looked_at(LOCAL, [trace.id])) == 1
        calls = shop.calls()
        for run in lesson_stages(house).values():
            await run(LOCAL, until - DAY, until, lambda done, total, what: None)
        assert shop.calls() == calls
        days = await house.store.lessons.days(LOCAL, lesson="")
        assert sum(each.given.n for each in days) == 1  # of the others nothing is known


async def test_a_live_lesson_is_in_the_prompt_the_trace_and_the_release(shop: Shop) -> None:
    async with shop.house() as house:
        before = await asked(house, QUESTION)
        await live(house)
        after = await asked(house, QUESTION)
        assert (before.lessons, after.lessons) == ((), ("les_1",))
        assert before.release != after.release
        bodies = [str(each.body) for each in shop.fleet.calls.select(vendor="openai")]
        assert any(RULE in body for body in bodies)
        await house.store.lessons.change(LOCAL, "les_1", lambda was: replace(was, status="retired"))
        assert (await asked(house, QUESTION)).release == before.release


async def test_chance_holds_lessons_back_and_the_trace_says_so(shop: Shop) -> None:
    async with shop.house(withhold=1.0) as house:
        await live(house)
        trace = await asked(house, QUESTION)
        assert (trace.lessons, trace.withheld) == ((), ("les_1",))


async def test_erasing_a_person_reaches_the_lesson_of_their_case(shop: Shop) -> None:
    async with shop.house() as house:
        await live(house)
        places = places_of_store(house.store.erasing)
        await erase_person(house.store.erasing, places, LOCAL, "u9")
        await house.store.lessons.refresh()
        assert (await asked(house, QUESTION)).lessons == ()


async def test_the_rules_of_the_pack_judge_answers_and_lessons(shop: Shop) -> None:
    async with shop.house() as house:
        desk = open_lesson_desk(house)
        assert desk.models == models_of(house.settings, house.pack)
        assert "desk" in desk.models
        assert not [each for each in desk.models if each.startswith("agent/")]
        roles = desk.roles("desk")
        assert (roles.critic, roles.teacher, roles.student) == (
            "openai/sim-gpt-large",
            "openai/sim-gpt-large",
            "openai/sim-gpt-small",
        )
        request = ChatRequest(model="desk", messages=(say("user", QUESTION),))
        assert desk.breaks(request, "Adults are $45 each.") == "high"
        assert desk.breaks(request, "Adults are $55 each.") == ""
        assert desk.misstates("Quote $55 for each adult and $30 for each child from 6 to 12.") == ""
        assert "true-prices" in desk.misstates("Adults pay $30.")
        assert "$55" in desk.facts("desk").prompt


async def test_what_cannot_have_lessons_is_told_and_off_means_off(shop: Shop) -> None:
    async with shop.house(models=("agent/booking",)) as house:
        with pytest.raises(ConfigError, match=r"learn\.lessons\.models"):
            lesson_stages(house)
    async with shop.house(enabled=False) as house:
        await live(house)
        assert lesson_stages(house) == {}
        assert (await asked(house, QUESTION)).lessons == ()
