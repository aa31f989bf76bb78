"""Texts as vectors, so that meanings can be compared.

| Spec | What it is | Needs |
| --- | --- | --- |
| `hashing` | counts of hashed n-grams: sees spelling, not meaning | nothing |
| `static:DIR` | the mean of token vectors (model2vec) | `teppan[embed]`, a folder |
| `minilm:DIR` | a BERT encoder without torch | `teppan[embed]`, a folder |
| `provider/name` | any `/v1/embeddings` upstream | a vendor's key |
"""

from teppan.providers.embed.base import Embedder, open_embedder
from teppan.providers.embed.hashing import HashingEmbedder

__all__ = ["Embedder", "HashingEmbedder", "open_embedder"]
