"""Settings -> what tells the quality of answers before they are sent: serving by it, fitting it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import cast

from teppan.build.learning import Told
from teppan.build.steps import open_escalator, open_intents
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError
from teppan.core.ids import Scope
from teppan.core.signal import PartName
from teppan.core.trace import Trace
from teppan.learn import assessing
from teppan.learn.assessing import Desk, Fitted, Report, Wanted
from teppan.learn.scoring import Scorer
from teppan.providers.embed import HashingEmbedder
from teppan.routing.intent import Intents
from teppan.routing.language import Languages
from teppan.serve.assessor import Assessor, Floor
from teppan.serve.strategies.base import Case
from teppan.store.store import Store

PAGE = 500
HEARD = 4_000
"""Letters of a question by which its language is told."""


def open_assessor(
    settings: Settings, pack: Pack | None, store: Store, intents: Intents | None = None
) -> Assessor:
    """Raises `ConfigError` where a person is to be called and there is no pack to call one."""
    wanted = settings.learn.confidence
    languages = _languages(settings, pack)
    hand = None
    if wanted.below == "escalate" and wanted.floor:
        if pack is None:
            raise ConfigError(
                'learn.confidence.below = "escalate" calls a person by the rules of a pack: set '
                "`gateway.pack`"
            )
        escalator = open_escalator(pack, store, languages)

        async def hand(case: Case, reason: str, detail: str) -> str:
            return await escalator.hand(case, reason, detail)

    return Assessor(
        store.fits,
        Floor(wanted.floor, wanted.below if wanted.floor else "none", wanted.cascade),
        intent_of=intents.of if intents else None,
        language_of=_hearing(languages),
        hand=hand,
    )


def open_desk(
    settings: Settings, pack: Pack | None, store: Store, intents: Intents | None = None
) -> Desk:
    """What `learn.assessing` works with."""
    wanted = settings.learn
    languages = _languages(settings, pack)
    if intents is None and pack is not None and pack.intents:
        intents = open_intents(pack)
    weights = cast("Mapping[PartName, float]", wanted.weights.model_dump())
    return Desk(
        past=_Past(store),
        talks=Told(store),
        kept=_Kept(store),
        scorer=Scorer(languages, HashingEmbedder().vectors, weights),
        wanted=Wanted(
            good=wanted.confidence.good,
            evidence=wanted.confidence.evidence,
            days=wanted.confidence.days,
        ),
        intent_of=intents.of if intents else None,
        language_of=_hearing(languages),
    )


class Fitting:
    """The stage `confidence` of the night."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, since: float, until: float, report: Report) -> Fitted:
        return await assessing.fit(self._desk, scope, since, until, report)


class _Past:
    """Found by what was said, not by reading all traces: most are never spoken of."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def pages(
        self, scope: Scope, since: float, until: float
    ) -> AsyncIterator[Sequence[Trace]]:
        spoken_of = await self._store.spoken.since(scope, since)
        ids = [each.trace_id for each in spoken_of if since <= each.started < until]
        ids.reverse()
        for begin in range(0, len(ids), PAGE):
            found = [await self._store.traces.get(scope, id) for id in ids[begin : begin + PAGE]]
            yield [each for each in found if each is not None]


class _Kept:
    def __init__(self, store: Store) -> None:
        self._fits = store.fits

    async def put(self, scope: Scope, kind: str, id: str, body: bytes) -> bool:
        return await self._fits.put(scope, kind, id, body)

    async def body(self, scope: Scope, kind: str) -> bytes | None:
        found = await self._fits.latest(scope, kind)
        return found.body if found is not None else None


def _languages(settings: Settings, pack: Pack | None) -> Languages:
    return Languages(settings.language.languages or (pack.languages if pack else ()))


def _hearing(languages: Languages) -> Callable[[str], str]:
    def heard(question: str) -> str:
        return languages.of(question[:HEARD])

    return heard
