"""A JSON Schema as this vendor's structured output takes it.

It wants every object closed and refuses bounds; the gateway checks the answer against the
schema the client sent, so nothing is lost by leaving them out here.
Source: the structured-outputs guide (2026), section on JSON Schema limitations.
"""

from __future__ import annotations

from teppan.core.chat import Json

_BOUNDS = frozenset(
    {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
    }
)
_MAPS = ("properties", "$defs", "definitions")


def closed(schema: Json) -> Json:
    """`schema` with every object closed and without the bounds the vendor refuses."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Json] = {}
    for name, value in schema.items():
        if name in _BOUNDS or (name == "minItems" and value not in (0, 1)):
            continue
        if name in _MAPS and isinstance(value, dict):
            out[name] = {key: closed(each) for key, each in value.items()}
        elif name in ("enum", "const", "default", "examples"):
            out[name] = value
        else:
            out[name] = closed(value)
    kind = out.get("type")
    if kind == "object" or (isinstance(kind, list) and "object" in kind) or "properties" in out:
        out["additionalProperties"] = False
    return out
