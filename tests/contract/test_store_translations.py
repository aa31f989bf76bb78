"""Translations: what every database behind the store must do with them."""

from __future__ import annotations

import asyncio

from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.core.secret import Secret
from teppan.store import Store
from teppan.store.store import DAY, SUMMARY_DAYS
from teppan.store.translations import Translation

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
NEVER_OLD = 4e9
"""An instant far ahead: the sweep at the opening of a store leaves it."""


def made(text: str = "25人です", name: str = "n1", at: float = NEVER_OLD) -> Translation:
    return Translation(name, "en", "ja", text, "a/model", at)


async def test_a_translation_is_found_by_its_name(store: Store, clock: FixedClock) -> None:
    translation = made(at=clock.now())
    assert await store.translations.keep(ANNA, translation) == translation
    assert await store.translations.find(ANNA, "n1") == translation
    assert await store.translations.find(ANNA, "n2") is None


async def test_of_two_translations_of_one_text_the_first_holds(store: Store) -> None:
    first, second = made("最初"), made("次")
    both = await asyncio.gather(
        store.translations.keep(ANNA, first), store.translations.keep(ANNA, second)
    )
    assert list(both) == [first, first]
    assert await store.translations.find(ANNA, "n1") == first


async def test_a_tenant_sees_no_translation_of_another(store: Store) -> None:
    await store.translations.keep(ANNA, made("アンナの"))
    assert await store.translations.find(BEN, "n1") is None
    assert (await store.translations.keep(BEN, made("ベンの"))).text == "ベンの"


async def test_what_a_database_cannot_hold_is_replaced(store: Store) -> None:
    kept = await store.translations.keep(ANNA, made("a\x00b \ud800 過敏"))
    assert "過敏" in kept.text
    assert "\x00" not in kept.text


async def test_old_translations_are_swept_away(store: Store, clock: FixedClock) -> None:
    old, new = clock.now() - (SUMMARY_DAYS + 1) * DAY, clock.now()
    await store.translations.keep(ANNA, made(name="old", at=old))
    await store.translations.keep(ANNA, made(name="new", at=new))
    await store.sweep()
    assert await store.translations.find(ANNA, "old") is None
    assert await store.translations.find(ANNA, "new") is not None


async def test_a_translation_is_there_for_the_next_process(
    database: str, clock: FixedClock
) -> None:
    pepper = Secret("a pepper for tests, long enough to be one")
    first = await Store.open(database, clock=clock, pepper=pepper)
    await first.translations.keep(ANNA, made())
    await first.close()
    second = await Store.open(database, clock=clock, pepper=pepper)
    found = await second.translations.find(ANNA, "n1")
    assert found is not None
    assert found.text == "25人です"
    await second.close()
