"""A text as the set of its short runs of letters: texts that say nearly the same share most.

Four letters a run, two in scripts that are written without spaces. Case, width, punctuation and
the numbers of placeholders make no difference, so that "[NAME_1]" is "[NAME_2]".
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

SPACED, DENSE = 4, 2
"""Letters of a run."""
MOST = 4_000
"""Runs of one text that are looked at; of a longer one those whose hashes are smallest."""
_PLACEHOLDER = re.compile(r"\[([a-z]+)_\d+\]")
_BREAKS = re.compile(r"[\W_]+")
_MIX, _STEP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x100000001B3)
_SHIFT = np.uint64(29)
_NONE: Hashes = np.empty(0, np.uint64)


def plain(text: str) -> str:
    """Words with single spaces between them, in one form of letters."""
    low = unicodedata.normalize("NFKC", text).casefold()
    return _BREAKS.sub(" ", _PLACEHOLDER.sub(r"\1", low)).strip()


def shingles(text: str, salt: int = 0) -> Hashes:
    """The hashes of the runs of a text that `plain` has seen, sorted, each once."""
    if not text:
        return _NONE
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "replace"), np.uint32)
    letters = codes.astype(np.uint64)
    dense = _is_dense(codes)
    found = np.concatenate([_runs(letters, ~dense, SPACED), _runs(letters, dense, DENSE)])
    if not len(found):
        found = _runs(letters, np.ones(len(letters), bool), DENSE)
    found = np.unique(_mixed(found ^ np.uint64(salt)))
    return found[:MOST]


def _runs(letters: Hashes, where: NDArray[np.bool_], length: int) -> Hashes:
    """One number for each run of letters that all stand `where` they should."""
    many = len(letters) - length + 1
    if many < 1:
        return _NONE
    values, whole = np.zeros(many, np.uint64), np.ones(many, bool)
    for place in range(length):
        values = values * _STEP + letters[place : place + many]
        whole &= where[place : place + many]
    return values[whole]


def shared(one: Hashes, other: Hashes) -> int:
    """How many runs two texts have in common."""
    return len(np.intersect1d(one, other, assume_unique=True))


def alike(one: Hashes, other: Hashes) -> float:
    """Jaccard similarity, in [0, 1]; two texts without words are alike."""
    both = shared(one, other)
    either = len(one) + len(other) - both
    return both / either if either else 1.0


def _is_dense(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Thai to Khmer, kana, Han: scripts without spaces."""
    return ((codes >= 0x0E00) & (codes < 0x1100)) | ((codes >= 0x3040) & (codes < 0xA000))


def _mixed(values: Hashes) -> Hashes:
    values = values * _MIX
    return (values ^ (values >> _SHIFT)) * _MIX
