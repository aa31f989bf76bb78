"""The HTTP edge on a real socket: who gets in, what is refused, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest

from scripted_gateway import ScriptedGateway, make_edge, serving
from teppan.core.chat import ChatRequest, Finished, Started, TextDelta, Usage, UsageSeen
from teppan.core.errors import (
    ConfigError,
    ProviderOverloaded,
    ProviderTimeout,
    RateLimited,
)
from teppan.core.ids import Scope
from teppan.server.routes import Route, Table
from teppan.server.run import Bind, check_bind

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


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway(script)


@pytest.fixture
async def address(gateway: ScriptedGateway) -> AsyncIterator[str]:
    async with serving(make_edge(gateway, keep_alive=0.1, body=10_000)) as url:
        yield url


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


# --- answers -------------------------------------------------------------------------------------


async def test_an_answer_says_what_it_cost_and_who_gave_it(address: str) -> None:
    got = await post(address, "/v1/chat/completions", QUESTION, x_request_id="mine-1")
    assert got.status == 200
    assert got.json["choices"][0]["message"]["content"] == "Hello there"
    assert got.headers["x-request-id"] == "mine-1"
    assert got.headers["x-teppan-trace-id"] == "tr_1"
    assert got.headers["x-teppan-model"] == "sim/one"
    assert got.headers["x-teppan-cost"] == "0.001234"
    assert got.headers["x-teppan-cost-micros"] == "1234"
    assert got.headers["x-teppan-dropped"] == "seed"


async def test_options_of_ours_reach_the_gateway_and_go_no_further(
    address: str, gateway: ScriptedGateway
) -> None:
    body = {**QUESTION, "teppan": {"task_type": "code", "include": ["replies"]}, "odd": 1}
    got = await post(address, "/v1/chat/completions", body, x_teppan_episode="ep-1")
    assert got.json["teppan"]["replies"] == []
    asked = gateway.requests[0]
    assert (asked.task_type, asked.episode, asked.extra) == ("code", "ep-1", {"odd": 1})


async def test_a_stream_ends_with_its_cost_and_its_marker(address: str) -> None:
    got = await post(address, "/v1/chat/completions", {**QUESTION, "stream": True})
    assert got.headers["content-type"].startswith("text/event-stream")
    assert b"cost=0.001234" in got.body
    assert got.body.endswith(b"data: [DONE]\n\n")


async def test_a_stream_that_deliberates_breathes(address: str) -> None:
    for path, breath in (("chat/completions", b": keep-alive"), ("messages", b"event: ping")):
        body = {**QUESTION, "model": "thinks", "stream": True, "max_tokens": 9}
        got = await post(address, f"/v1/{path}", body)
        assert breath in got.body
        assert b"there" in got.body


@pytest.mark.parametrize("model", ["breaks", "cut"])
@pytest.mark.parametrize(
    ("path", "sign", "end"),
    [
        ("chat/completions", b'data: {"error":', b"[DONE]"),
        ("responses", b"event: response.failed", b"response.completed"),
        ("messages", b"event: error", b"message_stop"),
    ],
)
async def test_a_stream_that_breaks_ends_in_an_error_and_never_in_an_end_marker(
    address: str, model: str, path: str, sign: bytes, end: bytes
) -> None:
    body = {**QUESTION, "input": "hi", "model": model, "stream": True, "max_tokens": 9}
    got = await post(address, f"/v1/{path}", body)
    assert got.status == 200
    assert sign in got.body
    assert end not in got.body


# --- errors --------------------------------------------------------------------------------------


async def test_an_error_has_all_four_keys_and_says_who_failed(address: str) -> None:
    got = await post(address, "/v1/chat/completions", {**QUESTION, "model": "down"})
    assert got.status == 503
    assert set(got.json["error"]) >= {"message", "type", "param", "code"}
    assert got.json["error"]["source"] == "provider"
    assert got.json["error"]["provider_status"] == 529
    assert got.headers["retry-after"] == "1"


async def test_a_limit_says_when_to_come_again_in_the_clients_own_format(address: str) -> None:
    got = await post(address, "/v1/messages", {**QUESTION, "model": "limited", "max_tokens": 1})
    assert got.status == 429
    assert got.json["type"] == "error"
    assert got.json["error"]["type"] == "rate_limit_error"
    assert got.json["request_id"] == got.headers["x-request-id"]
    assert (got.headers["retry-after"], got.headers["retry-after-ms"]) == ("8", "7200")


async def test_what_nobody_foresaw_is_told_and_logged_without_its_details(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    got = await post(address, "/v1/chat/completions", {**QUESTION, "model": "bug"})
    assert got.status == 500
    assert b"secret detail" not in got.body
    assert got.headers["x-request-id"] in got.json["error"]["message"]
    logged = capsys.readouterr().out
    assert "ValueError" in logged
    assert "secret detail" not in logged


WRONG = {
    "no model": ({"messages": [{"role": "user", "content": "x"}]}, "model"),
    "no messages": ({"model": "m"}, "messages"),
    "a role nobody has": ({"model": "m", "messages": [{"role": "boss"}]}, "messages[0].role"),
    "content of a number": (
        {"model": "m", "messages": [{"role": "user", "content": 5}]},
        "messages[0].content",
    ),
    "a part without a type": (
        {"model": "m", "messages": [{"role": "user", "content": [{"text": "x"}]}]},
        "messages[0].content[0].type",
    ),
    "a million choices": ({**QUESTION, "n": 10**6}, "n"),
    "a negative limit": ({**QUESTION, "max_tokens": -1}, "max_tokens"),
    "an endless limit": ({**QUESTION, "max_tokens": 10**12}, "max_tokens"),
    "a hot temperature": ({**QUESTION, "temperature": 1e308}, "temperature"),
    "a temperature in words": ({**QUESTION, "temperature": "hot"}, "temperature"),
    "true for a number": ({**QUESTION, "seed": True}, "seed"),
    "tools of a string": ({**QUESTION, "tools": "x"}, "tools"),
    "a stream in words": ({**QUESTION, "stream": "yes"}, "stream"),
    "an option of ours nobody knows": ({**QUESTION, "teppan": {"x": 1}}, "teppan"),
}


@pytest.mark.parametrize(("body", "param"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_field_is_named(address: str, body: dict[str, Any], param: str) -> None:
    got = await post(address, "/v1/chat/completions", body)
    assert got.status == 400
    assert got.json["error"]["param"] == param
    assert got.json["error"]["type"] == "invalid_request_error"


# --- bytes from strangers ------------------------------------------------------------------------

SMALL = json.dumps(QUESTION).encode()
ODD = {
    "no body": (request_bytes(body=b""), {400}),
    "a wrong type": (request_bytes(body=SMALL, content_type="text/html"), {400}),
    "a form": (request_bytes(body=SMALL, content_type="application/x-www-form-urlencoded"), {400}),
    "another charset": (
        request_bytes(body=SMALL, content_type="application/json; charset=utf-16"),
        {400},
    ),
    "compressed": (request_bytes(body=SMALL, content_encoding="gzip"), {400}),
    "a negative length": (request_bytes(body=SMALL, content_length="-5"), {400}),
    "a huge length": (request_bytes(body=SMALL, content_length="50000000"), {413}),
    "a body over the limit": (request_bytes(body=b'{"a":"' + b"x" * 20_000 + b'"}'), {413}),
    "two lengths": (
        request_bytes(body=SMALL).replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n", 1),
        {400},
    ),
    "length and chunks": (request_bytes(body=SMALL, transfer_encoding="chunked"), {400}),
    "chunks over the limit": (
        request_bytes(transfer_encoding="chunked", content_type="application/json")
        + b"4000\r\n"
        + b"x" * 0x4000
        + b"\r\n0\r\n\r\n",
        {413},
    ),
    "a broken chunk": (request_bytes(transfer_encoding="chunked") + b"zz\r\nhello\r\n", {400}),
    "an endless head": (
        b"POST /v1/chat/completions HTTP/1.1\r\n" + b"x: " + b"y" * 2_000_000,
        {0, 400},
    ),
    "a bad start line": (b"GARBAGE\r\n\r\n", {400}),
    "a bare line feed in a header": (
        b"POST /v1/chat/completions HTTP/1.1\nhost: x\ncontent-length: 0\n\n",
        {400, 403},
    ),
    "a path with dots": (request_bytes("/v1/x/../chat/completions", SMALL), {404}),
    "a path with an escaped dot": (request_bytes("/v1/%2e/chat/completions", SMALL), {404}),
    "a double slash": (request_bytes("//v1/chat/completions", SMALL), {404}),
    "a trailing slash": (request_bytes("/v1/chat/completions/", SMALL), {404}),
    "another case": (request_bytes("/V1/chat/completions", SMALL), {404}),
    "a method nobody knows": (request_bytes(body=SMALL, method="BREW"), {400, 405}),
    "options": (request_bytes(method="OPTIONS"), {405}),
    "trace": (request_bytes(method="TRACE"), {405}),
    "an absolute address": (request_bytes("http://evil.example/healthz", method="GET"), {200}),
}


@pytest.mark.parametrize(("raw", "statuses"), ODD.values(), ids=ODD.keys())
async def test_odd_bytes_get_a_client_error_and_the_server_lives(
    address: str, gateway: ScriptedGateway, raw: bytes, statuses: set[int]
) -> None:
    got = await send(address, raw)
    assert got.status in statuses
    assert not gateway.requests
    assert (await send(address, request_bytes("/healthz", method="GET"))).status == 200


# --- who gets in ---------------------------------------------------------------------------------


async def test_without_keys_only_the_machine_itself_gets_in(address: str) -> None:
    for host, status in {
        "localhost": 200,
        "127.0.0.1:8080": 200,
        "[::1]:1": 200,
        "evil.example": 403,
        "127.0.0.1.evil.example": 403,
        "localhost.": 403,
    }.items():
        assert (await post(address, "/v1/chat/completions", QUESTION, host=host)).status == status
    for origin, status in {
        "http://localhost:3000": 200,
        "https://evil.example": 403,
        "null": 403,
    }.items():
        got = await post(address, "/v1/chat/completions", QUESTION, origin=origin)
        assert got.status == status


async def test_a_key_may_come_in_any_of_its_three_headers(gateway: ScriptedGateway) -> None:
    async with serving(make_edge(gateway, TwoKeys())) as url:
        for header in (
            {"authorization": "Bearer sk-user"},
            {"authorization": "bearer sk-user"},
            {"x_api_key": "sk-user"},
            {"api_key": "sk-user"},
        ):
            got = await post(url, "/v1/chat/completions", QUESTION, **header, host="any.example")
            assert got.status == 200
        refused = [
            await post(url, "/v1/chat/completions", QUESTION, **header)
            for header in ({}, {"authorization": "Bearer x"}, {"authorization": "Basic sk-user"})
        ]
    assert {got.status for got in refused} == {401}
    assert len({got.json["error"]["message"] for got in refused}) == 1
    assert {scope.tenant for scope in gateway.scopes} == {"one"}


ROUTES = {
    ("POST", "/v1/chat/completions"): "user",
    ("POST", "/v1/responses"): "user",
    ("POST", "/v1/messages"): "user",
    ("POST", "/v1/messages/count_tokens"): "user",
    ("POST", "/v1/embeddings"): "user",
    ("GET", "/v1/models"): "user",
    ("GET", "/v1/models/{name}"): "user",
    ("GET", "/healthz"): "public",
    ("GET", "/readyz"): "public",
    ("GET", "/metrics"): "admin",
}
"""The golden list: a new route is written here before it is served."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
PRESENTED = {"nobody": {}, "user": {"x_api_key": "sk-user"}, "admin": {"x_api_key": "sk-admin"}}
OPEN_TO = {
    "public": {"nobody", "user", "admin"},
    "user": {"user", "admin"},
    "admin": {"admin"},
}


