"""One HTTP request and its one response.

Raw ASGI underneath. While an answer is being made, a companion task listens for the client
leaving (then the work is cancelled, streaming or not) and breaks the silence of a stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from teppan.core.errors import BadRequest, BodyTooLarge, TeppanError
from teppan.core.ids import NewId
from teppan.server.header import Header
from teppan.server.headers import JSON_TYPE, client_request_id

if TYPE_CHECKING:
    from teppan.server.replays import Claim

HttpScope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

READ_PATIENCE = 30.0
"""Seconds a client may take for the next piece of its body."""

WRITE_PATIENCE = 60.0
"""Seconds a client may leave a piece of its answer unread once the buffers are full."""


class ClientGone(Exception):
    """The client left, or stopped reading."""


class Exchange:
    """Reads the body, writes the response, notices when the client leaves.

    `started` is on the monotonic clock. `ending` is set by a drain that must cut the work short,
    `claim` while the answer must be kept for an idempotency key, `extra` headers go with whatever
    whole response there will be.
    """

    __slots__ = (
        "_companion",
        "_receive",
        "_request_id",
        "_send",
        "_task",
        "begun",
        "claim",
        "ending",
        "extra",
        "gone",
        "headers",
        "method",
        "new_id",
        "path",
        "scope",
        "started",
        "status",
        "streaming",
    )

    def __init__(
        self, scope: HttpScope, receive: Receive, send: Send, started: float, new_id: NewId
    ) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.started = started
        self.new_id = new_id
        self.begun = self.streaming = self.gone = False
        self.status = 0
        self.ending: TeppanError | None = None
        self.claim: Claim | None = None
        self.extra: list[Header] = []
        self._receive = receive
        self._send = send
        self._request_id: str | None = client_request_id(self.headers.get(b"x-request-id"))
        self._task: asyncio.Task[Any] | None = None
        self._companion: asyncio.Task[None] | None = None

    @property
    def request_id(self) -> str:
        if self._request_id is None:
            self._request_id = self.new_id("req")
        return self._request_id

    def name_after(self, trace_id: str) -> str:
        """The request id: the client's own, else one made from the trace's."""
        if self._request_id is None:
            self._request_id = "req_" + trace_id.partition("_")[2]
        return self._request_id

    # --- the request -------------------------------------------------------------------------

    async def json_body(self, limit: int) -> bytes:
        """The body. Raises before buffering more than `limit` bytes."""
        self._check_type()
        declared = self.headers.get(b"content-length")
        if declared is not None:
            if not declared.isdigit():
                raise BadRequest("the header `content-length` is not a number")
            if int(declared) > limit:
                raise BodyTooLarge(f"the body is larger than {limit} bytes")
        pieces: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._next()
            piece: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(piece)
            if size > limit:
                raise BodyTooLarge(f"the body is larger than {limit} bytes")
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _check_type(self) -> None:
        kind = self.headers.get(b"content-type", b"application/json")
        if kind != b"application/json":
            media, _, rest = kind.partition(b";")
            if media.strip().lower() not in (b"application/json", b"text/json"):
                raise BadRequest("send the body as JSON, with `content-type: application/json`")
            charset = rest.strip().lower().removeprefix(b"charset=").strip(b'"')
            if charset not in (b"", b"utf-8", b"utf8"):
                raise BadRequest("send the body encoded in UTF-8")
        coding = self.headers.get(b"content-encoding", b"identity")
        if coding.lower() != b"identity":
            raise BadRequest("send the body uncompressed: `content-encoding` is not accepted")

    async def _next(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(READ_PATIENCE):
                message = await self._receive()
        except TimeoutError:
            raise BadRequest("the body did not arrive in time") from None
        if message["type"] == "http.disconnect":
            self.gone = True
            raise ClientGone
        return message

    # --- the response ------------------------------------------------------------------------

    async def respond(self, status: int, body: bytes, headers: Sequence[Header]) -> None:
        """A whole response of JSON (or of the content type among `headers`)."""
        self.begun = True
        self.status = status
        length = (b"content-length", b"%d" % len(body))
        start = {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, *self.extra, length],
        }
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
        self.let_go()

    async def begin_stream(self, headers: Sequence[Header]) -> None:
        self.begun = self.streaming = True
        self.status = 200
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": list(headers),
        }
        await self._send(start)

    async def write(self, piece: bytes, *, last: bool = False) -> None:
        """One piece of a stream; waits while the client's buffers are full.

        Raises `ClientGone` when they stay full.
        """
        if last:
            self.let_go()
        try:
            async with asyncio.timeout(WRITE_PATIENCE):
                await self._send(
                    {"type": "http.response.body", "body": piece, "more_body": not last}
                )
        except TimeoutError:
            self.gone = True
            raise ClientGone from None

    # --- the companion -----------------------------------------------------------------------

    def watch(self, keep_alive: bytes, every: float) -> None:
        """From now on this task is cancelled when the client leaves (`gone` says so)."""
        self._task = asyncio.current_task()
        self._companion = asyncio.get_running_loop().create_task(self._accompany(keep_alive, every))

    def let_go(self) -> None:
        """Ends the watch."""
        if self._companion is not None:
            self._companion.cancel()
            self._companion = None

    def cut_short(self, error: TeppanError) -> None:
        """Ends the work now: a stream with an error event, anything else with an error."""
        self.ending = error
        if self._task is not None and self._companion is not None:
            self.let_go()
            self._task.cancel()

    async def _accompany(self, keep_alive: bytes, every: float) -> None:
        while True:
            try:
                async with asyncio.timeout(every):
                    message = await self._receive()
            except TimeoutError:
                if self.streaming:
                    await self._send(
                        {"type": "http.response.body", "body": keep_alive, "more_body": True}
                    )
                continue
            if message["type"] == "http.disconnect":
                break
        self.gone = True
        if self._task is not None and self._companion is not None:
            self._companion = None
            self._task.cancel()


def with_json(headers: Sequence[Header]) -> list[Header]:
    """The headers of a JSON body."""
    return [JSON_TYPE, *headers]
