"""What a vendor is to the rest of the house.

Three things that are often one thing elsewhere are apart here:

    Dialect       the wire format: pure functions from our words to bytes and back
    Vendor        a row of the catalogue: name, address, key variables, dialect
    Capabilities  what one model takes and refuses

`http_provider.py` joins them for one attempt at one model; `caller.py` decides about retries,
keys and breakers above it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion, Delta, Embeddings
from teppan.core.errors import ProviderError


class Capabilities(Struct, frozen=True):
    """What one model takes. The defaults are those of a plain chat model that takes everything.

    `drop` names fields of `ChatRequest` (or of its `extra`) the model refuses; they are left out
    and reported. `max_tokens_field` is the wire name of the answer limit. `roles` maps a role to
    the one the model understands (`developer` -> `system`). `thinking` is how the model's
    thinking is asked for (`budget` tokens, a `level`, or `adaptive` with an effort; `None`: it
    cannot be asked), `efforts` the levels it knows (empty: all), and `reasoning_field` the
    message field in which it wants its earlier thoughts back (`None`: it does not). `names` maps
    a field of `ChatRequest` to its wire name where this vendor has its own (`seed`).
    """

    drop: frozenset[str] = frozenset()
    dialect: str | None = None
    max_tokens_field: str | None = None
    roles: Mapping[str, str] = {}
    context: int | None = None
    max_output: int | None = None
    tools: bool = True
    images: bool = True
    json_schema: bool = True
    reasoning: bool = False
    version: str | None = None
    thinking: str | None = None
    efforts: tuple[str, ...] = ()
    reasoning_field: str | None = None
    names: Mapping[str, str] = {}


class Vendor(Struct, frozen=True):
    """A row of the catalogue. `models` are names worth trying when nobody chose any, `terms` is the
    page that says what its answers may be used for."""

    name: str
    url: str
    dialect: str
    key_env: tuple[str, ...] = ()
    url_env: tuple[str, ...] = ()
    needs_key: bool = True
    local: bool = False
    headers: Mapping[str, str] = {}
    version: str | None = None
    models: tuple[str, ...] = ()
    terms: str = ""


class Encoded(Struct, frozen=True):
    """A request on the wire: `path` is appended to the vendor's address."""

    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()


class Event(Struct, frozen=True):
    """One server-sent event: its type (empty when none was named) and its data."""

    name: str
    data: bytes


class StreamDecoder(Protocol):
    """Understands one stream; fed event by event, does no I/O."""

    @property
    def done(self) -> bool:
        """Whether the end marker has come: what follows means nothing."""

    def feed(self, event: Event) -> Sequence[Delta]:
        """What the event says. Raises a `ProviderError` for an error event or nonsense."""

    def end(self) -> Sequence[Delta]:
        """The bytes are over. Raises `StreamIncomplete` when the end marker never came."""


class Dialect(Protocol):
    """A vendor's wire format, pure: every method may be called without a network."""

    name: str

    def auth(self, key: str) -> tuple[tuple[str, str], ...]:
        """The headers that carry the key."""

    def encode(
        self, request: ChatRequest, model: str, capabilities: Capabilities, *, stream: bool
    ) -> Encoded: ...

    def decode(self, body: bytes) -> Completion:
        """A whole answer. Raises `ProviderBadAnswer` when the bytes are not one."""

    def decoder(self) -> StreamDecoder: ...

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """What the vendor means by this status and body. Header names are lower case."""

    def encode_embeddings(
        self, texts: Sequence[str], model: str, options: Mapping[str, object]
    ) -> Encoded:
        """Raises `UnsupportedRequest` when the dialect has no embeddings."""

    def decode_embeddings(self, body: bytes) -> Embeddings: ...

    def models_path(self) -> str:
        """Where the vendor lists its models."""

    def decode_models(self, body: bytes) -> tuple[str, ...]: ...


class Clocks(Struct, frozen=True):
    """The four clocks of an attempt, in seconds; `total` is cut by the request's deadline."""

    connect: float = 5.0
    first_token: float = 60.0
    idle: float = 30.0
    total: float = 300.0


class Attempted(Struct, frozen=True):
    """A whole answer to one attempt, and when its first byte came (seconds after the start)."""

    completion: Completion
    first_token: float
    dropped: tuple[str, ...] = ()


class Deltas(AsyncIterator[Delta]):
    """The deltas of one streamed attempt, and the fields the model would not take."""

    def __init__(self, source: AsyncGenerator[Delta], dropped: tuple[str, ...] = ()) -> None:
        self.dropped = dropped
        self._source = source

    def __anext__(self) -> Awaitable[Delta]:
        return self._source.__anext__()

    async def aclose(self) -> None:
        await self._source.aclose()


class Provider(Protocol):
    """Makes one attempt at one model with one key. No retries, no fallback, no money here."""

    name: str

    async def complete(
        self, request: ChatRequest, model: str, key: int, clocks: Clocks
    ) -> Attempted:
        """`model` is the vendor's own name, `key` the index of the key to use."""

    def stream(
        self, request: ChatRequest, model: str, key: int, clocks: Clocks
    ) -> AsyncIterator[Delta]:
        """The answer as it comes. Closing the iterator cancels the upstream call."""

    def dropped(self, request: ChatRequest, model: str) -> tuple[str, ...]:
        """The fields this model would not take."""

    @property
    def keys(self) -> int:
        """How many keys there are (1 for a vendor that needs none)."""

    async def embed(
        self, texts: Sequence[str], model: str, key: int, clocks: Clocks
    ) -> Embeddings: ...

    async def models(self, clocks: Clocks) -> tuple[str, ...]: ...
