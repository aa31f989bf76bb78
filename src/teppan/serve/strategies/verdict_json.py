"""The critic's JSON: the schema it is asked for, and a reader that is hard to break.

    text ── strict JSON ──┐
         └─ one repair ───┴─ an object ── fields, each checked ── Verdict, or None: it abstains

A critic is a model: it may answer in prose, in a code fence, with a trailing comma, with a score
of 11 or NaN, or about an answer that nobody gave. What cannot be read is left out; when what is
left names no winner, the critic has abstained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import get_args

import json_repair

from teppan.core.chat import Json, ResponseFormat
from teppan.core.verdict import NEEDS_IMPROVEMENT, AgreementLevel, Judgement, Verdict

_LONGEST = 100_000
_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_LEVELS: tuple[AgreementLevel, ...] = get_args(AgreementLevel)


def verdict_format(labels: Sequence[str]) -> ResponseFormat:
    """JSON for the verdict on answers with these labels, strict: every field is required."""
    texts = {"type": "array", "items": {"type": "string"}}
    share = {"type": "number", "description": "from 0 to 1"}
    response = {
        "label": {"type": "string", "enum": list(labels)},
        "score": share,
        "issues": texts,
        "hallucinations": texts,
        "rule_violations": texts,
    }
    verdict = {
        "reason": {"type": "string", "description": "one or two sentences"},
        "responses": {"type": "array", "items": _object(response)},
        "best": {"type": "string", "enum": [*labels, NEEDS_IMPROVEMENT]},
        "consensus_score": share,
        "agreement": {"type": "string", "enum": list(_LEVELS)},
        "confidence": share,
        "improvement": {"type": "string", "description": "empty when nothing has to change"},
    }
    return ResponseFormat("json_schema", "verdict", _object(verdict), strict=True)


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def read_verdict(text: str, names: Mapping[str, str]) -> Verdict | None:
    """The verdict a critic wrote, or None when no winner can be read from it. Never raises.

    `names` maps the labels the critic saw to those the verdict uses (`KV` -> `A`).
    """
    told = _json_object(text)
    if told is None:
        return None
    judgements = _judgements(told.get("responses"), names)
    best = _best(told.get("best"), names) or _highest(judgements, names)
    if best is None:
        return None
    return Verdict(
        best=best,
        consensus_score=_share(told.get("consensus_score")) or 0.0,
        agreement=_level(told.get("agreement")),
        judgements=judgements,
        confidence=_share(told.get("confidence")) or 0.0,
        improvement=_words(told.get("improvement"), names),
        reason=_words(told.get("reason"), names),
    )


def _json_object(text: str) -> dict[str, Json] | None:
    """The object in a text: as it stands, else from its first brace on, mended once."""
    text = text.strip()[:_LONGEST]
    fenced = _FENCED.search(text)
    for tried in (text, fenced.group(1) if fenced else ""):
        try:
            found = json.loads(tried)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    start = text.find("{")
    if start < 0:
        return None
    try:
        found = json_repair.loads(text[start:], skip_json_loads=True)
    except (ValueError, RecursionError, IndexError, TypeError):
        return None
    if isinstance(found, list):
        found = next((each for each in found if isinstance(each, dict)), None)
    return found if isinstance(found, dict) else None


def _best(value: Json, names: Mapping[str, str]) -> str | None:
    if not isinstance(value, str):
        return None
    said = value.strip().upper()
    if said.replace(" ", "_").replace("-", "_") == NEEDS_IMPROVEMENT:
        return NEEDS_IMPROVEMENT
    named = {names[word] for word in re.findall(r"[A-Z]+", said) if word in names}
    return named.pop() if len(named) == 1 else None


def _highest(judgements: Sequence[Judgement], names: Mapping[str, str]) -> str | None:
    """The label with the highest score, when every answer was given one; the first shown among
    equals, which the random order makes a draw.
    """
    if {each.label for each in judgements} != set(names.values()):
        return None
    return max(judgements, key=lambda each: each.score).label


def _judgements(value: Json, names: Mapping[str, str]) -> tuple[Judgement, ...]:
    if isinstance(value, dict):
        value = [
            {"label": label, **each} for label, each in value.items() if isinstance(each, dict)
        ]
    if not isinstance(value, list):
        return ()
    found: dict[str, Judgement] = {}
    for each in value:
        label = _best(each.get("label"), names) if isinstance(each, dict) else None
        score = _share(each.get("score")) if isinstance(each, dict) else None
        if label is None or label == NEEDS_IMPROVEMENT or score is None or label in found:
            continue
        found[label] = Judgement(
            label,
            score,
            _list(each.get("issues"), names),
            _list(each.get("hallucinations"), names),
            _list(each.get("rule_violations"), names),
        )
    return tuple(found[label] for label in names.values() if label in found)


def _share(value: Json) -> float | None:
    """A number from 0 to 1; anything else (11, -1, NaN, "high") says nothing."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def _level(value: Json) -> AgreementLevel:
    said = value.strip().lower() if isinstance(value, str) else ""
    return next((level for level in _LEVELS if level == said), "low")


def _list(value: Json, names: Mapping[str, str]) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return ()
    return tuple(words for each in value if (words := _words(each, names)))


def _words(value: Json, names: Mapping[str, str]) -> str:
    """The critic's words, speaking of the answers by the names the verdict uses."""
    if not isinstance(value, str):
        return ""
    return re.sub(r"\b[A-Z]{2}\b", lambda each: names.get(each[0], each[0]), value.strip())
