"""Quality by language: what every database behind the store must count alike."""

from __future__ import annotations

from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.core.verdict import GuardStatus
from teppan.store import Store
from teppan.store.escalations import Called
from teppan.store.schema import instant, traces

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
ADMIN = Scope("ops", "key-o", role="admin")


async def told(
    store: Store,
    id: str,
    language: str,
    *,
    scope: Scope = ANNA,
    guarded: GuardStatus = "passed",
    cost: int | None = 100,
) -> None:
    """A trace in the store, in this language."""
    row = {
        "tenant": scope.tenant,
        "id": id,
        "started": instant(1000.0),
        "key_id": scope.key_id,
        "asked": "m",
        "served": "a/b",
        "strategy": "single",
        "status": "ok",
        "cost": cost,
        "language": language,
        "guarded": guarded,
        "body": b"{}",
    }
    await store._writer.run(lambda connection: connection.execute(traces.insert().values(**row)))


async def test_answers_are_counted_by_their_language(store: Store) -> None:
    await told(store, "tr_1", "es")
    await told(store, "tr_2", "es", guarded="replaced", cost=None)
    await told(store, "tr_3", "ja", guarded="regenerated")
    spanish, japanese = await store.languages.summary(ANNA)
    assert (spanish.language, spanish.requests, spanish.answered) == ("es", 2, 2)
    assert (spanish.replaced, spanish.cost, spanish.unknown) == (1, 100, 1)
    assert (japanese.language, japanese.regenerated, japanese.rating) == ("ja", 1, None)


async def test_what_a_person_said_last_is_the_rating_of_an_answer(
    store: Store, clock: FixedClock
) -> None:
    await told(store, "tr_1", "es")
    await told(store, "tr_2", "es")
    await store.feedback.record(ANNA, "tr_1", "rating", 0.0)
    clock.advance(10)
    await store.feedback.record(ANNA, "tr_1", "rating", 1.0)
    await store.feedback.record(Scope("anna", "key-2"), "tr_1", "rating", 0.5)
    await store.feedback.record(ANNA, "tr_2", "rating", 0.25)
    (spanish,) = await store.languages.summary(ANNA)
    assert (spanish.rated, spanish.rating) == (2, 0.5)


async def test_an_answer_that_called_a_person_twice_is_one(store: Store) -> None:
    await told(store, "tr_1", "es")
    await store.escalations.call(ANNA, [Called(trace_id="tr_1", reason=r) for r in ("a", "b")])
    (spanish,) = await store.languages.summary(ANNA)
    assert spanish.escalated == 1


async def test_a_tenant_counts_only_its_own_and_an_admin_all(store: Store) -> None:
    await told(store, "tr_1", "es")
    await told(store, "tr_2", "es", scope=BEN)
    assert [row.requests for row in await store.languages.summary(ANNA)] == [1]
    assert [row.requests for row in await store.languages.summary(ADMIN)] == [2]
    assert [row.requests for row in await store.languages.summary(ADMIN, tenant="ben")] == [1]
    assert await store.languages.summary(ANNA, since=2000.0) == []