async def test_every_route_by_every_method_opens_to_whom_it_says_and_nobody_else(
    gateway: ScriptedGateway,
) -> None:
    edge = make_edge(gateway, TwoKeys())
    assert {(route.method, route.path): route.access for route in edge.table.routes} == ROUTES
    async with serving(edge) as url:
        for path in {path for _, path in ROUTES}:
            for method in METHODS:
                for who, header in PRESENTED.items():
                    address = path.replace("{name}", "sim/one")
                    got = await send(url, request_bytes(address, method=method, **header))
                    access = ROUTES.get((method, path))
                    if access is None:
                        assert got.status == 405
                    elif who in OPEN_TO[access]:
                        assert got.status in (200, 400)
                    else:
                        assert got.status == (401 if who == "nobody" else 403)


def test_a_route_that_declares_no_access_cannot_be_built() -> None:
    async def handler(*_: Any) -> None: ...

    with pytest.raises(ConfigError, match="declares no access"):
        Table([Route("GET", "/x", "", handler)])  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="two routes"):
        Table([Route("GET", "/x", "user", handler), Route("GET", "/x", "public", handler)])


def test_a_public_address_without_a_key_does_not_start() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "gateway.example"):
        with pytest.raises(ConfigError, match="keys create"):
            check_bind(Bind(host), has_key=False)
        check_bind(Bind(host), has_key=True)
    for host in ("127.0.0.1", "::1", "localhost"):
        check_bind(Bind(host), has_key=False)


