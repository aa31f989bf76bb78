"""Texts as vectors, so that meanings can be compared.

| Spec | What it is | Needs |
| --- | --- | --- |
| `hashing` | counts of hashed n-grams: sees spelling, not meaning | nothing |
| `static:DIR` | the mean of token vectors (model2vec) | `teppan[embed]`, a folder |
| `minilm:DIR` | a BERT encoder without torch | `teppan[embed]`, a folder |
| `provider/name` | any `/v1/embeddings` upstream | a vendor's key |
"""

from teppan.providers.embed.base import Embedder
from teppan.providers.embed.hashing import HashingEmbedder
from teppan.providers.embed.opening import open_embedder

__all__ = ["Embedder", "HashingEmbedder", "open_embedder"]
