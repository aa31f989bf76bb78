"""Pairs of texts that are nearly the same, among many, without comparing all with all.

MinHash (Broder 1997): the share of places in which two signatures agree estimates how alike two
sets are. Signatures are cut into bands; texts that agree in a whole band are compared (locality
sensitive hashing, Indyk and Motwani 1998). Of each hash 16 bits are kept (b-bit minwise hashing, Li
and Koenig 2010): 256 bytes for a text, whatever its length.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from teppan.learn.datasets.shingles import Hashes

PLACES = 128
BANDS, ROWS = 32, 4
"""Two texts alike by 0.55 meet with probability 0.95, by 0.7 always, by 0.3 with 0.23."""
CROWD = 50
"""Of texts that meet in one band each is compared with so many before it, and with the first."""

Signature = NDArray[np.uint32]
Signatures = NDArray[np.uint16]


def _numbers(many: int) -> Hashes:
    """Odd numbers of 64 bits, the same in every process (splitmix64, Steele et al. 2014)."""
    found, state = [], 0x7465_7070_616E
    for _ in range(many):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        value = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) % 2**64
        found.append(value ^ (value >> 31) | 1)
    return np.array(found, np.uint64)


_TIMES = _numbers(PLACES)[:, None]
_HALF = np.uint64(32)


def signed(shingles: Hashes) -> Signature:
    """The signature of a set; of an empty one all places hold the largest number."""
    if not len(shingles):
        return np.full(PLACES, 0xFFFFFFFF, np.uint32)
    least: Hashes = ((_TIMES * shingles[None, :]) >> _HALF).min(axis=1)
    return least.astype(np.uint32)


def short(signature: Signature) -> Signatures:
    """The 16 bits of each place that are kept."""
    return (signature & 0xFFFF).astype(np.uint16)


def agreement(ones: Signatures, others: Signatures) -> NDArray[np.float64]:
    """How alike the sets behind two signatures are, row by row."""
    return np.asarray((ones == others).mean(axis=-1), np.float64)


def meetings(signatures: Signatures) -> Iterator[NDArray[np.int64]]:
    """Pairs of rows (the smaller first) that agree in a band, band after band; a pair may come
    again in another."""
    many = len(signatures)
    if not many:
        return
    for band in range(BANDS):
        rows = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        keys = rows.view([("", rows.dtype)] * ROWS).ravel()
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if many else np.empty(0)
        sizes = np.diff(np.r_[starts, many]).astype(np.int64)
        first = np.repeat(starts, sizes).astype(np.int64)
        place = np.arange(many) - first
        pairs = []
        for back in range(1, min(CROWD, int(sizes.max(initial=1)) - 1) + 1):
            here = np.flatnonzero(place >= back)
            pairs.append(np.stack([order[here - back], order[here]], axis=1))
        far = np.flatnonzero(place > CROWD)
        pairs.append(np.stack([order[first[far]], order[far]], axis=1))
        yield np.sort(np.concatenate(pairs), axis=1)
