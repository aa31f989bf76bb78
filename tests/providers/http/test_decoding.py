"""Content codings: any split of the bytes gives the same body, and no piece is large."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.errors import ProviderBadAnswer, StreamIncomplete
from teppan.providers.http.decoding import PIECE_BYTES, decoder_for


def decoded(coding: str, *parts: bytes) -> bytes:
    decoder = decoder_for({"content-encoding": coding})
    assert decoder is not None
    out = b"".join(piece for part in parts for piece in decoder.feed(part))
    decoder.end()
    return out


@given(body=st.binary(max_size=2000), cut=st.integers(0, 2100), form=st.integers(0, 2))
def test_the_split_of_the_bytes_does_not_matter(body: bytes, cut: int, form: int) -> None:
    coding = "gzip" if form == 0 else "deflate"
    data = gzip.compress(body) if form == 0 else zlib.compress(body, wbits=15 if form == 1 else -15)
    if form == 2:
        cut = max(cut, 2)  # without a wrapper, one byte alone can pass for the start of one
    assert decoded(coding, data[:cut], data[cut:]) == body


def test_pieces_stay_small_however_much_is_inside() -> None:
    decoder = decoder_for({"content-encoding": "gzip"})
    assert decoder is not None
    sizes = [len(piece) for piece in decoder.feed(gzip.compress(b"\0" * 5_000_000))]
    assert max(sizes) <= PIECE_BYTES
    assert sum(sizes) == 5_000_000


def test_a_cut_coded_body_is_incomplete() -> None:
    with pytest.raises(StreamIncomplete):
        decoded("gzip", gzip.compress(b"hello " * 100)[:-9])


def test_damage_is_a_bad_answer() -> None:
    with pytest.raises(ProviderBadAnswer):
        decoded("gzip", b"not gzip at all")


def test_a_coding_nobody_asked_for_is_a_bad_answer() -> None:
    with pytest.raises(ProviderBadAnswer):
        decoder_for({"content-encoding": "br"})


def test_a_plain_body_needs_no_decoder() -> None:
    assert decoder_for({}) is None
