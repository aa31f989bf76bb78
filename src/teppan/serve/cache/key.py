"""By what an answer is found again. A key without a tenant cannot be made.

Everything that shapes an answer is in the key: model, messages, tools, every parameter, and the
version of prompt and knowledge. Who asks (`user`, `metadata`, `episode`), how it is delivered
(`stream`) and what is wanted of the cache itself are not.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from teppan.core.chat import ChatRequest, Message, Text
from teppan.core.ids import Scope

UNSHAPING = ("stream", "include_usage", "user", "metadata", "episode", "cache", "asked")
"""Fields of a request that do not change what the answer says."""
UNSHAPING_EXTRA = frozenset(
    ("prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "store")
)
"""The same among the fields that only vendors know."""


def exact_key(scope: Scope, request: ChatRequest, version: str) -> str:
    """The name of this very request: 128 bits in hexadecimal."""
    return _digest(scope, version, _shape(request))


def partition_of(scope: Scope, request: ChatRequest, version: str) -> str:
    """The name of everything in the request but the words of its question.

    Two questions are only ever compared inside one partition. A summary or knowledge that was put
    before the question belongs to the partition.
    """
    last = request.messages[-1]
    question = request.question
    before = last.text.removesuffix(question) if last.text != question else ""
    emptied = Message(last.role, (Text(before),), last.name, last.refusal, last.extra)
    messages = (*request.messages[:-1], emptied)
    return _digest(scope, version, _shape(msgspec.structs.replace(request, messages=messages)))


def _shape(request: ChatRequest) -> dict[str, Any]:
    shape = {
        name: value for name, value in msgspec.structs.asdict(request).items() if value is not None
    }
    for name in UNSHAPING:
        shape.pop(name, None)
    extra = {
        name: each for name, each in (request.extra or {}).items() if name not in UNSHAPING_EXTRA
    }
    shape.pop("extra", None)
    if extra:
        shape["extra"] = extra
    else:
        del shape["dialect"]  # the same question in another wire format
    return shape


def _digest(scope: Scope, version: str, shape: dict[str, Any]) -> str:
    encoded = msgspec.json.encode([scope.tenant, version, shape], order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:32]
