"""The learning road, wired: what makes examples of traces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import cast

from teppan.build.steps import open_intents
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.ids import Scope
from teppan.core.signal import PartName
from teppan.core.trace import Trace
from teppan.learn.gathering import Gathered, Gatherer, Spoken
from teppan.learn.scoring import Reviewed, Scorer
from teppan.learn.signals import Filters, terms_by
from teppan.providers.embed import HashingEmbedder
from teppan.routing.language import Languages
from teppan.store.outcomes import by_metric
from teppan.store.review_rows import Item
from teppan.store.store import Store

PAGE = 500
"""Traces that are looked at together; a conversation over two pages loses the link between them."""


class Told:
    """What people and the business said, from the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, scope: Scope, trace: Trace) -> Spoken:
        store = self._store
        said = await store.feedback.counting(scope, trace_ids=[trace.id])
        outcomes = await store.outcomes.of(scope, trace.id, trace.episode or "")
        better = await store.corrections.latest(scope, trace.id)
        return Spoken(
            tuple(each.value for each in said),
            by_metric(outcomes),
            better.text if better is not None else None,
            reviewed_of(await store.review.of_trace(scope, trace.id)),
        )


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


async def gathered(gatherer: Gatherer, store: Store, scope: Scope, since: float) -> Gathered:
    """Makes examples of every trace of this tenant that began since. It may be run again, and be
    broken off anywhere. Raises `StoreError`."""
    total = Gathered()
    async for page in _pages(store, scope, since):
        made = await gatherer.gather(scope, page)
        total = Gathered(
            total.traces + made.traces,
            total.kept + made.kept,
            total.new + made.new,
            total.dropped + made.dropped,
        )
    return total


async def _pages(store: Store, scope: Scope, since: float) -> AsyncIterator[list[Trace]]:
    before: str | None = None
    while True:
        page = await store.traces.list(scope, limit=PAGE, before=before)
        fresh = [each for each in page if each.started >= since]
        if fresh:
            yield fresh
        if len(page) < PAGE or len(fresh) < len(page):
            return
        before = page[-1].id
