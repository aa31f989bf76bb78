"""One attempt at one vendor over HTTP: a catalogue row, its dialects, its keys, the outbound door.

    complete / stream / embed / models
      └─ _open: encode ─> attach the key ─> Outbound.send ─> status and content type ─> bytes
                                                             └─> dialect.error on a refusal

No retries, no fallback, no money. What a vendor sends is not trusted: sizes are capped, the
content type is checked, and whatever a dialect stumbles over becomes `ProviderBadAnswer`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import TracebackType

import msgspec
from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion, Delta, Embeddings, Started, UsageSeen
from teppan.core.clock import Clock
from teppan.core.errors import (
    ConfigError,
    ProviderBadAnswer,
    ProviderError,
    ProviderTimeout,
)
from teppan.core.fold import unfold
from teppan.core.secret import Secret
from teppan.providers.base import (
    Attempted,
    Capabilities,
    Clocks,
    Deltas,
    Dialect,
    Encoded,
    StreamDecoder,
    Vendor,
)
from teppan.providers.http.base import HttpRequest, HttpResponse, Outbound
from teppan.providers.retry import retry_after
from teppan.providers.sse import SseParser

_JSON = "application/json"
_EVENTS = "text/event-stream"

_LAST_CHUNKS = 16
"""Chunks read after the end of an answer before its connection is given up."""

_STUMBLES = (msgspec.MsgspecError, ValueError, KeyError, IndexError, TypeError, AttributeError,
             RecursionError)  # fmt: skip
"""What parsing code raises over bytes it did not expect."""


class AnswerLimits(Struct, frozen=True):
    """What an answer may weigh. Bytes are decoded ones; a stream counts its chunks too.

    `drain` is how long, in seconds, a finished stream may take to hang up, so that its
    connection can be used again.
    """

    body: int = 32 * 1024 * 1024
    error_body: int = 256 * 1024
    stream: int = 64 * 1024 * 1024
    chunks: int = 1_000_000
    event: int = 16 * 1024 * 1024
    drain: float = 0.25


class Patience(Struct, frozen=True):
    """A model that thinks before it speaks gets at least these seconds."""

    first_token: float = 300.0
    idle: float = 120.0


class HttpProvider:
    """A vendor reached over HTTP (it is a `providers.base.Provider`).

    `dialects` holds the vendor's own dialect and those its models name in their capabilities;
    `capabilities` tells them by the vendor's model name. Keys are bound to `vendor.url`: no
    request leaves for another host.
    """

    def __init__(
        self,
        vendor: Vendor,
        dialects: Mapping[str, Dialect],
        keys: Sequence[Secret],
        outbound: Outbound,
        capabilities: Callable[[str], Capabilities],
        clock: Clock,
        limits: AnswerLimits | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.name = vendor.name
        self._dialects = dialects
        self._dialect = dialects[vendor.dialect]
        self._keys = tuple(keys)
        self._outbound = outbound
        self._capabilities = capabilities
        self._clock = clock
        self._limits = limits or AnswerLimits()
        self._patience = patience or Patience()
        self._base = _checked_address(vendor)
        self._headers = tuple((name.lower(), value) for name, value in vendor.headers.items())
        for secret in self._keys:
            if not _clean(secret.reveal()):
                raise ConfigError(f"a key of {self.name} holds a line break or another control")

    @property
    def keys(self) -> int:
        return len(self._keys) or 1

    def dropped(self, request: ChatRequest, model: str) -> tuple[str, ...]:
        dialect, capabilities = self._speaks(model)
        return dialect.encode(request, model, capabilities, stream=request.stream).dropped

    async def complete(
        self, request: ChatRequest, model: str, key: int, clocks: Clocks
    ) -> Attempted:
        dialect, capabilities = self._speaks(model)
        encoded = dialect.encode(request, model, capabilities, stream=False)
        started = self._clock.monotonic()
        with _Blame(self.name, model):
            response = await self._open(dialect, encoded, key, _whole(clocks), _JSON)
            try:
                first_token = self._clock.monotonic() - started
                body = await response.read(self._limits.body)
            finally:
                await response.close()
            completion = _with_choices(dialect.decode(body))
        return Attempted(completion, first_token, encoded.dropped)

    def stream(self, request: ChatRequest, model: str, key: int, clocks: Clocks) -> Deltas:
        dialect, capabilities = self._speaks(model)
        encoded = dialect.encode(request, model, capabilities, stream=True)
        if capabilities.reasoning:
            clocks = self._patient(clocks)
        return Deltas(self._streamed(dialect, encoded, model, key, clocks), encoded.dropped)

    async def _streamed(
        self, dialect: Dialect, encoded: Encoded, model: str, key: int, clocks: Clocks
    ) -> AsyncGenerator[Delta]:
        latest = self._clock.monotonic() + clocks.first_token
        with _Blame(self.name, model):
            response = await self._open(dialect, encoded, key, clocks, _EVENTS)
            try:
                if _content_type(response) == _JSON:
                    whole = _with_choices(dialect.decode(await response.read(self._limits.body)))
                    for delta in unfold(whole):
                        yield delta
                    return
                async for delta in self._deltas(response, dialect.decoder(), latest):
                    yield delta
            finally:
                await response.close()

    async def embed(self, texts: Sequence[str], model: str, key: int, clocks: Clocks) -> Embeddings:
        dialect, _ = self._speaks(model)
        encoded = dialect.encode_embeddings(texts, model, {})
        with _Blame(self.name, model):
            response = await self._open(dialect, encoded, key, _whole(clocks), _JSON)
            try:
                found = dialect.decode_embeddings(await response.read(self._limits.body))
            finally:
                await response.close()
            if len(found.vectors) != len(texts):
                raise ProviderBadAnswer(
                    f"{len(texts)} texts were sent and {len(found.vectors)} vectors came back"
                )
        return found

    async def models(self, clocks: Clocks) -> tuple[str, ...]:
        encoded = Encoded(self._dialect.models_path(), b"")
        with _Blame(self.name, ""):
            response = await self._open(
                self._dialect, encoded, 0, _whole(clocks), _JSON, method="GET"
            )
            try:
                return self._dialect.decode_models(await response.read(self._limits.body))
            finally:
                await response.close()

    def _speaks(self, model: str) -> tuple[Dialect, Capabilities]:
        capabilities = self._capabilities(model)
        if capabilities.dialect is None:
            return self._dialect, capabilities
        return self._dialects[capabilities.dialect], capabilities

    def _patient(self, clocks: Clocks) -> Clocks:
        return Clocks(
            clocks.connect,
            max(clocks.first_token, self._patience.first_token),
            max(clocks.idle, self._patience.idle),
            clocks.total,
        )

    async def _open(
        self,
        dialect: Dialect,
        encoded: Encoded,
        key: int,
        clocks: Clocks,
        wanted: str,
        method: str = "POST",
    ) -> HttpResponse:
        """Sends; returns a response of status 2xx whose content type may be an answer."""
        if not encoded.path.startswith("/"):
            raise ConfigError(f"a path of {self.name} must start with /: the key goes to one host")
        # What the vendor's row says is overruled by what this request needs.
        headers = dict(self._headers) | dict(encoded.headers) | {"accept": wanted}
        if self._keys:
            headers |= dict(dialect.auth(self._keys[key].reveal()))
        if encoded.body:
            headers["content-type"] = _JSON
        response = await self._outbound.send(
            HttpRequest(
                method, self._base + encoded.path, tuple(headers.items()), encoded.body, clocks
            )
        )
        usable = False
        try:
            if not 200 <= response.status < 300:
                raise await self._refusal(dialect, response)
            _check_content_type(response, wanted)
            usable = True
        finally:
            if not usable:
                await response.close()
        return response

    async def _refusal(self, dialect: Dialect, response: HttpResponse) -> ProviderError:
        """What the vendor means by a status that is not 2xx."""
        if response.status < 400:
            return ProviderBadAnswer(
                f"the vendor answered {response.status}; redirects are not followed",
                upstream_status=response.status,
            )
        try:
            body = await response.read(self._limits.error_body)
        except (ProviderBadAnswer, ProviderTimeout):
            body = b""  # the status says enough
        error = dialect.error(response.status, response.headers, body)
        asked = retry_after(response.headers, self._clock.now())
        if asked is not None:
            error.retry_after = asked
        error.upstream_status = response.status
        return error

    async def _deltas(
        self, response: HttpResponse, decoder: StreamDecoder, latest: float
    ) -> AsyncGenerator[Delta]:
        """The stream's deltas; the first content must have come at the moment `latest`."""
        parser = SseParser(self._limits.event)
        silent, size, count = True, 0, 0
        async for chunk in self._chunks(response, decoder):
            size += len(chunk)
            count += 1
            if size > self._limits.stream or count > self._limits.chunks:
                raise ProviderBadAnswer("the vendor's stream is larger than an answer may be")
            for event in parser.feed(chunk):
                for delta in decoder.feed(event):
                    silent = silent and isinstance(delta, Started | UsageSeen)
                    yield delta
            if silent and self._clock.monotonic() > latest:
                raise ProviderTimeout("the vendor sent signs of life only", clock="first_token")
        for delta in decoder.end():
            yield delta

    async def _chunks(
        self, response: HttpResponse, decoder: StreamDecoder
    ) -> AsyncGenerator[bytes]:
        """The body. Once everything was said its end is awaited only briefly: it brings late
        counts, and a connection that can be used again."""
        chunks = response.chunks()
        async for chunk in chunks:
            yield chunk
            if decoder.done:
                break
        else:
            return
        last: list[bytes] = []
        try:
            async with asyncio.timeout(self._limits.drain):
                while len(last) < _LAST_CHUNKS:
                    last.append(await anext(chunks))
        except (TimeoutError, StopAsyncIteration, ProviderError):
            pass  # nothing that is missed now belongs to the answer
        for chunk in last:
            yield chunk


