"""A BERT sentence encoder without torch: MiniLM and its kin (Reimers and Gurevych 2019).

The folder holds `tokenizer.json`, `config.json` and `model.safetensors`. The encoder is numpy
(about 10 ms for a short question on one core); where `model.onnx` and the package `onnxruntime`
are at hand, that runs instead, about three times faster. Both give the same vectors, so they
share a name. The sentence is the mean of its tokens, scaled to length one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teppan.core.errors import ConfigError
from teppan.providers.embed import folder as read
from teppan.providers.embed.off_loop import OffLoop

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.providers.caller import Observe

    Hidden = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]

TOKENS = 256
"""Tokens that are read, unless the folder's `sentence_bert_config.json` says otherwise."""
CHARACTERS_PER_TOKEN = 3
MASKED = -1e9
ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
"""Abramowitz and Stegun 7.1.26: the error function to 1.5e-7."""
SLOPE = 0.3275911


class MiniLm:
    """Opened by `open_minilm`; the encoder runs in a thread of its own."""

    def __init__(self, name: str, tokenizer: Any, hidden: Hidden, dimensions: int, tokens: int):
        self.name = name
        self.dimensions = dimensions
        self.window = tokens * CHARACTERS_PER_TOKEN
        self._tokenizer = tokenizer
        self._hidden = hidden
        self._off_loop = OffLoop(self.vectors)

    async def embed(
        self, texts: Sequence[str], observe: Observe | None = None
    ) -> NDArray[np.float32]:
        """Rows of length one, in order."""
        return await self._off_loop.embed(texts)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same, here and now."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        encoded = self._tokenizer.encode_batch(list(texts))
        longest = max(len(each.ids) for each in encoded)
        ids = np.zeros((len(encoded), longest), np.int64)
        mask = np.zeros((len(encoded), longest), np.int64)
        for row, each in enumerate(encoded):
            ids[row, : len(each.ids)] = each.ids
            mask[row, : len(each.ids)] = 1
        hidden = self._hidden(ids, mask)
        weight = mask.astype(np.float32)[:, :, None]
        rows = (hidden * weight).sum(axis=1) / weight.sum(axis=1)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: NDArray[np.float32] = (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)
        return unit


def open_minilm(folder: Path) -> MiniLm:
    """Raises `ConfigError` for a folder that holds no such encoder."""
    config = read.described(folder)
    if config.get("model_type", "bert") != "bert":
        raise ConfigError(
            f"cache.embedder: {folder} holds a {config['model_type']!r} model; "
            "`minilm:` reads BERT encoders"
        )
    tokenizer = read.open_tokenizer(folder)
    limit = read.described(folder, "sentence_bert_config.json").get("max_seq_length", TOKENS)
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    path = read.need(folder, "model.safetensors")
    session = _onnx(folder)
    hidden = session or NumpyBert(read.weights(folder), config).hidden
    size = int(config.get("hidden_size", 384))
    name = f"minilm/{folder.name}/{read.fingerprint(path)}"
    return MiniLm(name, tokenizer, hidden, size, limit)


