"""`POST /embeddings` and `GET /models`, which both formats of this family share."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping, Sequence

import msgspec

from teppan.core.chat import Embeddings, Usage
from teppan.core.errors import ProviderBadAnswer
from teppan.providers.base import Encoded
from teppan.providers.openai.errors import error_inside
from teppan.providers.wire import Object, dump, objects, parse, text_or_none, tokens

_PASSED_ON = ("dimensions", "user", "input_type", "truncate")


def encode_embeddings(texts: Sequence[str], model: str, options: Mapping[str, object]) -> Encoded:
    """The request; floats are asked for, because not every imitator knows base64."""
    body: Object = {"model": model, "input": list(texts), "encoding_format": "float"}
    unknown = tuple(name for name in options if name not in _PASSED_ON)
    body.update({name: options[name] for name in _PASSED_ON if options.get(name) is not None})
    return Encoded("/embeddings", dump(body), (), unknown)


class _Vector(msgspec.Struct):
    embedding: list[float] | str
    index: int | None = None


class _Answer(msgspec.Struct):
    data: list[_Vector]
    model: str = ""
    usage: dict[str, msgspec.Raw] | None = None


def decode_embeddings(body: bytes) -> Embeddings:
    """Vectors in the order of the texts. Raises `ProviderBadAnswer` for gaps and odd lengths."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        failed = error_inside(parse(body))
        raise failed or ProviderBadAnswer("the vendor's embeddings cannot be read") from None
    found = {
        number if vector.index is None else vector.index: _floats(vector.embedding)
        for number, vector in enumerate(answer.data)
    }
    if not found or set(found) != set(range(len(answer.data))):
        raise ProviderBadAnswer("the vendor's embeddings are not numbered from 0 without gaps")
    vectors = tuple(found[number] for number in range(len(found)))
    if len({len(vector) for vector in vectors}) != 1 or not vectors[0]:
        raise ProviderBadAnswer("the vendor's embeddings differ in length")
    return Embeddings(answer.model, vectors, _usage(answer.usage))


def _floats(embedding: list[float] | str) -> tuple[float, ...]:
    if isinstance(embedding, str):
        try:
            raw = base64.b64decode(embedding, validate=True)
            values = struct.unpack(f"<{len(raw) // 4}f", raw)
        except (ValueError, struct.error):
            raise ProviderBadAnswer("an embedding is not base64 of 32-bit floats") from None
    else:
        values = tuple(embedding)
    if not all(map(math.isfinite, values)):
        raise ProviderBadAnswer("an embedding holds a number that is not finite")
    return values


def _usage(said: Mapping[str, msgspec.Raw] | None) -> Usage:
    if said is None or "prompt_tokens" not in said:
        return Usage(estimated=True)
    counted = tokens(msgspec.json.decode(said["prompt_tokens"]))
    return Usage(counted) if counted else Usage(estimated=True)


def decode_models(body: bytes) -> tuple[str, ...]:
    """The names the vendor lists. Some answer with the bare list."""
    if body.lstrip()[:1] == b"[":
        body = b'{"data":' + body + b"}"
    answer = parse(body)
    failed = error_inside(answer)
    if failed is not None:
        raise failed
    names = (text_or_none(row.get("id")) for row in objects(answer.get("data"), "data"))
    return tuple(name for name in names if name is not None)
