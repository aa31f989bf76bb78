"""Escalations over HTTP: a key sees those of its tenant, an admin's key all; steps are durable."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from scripted_gateway import serving
from teppan.core.clock import SystemClock
from teppan.core.ids import Scope, new_id
from teppan.server.answering import Limits
from teppan.server.auth import Door
from teppan.server.drain import Drain
from teppan.server.edge import Edge
from teppan.server.escalations import routes
from teppan.server.metrics import Metrics
from teppan.server.routes import Table
from teppan.store import Store
from teppan.store.escalations import Called

SCOPES = {
    "anna": Scope("shop", "anna"),
    "eve": Scope("other", "eve"),
    "root": Scope("house", "root", role="admin"),
}


class Keys:
    def check(self, presented: str) -> Scope | None:
        return SCOPES.get(presented)

    async def find(self, presented: str) -> Scope | None:
        return None

    async def any(self) -> bool:
        return True


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "teppan.db")
    yield opened
    await opened.close()


@pytest.fixture
async def address(store: Store) -> AsyncIterator[str]:
    table = Table(routes(store.escalations, Limits()))
    edge = Edge(table, Door(Keys()), Drain(), Metrics(), SystemClock(), new_id)
    async with serving(edge) as url:
        yield url


@pytest.fixture
async def escalation(store: Store) -> str:
    called = Called(trace_id="tr_1", reason="asked", question="A human please", language="en")
    [made] = await store.escalations.call(SCOPES["anna"], [called])
    return made.id


async def ask(
    address: str, who: str, path: str = "", body: dict[str, Any] | None = None
) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {who}"}
    async with aiohttp.ClientSession(address, headers=headers) as session:
        method = "GET" if body is None else "POST"
        async with session.request(method, f"/v1/escalations{path}", json=body) as got:
            return got.status, await got.json()


async def test_a_tenant_lists_its_own_and_an_admin_all(address: str, escalation: str) -> None:
    for who, seen in (("anna", [escalation]), ("eve", []), ("root", [escalation])):
        status, body = await ask(address, who, "?status=open")
        assert status == 200
        assert [each["id"] for each in body["data"]] == seen


async def test_another_tenants_is_not_found(address: str, escalation: str) -> None:
    assert (await ask(address, "eve", f"/{escalation}"))[0] == 404
    assert (await ask(address, "eve", f"/{escalation}", {"status": "closed"}))[0] == 404
    status, body = await ask(address, "anna", f"/{escalation}")
    assert (status, body["question"], body["steps"]) == (200, "A human please", [])


async def test_it_is_claimed_and_closed_with_a_note(address: str, escalation: str) -> None:
    path = f"/{escalation}"
    assert (await ask(address, "anna", path, {"status": "claimed"}))[0] == 200
    status, body = await ask(address, "root", path, {"status": "claimed"})
    assert (status, body["error"]["code"]) == (409, "taken")
    status, body = await ask(address, "anna", path, {"status": "closed", "note": "called back"})
    assert (status, body["status"], body["by"]) == (200, "closed", "anna")
    assert [(each["status"], each["note"]) for each in body["steps"]] == [
        ("claimed", ""),
        ("closed", "called back"),
    ]
    assert (await ask(address, "anna", "?status=open"))[1]["data"] == []


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("?status=lost", None, "status"),
        ("?limit=0", None, "limit"),
        ("?limit=9999999999999999999", None, "limit"),
        ("?tenant=other", None, None),
        ("/ID", {"status": "gone"}, "status"),
        ("/ID", {}, "status"),
        ("/ID", {"status": "closed", "note": "x" * 5_000}, "note"),
        ("/ID", {"status": "closed", "by": "root"}, None),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_name(
    address: str, escalation: str, path: str, body: dict[str, Any] | None, param: str | None
) -> None:
    status, told = await ask(address, "anna", path.replace("ID", escalation), body)
    assert (status, told["error"]["param"]) == (400, param)


async def test_without_a_key_nobody_sees_anything(address: str, escalation: str) -> None:
    assert (await ask(address, "stranger", f"/{escalation}"))[0] == 401
