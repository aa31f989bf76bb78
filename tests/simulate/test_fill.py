"""Whatever schema is asked for, the JSON made for it is valid."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.simulate.fill import PerAnswer, Share, fill

NAMES = st.sampled_from(["answer", "score", "items", "when", "city", "best"])
LEAVES = st.one_of(
    st.just({"type": "string"}),
    st.builds(lambda n: {"type": "string", "minLength": n, "maxLength": n + 4}, st.integers(0, 30)),
    st.builds(lambda a, n: {"type": "integer", "minimum": a, "maximum": a + n},
              st.integers(-50, 50), st.integers(0, 9)),
    st.just({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
    st.just({"type": "boolean"}),
    st.just({"type": ["string", "null"]}),
    st.just({"enum": ["high", "low", 3]}),
    st.just({"const": "fixed"}),
    st.just({"anyOf": [{"type": "null"}, {"type": "integer"}]}),
    st.just({"type": "string", "format": "date"}),
)  # fmt: skip


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.dictionaries(NAMES, inner, max_size=4).map(
        lambda fields: {
            "type": "object",
            "properties": fields,
            "required": list(fields),
            "additionalProperties": False,
        }
    )
    arrays = st.builds(
        lambda items, least: {"type": "array", "items": items, "minItems": least},
        inner,
        st.integers(0, 3),
    )
    return st.one_of(objects, arrays)


@settings(max_examples=30, deadline=None)
@given(
    schema=st.recursive(LEAVES, nested, max_leaves=8),
    hint=st.one_of(st.none(), st.text(max_size=8), st.floats(0, 1), st.just({"answer": "x"})),
)
def test_filled_json_is_valid_for_its_schema(schema: dict[str, Any], hint: object) -> None:
    assert jsonschema_rs.is_valid(schema, fill(schema, hint, text="some text"))


def test_references_are_followed_and_recursion_ends() -> None:
    schema = {
        "$defs": {"node": {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}},
        "$ref": "#/$defs/node",
    }  # fmt: skip
    assert jsonschema_rs.is_valid(schema, fill(schema))


@pytest.mark.parametrize(
    ("schema", "number"),
    [
        ({"type": "number"}, 0.9),
        ({"type": "integer"}, 9),
        ({"type": "number", "maximum": 100}, 90),
        ({"type": "integer", "description": "from 1 to 5", "minimum": 1}, 5),
    ],
)
def test_a_share_is_stretched_to_the_scale(schema: dict[str, Any], number: float) -> None:
    assert fill(schema, Share(0.9)) == pytest.approx(number)


def test_remarks_fit_lists_of_texts_of_objects_and_maps_by_label() -> None:
    texts = {"type": "array", "items": {"type": "string"}}
    remark = PerAnswer({"A": ["bad"]}, [{"label": "A", "text": "bad"}])
    assert fill(texts, remark) == ["bad"]
    assert fill({"type": "object", "additionalProperties": texts}, remark) == {"A": ["bad"]}
    rows = {"type": "object", "properties": {"label": {"type": "string"}}}
    assert fill({"type": "array", "items": rows}, remark) == [{"label": "A"}]
