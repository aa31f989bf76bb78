"""The tools that the gateway offers over MCP: a search of the knowledge, and one for each agent.

    search_knowledge(query, most)              pieces of documents, with where they stand
    ask_NAME(question, episode, earlier)       an answer of the agent or model NAME

A question goes the way of every other one: limits, budgets, rules and traces count, and whose data
it is follows from the key alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from teppan.core.chat import ChatRequest, Json, Message, say
from teppan.core.ids import Scope
from teppan.serve.steps import Limits, Unlimited
from teppan.server.fields import Fields, bad

if TYPE_CHECKING:
    from teppan.knowledge.search import Found
    from teppan.serve.gateway import Gateway

MAX_QUERY, MAX_QUESTION, MAX_NAME = 2_000, 20_000, 200
MOST, USUAL = 20, 5
EARLIER = 50
"""Turns of a conversation that may come with a question."""
AGENTS = "agent/"

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_TEXT: Mapping[str, Json] = {"type": "string"}


class Known(Protocol):
    """What can be searched: `knowledge.known.Known`."""

    async def search(self, scope: Scope, question: str, most: int) -> list[Found]: ...


class Tool(Protocol):
    name: str

    def offered_to(self, scope: Scope) -> bool:
        """Whether this key may use it; to others it does not exist."""

    def told(self) -> dict[str, Json]:
        """Its description, as the protocol has it."""

    async def run(self, arguments: dict[str, Json], scope: Scope) -> dict[str, Json]:
        """The result, as the protocol has it. Raises a `TeppanError`."""


class Search:
    """The knowledge of a tenant. `limits` count a search as a request."""

    name = "search_knowledge"

    def __init__(self, known: Known, limits: Limits | None = None) -> None:
        self._known = known
        self._limits = limits or Unlimited()

    def offered_to(self, scope: Scope) -> bool:
        return True

    def told(self) -> dict[str, Json]:
        piece = _object(dict.fromkeys(("document", "place", "text", "version"), _TEXT))
        return {
            "name": self.name,
            "title": "Search the knowledge",
            "description": "Finds what the documents of the business say about a question: "
            "the pieces that bear on it, best first, each with its document and headings.",
            "inputSchema": _object(
                {
                    "query": {**_TEXT, "minLength": 1, "maxLength": MAX_QUERY},
                    "most": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
                },
                "query",
            ),
            "outputSchema": _object({"pieces": {"type": "array", "items": piece}}, "pieces"),
            "annotations": {"readOnlyHint": True, "openWorldHint": False},
        }

    async def run(self, arguments: dict[str, Json], scope: Scope) -> dict[str, Json]:
        fields = Fields(arguments)
        query = _words(fields.need_text("query"), "query", MAX_QUERY)
        most = fields.whole("most", 1, MOST) or USUAL
        _refuse_more(fields)
        await self._limits.take(scope, ChatRequest(model=self.name, messages=(say("user", query),)))
        found = [each.chunk for each in await self._known.search(scope, query, most)]
        pieces = [
            {
                "document": each.source,
                "place": each.place,
                "text": each.text,
                "version": each.version,
            }
            for each in found
        ]
        said = "\n\n".join(
            f"[{number}] {each.place}\n{each.text}" for number, each in enumerate(found, start=1)
        )
        return result(said or "No document says anything about that.", {"pieces": pieces})


class Ask:
    """One agent, or another model of the gateway, as a tool."""

    def __init__(self, gateway: Gateway, model: str, name: str) -> None:
        self.name = name
        self._gateway = gateway
        self._model = model

    def offered_to(self, scope: Scope) -> bool:
        return scope.allows(self._model)

    def told(self) -> dict[str, Json]:
        about = self._gateway.models.about(self._model)
        what = "agent" if self._model.startswith(AGENTS) else "model"
        turn = _object({"role": {"enum": ["user", "assistant"]}, "text": _TEXT}, "role", "text")
        return {
            "name": self.name,
            "title": f"Ask {self._model}",
            "description": f"Asks the {what} `{self._model}`"
            + (f": {about}." if about else ".")
            + " To go on with a conversation, give what was said before in `earlier` and use the "
            "same `episode`.",
            "inputSchema": _object(
                {
                    "question": {**_TEXT, "minLength": 1, "maxLength": MAX_QUESTION},
                    "episode": {
                        **_TEXT,
                        "maxLength": MAX_NAME,
                        "description": "a name for the conversation",
                    },
                    "earlier": {"type": "array", "items": turn, "maxItems": EARLIER},
                },
                "question",
            ),
            "outputSchema": _object(
                {"answer": _TEXT, "model": _TEXT, "trace_id": _TEXT}, "answer", "trace_id"
            )
            | {"additionalProperties": True},
            "annotations": {"readOnlyHint": False, "openWorldHint": True},
        }

    async def run(self, arguments: dict[str, Json], scope: Scope) -> dict[str, Json]:
        fields = Fields(arguments)
        question = _words(fields.need_text("question"), "question", MAX_QUESTION)
        episode = fields.text("episode")
        if episode is not None and (len(episode) > MAX_NAME or not episode.isprintable()):
            bad("episode", f"at most {MAX_NAME} printable characters")
        given = fields.objects("earlier", EARLIER)
        earlier = [_turn(each, f"earlier[{number}]") for number, each in enumerate(given)]
        _refuse_more(fields)
        request = ChatRequest(
            model=self._model,
            messages=(*earlier, say("user", question)),
            episode=episode or None,
        )
        answer = await self._gateway.answer(request, scope, "mcp")
        assert answer.completion is not None
        [message, *_] = (choice.message for choice in answer.completion.choices)
        said, facts = message.text or message.refusal or "", answer.facts
        return result(
            said,
            {
                "answer": said,
                "model": self._model,
                "trace_id": facts.trace_id,
                "cost_micros": facts.cost,
                "sources": [
                    {"document": each.document, "path": list(each.path)}
                    for each in (facts.context.sources if facts.context else ())
                ],
            },
        )


def asking(gateway: Gateway, models: Sequence[str]) -> list[Tool]:
    """A tool for each of these models: `agent/menu` is `ask_menu`."""
    tools: dict[str, Tool] = {}
    for model in models:
        plain = f"ask_{_UNSAFE.sub('_', model.removeprefix(AGENTS))}"[:60]
        name, number = plain, 2
        while name in tools:
            name, number = f"{plain}_{number}", number + 1
        tools[name] = Ask(gateway, model, name)
    return list(tools.values())


def result(text: str, structured: Json = None, *, is_error: bool = False) -> dict[str, Json]:
    """What a tool gives: a text, and the same as data for whoever can use it."""
    told: dict[str, Json] = {"content": [{"type": "text", "text": text}], "isError": is_error}
    return told if structured is None else {**told, "structuredContent": structured}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _words(text: str, name: str, most: int) -> str:
    if len(text) > most or not text.strip():
        bad(name, f"a text of at most {most} characters")
    return text


def _turn(given: dict[str, Json], at: str) -> Message:
    fields = Fields(given, at)
    role, text = fields.one_of("role", ("user", "assistant")), fields.need_text("text")
    _refuse_more(fields)
    if role is None:
        bad(f"{at}.role", "user or assistant")
    return say("user" if role == "user" else "assistant", _words(text, f"{at}.text", MAX_QUESTION))


def _refuse_more(fields: Fields) -> None:
    unknown = fields.rest()
    if unknown:
        bad(fields.at(next(iter(unknown))[:60]), "left out: there is no such argument")
