"""A training set, from the signals of a time to a version with a card.

    1. each signal becomes a scrubbed example, kept at once       (the slow part)
    2. what matters of each goes into a table, and all is decided over it
    3. decisions are written; the version gets its hash and its card, and is ready

It may be broken off anywhere and run again: what was scrubbed is not scrubbed again, what was
decided is decided the same way. Nothing else is kept in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.core.signal import Signal
from teppan.learn.datasets.card import Card, Line, card_of
from teppan.learn.datasets.examples import Example, decoded, digest, encoded
from teppan.learn.datasets.leaks import LeakCheck
from teppan.learn.datasets.making import NO_ORIGIN, Origin, digest_of, made, needs_origin
from teppan.learn.datasets.near import Signatures
from teppan.learn.datasets.sifting import Feature, Recipe, Table, looked_at, sifted
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.signals import TermsOf
from teppan.store.dataset_rows import Dataset, DatasetRow, Decision, hash_of
from teppan.store.datasets import Datasets

NAME = "default"
PAGE = 250
"""Signals that are in memory together."""
TRIES = 3
"""How often it is begun again because examples went while it was built."""

Report = Callable[[int, int, str], None]
OriginOf = Callable[[Scope, Signal], Awaitable[Origin]]


class Signals(Protocol):
    async def list(
        self,
        scope: Scope,
        *,
        trains: bool | None = None,
        since: float = 0.0,
        until: float | None = None,
        limit: int = 1000,
        after: str = "",
    ) -> list[Signal]: ...


class Desk(Struct, frozen=True, kw_only=True):
    """What building needs. `fingerprint` changes with whatever scrubbing depends on; `told` are
    the settings, for the card; `total` says how many signals there are about."""

    signals: Signals
    datasets: Datasets
    scrubber: Scrubber
    origin_of: OriginOf
    terms_of: TermsOf
    check: LeakCheck
    recipe: Recipe = Recipe()
    fingerprint: str = ""
    told: Mapping[str, str] = {}
    total: Callable[[Scope], Awaitable[int]] | None = None


class Built(Struct, frozen=True, kw_only=True):
    """What came of building: the version, whether it is a new one, and its card."""

    id: str
    hash: str
    new: bool
    card: Card


async def build_dataset(
    desk: Desk, scope: Scope, since: float, until: float, report: Report, name: str = NAME
) -> Built:
    """Builds the next version of a name of the signals of a time, or goes on with the one that was
    broken off, whose time counts then. The same signals give the same hash, and no new version.

    Raises `BadRequest` for a name that is none, and `StoreError`.
    """
    of = await desk.datasets.begin(scope, name, since, until)
    for _ in range(TRIES):
        await _scrubbed(desk, scope, of, report)
        card = await _decided(desk, scope, of, report)
        done = await desk.datasets.finish(scope, of, card.hash, msgspec.json.encode(card))
        if done.state != "building":
            break
    else:
        raise StoreError(f"examples keep going while `{of.id}` is built; run it again later")
    kept = card if done.id == of.id else msgspec.json.decode(done.card, type=Card)
    return Built(id=done.id, hash=done.hash, new=done.id == of.id, card=kept)


async def _decided(desk: Desk, scope: Scope, of: Dataset, report: Report) -> Card:
    """Decides where every row belongs, and writes it down."""
    table = await _table(desk, scope, of, report)
    rows = len(table.features)

    async def fetch(ids: Sequence[str]) -> Mapping[str, Example]:
        found = await desk.datasets.rows.bodies(scope, of, ids)
        return {id: decoded(body) for id, body in found.items()}

    report(0, rows, "compared")
    decided = await sifted(table, desk.recipe, fetch)
    decisions = [_decision(each, *decided[each.id]) for each in table.features]
    for start in range(0, rows, PAGE):
        await desk.datasets.rows.decide(scope, of, decisions[start : start + PAGE])
        report(min(rows, start + PAGE), rows, "decided")
    return _card(desk, of, table.features, decisions)


async def _scrubbed(desk: Desk, scope: Scope, of: Dataset, report: Report) -> None:
    """Makes an example of every signal that has none yet, or has changed; drops those of signals
    that are gone."""
    total = await desk.total(scope) if desk.total is not None else 0
    after, done = "", 0
    while True:
        page = await desk.signals.list(
            scope, trains=True, since=of.since, until=of.until, limit=PAGE, after=after
        )
        last = page[-1].id if len(page) == PAGE else None
        digests = {each.id: digest_of(each, desk.fingerprint) for each in page}
        known = await desk.datasets.rows.digests(scope, of, list(digests))
        fresh = [each for each in page if known.get(each.id) != digests[each.id]]
        before = await desk.datasets.rows.made_before(
            scope, of, {each.id: digests[each.id] for each in fresh}
        )
        origins = {
            each.id: await desk.origin_of(scope, each)
            for each in fresh
            if each.id not in before and needs_origin(each)
        }
        rows = await asyncio.to_thread(_rows, desk, fresh, origins, before)
        await desk.datasets.rows.put(scope, of, rows)
        await desk.datasets.rows.keep_only(scope, of, list(digests), after, last)
        done += len(page)
        report(done, max(total, done), "scrubbed")
        if last is None:
            return
        after = last


def _rows(
    desk: Desk,
    signals: Sequence[Signal],
    origins: Mapping[str, Origin],
    before: Mapping[str, bytes],
) -> list[DatasetRow]:
    """The rows of signals; `before` are the words of those that were made already."""

    def words(signal: Signal) -> bytes:
        origin = origins.get(signal.id, NO_ORIGIN)
        return encoded(made(signal, origin, desk.scrubber, desk.terms_of, desk.recipe.terms))

    return [
        DatasetRow(
            id=each.id,
            trace_id=each.trace_id,
            episode=each.episode,
            user=each.user,
            digest=digest_of(each, desk.fingerprint),
            body=before.get(each.id) or words(each),
        )
        for each in signals
    ]


async def _table(desk: Desk, scope: Scope, of: Dataset, report: Report) -> Table:
    table, after = Table(), ""
    while True:
        page = await desk.datasets.rows.list(scope, of, after=after, limit=PAGE)
        table.add(*await asyncio.to_thread(_looked_at, desk, page))
        report(len(table.features), len(table.features), "checked")
        if len(page) < PAGE:
            return table
        after = page[-1].id


def _looked_at(desk: Desk, page: Sequence[DatasetRow]) -> tuple[list[Feature], Signatures]:
    examples = [(decoded(each.body), digest(each.body)) for each in page]
    return looked_at(examples, desk.recipe, desk.check)


def _decision(feature: Feature, split: str, why: str) -> Decision:
    return Decision(
        feature.id, split, why, digest(f"{feature.digest}:{split}".encode()) if split else ""
    )


def _card(
    desk: Desk, of: Dataset, features: Sequence[Feature], decisions: Sequence[Decision]
) -> Card:
    lines = [
        Line(
            split=decision.split,
            why=decision.why,
            at=feature.at,
            labels=feature.labels,
            terms=feature.terms,
            reviewed=feature.grade > 0,
            pairs=feature.pairs,
            scrubbed=feature.scrubbed,
        )
        for feature, decision in zip(features, decisions, strict=True)
    ]
    return card_of(
        lines,
        list(zip(desk.check.names, desk.check.sizes, strict=True)),
        name=of.name,
        hash=hash_of(each.hash for each in decisions if each.split),
        since=of.since,
        until=of.until,
        recipe=desk.told,
    )
