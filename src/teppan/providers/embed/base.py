"""What an embedder is, and how a spec of the settings names one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from teppan.core.chat import Embeddings
from teppan.core.errors import ConfigError
from teppan.providers.embed.hashing import HashingEmbedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.providers.caller import Observe

Ask = Callable[[str, Sequence[str], "Observe | None"], Awaitable[Embeddings]]
"""Asks an upstream model for the vectors of texts; raises a `ProviderError`."""

SPECS = "`hashing`, `static:DIR`, `minilm:DIR` or an embedding model `provider/name`"


class Embedder(Protocol):
    """Texts in, rows of length one out.

    `name` says which vectors may be compared: those of two names never. `dimensions` is 0 as
    long as an upstream has not answered yet. `window` is how many characters are surely read;
    of a longer text the end may be cut off.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def window(self) -> int: ...

    async def embed(
        self, texts: Sequence[str], observe: Observe | None = None
    ) -> NDArray[np.float32]:
        """Shape (texts, dimensions). `observe` is told of calls that cost money."""


def open_embedder(spec: str, ask: Ask | None = None) -> Embedder:
    """The embedder a spec names. Raises `ConfigError` when it cannot be opened.

    `ask` reaches the vendors; without it an upstream model is refused.
    """
    kind, _, rest = spec.partition(":")
    if spec == "hashing":
        return HashingEmbedder()
    if kind == "static" and rest:
        from teppan.providers.embed.static import StaticEmbedder

        return StaticEmbedder(Path(rest).expanduser())
    if kind == "minilm" and rest:
        from teppan.providers.embed.minilm import open_minilm

        return open_minilm(Path(rest).expanduser())
    provider, slash, name = spec.partition("/")
    if not (provider and slash and name):
        raise ConfigError(f"cache.embedder: {spec!r} is none of {SPECS}")
    if ask is None:
        raise ConfigError(f"cache.embedder: {spec!r} is a vendor's; here only local ones work")
    from teppan.providers.embed.upstream import UpstreamEmbedder

    return UpstreamEmbedder(spec, ask)
