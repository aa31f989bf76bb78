"""How a spec of the settings names an embedder."""

from __future__ import annotations

from pathlib import Path

from teppan.core.errors import ConfigError
from teppan.providers.embed.base import Ask, Embedder
from teppan.providers.embed.hashing import HashingEmbedder

SPECS = "`hashing`, `static:DIR`, `minilm:DIR` or an embedding model `provider/name`"


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
