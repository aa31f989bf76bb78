"""The learning road, wired: what makes examples of traces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import cast

from teppan.build.steps import open_intents
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.ids import Scope
from teppan.core.signal import PartName
from teppan.core.trace import Trace
from teppan.learn.gathering import Gathered, Gatherer, Spoken
from teppan.learn.links import Links
from teppan.learn.scoring import Reviewed, Scorer
from teppan.learn.signals import Filters, terms_by
from teppan.providers.embed import HashingEmbedder
from teppan.routing.language import Languages
from teppan.store.review_rows import Item
from teppan.store.spoken import About
from teppan.store.store import Store

PAGE = 200
"""Traces that are read together; their links reach over pages (`learn/links.py`)."""
OVERLAP = 86_400.0
"""Seconds before the time looked at that are looked at again: what an answer was followed by is
known when a conversation goes on the next day, and rows that were being written are there."""
TURNS = 1_000
"""Most turns of a conversation that are read for what was said late of one of them."""
Report = Callable[[int, int, str], None]
"""How far it is: done, in all as far as is known, what."""


class Told:
    """What people and the business said, from the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, scope: Scope, trace: Trace) -> Spoken:
        return (await self.of_all(scope, [trace]))[trace.id]

    async def of_all(self, scope: Scope, traces: Sequence[Trace]) -> dict[str, Spoken]:
        store = self._store
        words = await store.spoken.of(scope, [About(one.id, one.episode or "") for one in traces])
        return {
            id: Spoken(
                word.ratings,
                word.outcomes,
                word.corrected,
                reviewed_of(await store.review.of_trace(scope, id)) if word.decided else None,
            )
            for id, word in words.items()
        }


def reviewed_of(item: Item | None) -> Reviewed | None:
    """What was decided of an answer; nothing of one that waits or was skipped."""
    if item is None or not (
        item.status == "approved" or item.status == "edited" or item.status == "rejected"
    ):
        return None
    return Reviewed(item.status, item.content.suggestion, item.content.suggester)


def open_gatherer(settings: Settings, pack: Pack | None, store: Store) -> Gatherer:
    wanted = settings.learn
    languages = Languages(settings.language.languages or (pack.languages if pack else ()))
    weights = cast("Mapping[PartName, float]", wanted.weights.model_dump())
    scorer = Scorer(languages, HashingEmbedder().vectors, weights)
    intents = open_intents(pack) if pack and pack.intents else None
    return Gatherer(
        scorer,
        Told(store),
        store.signals,
        terms_by(wanted.terms),
        Filters(
            collect=wanted.collect,
            train=wanted.train,
            rating=wanted.rating,
            outcomes=wanted.outcomes,
        ),
        intents.of if intents else None,
    )


async def gathered(
    gatherer: Gatherer,
    store: Store,
    scope: Scope,
    since: float,
    until: float | None = None,
    report: Report = lambda done, total, what: None,
) -> Gathered:
    """Makes examples of every trace of this tenant that began in a time, and anew of every older
    one of which something was said since. It may be run again, and be broken off anywhere. Raises
    `StoreError`."""
    total, links, begin = Gathered(), Links(), since - OVERLAP
    async for page in _pages(store, scope, begin, until):
        total = total.plus(await gatherer.gather(scope, page, links))
        report(total.traces, total.traces, "scored")
    late = [each for each in await store.spoken.since(scope, begin) if each.started < begin]
    async for page, links in _around(store, scope, late):
        only = {each.trace_id for each in late}
        total = total.plus(await gatherer.gather(scope, page, links, only))
        report(total.traces, total.traces, "scored anew")
    return total


async def _around(
    store: Store, scope: Scope, late: Sequence[About]
) -> AsyncIterator[tuple[list[Trace], Links]]:
    """The conversations of these answers; of one without a name, all that was asked in the day from
    it on."""
    for episode in dict.fromkeys(each.episode for each in late if each.episode):
        yield await store.traces.list(scope, limit=TURNS, episode=episode), Links()
    for begin, end in _merged([each.started for each in late if not each.episode]):
        links = Links()
        async for page in _pages(store, scope, begin, end):
            yield page, links


def _merged(begins: Iterable[float]) -> list[tuple[float, float]]:
    """Stretches of `OVERLAP` seconds from each moment on, those that touch as one."""
    found: list[tuple[float, float]] = []
    for begin in sorted(begins):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], begin + OVERLAP)
        else:
            found.append((begin, begin + OVERLAP))
    return found


async def _pages(
    store: Store, scope: Scope, since: float, until: float | None
) -> AsyncIterator[list[Trace]]:
    before: str | None = None
    while True:
        page = await store.traces.list(scope, limit=PAGE, before=before, until=until)
        fresh = [each for each in page if each.started >= since]
        if fresh:
            yield fresh
        if len(page) < PAGE or len(fresh) < len(page):
            return
        before = page[-1].id