class _Blame:
    """The one seam where foreign errors become ours, and ours learn whom they blame."""

    __slots__ = ("_model", "_provider")

    def __init__(self, provider: str, model: str) -> None:
        self._provider = provider
        self._model = model

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, ProviderError):
            error.provider = error.provider or self._provider
            error.model = error.model or self._model
        elif isinstance(error, _STUMBLES):
            raise ProviderBadAnswer(
                f"the vendor's answer cannot be read ({type(error).__name__})",
                provider=self._provider,
                model=self._model,
            ) from error


def _whole(clocks: Clocks) -> Clocks:
    """For an answer that comes in one piece the first token is the last one."""
    return Clocks(clocks.connect, clocks.total, clocks.idle, clocks.total)


def _with_choices(completion: Completion) -> Completion:
    if not completion.choices:
        raise ProviderBadAnswer("the vendor's answer holds no choice")
    return completion


def _content_type(response: HttpResponse) -> str:
    """The media type without parameters; JSON by any other name is JSON."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return _JSON if kind.endswith("+json") else kind


def _check_content_type(response: HttpResponse, wanted: str) -> None:
    """A vendor that was asked to stream may still answer whole; a missing type is forgiven."""
    kind = _content_type(response)
    if kind and kind != wanted and kind != _JSON:
        raise ProviderBadAnswer(
            f"the vendor answered with {kind[:60]!r} instead of {wanted}",
            upstream_status=response.status,
        )


def _checked_address(vendor: Vendor) -> str:
    url = vendor.url.rstrip("/")
    if not url.startswith(("https://", "http://")) or "@" in url or not _clean(url):
        raise ConfigError(f"the address of {vendor.name} must be http(s)://host, without a login")
    return url


def _clean(text: str) -> bool:
    """Whether the text can stand in a header or an address."""
    return not any(letter < " " or letter == "\x7f" for letter in text)
