"""Which answer or conversation somebody speaks of, also when its trace is gone.

Traces are pruned by age; the ledger is kept for ever and still names the model, the conversation
and the trace of each call. A conversation is known as long as one of its traces is.
"""

from __future__ import annotations

import re

from msgspec import Struct
from sqlalchemy import Connection, Select, select

from teppan.core.ids import Scope
from teppan.store.reader import Reader
from teppan.store.schema import MICROSECONDS, instant, ledger, traces

AROUND = 900.0
"""Seconds around the time in a trace's id in which its calls began."""
BESIDE = ("shadow", "verify", "summary", "translation", "embedding", "judge", "critic")
"""Roles of calls that did not write an answer."""
_ID = re.compile(r"tr_([0-9a-hjkmnp-tv-z]{10})[0-9a-hjkmnp-tv-z]{16}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Target(Struct, frozen=True):
    """What is spoken of. `model` is who answered, empty where several did; `kept` says whether the
    trace itself is still there."""

    trace_id: str = ""
    episode: str = ""
    model: str = ""
    kept: bool = True


class Targets:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def trace(self, scope: Scope, id: str) -> Target | None:
        """An answer of this tenant, or `None`."""
        fresh = select(traces.c.episode, traces.c.served).where(
            traces.c.tenant == scope.tenant, traces.c.id == id
        )
        old = _calls(scope, id)

        def query(connection: Connection) -> Target | None:
            row = connection.execute(fresh).one_or_none()
            if row is not None:
                return Target(id, row.episode or "", row.served)
            calls = [] if old is None else connection.execute(old).all()
            if not calls:
                return None
            wrote = [each for each in calls if each.role not in BESIDE and each.outcome == "ok"]
            last = (wrote or calls)[-1]
            return Target(id, last.episode or "", last.model if wrote else "", kept=False)

        return await self._reader.run(query)

    async def episode(self, scope: Scope, episode: str) -> Target | None:
        """A conversation of this tenant, or `None`."""
        wanted = (
            select(traces.c.served)
            .where(traces.c.tenant == scope.tenant, traces.c.episode == episode)
            .distinct()
        )

        def query(connection: Connection) -> Target | None:
            served = list(connection.scalars(wanted))
            if not served:
                return None
            answered = [name for name in served if name]
            return Target("", episode, answered[0] if len(answered) == 1 else "")

        return await self._reader.run(query)


def _calls(scope: Scope, id: str) -> Select[tuple[str, str, str, str | None]] | None:
    """The calls of a trace, by the time that its id tells; `None` for what is no id of ours."""
    found = _ID.fullmatch(id)
    if found is None:
        return None
    began = 0
    for letter in found[1]:
        began = began << 5 | _ALPHABET.index(letter)
    at = began * MICROSECONDS // 1000  # the first ten letters are milliseconds since 1970
    return (
        select(ledger.c.model, ledger.c.role, ledger.c.outcome, ledger.c.episode)
        .where(
            ledger.c.tenant == scope.tenant,
            ledger.c.started.between(at - instant(AROUND), at + instant(AROUND)),
            ledger.c.trace_id == id,
        )
        .order_by(ledger.c.started, ledger.c.id)
    )
