"""The words of the review queue, and how its rows are read and written."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct
from sqlalchemy import RowMapping

from teppan.core.chat import Message
from teppan.core.ids import Scope, content_hash
from teppan.store.schema import instant, seconds

Lane = Literal["ranked", "random"]
"""Why an item is here: its learning value, or chance alone."""
Action = Literal["approve", "edit", "reject", "skip"]
ACTIONS: tuple[Action, ...] = get_args(Action)
Status = Literal["open", "claimed", "approved", "edited", "rejected", "skipped"]
STATUSES: tuple[Status, ...] = get_args(Status)
BECOMES: dict[Action, Status] = {
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
    "skip": "skipped",
}
DECIDED: tuple[Status, ...] = ("approved", "edited", "rejected", "skipped")


class Alternative(Struct, frozen=True):
    """What another model said to the same question."""

    model: str
    text: str


class Reason(Struct, frozen=True):
    """One part of a priority: `value` in [0, 1], what it weighs, and what was seen, in words."""

    name: str
    value: float
    weight: float
    told: str


class Content(Struct, frozen=True, kw_only=True):
    """What a reviewer reads.

    `messages` are the conversation up to the question, `reason` says in a sentence why somebody
    should look. `covers` counts the questions that are near this one, itself included; `factor` is
    what is left of the priority because something near it is in the queue or was reviewed; `rest`
    is how much likelier than this one those it stands for are wrong. `told_weight` are the opinions
    of this answer that people gave where it stands for them, `told_against` the part of them that
    is against it.
    `confidence` is the probability that the answer is right, as it was known then. `advice` is what
    a critic wanted done differently when it was answered. A `suggestion` is a whole answer by the
    model `suggester`; nobody has looked at it.
    """

    question: str
    messages: tuple[Message, ...] = ()
    answer: str
    alternatives: tuple[Alternative, ...] = ()
    reason: str = ""
    parts: tuple[Reason, ...] = ()
    covers: int = 1
    factor: float = 1.0
    rest: float = 1.0
    told_weight: float = 0.0
    told_against: float = 0.0
    confidence: float | None = None
    advice: str = ""
    suggestion: str = ""
    suggester: str = ""


class Entry(Struct, frozen=True, kw_only=True):
    """An answer that somebody should look at, to be put into the queue.

    `chance` is the probability with which a `random` one was drawn, `draw` its number in [0, 1).
    `vector` is the embedding of its question as float16. `started` is when it was asked.
    """

    trace_id: str
    episode: str | None = None
    user: str | None = None
    lane: Lane = "ranked"
    priority: float = 0.0
    chance: float = 1.0
    draw: float = 0.0
    intent: str = ""
    language: str = ""
    model: str = ""
    started: float = 0.0
    vector: bytes = b""
    content: Content


class Item(Struct, frozen=True, kw_only=True):
    """An entry of the queue. `by` holds or decided it, `until` is when a claim ends; `at`,
    `changed` and `until` are seconds since 1970."""

    id: str
    tenant: str
    trace_id: str
    episode: str | None
    user: str | None
    lane: Lane
    status: Status
    by: str
    until: float
    priority: float
    chance: float
    intent: str
    language: str
    model: str
    started: float
    at: float
    changed: float
    content: Content


class Step(Struct, frozen=True, kw_only=True):
    """Who decided what: an `Action`, or `undo`. `correction` names the better text it wrote."""

    action: str
    by: str
    text: str = ""
    reason: str = ""
    correction: str = ""
    at: float = 0.0


class Decision(Struct, frozen=True):
    """What a reviewer says: `text` is the better answer of an edit."""

    action: Action
    text: str = ""
    reason: str = ""


class Known(Struct, frozen=True):
    """The place of a question that is in the queue or was reviewed."""

    trace_id: str
    question: str
    status: Status
    priority: float
    covers: int
    vector: bytes


def item_id(tenant: str, trace_id: str) -> str:
    """One trace has one item, whoever puts it in and however often."""
    return f"rev_{content_hash(f'{len(tenant)}:{tenant}{trace_id}'.encode())[:26]}"


class Weighed(Struct, frozen=True):
    """Why an item is where it is in the order."""

    trace_id: str
    status: Status
    priority: float
    parts: tuple[Reason, ...]
    covers: int
    factor: float
    rest: float = 1.0
    answer: str = ""
    told_weight: float = 0.0
    told_against: float = 0.0


class _Parts(Struct):
    parts: tuple[Reason, ...] = ()
    covers: int = 1
    factor: float = 1.0
    rest: float = 1.0
    answer: str = ""
    told_weight: float = 0.0
    told_against: float = 0.0


class _Brief(Struct):
    """What is needed of an item to compare it: reading all of it takes ten times as long."""

    question: str
    covers: int = 1


_content = msgspec.json.Decoder(Content).decode
_brief = msgspec.json.Decoder(_Brief).decode
_parts = msgspec.json.Decoder(_Parts).decode


def content_of(row: RowMapping) -> Content:
    return _content(row["body"])


def known_of(row: RowMapping) -> Known:
    told = _brief(row["body"])
    return Known(
        row["trace_id"],
        told.question,
        row["status"],
        row["priority"],
        told.covers,
        bytes(row["vector"]),
    )


def weighed_of(row: RowMapping) -> Weighed:
    told = _parts(row["body"])
    return Weighed(
        row["trace_id"],
        row["status"],
        row["priority"],
        told.parts,
        told.covers,
        told.factor,
        told.rest,
        told.answer,
        told.told_weight,
        told.told_against,
    )


def row_of(scope: Scope, entry: Entry, at: int) -> dict[str, Any]:
    return {
        "tenant": scope.tenant,
        "id": item_id(scope.tenant, entry.trace_id),
        "trace_id": entry.trace_id,
        "episode": entry.episode,
        "user": entry.user,
        "lane": entry.lane,
        "status": "open",
        "by": "",
        "until": 0,
        "priority": entry.priority,
        "chance": entry.chance,
        "draw": entry.draw,
        "intent": entry.intent,
        "language": entry.language,
        "model": entry.model,
        "started": instant(entry.started),
        "at": at,
        "changed": at,
        "vector": entry.vector,
        "body": msgspec.json.encode(entry.content),
    }


def item_of(row: RowMapping) -> Item:
    return Item(
        id=row["id"],
        tenant=row["tenant"],
        trace_id=row["trace_id"],
        episode=row["episode"],
        user=row["user"],
        lane=row["lane"],
        status=row["status"],
        by=row["by"],
        until=seconds(row["until"]),
        priority=row["priority"],
        chance=row["chance"],
        intent=row["intent"],
        language=row["language"],
        model=row["model"],
        started=seconds(row["started"]),
        at=seconds(row["at"]),
        changed=seconds(row["changed"]),
        content=content_of(row),
    )


def step_of(row: RowMapping) -> Step:
    return Step(
        action=row["action"],
        by=row["by"],
        text=row["text"],
        reason=row["reason"],
        correction=row["correction"],
        at=seconds(row["at"]),
    )
