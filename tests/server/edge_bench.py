"""What test_edge.py and test_strangers.py play with."""

from __future__ import annotations

import asyncio
import json
from typing import Any, ClassVar

from teppan.core.chat import ChatRequest, Finished, Started, TextDelta, Usage, UsageSeen
from teppan.core.errors import (
    ProviderOverloaded,
    ProviderTimeout,
    RateLimited,
)
from teppan.core.ids import Scope

ANSWER = [
    Started("m"),
    TextDelta("Hello"),
    TextDelta(" there"),
    Finished("stop"),
    UsageSeen(Usage(3, 2)),
]
QUESTION = {"model": "sim/one", "messages": [{"role": "user", "content": "hi"}]}


class TwoKeys:
    """`sk-user` and `sk-admin`, of two tenants."""

    scopes: ClassVar = {
        "sk-user": Scope("one", "key_1", ("sim/*",)),
        "sk-admin": Scope("two", "key_2", role="admin"),
    }

    def check(self, presented: str) -> Scope | None:
        return self.scopes.get(presented)

    async def find(self, presented: str) -> Scope | None:
        return None

    async def any(self) -> bool:
        return True


def script(request: ChatRequest) -> list[Any]:
    """By the name of the model."""
    if request.model == "limited":
        return [RateLimited(retry_after=7.2)]
    if request.model == "down":
        return [ProviderOverloaded(provider="sim", upstream_status=529)]
    if request.model == "breaks":
        return [*ANSWER[:2], ProviderTimeout("the vendor fell silent", clock="idle")]
    if request.model == "cut":
        return ANSWER[:2]
    if request.model == "bug":
        return [Started("m"), ValueError("secret detail")]
    if request.model == "slow":
        return [*ANSWER[:2], 30.0, *ANSWER[2:]]
    if request.model == "thinks":
        return [0.4, *ANSWER]
    return ANSWER


class Got:
    """A raw answer: status, headers, body."""

    def __init__(self, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0] else 0
        self.headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])
        }
        chunked = self.headers.get("transfer-encoding") == "chunked"
        self.body = unchunked(body) if chunked else body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return whole


async def send(address: str, raw: bytes) -> Got:
    """Sends bytes and reads until the server hangs up."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(raw)
        await writer.drain()
        return Got(await asyncio.wait_for(reader.read(), 20))
    except ConnectionError:
        return Got(b"")
    finally:
        writer.close()


def request_bytes(
    path: str = "/v1/chat/completions",
    body: bytes | dict[str, Any] | None = None,
    method: str = "POST",
    **headers: str,
) -> bytes:
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    said = {"host": "127.0.0.1", "connection": "close"}
    if body is not None:
        said |= {"content-type": "application/json", "content-length": str(len(body))}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value)
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + (body or b"")


async def post(address: str, path: str, body: Any, **headers: str) -> Got:
    return await send(address, request_bytes(path, body, **headers))
