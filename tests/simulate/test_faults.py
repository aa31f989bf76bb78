"""Faults do on the wire what their names say, in every dialect, whole and streamed."""

from __future__ import annotations

import asyncio
import contextlib
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from teppan.core.clock import FixedClock
from teppan.simulate import Fleet, Settings
from teppan.simulate.faults import FAULTS, Fault, UnknownFault, parse_faults

KEY = "simulated-key-1"
MODELS = {
    "openai": ("/v1/chat/completions", "sim-gpt-large"),
    "anthropic": ("/v1/messages", "sim-claude-large"),
    "google": ("/v1beta/models/sim-gemini-pro:generateContent", "sim-gemini-pro"),
    "ollama": ("/v1/chat/completions", "sim-llama:8b"),
}


async def call(
    http: aiohttp.ClientSession, fleet: Fleet, vendor: str, fault: str = "", stream: bool = False
) -> aiohttp.ClientResponse:
    path, model = MODELS[vendor]
    said = [{"role": "user", "content": "Repeat after me: one two three four five six seven"}]
    body: dict[str, object] = {
        "model": model,
        "messages": said,
        "max_tokens": 100,
        "stream": stream,
    }
    if vendor == "google":
        body = {"contents": [{"parts": [{"text": said[0]["content"]}]}]}
        path = path.replace("generate", "streamGenerate") + "?alt=sse" if stream else path
    headers = {
        "authorization": f"Bearer {KEY}",
        "x-goog-api-key": KEY,
        "anthropic-version": "2023-06-01",
        **({"x-simulate-fault": fault} if fault else {}),
    }
    return await http.post(fleet.root(vendor) + path, json=body, headers=headers)


async def read(response: aiohttp.ClientResponse) -> bytes:
    return await response.read()


async def leave_early(
    http: aiohttp.ClientSession, fleet: Fleet, vendor: str, fault: str, stream: bool
) -> None:
    """Ask, wait until the vendor has heard the question, and hang up."""
    before = fleet.calls.total

    async def ask() -> None:
        await read(await call(http, fleet, vendor, fault, stream))

    task = asyncio.create_task(ask())
    while fleet.calls.total == before:
        await asyncio.sleep(0.005)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await fleet.calls.settled()


@pytest.mark.parametrize("text", ["429", "429:date=5", "503;times=2;every=3", "split:1"])
def test_a_fault_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_faults(text)[0]) == text


def test_faults_are_joined_and_unknown_ones_named() -> None:
    assert parse_faults("split:1 + no_end") == (Fault("split", "1"), Fault("no_end"))
    with pytest.raises(UnknownFault, match=r"known: .*429"):
        parse_faults("meteor")


@pytest.mark.parametrize("vendor", MODELS)
@pytest.mark.parametrize("stream", [False, True])
async def test_without_a_fault_the_answer_is_whole(
    fleet: Fleet, http: aiohttp.ClientSession, vendor: str, stream: bool
) -> None:
    response = await call(http, fleet, vendor, stream=stream)
    text = await read(response)
    assert response.status == 200, text
    assert response.headers["x-simulated"] == "teppan"
    assert b"seven" in text


@pytest.mark.parametrize("fault", ["401", "402", "403", "429:3", "500", "502", "503", "529"])
async def test_an_error_has_its_status_and_the_vendors_own_shape(
    fleet: Fleet, http: aiohttp.ClientSession, fault: str
) -> None:
    bodies = {}
    for vendor in MODELS:
        response = await call(http, fleet, vendor, fault)
        assert response.status == int(fault[:3])
        bodies[vendor] = await response.json()
        assert bodies[vendor]["error"]["message"]
    assert bodies["anthropic"]["type"] == "error"
    assert bodies["anthropic"]["error"]["type"].endswith("_error")
    assert bodies["google"]["error"]["code"] == int(fault[:3])
    assert bodies["google"]["error"]["status"].isupper()


@pytest.mark.parametrize(
    ("form", "value"),
    [("", None), ("7", "7"), ("-5", "-5"), ("1000000000", "1000000000"), ("0.5", "0.5"),
     ("garbage", "soon"), ("ms=1500", "2")],
)  # fmt: skip
async def test_retry_after_comes_in_every_form(
    fleet: Fleet, http: aiohttp.ClientSession, form: str, value: str | None
) -> None:
    response = await call(http, fleet, "openai", f"429:{form}")
    assert response.headers.get("retry-after") == value
    assert response.headers.get("retry-after-ms") == ("1500" if form == "ms=1500" else None)


async def test_retry_after_can_be_a_date(http: aiohttp.ClientSession) -> None:
    clock = FixedClock(start=1_700_000_000)
    async with Fleet(Settings(speed=0, clock=clock)) as fleet:
        response = await call(http, fleet, "openai", "503:date=90")
        when = parsedate_to_datetime(response.headers["retry-after"])
        assert when.timestamp() == clock.now() + 90


