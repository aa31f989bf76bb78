"""The slow lane: rows that may wait, and in need be lost, but never delay an answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from teppan.store.bulk import BulkInsert, Row

T = TypeVar("T")

BATCH = 128
"""Rows of one transaction: about a millisecond, which is the longest a ledger row waits for it."""


class Lane(Generic[T]):
    """A bounded queue of values that `encode` turns into rows in the writer's thread.

    `put` is called on the event loop and never blocks. What does not fit, or cannot be encoded
    or written, is counted in `dropped`.
    """

    def __init__(
        self,
        insert: BulkInsert,
        encode: Callable[[T], Row],
        wake: Callable[[], None],
        capacity: int,
    ) -> None:
        self.insert = insert
        self.dropped = 0
        self._encode = encode
        self._wake = wake
        self._capacity = capacity
        self._waiting: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, value: T) -> bool:
        waiting = self._waiting
        if len(waiting) >= self._capacity:
            self.dropped += 1
            return False
        waiting.append(value)
        if len(waiting) == 1:
            self._wake()
        return True

    def take(self) -> list[Row]:
        """Up to `BATCH` rows, encoded; what cannot be encoded is dropped alone."""
        rows = []
        for _ in range(min(BATCH, len(self._waiting))):
            try:
                rows.append(self._encode(self._waiting.popleft()))
            except (TypeError, ValueError, OverflowError, RecursionError):
                self.dropped += 1
        return rows
