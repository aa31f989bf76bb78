"""A function's signature is what a model is shown, and what its arguments are held to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from teppan.core.errors import ConfigError
from teppan.core.tool import Talk
from teppan.serve.agents.signature import BadArguments, Signature, canonical


class Colour(StrEnum):
    RED = "red"


def ordered(
    talk: Talk,
    day: dt.date,
    many: Annotated[int, Field(ge=1, description="how many")],
    size: Literal["s", "l"] = "s",
    colour: Colour | None = None,
    names: list[str] = [],  # noqa: B006 - as a pack's author would write it
) -> None: ...


def test_the_schema_says_types_bounds_words_and_what_may_be_left_out() -> None:
    schema = Signature(ordered, "ordered").schema
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["day", "many"]
    assert schema["properties"]["many"] == {
        "type": "integer",
        "minimum": 1,
        "description": "how many",
    }
    assert schema["properties"]["day"] == {"type": "string", "format": "date"}
    assert schema["properties"]["size"]["enum"] == ["s", "l"]


def test_who_speaks_is_no_argument_of_the_model() -> None:
    signature = Signature(ordered, "ordered")
    assert signature.talk == "talk"
    assert "talk" not in signature.schema["properties"]
    with pytest.raises(BadArguments, match="talk"):
        signature.read('{"day": "2026-01-01", "many": 1, "talk": {"tenant": "other"}}')


def test_values_come_typed() -> None:
    read = Signature(ordered, "ordered").read('{"day": "2026-01-02", "many": 2, "colour": "red"}')
    assert read == {
        "day": dt.date(2026, 1, 2),
        "many": 2,
        "size": "s",
        "colour": Colour.RED,
        "names": [],
    }


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ('{"many": 1}', "day"),
        ('{"day": "soon", "many": 1}', "day"),
        ('{"day": "2026-01-01", "many": 0}', "many"),
        ('{"day": "2026-01-01", "many": 1, "colour": "blue"}', "colour"),
        ('{"day": "2026-01-01", "many": 1, "key": "x"}', "key"),
        ("[]", "arguments"),
        ('{"day": "2026-01-01"', "arguments"),
    ],
)
def test_a_wrong_argument_is_named(arguments: str, names: str) -> None:
    with pytest.raises(BadArguments, match=names):
        Signature(ordered, "ordered").read(arguments)


def test_equal_calls_have_one_spelling() -> None:
    same = Signature(ordered, "ordered").same
    assert same('{"many": 1, "day": "2026-01-01"}') == same(
        '{"day":"2026-01-01","many":"1","size":"s","names":[],"colour":null}'
    )
    assert same('{"many": 1, "day": "2026-01-01"}') != same('{"many": 2, "day": "2026-01-01"}')


@pytest.mark.parametrize("strange", ["untyped", "star", "unsayable"])
def test_a_function_that_json_cannot_call_is_refused(strange: str) -> None:
    def untyped(part) -> None: ...  # type: ignore[no-untyped-def]

    def star(*parts: int) -> None: ...

    class Odd: ...

    def unsayable(part: Odd) -> None: ...

    functions: dict[str, Callable[..., Any]] = {
        "untyped": untyped,
        "star": star,
        "unsayable": unsayable,
    }
    function = functions[strange]
    if strange == "unsayable":
        function.__annotations__["part"] = Odd
    with pytest.raises(ConfigError, match=f"tool `{strange}`"):
        Signature(function, strange)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()))
def test_the_order_of_names_makes_no_difference(value: dict[str, Any]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))
