"""Vector search behind one protocol, walled by tenant and partition.

| Index | When |
| --- | --- |
| `ExactVectors` | up to 100,000 vectors of a partition: numpy, bits first, then exact |
| usearch, inside `GrownVectors` | above that, with `teppan[vectors]` |
| `PgVectors` | PostgreSQL with the extension pgvector, shared by all gateways |
"""

from teppan.store.vectors.base import Near, Vectors

__all__ = ["Near", "Vectors"]
