"""Summaries of conversations: what every database behind the store must do with them."""

from __future__ import annotations

import asyncio

from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.core.secret import Secret
from teppan.store import Store
from teppan.store.store import DAY, SUMMARY_DAYS
from teppan.store.summaries import ASKED_FOR, Summary

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
NEVER_OLD = 4e9
"""An instant far ahead: the sweep at the opening of a store leaves it."""


def made(prefix: str = "p1", text: str = "user: 25 guests", at: float = NEVER_OLD) -> Summary:
    return Summary(prefix, 12, text, "a/model", at)


async def test_a_summary_is_found_by_the_prefix_it_tells(store: Store, clock: FixedClock) -> None:
    summary = made(at=clock.now())
    assert await store.summaries.keep(ANNA, summary) == summary
    assert await store.summaries.find(ANNA, ["p0", "p1", "p2"]) == {"p1": summary}


async def test_of_two_summaries_of_one_prefix_the_first_holds(store: Store) -> None:
    first, second = made(text="user: first"), made(text="user: second")
    both = await asyncio.gather(
        store.summaries.keep(ANNA, first), store.summaries.keep(ANNA, second)
    )
    assert both == [first, first]
    assert await store.summaries.find(ANNA, ["p1"]) == {"p1": first}


async def test_a_tenant_sees_no_summary_of_another(store: Store) -> None:
    await store.summaries.keep(ANNA, made(text="user: anna's"))
    assert await store.summaries.find(BEN, ["p1"]) == {}
    assert (await store.summaries.keep(BEN, made(text="user: ben's"))).text == "user: ben's"


async def test_very_many_prefixes_are_looked_up_at_once(store: Store) -> None:
    names = [f"n{i}" for i in range(3 * ASKED_FOR)]
    await store.summaries.keep(ANNA, made(names[-1]))
    assert list(await store.summaries.find(ANNA, names)) == [names[-1]]


async def test_what_a_database_cannot_hold_is_replaced(store: Store) -> None:
    kept = await store.summaries.keep(ANNA, made(text="user: a\x00b \ud800 过敏"))
    assert "过敏" in kept.text
    assert "\x00" not in kept.text


async def test_old_summaries_are_swept_away(store: Store, clock: FixedClock) -> None:
    await store.summaries.keep(ANNA, made("old", at=clock.now() - (SUMMARY_DAYS + 1) * DAY))
    await store.summaries.keep(ANNA, made("new", at=clock.now()))
    await store.sweep()
    assert list(await store.summaries.find(ANNA, ["old", "new"])) == ["new"]


async def test_a_summary_is_there_for_the_next_process(database: str, clock: FixedClock) -> None:
    pepper = Secret("a pepper for tests, long enough to be one")
    first = await Store.open(database, clock=clock, pepper=pepper)
    await first.summaries.keep(ANNA, made())
    await first.close()
    second = await Store.open(database, clock=clock, pepper=pepper)
    assert (await second.summaries.find(ANNA, ["p1"]))["p1"].text == "user: 25 guests"
    await second.close()
