"""Which handler serves which path, and who may call it.

Every route states its access; a table with a route that does not, or with two routes for one
method and path, cannot be built. What is not in the table does not exist. Access belongs to
the matched route, never to a prefix of the path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple, get_args

from teppan.core.errors import ConfigError, NotFound, TeppanError
from teppan.core.ids import Scope
from teppan.server.errors import plain_body
from teppan.server.exchange import Exchange

Access = Literal["public", "user", "admin", "feedback", "reviewer"]
"""`feedback` takes every key, those for feedback alone too, and pages of the sites they name."""
Handler = Callable[[Exchange, Scope], Awaitable[None]]
Refusal = Callable[[TeppanError, str], bytes]

NAME = "{name}"
"""At the end of a path, stands for the rest of it, slashes included."""


def admits(access: Access, scope: Scope) -> bool:
    """Whether a key may call a route. A feedback key may call nothing but what says `feedback`,
    a reviewer's key nothing but that and what says `reviewer`."""
    if access == "admin":
        return scope.role == "admin"
    if access == "reviewer":
        return scope.role in ("reviewer", "admin")
    return access == "feedback" or scope.role in ("user", "admin")


class Route(NamedTuple):
    method: str
    path: str
    access: Access
    handler: Handler
    refusal: Refusal = plain_body


class MethodNotAllowed(TeppanError):
    """This address does not take that method."""

    status, exit_code, code, kind = 405, 2, "method_not_allowed", "invalid_request_error"

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = ", ".join(sorted(allowed))
        super().__init__(f"this address takes {self.allowed}")


class Table:
    """The routes of a server."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self._exact: dict[str, dict[str, Route]] = {}
        self._named: dict[str, dict[str, Route]] = {}
        for route in routes:
            if route.access not in get_args(Access):
                raise ConfigError(f"the route {route.method} {route.path} declares no access")
            named = route.path.endswith(NAME)
            paths, path = (
                (self._named, route.path.removesuffix(NAME)) if named else (self._exact, route.path)
            )
            methods = paths.setdefault(path, {})
            if route.method in methods:
                raise ConfigError(f"two routes serve {route.method} {route.path}")
            methods[route.method] = route

    def match(self, method: str, path: str) -> Route:
        """The route of a request. Raises `NotFound` or `MethodNotAllowed`."""
        methods = self._exact.get(path) or self._prefixed(path)
        if methods is None:
            raise NotFound("there is nothing at this address")
        route = methods.get(method)
        if route is None:
            raise MethodNotAllowed(list(methods))
        return route

    def _prefixed(self, path: str) -> dict[str, Route] | None:
        for prefix, methods in self._named.items():
            if path.startswith(prefix) and len(path) > len(prefix):
                return methods
        return None
