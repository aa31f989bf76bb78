"""Exact answers: what is the same request, what is remembered, and what never is."""

from __future__ import annotations

from typing import Any

import pytest

from serve.cache.conftest import MINE, YOURS, Opening, answer, ask, look, question, take
from teppan.core.chat import (
    CacheWish,
    ChatRequest,
    Choice,
    Completion,
    Message,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    say,
)
from teppan.core.clock import FixedClock
from teppan.core.errors import NotCached, StoreError
from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.answers import ExactAnswer, MemoryAnswers

ASKED = question("You are kind.", "What does it cost for 10 guests?")


async def test_the_same_request_has_the_same_answer_and_says_where_it_came_from(
    opening: Opening, clock: FixedClock
) -> None:
    cache = await opening()
    first = await ask(cache, ASKED, "It costs $600.")
    assert (first.status, first.hit) == ("miss", None)
    clock.advance(60)
    seat = await look(cache, ASKED)
    assert seat.hit is not None
    assert (seat.status, seat.hit.text, seat.served) == ("exact", "It costs $600.", "a/model")
    assert seat.remembered is not None
    assert (seat.remembered.source, seat.remembered.age, seat.remembered.saved) == ("tr_1", 60, 100)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "b/model"},
        {"messages": (say("system", "You are rude."), ASKED.messages[1])},
        {"messages": (ASKED.messages[0], say("user", "What does it cost for 20 guests?"))},
        {"tools": (Tool("book"),)},
        {"temperature": 0.1},
        {"top_p": 0.5},
        {"top_k": 4},
        {"max_tokens": 9},
        {"stop": ("x",)},
        {"seed": 4},
        {"logprobs": True},
        {"effort": "low"},
        {"thinking_budget": 100},
        {"frequency_penalty": 0.5},
        {"presence_penalty": 0.5},
        {"response_format": ResponseFormat("json_object")},
        {"task_type": "code"},
        {"extra": {"reasoning": {"effort": "high"}}},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_whatever_shapes_an_answer_is_in_the_key(
    opening: Opening, change: dict[str, Any]
) -> None:
    cache = await opening()
    await ask(cache, ASKED, "It costs $600.")
    fields = {name: getattr(ASKED, name) for name in ASKED.__struct_fields__} | change
    assert (await look(cache, ChatRequest(**fields))).hit is None


