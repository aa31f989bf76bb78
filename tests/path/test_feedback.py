"""A running gateway hears people, the business and pages of other sites; each word once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from feedback_site import MODEL, SHOP, SHOPS, Site, opened
from teppan.core.ids import LOCAL, new_id
from teppan.core.trace import ToolRun, Trace
from teppan.serve.feedback.outcomes import witness
from teppan.simulate.keys import DEFAULT_KEYS


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setenv("SIMULATED_KEY", DEFAULT_KEYS[0])
    async with opened(tmp_path) as made:
        yield made


# --- feedback ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "value", "kind", "raw"),
    [
        ({"thumbs": "up"}, 1.0, "thumbs", None),
        ({"stars": 4}, 0.75, "stars", 4.0),
        ({"stars": 1}, 0.0, "stars", 1.0),
        ({"rating": 0.25}, 0.25, "rating", None),
        ({"rating": "down"}, 0.0, "thumbs", None),
    ],
)
async def test_however_it_is_said_it_is_kept_with_its_scale(
    site: Site, said: dict[str, Any], value: float, kind: str, raw: float | None
) -> None:
    trace = await site.ask()
    status, told = await site.post("feedback", trace_id=trace, user="u1", comment="so", **said)
    assert status == 200, told
    [kept] = await site.house.store.feedback.of(SHOPS, trace)
    assert told["ids"] == [kept.id]
    assert (kept.value, kept.kind, kept.raw) == (value, kind, raw)
    assert (kept.source, kept.model, kept.comment) == ("user:u1", MODEL, "so")


async def test_a_mind_is_changed_and_taken_back(site: Site) -> None:
    trace = await site.ask()
    for thumbs, version in (("up", 1), ("up", 1), ("down", 2)):
        _, told = await site.post("feedback", trace_id=trace, user="u1", thumbs=thumbs)
        assert told["version"] == version
    await site.post("feedback", trace_id=trace, user="u2", thumbs="up")
    assert await site.house.store.feedback.latest(SHOPS, "rating") == {trace: 0.5}
    status, gone, _ = await site.send("DELETE", f"feedback/{told['ids'][0]}")
    assert (status, gone["withdrawn"]) == (200, True)
    assert await site.house.store.feedback.latest(SHOPS, "rating") == {trace: 1.0}
    for path in ("feedback/fb_no", "feedback/%00", "outcomes/a%00b", "corrections/" + "x" * 200):
        assert (await site.send("DELETE", path))[0] == 404


async def test_a_conversation_has_feedback_outcomes_and_no_strangers(site: Site) -> None:
    trace = await site.ask(episode="ep-1")
    other = await site.ask()
    assert (await site.post("feedback", episode="ep-1", stars=5))[0] == 200
    assert (await site.post("feedback", episode="ep-1", trace_id=trace, stars=4))[0] == 200
    [_, kept] = await site.house.store.feedback.of(SHOPS, episode="ep-1")
    assert (kept.version, kept.raw) == (2, 4.0)
    assert (await site.post("feedback", episode="ep-1", trace_id=other, stars=4))[0] == 404
    for path, more in (("feedback", {"stars": 1}), ("outcomes", {"metric": "booking"})):
        status, told = await site.post(path, key=site.stranger, episode="ep-1", **more)
        assert (status, told["error"]["param"]) == (404, "episode")
    status, told = await site.post("outcomes", episode="ep-1", metric="booking", amount=1100.10)
    assert (status, told["amount"], told["currency"]) == (200, "1100.1", "USD")
    [outcome] = await site.house.store.outcomes.of(SHOPS, trace, "ep-1")
    assert outcome.amount == 1_100_100_000


async def test_feedback_that_comes_when_the_trace_is_gone_is_still_taken(site: Site) -> None:
    trace = await site.ask()
    while await site.house.store.traces.get(SHOPS, trace) is None:
        await asyncio.sleep(0.01)
    await site.house.store.traces.prune(4e9)
    assert (await site.post("feedback", trace_id=trace, thumbs="up"))[0] == 200
    [kept] = await site.house.store.feedback.of(SHOPS, trace)
    assert kept.model == MODEL
    assert (await site.post("corrections", trace_id=trace, text="42"))[0] == 200
    assert (await site.post("feedback", trace_id=new_id("tr"), thumbs="up"))[0] == 404


@pytest.mark.parametrize("path", ["feedback", "outcomes", "corrections"])
async def test_a_request_sent_twice_under_a_key_is_done_once(site: Site, path: str) -> None:
    trace = await site.ask()
    more: dict[str, dict[str, Any]] = {
        "feedback": {"stars": 3},
        "outcomes": {"metric": "m"},
        "corrections": {"text": "t"},
    }
    body = {"trace_id": trace, **more[path]}
    _, first, _ = await site.send("POST", path, body, idempotency_key="k")
    status, again, headers = await site.send("POST", path, body, idempotency_key="k")
    assert (status, again, headers["idempotent-replayed"]) == (200, first, "true")
    other = {**body, "comment" if path != "outcomes" else "value": "x" if path != "outcomes" else 2}
    status, told, _ = await site.send("POST", path, other, idempotency_key="k")
    assert (status, told["error"]["code"]) == (409, "idempotency_conflict")


async def test_a_refused_request_leaves_its_key_free(site: Site) -> None:
    trace = await site.ask()
    bad, good = {"trace_id": trace}, {"trace_id": trace, "thumbs": "up"}
    assert (await site.send("POST", "feedback", bad, idempotency_key="k"))[0] == 400
    assert (await site.send("POST", "feedback", good, idempotency_key="k"))[0] == 200


# --- outcomes and corrections -----------------------------------------------------------------


async def test_an_outcome_is_changed_and_taken_back(site: Site) -> None:
    trace = await site.ask()
    for amount, version in (("1100", 1), ("1100.00", 1), ("1286.5", 2)):
        status, told = await site.post(
            "outcomes", trace_id=trace, metric="booking", amount=amount, id="bk-1"
        )
        assert (status, told["version"]) == (200, version)
    status, gone, _ = await site.send("DELETE", f"outcomes/{told['id']}")
    assert (status, gone["withdrawn"]) == (200, True)
    assert await site.house.store.outcomes.of(SHOPS, trace) == []


async def test_the_gateway_tells_what_it_saw_itself_once(site: Site) -> None:
    run = ToolRun(
        agent="booking", tool="book", arguments="{}", status="confirmed", result="", action="act_1"
    )
    proposed = ToolRun(
        agent="booking", tool="quote", arguments="{}", status="proposed", result="", action="act_2"
    )
    trace = Trace(
        id="tr_1",
        tenant="shop",
        key_id="k",
        started=0.0,
        asked=MODEL,
        strategy="single",
        status="ok",
        episode="ep-1",
        escalated=("asked", "anger"),
        tools=(proposed, run),
    )
    for _ in range(2):
        await witness(site.house.store.outcomes, SHOPS, trace)
    found = await site.house.store.outcomes.of(SHOPS, "", "ep-1")
    assert sorted(each.metric for each in found) == ["escalated", "tool:book"]


async def test_a_correction_has_versions(site: Site) -> None:
    trace = await site.ask()
    for text, version in (("42", 1), ("42.", 2), ("42.", 2)):
        status, told = await site.post("corrections", trace_id=trace, text=text, user="ann")
        assert (status, told["version"]) == (200, version)
    latest = await site.house.store.corrections.latest(SHOPS, trace)
    assert latest is not None
    assert (latest.text, latest.source) == ("42.", "user:ann")
    assert (await site.post("corrections", key=site.stranger, trace_id=trace, text="x"))[0] == 404


# --- pages ------------------------------------------------------------------------------------


async def test_a_page_may_rate_and_nothing_else(site: Site) -> None:
    trace = await site.ask(episode="ep-1")
    status, told, headers = await site.browse("feedback", trace_id=trace, thumbs="up", user="u1")
    assert status == 200, told
    assert headers["access-control-allow-origin"] == SHOP
    assert headers["vary"] == "origin"
    assert "access-control-allow-credentials" not in headers
    [kept] = await site.house.store.feedback.of(SHOPS, trace)
    assert (kept.source, kept.claimed) == ("claimed:u1", True)
    refused = [
        await site.browse("outcomes", trace_id=trace, metric="booking"),
        await site.browse("corrections", trace_id=trace, text="x"),
        await site.browse("chat/completions", model=MODEL, messages=[]),
        await site.browse("feedback", trace_id=trace, wrong_hit=True),
        await site.browse("feedback", episode="ep-1", thumbs="up"),
        await site.send("GET", "models", key=site.page, origin=SHOP),
        await site.send("GET", "escalations", key=site.page, origin=SHOP),
    ]
    assert [status for status, _, _ in refused] == [403] * len(refused)


async def test_a_page_takes_back_only_what_its_key_said(site: Site) -> None:
    trace = await site.ask()
    _, own, _ = await site.browse("feedback", trace_id=trace, thumbs="up")
    _, of_shop = await site.post("feedback", trace_id=trace, thumbs="up")
    for told, wanted in ((of_shop, 404), (own, 200)):
        path = f"feedback/{told['ids'][0]}"
        assert (await site.send("DELETE", path, key=site.page, origin=SHOP))[0] == wanted


async def test_who_names_themselves_is_not_the_user_of_that_name(site: Site) -> None:
    trace = await site.ask()
    await site.post("feedback", trace_id=trace, thumbs="up", user="ann")
    await site.browse("feedback", trace_id=trace, thumbs="down", user="ann")
    assert await site.house.store.feedback.latest(SHOPS, "rating") == {trace: 0.5}


async def test_a_page_key_is_of_no_use_on_another_site(site: Site) -> None:
    trace = await site.ask()
    for origin in ("https://evil.example", "null", "https://shop.example.evil", ""):
        status, _, headers = await site.browse("feedback", origin, trace_id=trace, thumbs="up")
        assert status == 403
        assert "access-control-allow-origin" not in headers
    status, _ = await site.post("feedback", key=site.page, trace_id=trace, thumbs="up")
    assert status == 403


async def test_a_browser_asks_first_and_is_told_for_its_site_alone(site: Site) -> None:
    async def preflight(path: str, origin: str, method: str = "POST") -> tuple[int, Any]:
        headers = {"origin": origin, "access-control-request-method": method}
        async with site.http.options(f"{site.address}{path}", headers=headers) as got:
            return got.status, got.headers

    status, headers = await preflight("/v1/feedback", SHOP)
    assert status == 200
    assert headers["access-control-allow-origin"] == SHOP
    assert headers["access-control-allow-methods"] == "POST"
    assert "authorization" in headers["access-control-allow-headers"]
    assert (await preflight("/v1/feedback/fb_1", SHOP, "DELETE"))[0] == 200
    for path, origin, method, wanted in (
        ("/v1/feedback", "https://evil.example", "POST", 403),
        ("/v1/outcomes", SHOP, "POST", 403),
        ("/v1/chat/completions", SHOP, "POST", 403),
        ("/v1/feedback", SHOP, "PUT", 405),
        ("/nowhere", SHOP, "POST", 404),
    ):
        status, headers = await preflight(path, origin, method)
        assert status == wanted
        assert "access-control-allow-origin" not in headers


async def test_a_flood_from_one_source_is_slowed_and_others_are_heard(site: Site) -> None:
    trace = await site.ask()
    said = [
        (await site.browse("feedback", trace_id=trace, stars=1 + n % 5, user="mallory"))[0]
        for n in range(25)
    ]
    assert said == [200] * 20 + [429] * 5
    assert (await site.browse("feedback", trace_id=trace, stars=5, user="ann"))[0] == 200


class Learning:
    """A router that notes what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, float]] = []

    async def rated(self, trace: Trace, quality: float) -> None:
        self.heard.append((trace.id, quality))


