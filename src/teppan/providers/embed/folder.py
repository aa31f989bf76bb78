"""Reading a model's folder: its settings, its tokenizer, its weights. Only safetensors."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from teppan.core.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEAD = 1 << 20
"""Bytes at both ends of the weights that name them: reading all would slow every start."""


def described(folder: Path, name: str = "config.json") -> dict[str, Any]:
    """A JSON file of the folder; empty when there is none."""
    path = folder / name
    if not path.is_file():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"cache.embedder: {path} cannot be read: {error}") from None


def open_tokenizer(folder: Path) -> Any:
    """The folder's own tokenizer. Raises `ConfigError` naming what is missing."""
    path = need(folder, "tokenizer.json")
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise missing("tokenizers") from None
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        if type(error) is not Exception:  # which is what the library raises
            raise
        raise ConfigError(f"cache.embedder: {path} is not a tokenizer: {error}") from None


def weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    """All tensors of `model.safetensors` as float32."""
    import numpy as np

    path = need(folder, "model.safetensors")
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise missing("safetensors") from None
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"cache.embedder: {path} cannot be read: {error}") from None
    return {
        name: np.ascontiguousarray(tensor, np.float32) if tensor.dtype.kind == "f" else tensor
        for name, tensor in tensors.items()
    }


def fingerprint(path: Path) -> str:
    """A short name of a file's content: its size and both its ends."""
    digest = hashlib.sha256(str(path.stat().st_size).encode())
    with path.open("rb") as file:
        digest.update(file.read(HEAD))
        file.seek(max(0, path.stat().st_size - HEAD))
        digest.update(file.read(HEAD))
    return digest.hexdigest()[:12]


def need(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ConfigError(f"cache.embedder: there is no {name} in {folder}; name another folder")
    return path


def missing(package: str) -> ConfigError:
    return ConfigError(
        f"cache.embedder: `{package}` is not installed; run `pip install 'teppan[embed]'`"
    )
