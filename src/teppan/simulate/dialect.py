"""What every dialect offers the server, and how one is found.

A dialect is a module of this folder that ends in `DIALECT = ...`; vendors name their modules in
`personas.toml`, so that no other file needs to know a vendor.
"""

import base64
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from typing import Any, Protocol

import orjson

from teppan.simulate.personas import Persona
from teppan.simulate.turn import Event, Json, Refused, Reply, Turn
from teppan.simulate.wire import Request

STATUS: Mapping[str, int] = {
    "invalid_request": 400,
    "unsupported_parameter": 400,
    "context_overflow": 400,
    "content_filter": 400,
    "authentication": 401,
    "bad_key": 401,
    "payment": 402,
    "permission": 403,
    "not_found": 404,
    "model_not_found": 404,
    "too_large": 413,
    "rate_limit": 429,
    "quota": 429,
    "server": 500,
    "bad_gateway": 502,
    "unavailable": 503,
    "timeout": 504,
    "overloaded": 529,
}


@dataclass(frozen=True, slots=True)
class Site:
    """What a dialect may know of its vendor when it lists models: the personas, and the time."""

    models: tuple[Persona, ...]
    now: float


class Dialect(Protocol):
    """One wire format, both ways.

    `statuses` holds the kinds of refusal for which the vendor's HTTP status is not the usual one;
    `cut_prompt` says that too long a prompt is cut without a word.
    """

    name: str
    request_id_header: str
    cut_prompt: bool
    statuses: Mapping[str, int]

    def operation(self, method: str, path: str) -> str | None:
        """What the path asks for (`generate` is an answer), or None when it is not served."""

    def stream_type(self, turn: Turn) -> str:
        """The content type of a streamed answer."""

    def parse(self, request: Request, body: Json) -> Turn:
        """Read a request for an answer; raises `Refused`."""

    def render(self, turn: Turn, reply: Reply) -> Json:
        """The whole answer as one JSON object."""

    def events(self, turn: Turn, reply: Reply) -> Iterator[Event]:
        """The answer as a stream."""

    def error(self, refused: Refused, request_id: str) -> Json:
        """The body of an error response."""

    def error_event(self, refused: Refused) -> Event:
        """An error in the middle of a stream."""

    def other(self, operation: str, request: Request, body: Json, site: Site) -> Json:
        """Everything that is not an answer: models, embeddings, token counts; raises `Refused`."""


def load_dialect(module: str) -> Dialect:
    """The dialect of a module of this folder."""
    dialect: Dialect = import_module(f"teppan.simulate.{module}").DIALECT
    return dialect


def read_json(body: bytes) -> Json:
    """The request body as an object; raises `Refused`."""
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(
            "invalid_request", f"We could not parse the JSON body of your request: {error}"
        ) from error
    if not isinstance(value, dict):
        raise Refused("invalid_request", "The body of the request must be a JSON object.")
    return value


def signature(text: str) -> str:
    """An opaque proof that the simulator wrote this reasoning: base64 text."""
    digest = hmac.digest(b"simulated", text.encode("utf-8", "replace"), sha256)
    return base64.b64encode(b"simulated:" + digest + text.encode("utf-8", "replace")).decode()


def signed_text(proof: str) -> str | None:
    """The reasoning inside a signature, or None when the simulator did not write it."""
    try:
        raw = base64.b64decode(proof, validate=True)
    except ValueError:
        return None
    digest, text = raw[10:42], raw[42:]
    genuine = raw[:10] == b"simulated:" and digest == hmac.digest(b"simulated", text, sha256)
    return text.decode("utf-8", "replace") if genuine else None


def need_list(body: Json, field: str) -> list[Any]:
    """A field that must be a non-empty array; raises `Refused`."""
    value = body.get(field)
    if not isinstance(value, list) or not value:
        raise Refused("invalid_request", f"'{field}' must be a non-empty array.", param=field)
    return value


def need_text(body: Json, field: str) -> str:
    """A field that must be a non-empty string; raises `Refused`."""
    value = body.get(field)
    if not isinstance(value, str) or not value:
        raise Refused("invalid_request", f"you must provide a {field} parameter", param=field)
    return value