@pytest.mark.parametrize(
    "change",
    [
        {"stream": True},
        {"include_usage": True},
        {"user": "u7"},
        {"metadata": {"a": "b"}},
        {"episode": "ep_7"},
        {"dialect": "anthropic"},
        {"extra": {"prompt_cache_key": "k", "safety_identifier": "s"}},
        {"cache": CacheWish(max_age=100.0)},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_who_asks_and_how_it_is_delivered_is_not_in_the_key(
    opening: Opening, change: dict[str, Any]
) -> None:
    cache = await opening()
    await ask(cache, ASKED, "It costs $600.")
    fields = {name: getattr(ASKED, name) for name in ASKED.__struct_fields__} | change
    assert (await look(cache, ChatRequest(**fields))).status == "exact"


async def test_another_version_of_prompt_or_knowledge_is_another_question(opening: Opening) -> None:
    cache = await opening()
    await ask(cache, ASKED, "It costs $600.", version="v1")
    assert (await look(cache, ASKED, version="v2")).hit is None


async def test_no_tenant_ever_sees_the_answer_of_another(opening: Opening) -> None:
    cache = await opening()
    await ask(cache, ASKED, "Mine costs $600.")
    assert (await look(cache, ASKED, YOURS)).hit is None


async def test_ten_thousand_lookups_of_a_hundred_tenants_never_cross(opening: Opening) -> None:
    cache = await opening(semantic=True)
    scopes = [Scope(tenant=f"t{number}", key_id="k") for number in range(100)]
    requests = [question("Shared.", f"Shared question about subject{each}") for each in range(5)]
    for scope in scopes:
        for request in requests:
            await ask(cache, request, f"of {scope.tenant}", scope, trace=f"tr_{scope.tenant}")
    twins = [question("Shared.", f"shared question about SUBJECT{each}!") for each in range(5)]
    hits = 0
    for round_ in range(20):
        for scope in scopes:
            for asked in (requests, twins)[round_ % 2]:
                seat = await look(cache, asked, scope)
                assert seat.hit is not None
                assert seat.hit.text == f"of {scope.tenant}"
                hits += 1
    assert hits == 10_000


async def test_an_answer_is_kept_for_its_time_and_that_may_depend_on_the_intent(
    opening: Opening, clock: FixedClock
) -> None:
    cache = await opening(ttl=100.0, ttl_by_intent={"price": 10.0})
    await ask(cache, ASKED, "It costs $600.", intent="price")
    clock.advance(11)
    assert (await look(cache, ASKED)).hit is None
    await ask(cache, ASKED, "It costs $600.", intent="menu")
    clock.advance(99)
    assert (await look(cache, ASKED)).hit is not None
    clock.advance(2)
    assert (await look(cache, ASKED)).hit is None


@pytest.mark.parametrize("finish", ["length", "tool_calls", "content_filter", "refusal"])
async def test_an_answer_that_did_not_end_by_itself_is_not_kept(
    opening: Opening, finish: str
) -> None:
    cache = await opening()
    seat = await take(cache, ASKED)
    seat.keep(answer("It costs", finish), "a/model", "tr_1", 1)
    await cache.settled()
    assert (await look(cache, ASKED)).hit is None


@pytest.mark.parametrize(
    "message",
    [
        Message("assistant", (ToolCall("c1", "book", "{}"),)),
        Message("assistant", ()),
        Message("assistant", (Text("  "),)),
        Message("assistant", (Text("no"),), refusal="I will not"),
    ],
    ids=["tool call", "nothing", "blanks", "refusal"],
)
async def test_an_answer_that_says_nothing_to_keep_is_not_kept(
    opening: Opening, message: Message
) -> None:
    cache = await opening()
    seat = await take(cache, ASKED)
    seat.keep(Completion("m", (Choice(message, "stop"),)), "a/model", "tr_1", 1)
    await cache.settled()
    assert (await look(cache, ASKED)).hit is None


async def test_a_plain_answer_is_kept_though_tools_were_allowed(opening: Opening) -> None:
    cache = await opening()
    request = question("hello there friend", tools=(Tool("book"),))
    await ask(cache, request, "Hello!")
    assert (await look(cache, request)).status == "exact"


@pytest.mark.parametrize("field", [{"temperature": 0.9}, {"n": 2}], ids=["hot", "choices"])
async def test_a_hot_request_is_neither_looked_up_nor_kept_unless_it_asks(
    opening: Opening, field: dict[str, Any]
) -> None:
    cache = await opening()
    request = question("Write a poem", **field)
    assert (await ask(cache, request, "A poem")).status == "off"
    assert (await look(cache, request)).hit is None
    asking = question("Write a poem", cache=CacheWish(force=True), temperature=0.9)
    await ask(cache, asking, "A poem")
    assert (await look(cache, asking)).status == "exact"


async def test_a_request_that_wants_no_store_leaves_no_trace(opening: Opening) -> None:
    cache = await opening()
    asking = question("Hi", "there you", cache=CacheWish(read=False, store=False))
    assert (await ask(cache, asking, "Hello")).status == "off"
    assert (await look(cache, question("Hi", "there you"))).hit is None


async def test_a_request_that_wants_it_fresh_replaces_what_was_remembered(opening: Opening) -> None:
    cache = await opening(semantic=True)
    await ask(cache, ASKED, "It costs $600.")
    fresh = question("You are kind.", ASKED.question, cache=CacheWish(read=False))
    assert (await ask(cache, fresh, "It costs $700.", trace="tr_2")).hit is None
    for text in (ASKED.question, ASKED.question.upper()):
        seat = await look(cache, question("You are kind.", text))
        assert seat.hit is not None
        assert seat.hit.text == "It costs $700."


async def test_an_answer_older_than_wanted_is_not_given(
    opening: Opening, clock: FixedClock
) -> None:
    cache = await opening()
    await ask(cache, ASKED, "It costs $600.")
    clock.advance(30)
    wanted = question("You are kind.", ASKED.question, cache=CacheWish(max_age=20.0))
    assert (await look(cache, wanted)).hit is None


async def test_only_if_cached_gets_the_answer_or_an_error(opening: Opening) -> None:
    cache = await opening()
    only = question("You are kind.", ASKED.question, cache=CacheWish(only=True))
    with pytest.raises(NotCached):
        await look(cache, only)
    await ask(cache, ASKED, "It costs $600.")
    assert (await look(cache, only)).status == "exact"


async def test_a_cache_that_is_switched_off_remembers_nothing(opening: Opening) -> None:
    cache = await opening(on=False)
    assert (await ask(cache, ASKED, "It costs $600.")).status == "off"
    assert (await look(cache, ASKED)).status == "off"


async def test_a_request_that_cannot_be_named_is_asked_as_if_there_were_no_cache(
    opening: Opening,
) -> None:
    cache = await opening()
    assert (await ask(cache, question("half a sign: \ud800"), "Hm.")).status == "off"


async def test_only_if_cached_gets_an_error_where_nothing_is_ever_cached(opening: Opening) -> None:
    cache = await opening(on=False)
    with pytest.raises(NotCached):
        await look(cache, question("Hi", "there you", cache=CacheWish(only=True)))


class Broken(MemoryAnswers):
    async def get(self, scope: Scope, key: str) -> ExactAnswer | None:
        raise StoreError("the shelf fell down")

    async def put(self, scope: Scope, key: str, answer: ExactAnswer) -> None:
        raise OSError("no wood")


async def test_a_cache_that_breaks_is_a_miss(opening: Opening, clock: FixedClock) -> None:
    cache = await opening(exact=Broken(1000, clock))
    assert (await ask(cache, ASKED, "It costs $600.")).status == "miss"
    assert (await ask(cache, ASKED, "It costs $600.")).status == "miss"


async def test_what_a_trace_first_said_can_be_taken_out(opening: Opening) -> None:
    cache = await opening(semantic=True)
    await ask(cache, ASKED, "It costs $600.", trace="tr_bad")
    assert await cache.wrong(MINE, "tr_bad")
    assert not await cache.wrong(YOURS, "tr_bad")
    assert (await look(cache, ASKED)).hit is None
    assert (await look(cache, question("You are kind.", ASKED.question.upper()))).hit is None


async def test_a_tenant_can_be_forgotten_and_others_stay(opening: Opening) -> None:
    cache = await opening(semantic=True)
    for scope in (MINE, YOURS):
        await ask(cache, ASKED, "It costs $600.", scope)
    await cache.erase(MINE)
    assert (await look(cache, ASKED, MINE)).hit is None
    assert (await look(cache, ASKED, YOURS)).hit is not None


async def test_hits_misses_and_savings_are_counted(opening: Opening, store: Store) -> None:
    cache = await opening(semantic=True)
    await ask(cache, ASKED, "It costs $600.")
    await look(cache, ASKED)
    await look(cache, question("You are kind.", ASKED.question.upper()))
    found = await cache.stats(MINE)
    assert (found.exact, found.semantic, found.misses, found.saved) == (1, 1, 1, 200)
    assert found.false_hit_rate is None
    assert (found.low, found.high) == (0.0, 1.0)
    assert (await cache.stats(YOURS)).misses == 0
