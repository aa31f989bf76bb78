"""What each method of the protocol does, whatever carried it here.

    server/discover | initialize, ping       who we are, and in which revisions
    tools/list, tools/call                   `tools.py`
    resources/list, resources/read           the texts of the pack, as they are

What goes wrong inside a tool is a result that the asking model can read; errors of the protocol are
for messages that cannot be meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from teppan.config.pack import Document
from teppan.core.chat import Json
from teppan.core.errors import TeppanError
from teppan.core.ids import Scope
from teppan.serve.agents.mcp.protocol import INVALID_PARAMS, LEGACY, META_SERVER, WHO
from teppan.server.mcp.messages import SUPPORTED, Asked, Fault, no_method
from teppan.server.mcp.tools import Tool, result

FRESH = 60_000
"""Milliseconds for which a list may be taken for current: a restart may change it."""
_SCHEME = "knowledge:///"
_CAPABILITIES: Mapping[str, Json] = {"tools": {}, "resources": {}}
_MEDIA = {"md": "text/markdown", "markdown": "text/markdown"}
_LISTS = ("server/discover", "tools/list", "resources/list", "resources/templates/list")


class Desk:
    """Answers requests. `documents` are the pack's; those that are text are offered."""

    def __init__(
        self, tools: Sequence[Tool], documents: Sequence[Document] = (), about: str = ""
    ) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._documents = {
            _SCHEME + quote(each.name): each for each in documents if not each.data and each.text
        }
        self._about = about

    async def answer(self, asked: Asked, scope: Scope) -> dict[str, Json]:
        """The result of a request. Raises `Fault`."""
        found = await self._result(asked, scope)
        if not asked.modern:
            return found
        if asked.method in _LISTS or asked.method == "resources/read":
            found |= {"ttlMs": FRESH, "cacheScope": "private"}
        return {"resultType": "complete", **found, "_meta": {META_SERVER: WHO}}

    async def _result(self, asked: Asked, scope: Scope) -> dict[str, Json]:
        params = asked.params
        match asked.method:
            case "server/discover" if asked.modern:
                return {"supportedVersions": list(SUPPORTED), **self._self()}
            case "initialize" if not asked.modern:
                return self._greeting(params)
            case "ping" if not asked.modern:
                return {}
            case "tools/list":
                _first_page(params)
                tools = (each for each in self._tools.values() if each.offered_to(scope))
                return {"tools": [each.told() for each in tools]}
            case "tools/call":
                return await self._call(params, scope)
            case "resources/list":
                _first_page(params)
                return {"resources": [_card(uri, each) for uri, each in self._documents.items()]}
            case "resources/templates/list":
                _first_page(params)
                return {"resourceTemplates": []}
            case "resources/read":
                return self._read(params)
        raise no_method(asked.method)

    def _self(self) -> dict[str, Json]:
        about = {"instructions": self._about} if self._about else {}
        return {"capabilities": _CAPABILITIES, **about}

    def _greeting(self, params: Mapping[str, Json]) -> dict[str, Json]:
        """The client's revision where it is spoken here, else the newest of its kind."""
        wanted = params.get("protocolVersion")
        if not isinstance(wanted, str):
            raise Fault(INVALID_PARAMS, "`params.protocolVersion` must be a text")
        version = wanted if wanted in LEGACY else LEGACY[0]
        return {"protocolVersion": version, "serverInfo": WHO, **self._self()}

    async def _call(self, params: Mapping[str, Json], scope: Scope) -> dict[str, Json]:
        name, arguments = params.get("name"), params.get("arguments", {})
        tool = self._tools.get(name) if isinstance(name, str) else None
        if tool is None or not tool.offered_to(scope):
            raise Fault(INVALID_PARAMS, f"there is no tool `{str(name)[:100]}` here")
        if not isinstance(arguments, dict):
            raise Fault(INVALID_PARAMS, "`params.arguments` must be an object")
        try:
            return await tool.run(arguments, scope)
        except TeppanError as error:
            return result(_told(error), is_error=True)

    def _read(self, params: Mapping[str, Json]) -> dict[str, Json]:
        uri = params.get("uri")
        document = self._documents.get(uri) if isinstance(uri, str) else None
        if document is None:
            raise Fault(INVALID_PARAMS, f"there is no resource `{str(uri)[:200]}` here")
        return {"contents": [{"uri": uri, "mimeType": _media(document), "text": document.text}]}


def _told(error: TeppanError) -> str:
    wait = error.retry_after
    return error.message if wait is None else f"{error.message}; try again in {wait:.0f} seconds"


def _first_page(params: Mapping[str, Json]) -> None:
    if params.get("cursor") is not None:
        raise Fault(INVALID_PARAMS, "there is one page only; no `cursor` was given out")


def _card(uri: str, document: Document) -> dict[str, Json]:
    return {"uri": uri, "name": document.name, "mimeType": _media(document)}


def _media(document: Document) -> str:
    return _MEDIA.get(document.name.rpartition(".")[2].lower(), "text/plain")
