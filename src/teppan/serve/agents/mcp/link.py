"""What a connection to one MCP server is to those above it: requests out, results back.

Link       StdioLink (a program) or HttpLink (a service): carries messages, knows no meaning
Session    agrees on a revision, lists the tools, calls one
McpTools   all servers of a pack: connects late, comes again after a failure
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from teppan.core.chat import Json

MESSAGE = 4 * 1024 * 1024
"""Bytes of one message that a server may send."""


class McpFailed(Exception):
    """A server did not do what it was asked: gone, silent, or not speaking the protocol.

    The words are ours and may go to a model.
    """


class McpTimeout(McpFailed):
    """A server took too long."""


class McpRefused(McpFailed):
    """A server answered with an error; `code` is the protocol's, the words are the server's.

    `data` is what it added, for the code that knows what to do about it.
    """

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class Link(Protocol):
    """A connection to one server. `alive` is false once it can carry nothing any more."""

    alive: bool

    async def request(
        self,
        method: str,
        params: Mapping[str, Json],
        *,
        version: str,
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Json]:
        """The result of a request. Who stops waiting has it cancelled.

        `headers` go with it where there are headers. Raises `McpRefused` when the server says no,
        else `McpFailed`.
        """

    async def notify(self, method: str, *, version: str) -> None:
        """Says something that has no answer. Raises `McpFailed`."""

    async def close(self) -> None:
        """Ends it, and the program behind it."""


def result_of(message: Mapping[str, Json]) -> dict[str, Json]:
    """The result in a response. Raises `McpRefused` for an error, `McpFailed` for nonsense."""
    error = message.get("error")
    if isinstance(error, dict):
        code, said = error.get("code"), error.get("message")
        if type(code) is int and isinstance(said, str):
            raise McpRefused(code, said, error.get("data"))
    result = message.get("result")
    if "error" in message or not isinstance(result, dict):
        raise McpFailed("the server's answer is none of the protocol")
    return result
