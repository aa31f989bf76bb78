"""An agent's request as a vendor sees it, for tests."""

from __future__ import annotations

from typing import Any

import orjson

from teppan.simulate import Bank, Persona, Question
from teppan.simulate.mind import World, answer
from teppan.simulate.questions import Fact
from teppan.simulate.turn import Choice, Message, Tool, ToolCall, Turn

NOW = "<now>Saturday, 2026-11-28 10:00 (PST)</now>\n"
NOT_DONE = (
    "NOT DONE YET. Nothing was changed. Ask the customer to agree to exactly this, with all its "
    "figures, and call the tool again with the same arguments when they have: "
)
SURE = Persona(vendor="v", name="sure", skill={"default": 1.0})


def schema(required: str = "", **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split()}


COUNT = {"type": "integer", "minimum": 0}
QUOTE = Tool("quote", "What an event costs", schema("adults", adults=COUNT, children=COUNT))
BOOK = Tool(
    "book",
    "Books a chef",
    schema(
        "date time adults name",
        date={"type": "string", "format": "date"},
        time={"type": "string", "format": "time"},
        adults=COUNT,
        name={"type": "string"},
        notes={"anyOf": [{"type": "string"}, {"type": "null"}]},
    ),
)
CANCEL = Tool("cancel_booking", "Cancels a booking", schema("code", code={"type": "string"}))
SEARCH = Tool("search_knowledge", "Searches documents", schema("query", query={"type": "string"}))
TOOLS = (QUOTE, BOOK, CANCEL, SEARCH)

PRICE = Question(
    id="quote-12",
    text="How much is it for 12 adults?",
    intent="pricing",
    task_type="support",
    right=("12 adults at $55 are $660.", "That comes to $660.", "It is not expensive: $660."),
    wrong=("It is $600.",),
    must=(Fact.read("$660"),),
    tool="quote",
    arguments={"adults": 12},
)
BANK = Bank([PRICE])


def waiting(tool: str, **arguments: object) -> str:
    told = orjson.dumps({"tool": tool, "arguments": arguments, "asked": "Sure?"}).decode()
    return f"<open_action>{told}</open_action>\n"


def turn(
    text: str,
    *results: tuple[str, dict[str, object], str],
    before: tuple[Message, ...] = (),
    moment: str = NOW,
) -> Turn:
    """A turn in which `results` (tool, arguments, result) came since the customer spoke."""
    after: list[Message] = []
    for place, (name, arguments, result) in enumerate(results):
        call = ToolCall(f"c{place}", name, orjson.dumps(arguments).decode())
        after.append(Message("assistant", "", tool_calls=(call,)))
        after.append(Message("tool", result, tool_name=name))
    said = Message("user", f"{moment}\n{text}")
    return Turn("m", (Message("system", "You take bookings."), *before, said, *after), tools=TOOLS)


def next_of(asked: Turn, persona: Persona = SURE, bank: Bank = BANK) -> Choice:
    return answer(persona, asked, World(bank), 0)


def called(choice: Choice) -> list[tuple[str, Any]]:
    return [(each.name, orjson.loads(each.arguments)) for each in choice.tool_calls]