async def test_the_adaptive_router_does_not_hear_a_page_all_day(site: Site) -> None:
    site.house.desk._learning = learning = Learning()
    for n in range(5):
        trace = await site.ask(f"What is {n} + 25?")
        await site.browse("feedback", trace_id=trace, thumbs="down", user="mallory")
    assert len(learning.heard) == 3


async def test_the_adaptive_router_hears_what_all_say_of_an_answer(site: Site) -> None:
    site.house.desk._learning = learning = Learning()
    trace = await site.ask()
    for user, thumbs in (("ann", "up"), ("ben", "down"), ("ann", "down")):
        _, told = await site.post("feedback", trace_id=trace, user=user, thumbs=thumbs)
    await site.post("feedback", trace_id=trace, user="eve", stars=5)
    await site.send("DELETE", f"feedback/{told['ids'][0]}")
    assert [value for _, value in learning.heard] == [1.0, 0.5, 0.0, pytest.approx(1 / 3), 0.5]


# --- what cannot be meant ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("feedback", {"trace_id": "TR", "stars": 6}, "stars"),
        ("feedback", {"trace_id": "TR", "stars": 2.5}, "stars"),
        ("feedback", {"trace_id": "TR", "thumbs": "up", "stars": 1}, "rating"),
        ("feedback", {"trace_id": "TR", "thumbs": True}, "thumbs"),
        ("feedback", {"trace_id": "TR", "rating": True}, "rating"),
        ("feedback", {"episode": "e", "wrong_hit": True}, "trace_id"),
        ("feedback", {"trace_id": "TR", "comment": "a\0b"}, "comment"),
        ("feedback", {"trace_id": "TR", "rating": 1, "user": "x" * 300}, "user"),
        ("outcomes", {"trace_id": "TR"}, "metric"),
        ("outcomes", {"trace_id": "TR", "metric": "tool:book"}, "metric"),
        ("outcomes", {"trace_id": "TR", "metric": "m", "id": "tool:act"}, "id"),
        ("outcomes", {"trace_id": "TR", "metric": "m", "amount": "1.0000001"}, "amount"),
        ("outcomes", {"trace_id": "TR", "metric": "m", "amount": "NaN"}, "amount"),
        ("outcomes", {"trace_id": "TR", "metric": "m", "amount": "1e9999"}, "amount"),
        ("outcomes", {"trace_id": "TR", "metric": "m", "currency": "USD"}, "amount"),
        ("outcomes", {"trace_id": "TR", "metric": "m", "at": "2026-11-28T12:00:00"}, "at"),
        ("outcomes", {"metric": "m"}, "episode"),
        ("corrections", {"trace_id": "TR", "text": "  "}, "text"),
        ("corrections", {"text": "x"}, "trace_id"),
    ],
)
async def test_what_cannot_be_meant_names_its_field(
    site: Site, path: str, body: dict[str, Any], param: str
) -> None:
    status, told = await site.post(path, **body)
    assert (status, told["error"]["param"]) == (400, param)


async def test_whatever_a_stranger_sends_is_refused_in_words(site: Site) -> None:
    """Bodies made of every kind of value in every field: never a 500, nothing kept."""
    values: list[Any] = [
        None,
        True,
        -1,
        1e300,
        "",
        "x" * 5_000,
        [],
        {},
        "\ud83d\ude00",
        "a\nb",
        [[[]]],
    ]
    fields = ["trace_id", "episode", "thumbs", "stars", "rating", "user", "metric", "value"]
    fields += ["amount", "currency", "id", "at", "text", "comment", "wrong_hit", "nonsense"]
    for path in ("feedback", "outcomes", "corrections"):
        for field in fields:
            for value in values:
                body = {"trace_id": "", "metric": "m", field: value}
                status, told, _ = await site.send("POST", path, body)
                assert status in (400, 404), (path, body, told)
                assert told["error"]["message"]
    assert await site.house.store.feedback.counting(LOCAL, everyone=True) == []
    async with site.http.post(
        f"{site.address}/v1/feedback",
        data=b"x" * 70_000,
        headers={"authorization": f"Bearer {site.page}", "origin": SHOP},
    ) as got:
        assert got.status in (400, 413)
