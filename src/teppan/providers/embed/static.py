"""A static embedding: every token has a vector, a text has their mean (the format of model2vec).

The folder holds `tokenizer.json`, `config.json` and `model.safetensors` with the table
`embeddings` (tokens, dimensions) and, from some makers, a `weights` of each token. No network is
run, so a text costs microseconds; the price is that the order of words does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from teppan.core.errors import ConfigError
from teppan.providers.embed import folder as read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.providers.caller import Observe

WINDOW = 2000
"""Characters that are read: at least this many in the 512 tokens that the format looks at."""
TOKENS = 512


class StaticEmbedder:
    """Opened from a folder; thread-safe, and quick enough for the event loop."""

    window = WINDOW

    def __init__(self, folder: Path) -> None:
        import numpy as np

        path = read.need(folder, "model.safetensors")
        self._tokenizer = read.open_tokenizer(folder)
        tensors = read.weights(folder)
        table = tensors.get("embeddings", tensors.get("embedding.weight"))
        if table is None or table.ndim != 2:
            raise ConfigError(
                f"cache.embedder: {path} has no table `embeddings`; it is no static embedding"
            )
        each = tensors.get("weights")
        mapping = tensors.get("mapping")  # tokens that share a vector
        if mapping is not None:
            table = table[mapping.astype(np.int64)]
        self._table = table if each is None else table * each.astype(np.float32)[:, None]
        self.dimensions = int(self._table.shape[1])
        self.name = f"static/{folder.name}/{read.fingerprint(path)}"
        self._unknown = self._tokenizer.token_to_id("[UNK]")

    async def embed(
        self, texts: Sequence[str], observe: Observe | None = None
    ) -> NDArray[np.float32]:
        """Rows of length one, in order; a text of no known token is all zeros."""
        return self.vectors(texts)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same, without a loop."""
        import numpy as np

        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, encoded in zip(
            rows, self._tokenizer.encode_batch(list(texts), add_special_tokens=False), strict=True
        ):
            known = [token for token in encoded.ids[:TOKENS] if token != self._unknown]
            if known:
                row[:] = self._table[known].mean(axis=0)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)
