"""JSON that is valid for a schema, using what is known and inventing only the rest.

`fill` covers the subset of JSON Schema that vendors accept for structured output: types, enum,
const, `$ref` to `$defs`, anyOf, oneOf, allOf, bounds, lengths, formats and required properties.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from teppan.simulate import dice

_DEEPEST = 6
_FORMATS = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T12:00:00Z",
    "time": "12:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "hostname": "example.com",
}
_UP_TO = re.compile(r"\d\s*(?:to|-|–|\.\.)\s*(\d+)")
Schema = Mapping[str, Any]


class Share(float):
    """A hint between 0 and 1 that is stretched to the bounds of the schema."""


class PerAnswer(dict[str, Any]):
    """A hint by answer label, which can also be written as a list of rows (`rows`)."""

    def __init__(self, values: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(values)
        self.rows = rows


class Unknown:
    """No hint."""


UNKNOWN = Unknown()


def fill(schema: Schema, hint: object = UNKNOWN, text: str = "simulated") -> Any:
    """A value valid for the schema.

    `hint` says what is known: a mapping by property name for objects (inherited by nested objects),
    a list for arrays, a plain value otherwise. `text` fills strings about which nothing is known.
    """
    return _Filler(schema, text).value(schema, hint, "", 0)


class _Filler:
    def __init__(self, root: Schema, text: str) -> None:
        self.root = root
        self.text = text

    def value(self, schema: Schema | bool, hint: object, name: str, depth: int) -> Any:
        if isinstance(schema, bool):
            return None if isinstance(hint, Unknown) else hint
        schema = self._resolved(schema, hint)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return _from_enum(schema["enum"], hint)
        kind = _kind(schema, hint)
        if kind == "object":
            return self._object(schema, hint, depth)
        if kind == "array":
            return self._array(schema, hint, name, depth)
        if kind == "string":
            return self._string(schema, hint, name)
        if kind in ("integer", "number"):
            return _number(schema, hint, kind == "integer")
        if kind == "boolean":
            return hint if isinstance(hint, bool) else dice.number(name, self.text) % 2 == 0
        return None

    def _resolved(self, schema: Schema, hint: object) -> Schema:
        for _ in range(_DEEPEST):
            if "$ref" in schema:
                found: Any = self.root
                for step in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
                    found = found[step.replace("~1", "/").replace("~0", "~")] if step else found
                schema = {**found, **{key: val for key, val in schema.items() if key != "$ref"}}
            elif "allOf" in schema:
                merged: dict[str, Any] = {k: v for k, v in schema.items() if k != "allOf"}
                for part in schema["allOf"]:
                    merged = _merged(merged, self._resolved(part, hint))
                schema = merged
            elif "anyOf" in schema or "oneOf" in schema:
                schema = self._chosen(schema.get("anyOf") or schema["oneOf"], hint)
            else:
                return schema
        return schema

    def _chosen(self, options: Sequence[Schema], hint: object) -> Schema:
        resolved = [self._resolved(option, hint) for option in options]
        if hint is None:
            return next((one for one in resolved if one.get("type") == "null"), resolved[0])
        concrete = [one for one in resolved if one.get("type") != "null"] or resolved
        return next((one for one in concrete if _suits(one, hint)), concrete[0])

    def _object(self, schema: Schema, hint: object, depth: int) -> dict[str, Any]:
        properties: Mapping[str, Any] = schema.get("properties", {})
        if isinstance(hint, str):
            hint = dict.fromkeys(properties, hint)
        required = schema.get("required", ())
        made: dict[str, Any] = {}
        for name, part in properties.items():
            if depth >= _DEEPEST and name not in required:
                continue
            made[name] = self.value(part, _hint_for(name, part, hint), name, depth + 1)
        extra = schema.get("additionalProperties")
        if not properties and isinstance(hint, Mapping) and extra is not False:
            rest = extra if isinstance(extra, Mapping) else True
            made = {str(k): self.value(rest, v, str(k), depth + 1) for k, v in hint.items()}
        return made

    def _array(self, schema: Schema, hint: object, name: str, depth: int) -> list[Any]:
        items = schema.get("items", True)
        if isinstance(hint, PerAnswer):
            hint = hint.rows
        known = list(hint) if isinstance(hint, Sequence) and not isinstance(hint, str) else []
        least = int(schema.get("minItems", 0))
        if isinstance(hint, Unknown) and depth < _DEEPEST:
            least = max(least, 1)
        known += [UNKNOWN] * (least - len(known))
        most = int(schema.get("maxItems", len(known)))
        return [self.value(items, one, name, depth + 1) for one in known[:most]]

    def _string(self, schema: Schema, hint: object, name: str) -> str:
        if isinstance(hint, Mapping):
            hint = hint.get("text", UNKNOWN)
        if isinstance(hint, int | float) and not isinstance(hint, bool):
            hint = f"{hint:g}"
        text = hint if isinstance(hint, str) else _FORMATS.get(str(schema.get("format")), self.text)
        pattern = schema.get("pattern")
        if pattern and not re.search(pattern, text):
            text = next((one for one in _PATTERN_GUESSES if re.search(pattern, one)), text)
        text = text.ljust(int(schema.get("minLength", 0)), ".")
        return text[: int(schema.get("maxLength", len(text)))]


_PATTERN_GUESSES = (
    "2026-01-15",
    "12:00",
    "18:30:00",
    "A",
    "a",
    "1",
    "555-010-0100",
    "AB-1234",
    "95630",
)


def _hint_for(name: str, part: Any, hint: object) -> object:
    """The hint of one property: its own, or the parent's where the property is itself an object."""
    if not isinstance(hint, Mapping):
        return UNKNOWN
    for key, known in hint.items():
        if str(key).casefold() == name.casefold():
            return known
    nested = isinstance(part, Mapping) and (part.get("type") == "object" or "$ref" in part)
    return hint if nested else UNKNOWN


