"""`batchEmbedContents` and the list of models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from teppan.core.chat import Embeddings, Usage
from teppan.core.errors import ProviderBadAnswer
from teppan.providers.base import Encoded
from teppan.providers.google.errors import error_inside
from teppan.providers.wire import Object, dump, objects, parse, text_or_none, tokens


def encode_embeddings(texts: Sequence[str], model: str, options: Mapping[str, object]) -> Encoded:
    """One request for all the texts; each must name the model again."""
    place = model if model.startswith("models/") else f"models/{model}"
    dimensions = options.get("dimensions")
    requests: list[Object] = []
    for text in texts:
        request: Object = {"model": place, "content": {"parts": [{"text": text}]}}
        if dimensions is not None:
            request["outputDimensionality"] = dimensions
        requests.append(request)
    unknown = tuple(name for name in options if name != "dimensions")
    path = f"/{quote(place, safe='/-._~')}:batchEmbedContents"
    return Encoded(path, dump({"requests": requests}), (), unknown)


def decode_embeddings(body: bytes) -> Embeddings:
    """Vectors in the order of the texts; the vendor does not repeat the model's name."""
    answer = parse(body)
    failed = error_inside(answer)
    if failed is not None:
        raise failed
    vectors = tuple(
        _floats(each.get("values")) for each in objects(answer.get("embeddings"), "embeddings")
    )
    if not vectors or not vectors[0] or len({len(vector) for vector in vectors}) != 1:
        raise ProviderBadAnswer("the vendor's embeddings are missing or differ in length")
    said = answer.get("usageMetadata")
    count = tokens(said.get("promptTokenCount")) if isinstance(said, dict) else None
    return Embeddings("", vectors, Usage(count) if count else Usage(estimated=True))


def _floats(values: object) -> tuple[float, ...]:
    if not isinstance(values, list) or not all(type(each) in (int, float) for each in values):
        raise ProviderBadAnswer("an embedding of the vendor's answer is no list of numbers")
    numbers = tuple(float(each) for each in values)
    if not all(map(math.isfinite, numbers)):
        raise ProviderBadAnswer("an embedding holds a number that is not finite")
    return numbers


def decode_models(body: bytes) -> tuple[str, ...]:
    """The names of the models that answer, without their collection's name."""
    answer = parse(body)
    failed = error_inside(answer)
    if failed is not None:
        raise failed
    found = []
    for row in objects(answer.get("models"), "models"):
        name = text_or_none(row.get("name"))
        methods = row.get("supportedGenerationMethods")
        if name and (not isinstance(methods, list) or "generateContent" in methods):
            found.append(name.removeprefix("models/"))
    return tuple(found)
