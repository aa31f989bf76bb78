"""Lessons keep where they came from; what is live is in memory; the erased are taken out."""

from __future__ import annotations

from msgspec.structs import replace

from teppan.core.ids import Scope
from teppan.learn.privacy.erase import erase_person, places_of_store
from teppan.store import Store
from teppan.store.lesson_rows import Day, Lesson, Source, Sums, Trial, Written

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")


def lesson(number: int = 1, **more: object) -> Lesson:
    made = Lesson(
        id=f"les_{number}",
        model="support",
        rule=f"Say what is not in the price ({number}).",
        origin=f"tr_{number}",
        created=float(number),
    )
    return replace(made, **more)


def source(number: int, of: str = "", **more: object) -> Source:
    written = Written(question=f"question {number}", rule=f"Own words of {number}.")
    made = Source(trace_id=f"tr_{number}", lesson=of, kind="corrected", written=written)
    return replace(made, **more)


async def test_a_case_is_kept_once_with_what_it_taught(store: Store) -> None:
    assert await store.lessons.keep(ANNA, source(1, "les_1"), lesson())
    assert not await store.lessons.keep(ANNA, source(1, "les_2"), lesson(2))
    assert await store.lessons.keep(ANNA, source(2, "les_1"))
    assert await store.lessons.keep(ANNA, source(3))
    assert [each.id for each in await store.lessons.list(ANNA)] == ["les_1"]
    found = await store.lessons.sources(ANNA, "les_1")
    assert [each.trace_id for each in found] == ["tr_1", "tr_2"]
    assert found[0].written.question == "question 1"
    assert await store.lessons.counts(ANNA) == {"les_1": 2}
    assert await store.lessons.looked_at(ANNA, ["tr_3", "tr_4"]) == {"tr_3": ("corrected", 0.0)}
    assert await store.lessons.list(BEN) == []
    assert await store.lessons.get(BEN, "les_1") is None
    assert await store.lessons.looked_at(BEN, ["tr_1"]) == {}


async def test_what_is_live_is_known_at_once_and_has_a_version(store: Store) -> None:
    await store.lessons.keep(ANNA, source(1, "les_1"), lesson())
    assert store.lessons.version(ANNA) == ""
    await store.lessons.change(ANNA, "les_1", lambda was: replace(was, status="live"))
    [live] = store.lessons.live(ANNA)
    assert live.texts == (lesson().rule, "question 1")
    first = store.lessons.version(ANNA)
    assert first != ""
    assert (store.lessons.live(BEN), store.lessons.version(BEN)) == ((), "")
    await store.lessons.keep(ANNA, source(2, "les_1"))  # more to be found by, the same words
    await store.lessons.refresh()
    assert store.lessons.live(ANNA)[0].texts[-1] == "question 2"
    assert store.lessons.version(ANNA) == first
    await store.lessons.change(ANNA, "les_1", lambda was: replace(was, status="retired"))
    assert store.lessons.version(ANNA) == ""


async def test_another_process_sees_it_too(store: Store, database: str) -> None:
    other = await Store.open(database)
    await store.lessons.keep(ANNA, source(1, "les_1"), lesson(status="live"))
    await other.lessons.refresh()
    assert [each.lesson.id for each in other.lessons.live(ANNA)] == ["les_1"]
    await other.close()


async def test_a_change_sees_what_is_there_now(store: Store) -> None:
    await store.lessons.keep(ANNA, source(1, "les_1"), lesson(status="retired"))
    kept = await store.lessons.change(
        ANNA, "les_1", lambda was: replace(was, status="live") if was.status == "waiting" else None
    )
    assert kept is not None
    assert kept.status == "retired"
    assert await store.lessons.change(BEN, "les_1", lambda was: None) is None


async def test_trials_and_days_are_written_again_not_twice(store: Store) -> None:
    trial = Trial(lesson="les_1", trace_id="tr_9", difference=1.0, how="rules", at=2.0)
    await store.lessons.tried(ANNA, trial)
    await store.lessons.tried(ANNA, replace(trial, difference=-1.0))
    assert await store.lessons.trials(ANNA, "les_1") == [replace(trial, difference=-1.0)]
    assert await store.lessons.trials(BEN, "les_1") == []
    day = Day(model="support", day=3, lesson="les_1", given=Sums(2, 1.5, 1.25), live=1)
    await store.lessons.put_days(ANNA, [replace(day, live=9), replace(day, day=4)])
    await store.lessons.put_days(ANNA, [day])
    assert await store.lessons.days(ANNA, lesson="les_1") == [day, replace(day, day=4, live=1)]
    assert await store.lessons.days(ANNA, since=4) == [replace(day, day=4)]
    assert await store.lessons.days(BEN) == []


async def erased(store: Store, *, dry: bool = False) -> dict[str, int]:
    places = places_of_store(store.erasing)
    return (await erase_person(store.erasing, places, ANNA, "u1", dry=dry)).erased


async def test_a_lesson_of_an_erased_person_alone_goes(store: Store) -> None:
    await store.lessons.keep(ANNA, source(1, "les_1", user="u1"), lesson(status="live"))
    await store.lessons.tried(ANNA, Trial(lesson="les_1", trace_id="tr_8", user="u2"))
    await store.lessons.tried(ANNA, Trial(lesson="les_1", trace_id="tr_9", user="u1"))
    dry = await erased(store, dry=True)
    assert len(await store.lessons.list(ANNA)) == 1
    assert await erased(store) == dry
    assert (dry["lessons"], dry["lesson_sources"], dry["lesson_trials"]) == (1, 1, 1)
    assert await store.lessons.list(ANNA) == []
    await store.lessons.refresh()
    assert store.lessons.live(ANNA) == ()


async def test_a_lesson_with_another_case_is_told_in_its_words_and_tried_again(
    store: Store,
) -> None:
    await store.lessons.keep(ANNA, source(1, "les_1", user="u1"), lesson(status="live"))
    await store.lessons.keep(ANNA, source(2, "les_1", user="u2", at=2.0))
    await store.lessons.tried(ANNA, Trial(lesson="les_1", trace_id="tr_8", user="u2"))
    await erased(store)
    [left] = await store.lessons.list(ANNA)
    assert (left.rule, left.status, left.origin) == ("Own words of 2.", "candidate", "tr_2")
    assert [each.trace_id for each in await store.lessons.sources(ANNA, "les_1")] == ["tr_2"]
    assert await store.lessons.trials(ANNA, "les_1") == []


async def test_a_lesson_in_the_words_of_another_only_loses_a_text(store: Store) -> None:
    await store.lessons.keep(ANNA, source(1, "les_1", user="u2"), lesson(status="live"))
    await store.lessons.keep(ANNA, source(2, "les_1", user="u1", at=2.0))
    assert (await erased(store))["lessons"] == 0
    await store.lessons.refresh()
    [live] = store.lessons.live(ANNA)
    assert live.texts == (lesson().rule, "question 1")