def _onnx(folder: Path) -> Hidden | None:
    """The encoder in onnxruntime, where both the file and the package are there."""
    path = folder / "model.onnx"
    if not path.is_file():
        return None
    try:
        import onnxruntime  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    import numpy as np

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted = {each.name for each in session.get_inputs()}

    def hidden(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        result: NDArray[np.float32] = session.run(
            None, {name: value for name, value in given.items() if name in wanted}
        )[0]
        return result

    return hidden


class NumpyBert:
    """The encoder's layers as matrix products."""

    def __init__(self, tensors: dict[str, NDArray[np.float32]], config: dict[str, Any]) -> None:
        prefix = "bert." if any(name.startswith("bert.") for name in tensors) else ""
        self._tensors = {name.removeprefix(prefix): each for name, each in tensors.items()}
        self._heads = int(config.get("num_attention_heads", 12))
        self._epsilon = float(config.get("layer_norm_eps", 1e-12))
        try:
            self._layers = [
                self._layer(number) for number in range(int(config.get("num_hidden_layers", 6)))
            ]
            self._embeddings = (
                self._tensors["embeddings.word_embeddings.weight"],
                self._tensors["embeddings.position_embeddings.weight"],
                self._tensors["embeddings.token_type_embeddings.weight"][0],
            )
        except KeyError as error:
            raise ConfigError(
                f"cache.embedder: model.safetensors has no tensor {error}; it is no BERT encoder"
            ) from None

    def hidden(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Shape (texts, tokens, dimensions)."""
        words, positions, segment = self._embeddings
        state = words[ids] + positions[: ids.shape[1]] + segment
        state = self._norm(state, "embeddings.LayerNorm")
        bias = ((1 - mask) * MASKED)[:, None, None, :].astype(state.dtype)
        for layer in self._layers:
            state = self._through(state, bias, layer)
        return state

    def _layer(self, number: int) -> dict[str, Any]:
        import numpy as np

        at = f"encoder.layer.{number}."
        tensors = self._tensors
        parts = [f"{at}attention.self.{part}" for part in ("query", "key", "value")]
        return {
            "at": at,
            "qkv": np.concatenate([tensors[f"{part}.weight"] for part in parts]).T.copy(),
            "qkv_bias": np.concatenate([tensors[f"{part}.bias"] for part in parts]),
            "out": tensors[f"{at}attention.output.dense.weight"].T.copy(),
            "out_bias": tensors[f"{at}attention.output.dense.bias"],
            "up": tensors[f"{at}intermediate.dense.weight"].T.copy(),
            "up_bias": tensors[f"{at}intermediate.dense.bias"],
            "down": tensors[f"{at}output.dense.weight"].T.copy(),
            "down_bias": tensors[f"{at}output.dense.bias"],
        }

    def _through(
        self, state: NDArray[np.float32], bias: NDArray[np.float32], layer: dict[str, Any]
    ) -> NDArray[np.float32]:
        import numpy as np

        texts, tokens, size = state.shape
        each = size // self._heads
        flat = state.reshape(-1, size)
        mixed = (flat @ layer["qkv"] + layer["qkv_bias"]).reshape(
            texts, tokens, 3, self._heads, each
        )
        query, key, value = mixed.transpose(2, 0, 3, 1, 4)
        scores = query @ key.swapaxes(-1, -2) / math.sqrt(each) + bias
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        heard = (scores @ value).transpose(0, 2, 1, 3).reshape(-1, size)
        attended = heard @ layer["out"] + layer["out_bias"] + flat
        flat = self._norm(attended, f"{layer['at']}attention.output.LayerNorm")
        grown = _gelu(flat @ layer["up"] + layer["up_bias"])
        flat = self._norm(
            grown @ layer["down"] + layer["down_bias"] + flat, f"{layer['at']}output.LayerNorm"
        )
        return flat.reshape(texts, tokens, size)

    def _norm(self, values: NDArray[np.float32], at: str) -> NDArray[np.float32]:
        import numpy as np

        centred = values - values.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + self._epsilon)
        scaled: NDArray[np.float32] = (
            centred / spread * self._tensors[f"{at}.weight"] + self._tensors[f"{at}.bias"]
        )
        return scaled


def _gelu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """x times the normal distribution's chance below x."""
    import numpy as np

    size = np.abs(values) * np.float32(1 / math.sqrt(2))
    inverse = 1 / (1 + np.float32(SLOPE) * size)
    series: NDArray[np.float32] = np.full_like(values, ERF[4])
    for term in reversed(ERF[:4]):
        series *= inverse
        series += np.float32(term)
    erf = 1 - series * inverse * np.exp(-size * size)
    half: NDArray[np.float32] = values * np.float32(0.5) * (1 + np.copysign(erf, values))
    return half
