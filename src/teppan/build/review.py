"""The review queue, wired: what fills it, what reviewers ask, and what follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from teppan.build.learning import open_gatherer
from teppan.build.steps import open_intents
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.clock import Clock, SystemClock
from teppan.core.ids import Scope
from teppan.learn.asking import Ask
from teppan.learn.gathering import Gatherer
from teppan.learn.review.deciding import Reviewing as Reviewing
from teppan.learn.review.filling import Desk, Policy
from teppan.learn.review.worth import Weights
from teppan.providers.embed import HashingEmbedder
from teppan.store.store import Store

TURNS = 200
"""Traces of one conversation that are scored again together."""


def suggester_of(settings: Settings, pack: Pack | None) -> str:
    """Who suggests better answers where the settings name nobody: a virtual model that speaks for
    the business, best one with a critic; empty where there is none."""
    tables = {**(pack.models if pack else {}), **settings.models}
    speaking = [name for name, table in tables.items() if table.get("prompt")]
    critical = [name for name in speaking if tables[name].get("strategy") == "critic"]
    return next(iter([*critical, *speaking]), "")


def policy_of(settings: Settings, pack: Pack | None) -> Policy:
    wanted = settings.learn.review
    return Policy(
        open=wanted.open,
        share=wanted.share,
        draws=wanted.draws,
        lease=wanted.lease,
        weights=Weights(**wanted.weights.model_dump()),
        intents=wanted.intents,
        critic=wanted.critic or suggester_of(settings, pack),
        suggestions=wanted.suggestions,
    )


def open_review_desk(
    settings: Settings,
    pack: Pack | None,
    store: Store,
    clock: Clock | None = None,
    ask: Ask | None = None,
) -> Desk:
    """What `learn.review.filling.fill` needs; without `ask` nothing is suggested."""
    intents = open_intents(pack) if pack and pack.intents else None
    return Desk(
        store,
        HashingEmbedder().vectors,
        policy_of(settings, pack),
        clock or SystemClock(),
        intents.of if intents else None,
        following(settings, pack, store),
        ask,
    )


def open_reviewing(settings: Settings, pack: Pack | None, store: Store) -> Reviewing:
    """What the surfaces ask of the queue."""
    wanted = settings.learn.review
    return Reviewing(store.review, following(settings, pack, store), wanted.lease, wanted.share)


def following(
    settings: Settings, pack: Pack | None, store: Store
) -> Callable[[Scope, str], Awaitable[None]]:
    """Makes the example of a trace again, with those of its conversation. What it needs is made
    when it is first called: a gateway nobody reviews with loads none of it."""
    made: list[Gatherer] = []

    async def follow(scope: Scope, trace_id: str) -> None:
        trace = await store.traces.get(scope, trace_id)
        if trace is None:
            return
        if not made:
            made.append(open_gatherer(settings, pack, store))
        some = [trace]
        if trace.episode:
            some = await store.traces.list(scope, limit=TURNS, episode=trace.episode)
            some = some if any(each.id == trace_id for each in some) else [trace]
        await made[0].gather(scope, some)

    return follow