BREAKS = (
    "refused", "reset_head", "reset_body:30", "cut_bytes:30", "cut_events:2", "reset_events:1",
    "short_length",
)  # fmt: skip
HANGS = ("silence", "stall:2", "stall_bytes:10", "endless")
SMALL = {
    "gzip_bomb": ":1", "huge_body": ":1", "slow_events": ":0.001", "slow_first_event": ":0.01",
    "slow_first": ":0.01", "slow_body": ":9999", "say": ":hello", "long_line": ":9999",
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", BREAKS)
async def test_a_broken_connection_is_an_error_to_the_client(
    fleet: Fleet, http: aiohttp.ClientSession, stream: bool, fault: str
) -> None:
    for vendor in MODELS:
        with pytest.raises(aiohttp.ClientError):
            await read(await call(http, fleet, vendor, fault, stream))
        await fleet.calls.settled()
        assert fleet.calls.select(vendor=vendor)[-1].outcome in ("broken", "client_left")


@pytest.mark.parametrize("fault", HANGS)
@pytest.mark.parametrize("stream", [False, True])
async def test_the_vendor_notices_when_the_client_leaves(
    fleet: Fleet, http: aiohttp.ClientSession, fault: str, stream: bool
) -> None:
    await leave_early(http, fleet, "openai", fault, stream)
    assert fleet.calls.select(vendor="openai")[-1].outcome == "client_left"


@pytest.mark.parametrize(
    "fault",
    ["split:1", "sse_crlf", "sse_cr", "sse_comments", "sse_bom", "sse_unknown", "sse_multiline"],
)
async def test_a_legal_oddity_leaves_the_text_whole(
    fleet: Fleet, http: aiohttp.ClientSession, fault: str
) -> None:
    for vendor in MODELS:
        assert b"seven" in await read(await call(http, fleet, vendor, fault, stream=True))


@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_every_fault_can_be_rendered_in_every_dialect(
    fleet: Fleet, http: aiohttp.ClientSession, name: str
) -> None:
    fault = name + SMALL.get(name, "")
    hangs = any(name == one.partition(":")[0] for one in HANGS)
    for vendor in MODELS:
        for stream in (False, True):
            if hangs:
                await leave_early(http, fleet, vendor, fault, stream)
                continue
            with contextlib.suppress(aiohttp.ClientError):
                await read(await call(http, fleet, vendor, fault, stream))
    assert [str(call.faults[0]) for call in fleet.calls] == [fault] * 2 * len(MODELS)


async def test_times_and_every_limit_a_fault(fleet: Fleet, http: aiohttp.ClientSession) -> None:
    twice = [(await call(http, fleet, "openai", "503;times=2")).status for _ in range(4)]
    flaps = [(await call(http, fleet, "openai", "500;every=2")).status for _ in range(4)]
    assert (twice, flaps) == ([503, 503, 200, 200], [500, 200, 500, 200])


async def test_scripts_hit_their_model_or_key_in_order(
    fleet: Fleet, http: aiohttp.ClientSession
) -> None:
    fleet.faults.add("500", vendor="openai", times=1)
    fleet.faults.add("429:1", model="sim-gpt-large", times=1)
    fleet.faults.add("503", key=2)
    seen = [(await call(http, fleet, "openai")).status for _ in range(3)]
    assert seen == [500, 429, 200]
    assert (await call(http, fleet, "anthropic")).status == 200


async def test_chance_is_seeded(http: aiohttp.ClientSession) -> None:
    async def statuses(seed: int) -> list[int]:
        chaos = Settings(speed=0, seed=seed, fault_rate=0.5, fault_mix=("500", "503"))
        async with Fleet(chaos) as fleet:
            return [(await call(http, fleet, "openai")).status for _ in range(20)]

    first = await statuses(1)
    assert first == await statuses(1)
    assert set(first) == {200, 500, 503}


async def test_a_closed_port_refuses_and_opens_again(
    fleet: Fleet, http: aiohttp.ClientSession
) -> None:
    await fleet.refuse("openai")
    with pytest.raises(aiohttp.ClientConnectorError):
        await call(http, fleet, "openai")
    await fleet.restore("openai")
    assert (await call(http, fleet, "openai")).status == 200


@pytest.mark.parametrize(
    ("state", "status"), [("revoked", 401), ("throttled:2", 429), ("exhausted", 429), ("ok", 200)]
)
async def test_each_key_has_its_own_state(
    fleet: Fleet, http: aiohttp.ClientSession, state: str, status: int
) -> None:
    fleet.keys.set("openai", 0, state)
    assert (await call(http, fleet, "openai")).status == status


async def test_records_hold_no_key(fleet: Fleet, http: aiohttp.ClientSession) -> None:
    await call(http, fleet, "openai")
    seen = fleet.calls.select(vendor="openai")[0]
    assert (seen.key, seen.outcome, seen.model) == (0, "completed", "sim-gpt-large")
    assert KEY not in repr(seen)


async def test_latency_goes_through_the_clock(http: aiohttp.ClientSession) -> None:
    clock = FixedClock()
    async with Fleet(Settings(speed=1, clock=clock)) as fleet:
        await read(await call(http, fleet, "openai", stream=True))
    assert sum(clock.slept) > 0.1


async def test_the_control_endpoint_scripts_faults_and_shows_calls(
    fleet: Fleet, http: aiohttp.ClientSession
) -> None:
    control = fleet.root("openai") + "/_simulate"
    about = await (await http.get(control)).json()
    assert about["vendors"]["openai"]["address"] == fleet.address("openai")
    await http.post(f"{control}/faults", json={"fault": "503;times=1", "vendor": "openai"})
    assert (await call(http, fleet, "openai")).status == 503
    calls = await (await http.get(f"{control}/calls")).json()
    assert calls["calls"][0]["faults"] == ["503;times=1"]
    assert (await http.post(f"{control}/faults", json={"fault": "meteor"})).status == 400
