"""Which index a store has: pgvector where the server offers it, memory everywhere else."""

from __future__ import annotations

import structlog

from teppan.core.errors import StoreError
from teppan.store.reader import Reader
from teppan.store.vectors.base import Vectors
from teppan.store.writer import Writer

log = structlog.get_logger(__name__)


async def open_vectors(writer: Writer, reader: Reader, engine: str) -> Vectors:
    """`engine` is the backend's name. Vectors in memory must be loaded by whoever opens them."""
    if engine.startswith("postgresql"):
        from teppan.store.vectors.pgvector import open_pgvector

        try:
            found = await open_pgvector(writer, reader)
        except StoreError as error:
            found = None
            log.warning("pgvector unusable, vectors are searched in memory", reason=error.message)
        if found is not None:
            return found
    from teppan.store.vectors.grown import GrownVectors

    return GrownVectors()
