"""The JSON boundary: one meaning or a 400 that says what is wrong."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.errors import BadRequest
from teppan.server.strict_json import MAX_DEPTH, MAX_KEYS, parse

scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.floats(-1e9, 1e9)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)

REFUSED = {
    "empty": (b"", "empty"),
    "blank": (b" \n ", "empty"),
    "cut short": (b'{"model": "x"', "not JSON"),
    "words after it": (b"{} {}", "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not JSON"),
    "an array": (b"[1]", "an array"),
    "a string": (b'"x"', "a string"),
    "a number": (b"1", "a number"),
    "null": (b"null", "null"),
    "NaN": (b'{"a": NaN}', "not JSON"),
    "Infinity": (b'{"a": -Infinity}', "not JSON"),
    "a number beyond doubles": (b'{"a": 1e400}', "too large"),
    "an integer beyond 64 bits": (b'{"a": 18446744073709551616}', "64 bits"),
    "an integer of 5000 digits": (b'{"a": ' + b"9" * 5000 + b"}", "too large"),
    "half of a surrogate pair": (b'{"a": "\\ud800"}', "not JSON"),
    "the other half": (b'{"a": "\\udc00x"}', "not JSON"),
    "bytes that are not UTF-8": (b'{"a": "\xff"}', "not JSON"),
    "a raw control character": (b'{"a": "\x01"}', "not JSON"),
    "a key twice": (b'{"a": 1, "a": 1}', "twice"),
    "a key twice, spaced": (b'{"a":1,"b":{"c":1,"c" :2}}', "twice"),
    "a key twice, escaped": (b'{"a":1,"\\u0061":2}', "twice"),
    "a key with a colon twice": (b'{"\\u003a":1,":":2}', "twice"),
    "a deep array": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deeper"),
    "an unclosed deep array": (b'{"a":' + b"[" * 100_000, "deeper"),
    "a deep object": (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper"),
    "too many keys": (
        json.dumps({str(number): 0 for number in range(MAX_KEYS + 1)}).encode(),
        "keys",
    ),
    "a gzip body": (b"\x1f\x8b\x08\x00", "compressed"),
}


@pytest.mark.parametrize(("body", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_body_with_two_meanings_or_none_is_refused_and_says_why(body: bytes, why: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse(body)
    assert why in caught.value.message


def test_the_deepest_allowed_body_is_read() -> None:
    body = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert "a" in parse(body)


@given(st.dictionaries(st.text(), values, max_size=6), st.booleans(), st.booleans())
def test_any_object_without_tricks_is_read_as_it_was_meant(
    value: dict[str, object], ascii_only: bool, spaced: bool
) -> None:
    separators = (" , ", " : ") if spaced else (",", ":")
    text = json.dumps(value, ensure_ascii=ascii_only, separators=separators)
    assert parse(text.encode()) == json.loads(text)


@given(st.text(max_size=8), st.text(max_size=8), st.booleans(), st.sampled_from(["", " ", "\n"]))
def test_a_repeated_key_is_always_found(key: str, value: str, ascii_only: bool, space: str) -> None:
    """However its two spellings are escaped or spaced."""
    plain = json.dumps(key, ensure_ascii=False)
    other = json.dumps(key, ensure_ascii=ascii_only)
    said = json.dumps(value)
    with pytest.raises(BadRequest):
        parse(f'{{"x":[{{{plain}:{said},{other}{space}:{said}}}]}}'.encode())


@given(st.binary(max_size=64))
def test_any_bytes_are_an_object_or_a_bad_request(body: bytes) -> None:
    with contextlib.suppress(BadRequest):
        assert isinstance(parse(body), dict)
