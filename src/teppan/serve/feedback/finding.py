"""The answer or conversation that somebody speaks of.

A trace is written a moment after its answer has left, so it is looked for a few times before it is
called unknown, or before the ledger is believed, which knows answers whose traces are gone.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from teppan.core.errors import BadRequest, Forbidden, NotFound
from teppan.core.ids import Scope
from teppan.store.targets import Target

LOOKS, PAUSE = 10, 0.1
"""How often, and how far apart in seconds, a trace is looked for."""


class Targets(Protocol):
    async def trace(self, scope: Scope, id: str) -> Target | None: ...

    async def episode(self, scope: Scope, episode: str) -> Target | None: ...


async def find(targets: Targets, scope: Scope, trace_id: str, episode: str) -> Target:
    """The target named by a trace, an episode, or both: then the episode is meant, and the trace
    must belong to it.

    Raises `NotFound` for what is unknown in this tenant, `BadRequest` where nothing is named, and
    `Forbidden` where a browser's key names an episode alone: episodes are named by the business and
    can be guessed, while who knows the id of a trace was given its answer.
    """
    if trace_id:
        target = await _trace(targets, scope, trace_id)
        if episode and target.episode != episode:
            raise NotFound("this trace belongs to no such episode", param="episode")
        return target
    if not episode:
        raise BadRequest("name what is spoken of: `trace_id` or `episode`", param="trace_id")
    if scope.role == "feedback":
        raise Forbidden("a feedback key names an answer of the episode too: send `trace_id`")
    for look in range(LOOKS):
        if look:
            await asyncio.sleep(PAUSE)
        found = await targets.episode(scope, episode)
        if found is not None:
            return found
    raise NotFound(
        "there is no episode of this name in this key's tenant, or its traces are gone",
        param="episode",
    )


async def _trace(targets: Targets, scope: Scope, trace_id: str) -> Target:
    found = None
    for look in range(LOOKS):
        if look:
            await asyncio.sleep(PAUSE)
        found = await targets.trace(scope, trace_id)
        if found is not None and found.kept:
            return found
    if found is None:
        raise NotFound(f"there is no trace `{trace_id}` of this key's tenant", param="trace_id")
    return found
