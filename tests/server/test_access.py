"""What each role of key may call; pages of other sites are told of feedback alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from teppan.core.clock import SystemClock
from teppan.core.errors import Forbidden
from teppan.core.ids import LOCAL, Scope, new_id
from teppan.server import cors
from teppan.server.answering import Limits
from teppan.server.app import Beside, Said, assemble
from teppan.server.auth import Door, NoKeys
from teppan.server.routes import Access, Table, admits

SHOP = "https://shop.example"
ROLES = {
    "user": Scope("shop", "k"),
    "admin": Scope("shop", "k", role="admin"),
    "feedback": Scope("shop", "k", role="feedback", origins=(SHOP,)),
}


class PageKey(NoKeys):
    """Knows one key, for feedback; `origins` are its sites."""

    def __init__(self, *origins: str) -> None:
        self.scope = Scope("shop", "k", role="feedback", origins=origins)

    def check(self, presented: str) -> Scope | None:
        return self.scope


@pytest.fixture
def table() -> Table:
    """The routes of a whole server."""
    part = cast(Any, SimpleNamespace(names=list, about=str, gateway=None, tools=None))
    gateway = cast(Any, SimpleNamespace(models=part))
    said = Said(part, part, part)
    edge = assemble(
        gateway,
        Door(NoKeys()),
        clock=SystemClock(),
        new_id=new_id,
        limits=Limits(),
        checks={},
        beside=Beside(said, part, part),
    )
    return edge.table


def test_a_feedback_key_opens_feedback_and_what_is_public(table: Table) -> None:
    opened = {
        (route.method, route.path)
        for route in table.routes
        if route.access != "public" and admits(route.access, ROLES["feedback"])
    }
    assert opened == {("POST", "/v1/feedback"), ("DELETE", "/v1/feedback/{name}")}


@pytest.mark.parametrize(
    ("access", "roles"),
    [
        ("user", {"user", "admin"}),
        ("admin", {"admin"}),
        ("feedback", {"user", "admin", "feedback"}),
    ],
)
def test_a_route_admits_the_roles_it_names(access: Access, roles: set[str]) -> None:
    assert {role for role, scope in ROLES.items() if admits(access, scope)} == roles


def headers(origin: str | None) -> dict[bytes, bytes]:
    sent = {b"authorization": b"Bearer x"}
    return sent if origin is None else {**sent, b"origin": origin.encode()}


@pytest.mark.parametrize(
    ("origins", "origin", "welcome"),
    [
        ((SHOP,), SHOP, True),
        ((SHOP,), "https://evil.example", False),
        ((SHOP,), "HTTPS://SHOP.EXAMPLE", False),
        ((SHOP,), "null", False),
        ((SHOP,), None, False),
        ((), None, True),
        ((), SHOP, False),
    ],
)
async def test_a_feedback_key_is_for_its_sites_or_for_no_page(
    origins: tuple[str, ...], origin: str | None, welcome: bool
) -> None:
    door = Door(PageKey(*origins))
    if welcome:
        assert (await door.admit(headers(origin))).role == "feedback"
        return
    with pytest.raises(Forbidden):
        await door.admit(headers(origin))


def test_only_feedback_is_shared_and_never_with_everybody() -> None:
    door = Door(NoKeys(), welcomes=lambda origin: origin == SHOP)
    for access in ("public", "user", "admin"):
        assert cors.shared(access, headers(SHOP), door) == []
    assert cors.shared("feedback", headers("https://evil.example"), door) == [cors.VARY]
    told = dict(cors.shared("feedback", headers(SHOP), door))
    assert told[b"access-control-allow-origin"] == SHOP.encode()
    assert b"access-control-allow-credentials" not in told


def test_whoever_sits_at_the_machine_may_say_what_they_think() -> None:
    assert admits("feedback", LOCAL)