def _kind(schema: Schema, hint: object) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        if hint is None and "null" in kind:
            return "null"
        kinds = [one for one in kind if one != "null"] or kind
        kind = next((one for one in kinds if _suits({"type": one}, hint)), kinds[0])
    if kind is None:
        guess = {"properties": "object", "items": "array", "minimum": "number"}
        kind = next((one for key, one in guess.items() if key in schema), "string")
    return str(kind).lower()


def _suits(schema: Schema, hint: object) -> bool:
    kind = schema.get("type")
    if isinstance(hint, bool):
        return kind == "boolean"
    if isinstance(hint, int | float):
        return kind in ("number", "integer")
    if isinstance(hint, str):
        return kind == "string" and hint in schema.get("enum", (hint,))
    if isinstance(hint, Mapping):
        return kind == "object"
    return kind == "array" and isinstance(hint, Sequence)


def _from_enum(options: Sequence[Any], hint: object) -> Any:
    wanted = str(hint).casefold()
    return next((one for one in options if str(one).casefold() == wanted), options[0])


def _number(schema: Schema, hint: object, whole: bool) -> float | int:
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if isinstance(hint, Share):
        low = float(least) if least is not None else 0.0
        said = _UP_TO.search(str(schema.get("description", "")))
        guess = float(said[1]) if said else (10.0 if whole else 1.0)
        high = float(most) if most is not None else guess
        number: float = low + float(hint) * (high - low)
    elif isinstance(hint, int | float) and not isinstance(hint, bool):
        number = hint
    else:
        number = float(least) if least is not None else 1.0
    step = schema.get("multipleOf")
    number = round(number / step) * step if step else number
    edge = 1 if whole else 1e-6
    if least is not None:
        number = max(number, least + (edge if "exclusiveMinimum" in schema else 0))
    if most is not None:
        number = min(number, most - (edge if "exclusiveMaximum" in schema else 0))
    return round(number) if whole else round(float(number), 6)


def _merged(left: dict[str, Any], right: Schema) -> dict[str, Any]:
    both = {**left, **right}
    both["properties"] = {**left.get("properties", {}), **right.get("properties", {})}
    both["required"] = [*left.get("required", ()), *right.get("required", ())]
    if not both["properties"]:
        del both["properties"], both["required"]
    return both
