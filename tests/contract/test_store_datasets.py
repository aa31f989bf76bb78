"""Training sets are versions of a name; they can be broken off, changed by erasing, and deleted."""

from __future__ import annotations

import pytest

from dataset_signals import signal
from teppan.core.errors import BadRequest, NotFound
from teppan.core.ids import Scope
from teppan.learn.privacy.erase import Report, erase_person, places_of_store
from teppan.store import Store
from teppan.store.dataset_rows import Dataset, DatasetRow, Decision, hash_of

ANNA = Scope("anna", "key-a")
BEN = Scope("ben", "key-b")


def row(number: int, **more: object) -> DatasetRow:
    fields: dict[str, object] = {
        "id": f"sig_{number}",
        "trace_id": f"tr_{number}",
        "user": f"u{number % 2}",
        "digest": f"d{number}",
        "body": f"words {number}".encode(),
    }
    return DatasetRow(**(fields | more))  # type: ignore[arg-type]


async def built(store: Store, name: str = "support", many: int = 4) -> Dataset:
    """A version whose last row is left out."""
    await store.signals.put(
        ANNA, [signal(n, id=f"sig_{n}", trace_id=f"tr_{n}", user="u9") for n in range(many)]
    )
    of = await store.datasets.begin(ANNA, name, 0.0, 100.0)
    await store.datasets.rows.put(ANNA, of, [row(number) for number in range(many)])
    decided = [
        Decision(f"sig_{number}", "train" if number < many - 1 else "", "", f"h{number}")
        for number in range(many)
    ]
    await store.datasets.rows.decide(ANNA, of, decided)
    expected = hash_of(each.hash for each in decided if each.split)
    return await store.datasets.finish(ANNA, of, expected, b"{}")


async def erased(store: Store, user: str, *, dry: bool = False) -> Report:
    places = places_of_store(store.erasing)
    return await erase_person(store.erasing, places, ANNA, user, dry=dry)


async def test_what_was_broken_off_is_gone_on_with(store: Store) -> None:
    first = await store.datasets.begin(ANNA, "support", 0.0, 100.0)
    await store.datasets.rows.put(ANNA, first, [row(1), row(2)])
    again = await store.datasets.begin(ANNA, "support", 0.0, 999.0)
    assert (again.id, again.state, again.until) == ("support@1", "building", 100.0)
    assert await store.datasets.rows.digests(ANNA, again, ["sig_1", "sig_9"]) == {"sig_1": "d1"}
    with pytest.raises(NotFound):
        await store.datasets.get(ANNA, "support")


async def test_a_row_is_written_anew_under_its_id_and_what_is_gone_is_dropped(store: Store) -> None:
    of = await store.datasets.begin(ANNA, "support", 0.0, 100.0)
    await store.datasets.rows.put(ANNA, of, [row(number) for number in range(6)])
    await store.datasets.rows.put(ANNA, of, [row(1, digest="new")])
    assert await store.datasets.rows.keep_only(ANNA, of, ["sig_1"], "sig_0", "sig_3") == 2
    assert await store.datasets.rows.keep_only(ANNA, of, [], "sig_4", None) == 1
    left = await store.datasets.rows.list(ANNA, of)
    assert [(each.id, each.digest) for each in left] == [
        ("sig_0", "d0"),
        ("sig_1", "new"),
        ("sig_4", "d4"),
    ]


async def test_a_ready_version_has_a_hash_and_no_words_of_what_was_left_out(store: Store) -> None:
    made = await built(store)
    assert (made.state, made.rows, made.hash) == ("ready", 3, hash_of(["h2", "h1", "h0"]))
    assert await store.datasets.rows.counts(ANNA, made) == {("train", ""): 3, ("", ""): 1}
    [out] = await store.datasets.rows.list(ANNA, made, split="")
    assert (out.id, out.body) == ("sig_3", b"")
    page = await store.datasets.rows.list(ANNA, made, split="train", limit=2)
    rest = await store.datasets.rows.list(ANNA, made, split="train", after=page[-1].id)
    assert [each.id for each in (*page, *rest)] == ["sig_0", "sig_1", "sig_2"]
    assert await store.datasets.rows.bodies(ANNA, made, ["sig_1"]) == {"sig_1": b"words 1"}


