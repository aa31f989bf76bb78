"""An example is one of its trace, however often it is made; nobody sees another tenant's."""

from __future__ import annotations

from msgspec.structs import replace

from teppan.core.chat import say
from teppan.core.ids import Scope
from teppan.core.signal import Provenance, Score, Signal
from teppan.store import Store

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")


def made(number: int, quality: float = 0.95, **more: object) -> Signal:
    signal = Signal(
        id=f"sig_{number}",
        tenant="anna",
        trace_id=f"tr_{number}",
        episode=None,
        user="u1",
        messages=(say("user", "What do adults pay?"),),
        chosen="$55",
        score=Score(quality),
        intent="pricing",
        provenance=Provenance("vendor/m"),
        at=float(number),
    )
    return replace(signal, **more)


async def test_made_again_it_is_the_same_row(database: str) -> None:
    store = await Store.open(database)
    assert await store.signals.put(ANNA, [made(1), made(2, 0.7, blocked=("low",))]) == 2
    assert await store.signals.put(ANNA, [made(1, 0.5)]) == 0
    found = await store.signals.list(ANNA)
    assert [(each.trace_id, each.quality) for each in found] == [("tr_1", 0.5), ("tr_2", 0.7)]
    assert [each.id for each in await store.signals.list(ANNA, trains=False)] == ["sig_2"]
    assert await store.signals.get(ANNA, "tr_2") == made(2, 0.7, blocked=("low",))
    await store.close()


async def test_pages_and_windows(database: str) -> None:
    store = await Store.open(database)
    await store.signals.put(ANNA, [made(number) for number in range(1, 6)])
    page = await store.signals.list(ANNA, limit=2)
    rest = await store.signals.list(ANNA, after=page[-1].id)
    assert [each.id for each in (*page, *rest)] == [f"sig_{number}" for number in range(1, 6)]
    assert len(await store.signals.list(ANNA, since=2.0, until=4.0)) == 2
    assert len(await store.signals.list(ANNA, least=0.96)) == 0
    await store.close()


async def test_totals_count_what_there_is(database: str) -> None:
    store = await Store.open(database)
    assert (await store.signals.totals(ANNA)).quality is None
    await store.signals.put(
        ANNA, [made(1), made(2, 0.75, blocked=("x",), intent="menu"), made(3, rated=True)]
    )
    found = await store.signals.totals(ANNA)
    assert (found.signals, found.trains, found.high, found.heard) == (3, 2, 2, 1)
    assert found.tasks == {"menu": 1, "pricing": 2}
    assert (await store.signals.totals(BEN)).signals == 0
    await store.close()


async def test_what_is_dropped_or_erased_is_gone(database: str) -> None:
    store = await Store.open(database)
    await store.signals.put(ANNA, [made(1), made(2), made(3, user="u2")])
    assert await store.signals.drop(BEN, ["tr_1"]) == 0
    assert await store.signals.drop(ANNA, ["tr_1", "tr_9"]) == 1
    assert await store.signals.erase(BEN, "u1") == 0
    assert await store.signals.erase(ANNA, "u1") == 1
    assert [each.user for each in await store.signals.list(ANNA)] == ["u2"]
    await store.close()