# --- leaving -------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
async def test_when_the_client_leaves_the_work_is_cancelled(
    address: str, gateway: ScriptedGateway, stream: bool
) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(request_bytes(body={**QUESTION, "model": "slow", "stream": stream}))
    await writer.drain()
    await gateway.until(lambda: gateway.said >= 2)
    writer.close()
    await gateway.until(lambda: bool(gateway.cancelled))
    assert gateway.cancelled == ["tr_1"]


async def test_a_drain_ends_open_streams_with_an_error_and_refuses_new_work(
    gateway: ScriptedGateway,
) -> None:
    edge = make_edge(gateway)
    async with serving(edge, drain=0.5) as url:
        streaming = asyncio.create_task(
            post(url, "/v1/chat/completions", {**QUESTION, "model": "slow", "stream": True})
        )
        waiting = asyncio.create_task(
            post(url, "/v1/chat/completions", {**QUESTION, "model": "slow"})
        )
        await gateway.until(lambda: gateway.said >= 4)
        edge.drain.begin()
        assert (await send(url, request_bytes("/healthz", method="GET"))).status == 200
        ready = await send(url, request_bytes("/readyz", method="GET"))
        assert (ready.status, ready.json["failed"]) == (503, {"drain": "shutting down"})
        refused = await post(url, "/v1/chat/completions", QUESTION)
        assert (refused.status, refused.json["error"]["code"]) == (503, "shutting_down")
        assert await edge.drain.finish(0.1) == 2
        told, whole = await streaming, await waiting
    assert b'"shutting_down"' in told.body
    assert b"[DONE]" not in told.body
    assert whole.status == 503


async def test_counts_are_told_in_prometheus_text(address: str) -> None:
    await post(address, "/v1/chat/completions", QUESTION)
    got = await send(address, request_bytes("/metrics", method="GET"))
    assert (
        b'teppan_http_requests_total{endpoint="/v1/chat/completions",status="200"} 1.0' in got.body
    )
