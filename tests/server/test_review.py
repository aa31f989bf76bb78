"""Reviewing over HTTP: claimed by one, decided once, refused by name, seen by reviewers alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from contract.test_store_review import MOST, entry
from scripted_gateway import serving
from teppan.core.clock import SystemClock
from teppan.core.ids import Scope, new_id
from teppan.learn.review.deciding import Reviewing
from teppan.server.auth import Door
from teppan.server.drain import Drain
from teppan.server.edge import Edge
from teppan.server.metrics import Metrics
from teppan.server.replays import Replays
from teppan.server.review import routes
from teppan.server.routes import Table
from teppan.store import Store
from teppan.store.review import Place
from teppan.store.review_rows import item_id

SCOPES = {
    "root": Scope("house", "root", role="admin"),
    "anna": Scope("shop", "anna"),
    "page": Scope("shop", "page", role="feedback"),
    "mia": Scope("shop", "mia", role="reviewer"),
    "eve": Scope("other", "eve", role="reviewer"),
}
SHOP = SCOPES["anna"]
ID = item_id("shop", "tr_3")


class Keys:
    def check(self, presented: str) -> Scope | None:
        return SCOPES.get(presented)

    async def find(self, presented: str) -> Scope | None:
        return None

    async def any(self) -> bool:
        return True


class Followed(list[tuple[str, str]]):
    async def __call__(self, scope: Scope, trace_id: str) -> None:
        self.append((scope.tenant, trace_id))


@pytest.fixture
def followed() -> Followed:
    return Followed()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "teppan.db", durability="process")
    await opened.review.put(SHOP, [entry(1), entry(2), entry(3)], Place(), MOST)
    yield opened
    await opened.close()


@pytest.fixture
async def address(store: Store, followed: Followed) -> AsyncIterator[str]:
    desk = Reviewing(store.review, followed, 60.0, 0.0)
    table = Table(routes(desk, 1_000_000, Replays(store.idempotency)))
    edge = Edge(table, Door(Keys()), Drain(), Metrics(), SystemClock(), new_id)
    async with serving(edge) as url:
        yield url


async def ask(
    address: str,
    path: str = "",
    body: dict[str, Any] | None = None,
    who: str = "root",
    key: str = "",
) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {who}"} | ({"idempotency-key": key} if key else {})
    async with aiohttp.ClientSession(address, headers=headers) as session:
        method = "GET" if body is None else "POST"
        async with session.request(method, f"/v1/review{path}", json=body) as got:
            return got.status, await got.json()


async def test_two_who_ask_get_two_items_and_each_their_own_again(address: str) -> None:
    status, mia = await ask(address, "/next?reviewer=mia")
    assert (status, mia["item"]["id"], mia["item"]["by"]) == (200, ID, "root/mia")
    assert mia["item"]["question"] == "Question 3?"
    assert (await ask(address, "/next?reviewer=mia"))[1]["item"]["id"] == ID
    assert (await ask(address, "/next?reviewer=tom"))[1]["item"]["trace_id"] == "tr_2"
    assert (await ask(address, "/next"))[1]["item"]["trace_id"] == "tr_1"
    assert (await ask(address, "/next?reviewer=late"))[1]["item"] is None


async def test_a_decision_sent_twice_is_once(address: str, followed: Followed) -> None:
    await ask(address, "/next?reviewer=mia")
    edit = {"action": "edit", "text": "It is $55.", "reviewer": "mia"}
    for key in ("", "", "k1", "k1"):
        status, told = await ask(address, f"/{ID}", edit, key=key)
        assert (status, told["status"]) == (200, "edited")
        assert [each["action"] for each in told["steps"]] == ["edit"]
    assert set(followed) == {("shop", "tr_3")}
    status, told = await ask(address, f"/{ID}", {"action": "approve", "reviewer": "mia"})
    assert (status, told["error"]["code"]) == (409, "taken")
    status, told = await ask(address, f"/{ID}", {"action": "undo", "reviewer": "mia"})
    assert (status, told["status"]) == (200, "claimed")
    status, told = await ask(address, f"/{ID}", {"action": "release", "reviewer": "mia"})
    assert (status, told["status"]) == (200, "open")


async def test_who_holds_nothing_is_told_what_to_do(address: str) -> None:
    status, told = await ask(address, f"/{ID}", {"action": "approve"})
    assert (status, told["error"]["code"]) == (409, "taken")
    assert "claim it before you decide" in told["error"]["message"]
    assert (await ask(address, f"/{ID}", {"action": "claim", "reviewer": "tom"}))[0] == 200
    status, told = await ask(address, f"/{ID}", {"action": "approve"})
    assert "held by root/tom" in told["error"]["message"]


async def test_an_edit_that_changes_nothing_is_an_approval(address: str) -> None:
    await ask(address, "/next")
    status, told = await ask(address, f"/{ID}", {"action": "edit", "text": " $55 "})
    assert (status, told["status"]) == (200, "approved")


async def test_lists_and_figures(address: str) -> None:
    status, told = await ask(address, "?status=open&limit=2")
    assert [each["trace_id"] for each in told["data"]] == ["tr_3", "tr_2"]
    status, told = await ask(address, f"/{ID}")
    assert (status, told["steps"]) == (200, [])
    status, told = await ask(address, "/stats?days=7")
    assert (status, told["counts"]["ranked"], told["answers"]["accuracy"]) == (
        200,
        {"open": 3},
        None,
    )


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("?status=lost", None, "status"),
        ("?limit=0", None, "limit"),
        ("?tenant=shop", None, "tenant"),
        ("/next?reviewer=%00", None, "reviewer"),
        ("/stats?days=x", None, "days"),
        ("/ID", {"action": "burn"}, "action"),
        ("/ID", {}, "action"),
        ("/ID", {"action": "edit"}, "text"),
        ("/ID", {"action": "approve", "text": "better"}, "text"),
        ("/ID", {"action": "reject", "reason": "x" * 5_000}, "reason"),
        ("/ID", {"action": "undo", "reason": "no"}, "reason"),
        ("/ID", {"action": "skip", "reviewer": "a/b"}, "reviewer"),
        ("/ID", {"action": "skip", "by": "tom"}, None),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_name(
    address: str, path: str, body: dict[str, Any] | None, param: str | None
) -> None:
    status, told = await ask(address, path.replace("ID", ID), body)
    assert (status, told["error"]["param"]) == (400, param)


async def test_a_reviewer_sees_the_answers_of_its_own_tenant(address: str) -> None:
    assert (await ask(address, f"/{ID}", who="mia"))[0] == 200
    assert (await ask(address, f"/{ID}", who="eve"))[0] == 404


async def test_only_reviewers_review(address: str) -> None:
    for who in ("anna", "page"):
        assert (await ask(address, "/next", who=who))[0] == 403
        assert (await ask(address, f"/{ID}", {"action": "claim"}, who=who))[0] == 403
    assert (await ask(address, "/rev_no"))[0] == 404
