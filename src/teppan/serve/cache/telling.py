"""A remembered answer told as a stream: in pieces, like one that is being written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from teppan.core.chat import Completion, Delta, TextDelta
from teppan.core.fold import unfold

_WORD = re.compile(r"\s*\S+\s*", re.DOTALL)
PIECE = 24
"""Characters of a piece, about: the words of some tokens."""


def told(completion: Completion) -> Iterator[Delta]:
    """The same deltas as `unfold`, texts cut at the borders of words."""
    for delta in unfold(completion):
        if isinstance(delta, TextDelta) and delta.logprobs is None and len(delta.text) > PIECE:
            for piece in _pieces(delta.text):
                yield TextDelta(piece, delta.choice)
        else:
            yield delta


def _pieces(text: str) -> Iterator[str]:
    """Whole words, or bits of words without end; joined they are the text."""
    piece, at = "", 0
    for word in _WORD.finditer(text):
        at = word.end()
        piece += word.group()
        while len(piece) > 4 * PIECE:
            yield piece[:PIECE]
            piece = piece[PIECE:]
        if len(piece) >= PIECE:
            yield piece
            piece = ""
    if piece or at < len(text):
        yield piece + text[at:]
