"""A JSON Schema as this vendor's tools and structured output take it.

Since 2025 the format takes JSON Schema itself (`parametersJsonSchema`, `responseJsonSchema`),
but a subset: unknown keywords are refused with 400. What is left out here is checked by the
gateway against the client's own schema. Source: the structured-output guide, list of supported
keywords (2026).
"""

from __future__ import annotations

from teppan.core.chat import Json

_TAKEN = frozenset(
    {
        "$id",
        "$defs",
        "$ref",
        "$anchor",
        "type",
        "format",
        "title",
        "description",
        "enum",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "anyOf",
        "properties",
        "additionalProperties",
        "required",
        "propertyOrdering",
    }
)
_MAPS = ("properties", "$defs")


def taken(schema: Json) -> Json:
    """`schema` with the keywords the vendor takes; `const`, `oneOf`, `definitions` said its way."""
    if isinstance(schema, list):
        return [taken(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Json] = {}
    for name, value in _renamed(schema).items():
        if name not in _TAKEN:
            continue
        if name in _MAPS and isinstance(value, dict):
            out[name] = {key: taken(each) for key, each in value.items()}
        elif name == "$ref" and isinstance(value, str):
            out[name] = value.replace("#/definitions/", "#/$defs/")
        elif name in ("enum", "required", "propertyOrdering"):
            out[name] = value
        else:
            out[name] = taken(value)
    return out


def _renamed(schema: dict[str, Json]) -> dict[str, Json]:
    renamed = dict(schema)
    if "const" in renamed and isinstance(renamed["const"], str):
        renamed.setdefault("enum", [renamed["const"]])
    if "oneOf" in renamed:
        renamed.setdefault("anyOf", renamed["oneOf"])
    if "definitions" in renamed:
        renamed.setdefault("$defs", renamed["definitions"])
    return renamed
