"""A deterministic embedding: hashed words and letter triples, of unit length."""

import base64
import math
import struct
from typing import Any

from teppan.simulate import dice, tokens
from teppan.simulate.questions import content_words, normalise
from teppan.simulate.turn import Json, Refused

_DIMENSIONS = 256


def vector(text: str, dimensions: int = _DIMENSIONS) -> list[float]:
    """The embedding of a text; texts that share words and spellings point the same way."""
    values = [0.0] * dimensions
    folded = f" {normalise(text)} "
    features = [(f"w:{word}", 1.0) for word in content_words(text)]
    features += [(folded[i : i + 3], 0.3) for i in range(len(folded) - 2)]
    for feature, weight in features:
        slot = dice.number("embedding", feature)
        values[slot % dimensions] += weight if slot >> 63 else -weight
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return [value / length for value in values]


def embeddings(body: Json) -> Json:
    """The answer to an OpenAI-style embeddings request; raises `Refused`."""
    given = body.get("input")
    texts = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise Refused(
            "invalid_request", "'input' must be a string or an array of strings.", param="input"
        )
    dimensions = body.get("dimensions") or _DIMENSIONS
    if not isinstance(dimensions, int) or not 1 <= dimensions <= 4096:
        raise Refused("invalid_request", "'dimensions' is out of range.", param="dimensions")
    rows = [vector(text, dimensions) for text in texts if isinstance(text, str)]
    used = sum(tokens.count(text) for text in texts if isinstance(text, str))
    shown: list[Any] = rows
    if body.get("encoding_format") == "base64":
        pack = struct.Struct(f"<{dimensions}f").pack
        shown = [base64.b64encode(pack(*row)).decode() for row in rows]
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": row}
            for index, row in enumerate(shown)
        ],
        "model": body.get("model", ""),
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }
