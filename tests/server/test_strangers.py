"""Who gets in, what strangers send, and how one leaves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from scripted_gateway import ScriptedGateway, make_edge, serving
from server.edge_bench import (
    QUESTION,
    TwoKeys,
    post,
    request_bytes,
    send,
)
from teppan.core.errors import (
    ConfigError,
)
from teppan.server.routes import Route, Table
from teppan.server.run import Bind, check_bind

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
