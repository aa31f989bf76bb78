"""One step of a reviewer, inside one transaction: claim, give back, decide, take back.

    open ── claim ──> claimed ── decide ──> approved, edited, rejected, skipped
      ^── release, or the lease ends ──┘  <────────── undo ──────────┘

Whoever decides must hold the item; a claim that ended is still theirs until another takes it. The
same decision of the same person again is no step. What is refused is a `Taken`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    func,
    or_,
    select,
    update,
)

from teppan.core.errors import Taken
from teppan.core.ids import new_id
from teppan.store.review_rows import BECOMES, DECIDED, Decision, Item, item_of
from teppan.store.schema import seconds
from teppan.store.tables.corrections import corrections
from teppan.store.tables.review import review_items, review_steps
from teppan.store.versions import state, subject_of, withdraw

REVIEW = "review"
"""The source of the texts that reviewers write: the last one of them counts."""


def free(now: int) -> ColumnElement[bool]:
    """Whether anybody may take an item."""
    items = review_items.c
    return or_(items.status == "open", and_(items.status == "claimed", items.until <= now))


def next_one(
    connection: Connection, tenant: str | None, by: str, now: int, until: int, share: float
) -> Item | None:
    """The item this reviewer holds, else the next one, claimed. The lane that chance filled gets
    its share of all that is handed out, in the order of the draw."""
    mine = _of(tenant) & (review_items.c.status == "claimed") & (review_items.c.by == by)
    held = select(review_items).where(mine, review_items.c.until > now)
    row = _first(connection, held.order_by(review_items.c.changed))
    if row is None:
        for lane in _order(connection, tenant, share):
            wanted = select(review_items).where(_of(tenant), free(now), review_items.c.lane == lane)
            best = (
                (review_items.c.draw, review_items.c.id)
                if lane == "random"
                else (review_items.c.priority.desc(), review_items.c.id)
            )
            row = _first(connection, wanted.order_by(*best))
            if row is not None:
                break
    return None if row is None else _claimed(connection, row, by, now, until)


def _order(connection: Connection, tenant: str | None, share: float) -> Sequence[str]:
    """Which lane comes first, by how often each was handed out."""
    given = (
        select(review_items.c.lane, func.count())
        .where(_of(tenant), review_items.c.status != "open")
        .group_by(review_items.c.lane)
    )
    counts = {row[0]: row[1] for row in connection.execute(given)}
    behind = counts.get("random", 0) < share * (sum(counts.values()) + 1)
    return ("random", "ranked") if share > 0 and behind else ("ranked", "random")


def claim(
    connection: Connection, tenant: str, id: str, by: str, now: int, until: int
) -> Item | Taken | None:
    row = _row(connection, tenant, id)
    if row is None:
        return None
    if row["status"] in DECIDED:
        return Taken(f"review item {id} was {row['status']} by {row['by']}; undo that first")
    if row["status"] == "claimed" and row["by"] != by and row["until"] > now:
        return Taken(f"review item {id} is claimed by {row['by']} until {_clock(row['until'])}")
    return _claimed(connection, row, by, now, until)


def release(connection: Connection, tenant: str, id: str, by: str, now: int) -> Item | Taken | None:
    row = _row(connection, tenant, id)
    if row is None or row["status"] == "open":
        return None if row is None else item_of(row)
    if row["status"] != "claimed" or row["by"] != by:
        return Taken(f"review item {id} is {row['status']} by {row['by']}; it is not yours to give")
    return _changed(connection, row, {"status": "open", "by": "", "until": 0, "changed": now})


def decide(
    connection: Connection, tenant: str, id: str, decision: Decision, by: str, key: str, now: int
) -> Item | Taken | None:
    """Writes the decision, who made it, and the text of an edit as a correction."""
    row = _row(connection, tenant, id)
    if row is None:
        return None
    if row["status"] in DECIDED:
        last = _last_step(connection, tenant, id)
        same = last is not None and (last["action"], last["text"], last["reason"], last["by"]) == (
            decision.action,
            decision.text,
            decision.reason,
            by,
        )
        if same:
            return item_of(row)
        return Taken(f"review item {id} was {row['status']} by {row['by']}; undo that first")
    if row["status"] == "open":
        return Taken(f"review item {id} is held by nobody: claim it before you decide")
    if row["by"] != by:
        return Taken(
            f"review item {id} is held by {row['by']} since your claim ended; nothing was changed, "
            "take the next one"
        )
    written = ""
    if decision.action == "edit":
        written = _correct(connection, row, decision, key, now)
    _step(connection, row, decision.action, by, now, decision.text, decision.reason, written)
    values = {"status": BECOMES[decision.action], "by": by, "until": 0, "changed": now}
    return _changed(connection, row, values)


def undo(
    connection: Connection, tenant: str, id: str, by: str, now: int, until: int
) -> Item | Taken | None:
    """Takes a decision of this reviewer back; the item is theirs again."""
    row = _row(connection, tenant, id)
    if row is None:
        return None
    last = _last_step(connection, tenant, id)
    if (
        last is not None
        and last["action"] == "undo"
        and (row["status"], row["by"])
        == (
            "claimed",
            by,
        )
    ):
        return item_of(row)
    if last is None or row["status"] not in DECIDED:
        return Taken(f"nothing was decided of review item {id}")
    if last["by"] != by:
        return Taken(f"{last['by']} decided review item {id}; only they can take it back")
    if last["correction"]:
        withdraw(connection, corrections, corrections.c.id == last["correction"], now)
    _step(connection, row, "undo", by, now)
    values = {"status": "claimed", "by": by, "until": until, "changed": now}
    return _changed(connection, row, values)


def _of(tenant: str | None) -> ColumnElement[bool]:
    items = review_items.c
    return items.tenant == tenant if tenant is not None else items.tenant.is_not(None)


def _first(connection: Connection, wanted: Select[Any]) -> RowMapping | None:
    """Two who ask at once get two rows: what another holds just now is passed over."""
    locked = wanted.limit(1).with_for_update(skip_locked=True)
    return connection.execute(locked).mappings().one_or_none()


def _row(connection: Connection, tenant: str, id: str) -> RowMapping | None:
    here = (review_items.c.tenant == tenant) & (review_items.c.id == id)
    return (
        connection.execute(select(review_items).where(here).with_for_update())
        .mappings()
        .one_or_none()
    )


def _last_step(connection: Connection, tenant: str, id: str) -> RowMapping | None:
    wanted = (
        select(review_steps)
        .where(review_steps.c.tenant == tenant, review_steps.c.item == id)
        .order_by(review_steps.c.at.desc(), review_steps.c.id.desc())
        .limit(1)
    )
    return connection.execute(wanted).mappings().one_or_none()


def _claimed(connection: Connection, row: RowMapping, by: str, now: int, until: int) -> Item:
    values = {"status": "claimed", "by": by, "until": until, "changed": now}
    return _changed(connection, row, values)


def _changed(connection: Connection, row: RowMapping, values: dict[str, object]) -> Item:
    here = (review_items.c.tenant == row["tenant"]) & (review_items.c.id == row["id"])
    connection.execute(update(review_items).where(here).values(**values))
    return item_of(connection.execute(select(review_items).where(here)).mappings().one())


def _step(
    connection: Connection,
    row: RowMapping,
    action: str,
    by: str,
    now: int,
    text: str = "",
    reason: str = "",
    correction: str = "",
) -> None:
    last = _last_step(connection, row["tenant"], row["id"])
    at = now if last is None else max(now, last["at"] + 1)  # so that time tells their order
    connection.execute(
        review_steps.insert().values(
            tenant=row["tenant"],
            id=new_id("stp"),
            item=row["id"],
            trace_id=row["trace_id"],
            episode=row["episode"],
            user=row["user"],
            action=action,
            by=by,
            text=text,
            reason=reason,
            correction=correction,
            at=at,
        )
    )


def _correct(
    connection: Connection, row: RowMapping, decision: Decision, key: str, now: int
) -> str:
    """The better text, as the next version of what reviewers wrote for this answer."""
    values = {
        "id": new_id("cor"),
        "tenant": row["tenant"],
        "subject": subject_of(row["tenant"], row["trace_id"], REVIEW),
        "trace_id": row["trace_id"],
        "key_id": key,
        "source": REVIEW,
        "text": decision.text,
        "comment": decision.reason,
        "at": now,
    }
    return str(state(connection, corrections, values, ("text", "comment"))["id"])


def _clock(until: int) -> str:
    return time.strftime("%H:%M UTC", time.gmtime(seconds(until)))
