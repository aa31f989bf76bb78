"""One thread that embeds: the event loop goes on, and texts that wait together go together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 32
"""Texts of one pass at most: more do not make a pass cheaper per text."""


class OffLoop:
    """Runs `vectors` (texts to rows) in a thread of its own; made and used on one event loop."""

    def __init__(self, vectors: Callable[[Sequence[str]], NDArray[np.float32]]) -> None:
        self._vectors = vectors
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="teppan-embed")
        self._waiting: list[tuple[str, asyncio.Future[NDArray[np.float32]]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (texts, dimensions); whoever else waits meanwhile shares the pass."""
        import numpy as np

        if not texts:
            return self._vectors(())
        loop = asyncio.get_running_loop()
        futures = []
        for text in texts:
            future = loop.create_future()
            self._waiting.append((text, future))
            futures.append(future)
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._work())
        return np.stack(await asyncio.gather(*futures))

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            texts = [text for text, _ in batch]
            passing = loop.run_in_executor(self._thread, self._vectors, texts)
            await asyncio.wait((passing,))
            error = passing.exception()
            for place, (_, future) in enumerate(batch):
                if future.done():  # its caller has left
                    continue
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(passing.result()[place])
