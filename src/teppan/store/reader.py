"""Reads: a few threads with connections of their own, which never write and never block a write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from teppan.core.errors import StoreError
from teppan.store.base import Backend

T = TypeVar("T")

THREADS = 4


class Reader:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="teppan-read")
        self._closed = False

    async def run(self, query: Callable[[Connection], T]) -> T:
        """What `query` returns, from one consistent view of the database."""
        if self._closed:
            raise StoreError("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, query)

    def _read(self, query: Callable[[Connection], T]) -> T:
        try:
            with self._backend.reader.connect() as connection:
                return query(connection)
        except SQLAlchemyError as error:
            reason, _ = self._backend.explain(error)
            raise StoreError(f"the store could not read: {reason}") from error

    def close(self) -> None:
        self._closed = True
        self._threads.shutdown()
