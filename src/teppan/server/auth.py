"""Who is asking: a key becomes a `Scope`, or the request goes no further.

Without any key configured, a gateway on loopback serves whoever sits at the machine. A web
page that the person visits sits there too, so then the `Host` must be the machine itself
(against DNS rebinding) and an `Origin`, when a browser sends one, as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from teppan.core.errors import Forbidden, Unauthenticated
from teppan.core.ids import LOCAL, Scope

LOOPBACK_HOSTS = frozenset(("localhost", "127.0.0.1", "[::1]"))


class Keys(Protocol):
    """The gateway's own keys: `store.keys.Keys`, which knows them by heart."""

    def check(self, presented: str) -> Scope | None:
        """Whose key this is, from memory alone; None when it is not known there."""

    async def find(self, presented: str) -> Scope | None:
        """Whose key this is; None when it is unknown, expired or revoked."""

    async def any(self) -> bool:
        """Whether any key exists."""


class NoKeys:
    """A gateway without keys."""

    def check(self, presented: str) -> Scope | None:
        return None

    async def find(self, presented: str) -> Scope | None:
        return None

    async def any(self) -> bool:
        return False


class Door:
    """Admits requests. `require_key` None means: as soon as a key exists.

    `welcomes` says whether pages of a site may use some feedback key at all: a browser asks that
    before it sends the key (CORS).
    """

    def __init__(
        self,
        keys: Keys,
        *,
        require_key: bool | None = None,
        allowed_hosts: tuple[str, ...] = (),
        welcomes: Callable[[str], bool] = lambda origin: False,
    ) -> None:
        self.welcomes = welcomes
        self._keys = keys
        self._require_key = require_key
        self._hosts = LOOPBACK_HOSTS | {host.lower() for host in allowed_hosts}

    async def admit(self, headers: Mapping[bytes, bytes]) -> Scope:
        """The scope of a request. Raises `Unauthenticated`, or `Forbidden` for a foreign page."""
        presented = presented_key(headers)
        if presented is not None:
            scope = self._keys.check(presented) or await self._keys.find(presented)
            if scope is not None:
                _check_page(scope, headers)
                return scope
        if await self._needs_key():
            raise Unauthenticated
        self._check_neighbour(headers)
        return LOCAL

    async def _needs_key(self) -> bool:
        return await self._keys.any() if self._require_key is None else self._require_key

    def _check_neighbour(self, headers: Mapping[bytes, bytes]) -> None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if _without_port(host) not in self._hosts:
            raise Forbidden(
                "this host name is not the gateway's: call it by localhost, list the name in "
                "`server.allowed_hosts`, or make a key with `teppan keys create`"
            )
        origin = headers.get(b"origin")
        if origin is not None:
            _, _, site = origin.decode("latin-1").lower().partition("://")
            if _without_port(site) not in self._hosts:
                raise Forbidden("pages of other sites may not use this gateway without a key")


def _check_page(scope: Scope, headers: Mapping[bytes, bytes]) -> None:
    """A feedback key belongs to the pages of its sites; one that names none, to no page at all.
    This binds browsers, which say truly where a page is from; it cannot bind a program."""
    if scope.role != "feedback":
        return
    origin = headers.get(b"origin")
    if origin is None and not scope.origins:
        return
    if origin is None or origin.decode("latin-1") not in scope.origins:
        raise Forbidden("this feedback key is not for this site: `teppan keys create --origin`")


def presented_key(headers: Mapping[bytes, bytes]) -> str | None:
    """The key of a request, wherever its client puts it."""
    authorization = headers.get(b"authorization")
    if authorization is not None:
        kind, _, value = authorization.partition(b" ")
        if kind.lower() == b"bearer" and value.strip():
            return value.strip().decode("latin-1")
    for name in (b"x-api-key", b"api-key"):
        value = headers.get(name, b"").strip()
        if value:
            return value.decode("latin-1")
    return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
