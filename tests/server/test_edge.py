"""The HTTP edge on a real socket: who gets in, what is refused, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from scripted_gateway import ScriptedGateway
from server.edge_bench import (
    QUESTION,
    post,
)

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
    logged = "".join(capsys.readouterr())
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