async def test_the_same_again_is_no_new_version_and_another_is(store: Store) -> None:
    first = await built(store)
    assert (await built(store)).id == first.id
    assert (await built(store, many=5)).id == "support@2"
    assert [each.id for each in await store.datasets.list(ANNA)] == ["support@2", "support@1"]
    assert (await store.datasets.get(ANNA, "support")).version == 2
    assert (await store.datasets.get(ANNA, "support@1")).hash == first.hash


async def test_rows_whose_signal_went_meanwhile_are_dropped_before_it_is_ready(
    store: Store,
) -> None:
    of = await store.datasets.begin(ANNA, "support", 0.0, 100.0)
    await store.signals.put(ANNA, [signal(1, id="sig_1", trace_id="tr_1")])
    await store.datasets.rows.put(ANNA, of, [row(1), row(2)])
    decided = [Decision(f"sig_{number}", "train", "", f"h{number}") for number in (1, 2)]
    await store.datasets.rows.decide(ANNA, of, decided)
    done = await store.datasets.finish(ANNA, of, hash_of(["h1", "h2"]), b"{}")
    assert done.state == "building"
    assert [each.id for each in await store.datasets.rows.list(ANNA, of)] == ["sig_1"]
    done = await store.datasets.finish(ANNA, of, hash_of(["h1"]), b"{}")
    assert (done.state, done.rows) == ("ready", 1)


async def test_no_tenant_sees_anothers_and_names_are_names(store: Store) -> None:
    made = await built(store)
    assert await store.datasets.list(BEN) == []
    assert await store.datasets.rows.list(BEN, made) == []
    for id in ("support", "support@1", "support@x", "nothing"):
        with pytest.raises(NotFound, match="no dataset"):
            await store.datasets.get(BEN, id)
    with pytest.raises(BadRequest, match="no name"):
        await store.datasets.begin(ANNA, "Of Anna", 0.0, 1.0)


async def test_erasing_takes_rows_changes_the_hash_and_names_the_students(store: Store) -> None:
    made = await built(store)
    await store.datasets.trained(ANNA, "support", "tiny-1")
    await store.datasets.trained(ANNA, "support@1", "tiny-1")
    dry = await erased(store, "u0", dry=True)
    assert [each.id for each in await store.datasets.rows.list(ANNA, made)][-1] == "sig_3"
    report = await erased(store, "u0")
    assert dry.erased["training sets"] == report.erased["training sets"] == 2
    assert any("support@1 lost 2 rows" in note for note in report.notes)
    assert any("tiny-1 was trained on 2 rows of theirs" in note for note in (*dry.notes,))
    now = await store.datasets.get(ANNA, "support")
    assert (now.state, now.rows, now.erased) == ("changed", 1, 2)
    assert (now.hash, now.first_hash) == (hash_of(["h1"]), made.hash)
    [student] = await store.datasets.students(ANNA, now)
    assert (student.student, student.hash, student.erased) == ("tiny-1", made.hash, 2)
    assert (await erased(store, "u0")).notes == ()


async def test_a_deleted_version_still_tells_who_learned_from_whom(store: Store) -> None:
    made = await built(store)
    await store.datasets.trained(ANNA, made.id, "tiny-1")
    assert await store.datasets.delete(ANNA, made) == 3
    assert await store.datasets.list(ANNA) == []
    assert {each.body for each in await store.datasets.rows.list(ANNA, made)} == {b""}
    report = await erased(store, "u0")
    assert any("tiny-1 was trained on 2 rows" in note for note in report.notes)
    other = await built(store)
    assert other.id == "support@2", "a number is never given twice"
    await store.datasets.delete(ANNA, other)
    assert await store.datasets.rows.list(ANNA, other) == []
