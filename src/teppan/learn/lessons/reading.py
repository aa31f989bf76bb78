"""What models write as JSON, read field by field: what cannot be read is left out, not guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from teppan.core.chat import Json
from teppan.learn.lessons.screen import plain

SAME = "SAME"
_LONGEST = 20_000
_WORDS = 600
_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


class Wrote(Struct, frozen=True, kw_only=True):
    """A critic's lesson, as it was written."""

    challenge: str = ""
    better: str = ""
    reason: str = ""
    mistake: str = ""
    handling: str = ""
    rule: str = ""
    learned: bool = True


class Thought(Struct, frozen=True):
    """What another model says of it."""

    agrees: bool
    differently: str = ""
    rule: str = ""


def written_schema(labels: Sequence[str]) -> dict[str, Json]:
    text = {"type": "string"}
    return _object(
        {
            "challenge": text,
            "better": {"type": "string", "enum": [*labels, "none"]},
            "reason": text,
            "mistake": text,
            "handling": text,
            "rule": {"type": "string", "description": "one sentence"},
            "learned": {"type": "boolean"},
        }
    )


THOUGHT = {
    "type": "object",
    "properties": {
        "agrees": {"type": "boolean"},
        "differently": {"type": "string"},
        "rule": {"type": "string", "description": "one sentence"},
    },
    "required": ["agrees", "differently", "rule"],
    "additionalProperties": False,
}


def pair_schema(labels: Sequence[str]) -> dict[str, Json]:
    return _object(
        {"reason": {"type": "string"}, "best": {"type": "string", "enum": [*labels, SAME]}}
    )


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def read_written(text: str, labels: Mapping[str, str]) -> Wrote | None:
    """The lesson, or `None` when there is no rule to be read. `labels` maps the ids that were shown
    to what they stand for. Never raises."""
    told = _told(text)
    rule = _words(told.get("rule"))
    if not rule:
        return None
    better = told.get("better")
    return Wrote(
        challenge=_words(told.get("challenge")),
        better=labels.get(better.strip(), "") if isinstance(better, str) else "",
        reason=_words(told.get("reason")),
        mistake=_words(told.get("mistake")),
        handling=_words(told.get("handling")),
        rule=rule,
        learned=told.get("learned") is not False,
    )


def read_thought(text: str) -> Thought | None:
    """What was thought of a lesson; `None` when that cannot be read. Never raises."""
    told = _told(text)
    agrees = told.get("agrees")
    if not isinstance(agrees, bool):
        return None
    return Thought(agrees, _words(told.get("differently")), _words(told.get("rule")))


def read_best(text: str, labels: Mapping[str, str]) -> str | None:
    """What the better id stands for, `SAME`, or `None` when nothing can be read. Never raises."""
    best = _told(text).get("best")
    if not isinstance(best, str):
        return None
    said = best.strip().upper()
    return SAME if said == SAME else labels.get(said)


def _told(text: str) -> dict[str, Json]:
    """The object in a text; empty when there is none."""
    text = text.strip()[:_LONGEST]
    fenced = _FENCED.search(text)
    braces = text[text.find("{") : text.rfind("}") + 1]
    for tried in (text, fenced.group(1) if fenced else "", braces):
        try:
            found = json.loads(tried)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _words(value: Json) -> str:
    return plain(value)[:_WORDS] if isinstance(value, str) else ""
