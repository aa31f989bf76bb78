"""Names, headers and results: what a server or a pack says is made fit, whatever it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.config.mcp import McpServer
from teppan.serve.agents.mcp.mirror import Mirror, bad_mirror
from teppan.serve.agents.mcp.naming import wire_names
from teppan.serve.agents.mcp.protocol import as_header, from_header
from teppan.serve.agents.mcp.results import text_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
KINDS = st.sampled_from(["text", "image", "audio", "resource", "resource_link", "new"])
PART = st.fixed_dictionaries(
    {}, optional={"type": KINDS | JSON, "text": JSON, "resource": JSON, "uri": JSON, "name": JSON}
)


@given(st.text())
def test_a_text_survives_as_a_header(text: str) -> None:
    value = as_header(text)
    assert re.fullmatch(r"[\x20-\x7e]*", value)
    assert value == value.strip()
    assert from_header(value) == text


@given(st.text(alphabet="=?base64!Zm9v+/ "))
def test_a_broken_header_is_no_text_or_one(value: str) -> None:
    assert from_header(value) is None or isinstance(from_header(value), str)


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(st.text(min_size=1), min_size=1), min_size=1)
)
def test_every_tool_has_a_name_of_its_own_that_a_vendor_takes(tools: dict[str, list[str]]) -> None:
    servers = {
        name: McpServer(command=("x",), tools=tuple(dict.fromkeys(each)))
        for name, each in tools.items()
    }
    names = wire_names(servers)
    assert len(set(names.values())) == len(names) == sum(len(s.tools) for s in servers.values())
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", each) for each in names.values())


@given(content=st.lists(PART | JSON) | JSON, structured=JSON)
def test_whatever_a_tool_gives_is_a_text_within_the_limit(content: Any, structured: Any) -> None:
    told = text_of({"content": content, "structuredContent": structured}, 50)
    assert len(told) <= 50 + len("\n(cut: 1234567 characters)")


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "a\nb"),
        ({"content": [{"type": "text", "text": "a"}], "structuredContent": {"b": 1}}, "a"),
        ({"content": [], "structuredContent": {"b": 1}}, '{"b":1}'),
        ({"structuredContent": [1]}, "[1]"),
        (
            {"content": [{"type": "image", "mimeType": "image/png", "data": "iVBO"}]},
            "(image, image/png, not shown)",
        ),
        (
            {"content": [{"type": "resource_link", "name": "a", "uri": "file:///a"}]},
            "(link, a, file:///a, not shown)",
        ),
        ({"content": [{"type": "resource", "resource": {"uri": "x", "text": "t"}}]}, "t"),
        (
            {"content": [{"type": "resource", "resource": {"uri": "x", "blob": "AA"}}]},
            "(file, x, not shown)",
        ),
        ({}, ""),
    ],
)
def test_texts_are_passed_on_and_all_else_is_named(result: dict[str, Any], told: str) -> None:
    assert text_of(result, 100) == told


def marked(mark: Any, kind: str = "string") -> dict[str, Any]:
    return {"type": kind, "x-mcp-header": mark}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": marked("")}},
        {"properties": {"a": marked("A B")}},
        {"properties": {"a": marked("A\r\nB")}},
        {"properties": {"a": marked(5)}},
        {"properties": {"a": marked("A", "number")}},
        {"properties": {"a": marked("A"), "b": marked("a")}},
        {"properties": {"a": {"items": marked("A")}}},
        {"oneOf": [{"properties": {"a": marked("A")}}]},
        marked("A"),
    ],
)
def test_a_schema_that_marks_wrongly_is_found_out(schema: dict[str, Any]) -> None:
    assert bad_mirror(schema)


def test_marked_arguments_are_repeated_and_others_are_not() -> None:
    schema = {
        "properties": {
            "place": marked("Place"),
            "far": {"properties": {"miles": marked("Miles", "integer")}},
            "sure": marked("Sure", "boolean"),
            "x-mcp-header": {"type": "string", "default": {"x-mcp-header": "No"}},
        }
    }
    assert not bad_mirror(schema)
    mirror = Mirror(schema)
    assert mirror.headers({"place": "Málaga", "far": {"miles": 31}, "sure": True, "no": "x"}) == {
        "mcp-param-place": "=?base64?TcOhbGFnYQ==?=",
        "mcp-param-miles": "31",
        "mcp-param-sure": "true",
    }
    assert mirror.headers({"place": None, "far": "31", "sure": "yes\n"}) == {
        "mcp-param-sure": "=?base64?eWVzCg==?="
    }
