"""An item on the terminal: what was asked, what was answered, what others said, and why it is here.

What models and customers wrote is data: no markup is read in it, and no control character of it
reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from teppan.cli.output import clean
from teppan.core.ids import LOCAL
from teppan.store.review_rows import Item

UNKNOWN = "unknown"
TURNS = 6
"""Newest messages of a conversation that are shown."""
NARROW = 44
"""Columns of the terminal that an answer beside another needs at least."""
KEYS = "a approve   e edit   t take the suggestion   r reject   s skip   u undo   q quit"


def shown(item: Item, title: str, width: int) -> RenderableType:
    """Everything a reviewer needs to decide, for a terminal of so many columns."""
    told = item.content
    parts: list[RenderableType] = [
        Rule(Text(clean(title), "bold"), align="left"),
        Text(clean(about(item)), "dim"),
        Text.assemble(("Why: ", "bold"), clean(told.reason)),
        Text(),
        *_talk(item),
        Text(),
        _side_by_side(_answers(item), width),
    ]
    if told.advice:
        parts.append(Text.assemble(("The critic wanted: ", "bold"), clean(told.advice)))
    if told.suggestion:
        parts.append(_panel(f"suggested by {told.suggester}", told.suggestion, "yellow"))
    return Group(*parts)


def about(item: Item) -> str:
    """In one line: what it is worth, and whose answer to what it is."""
    like = item.content.covers - 1
    sure = item.content.confidence
    facts = [
        "drawn by chance" if item.lane == "random" else f"priority {item.priority:.2f}",
        f"{like} more like it" if like else "",
        f"{sure:.0%} sure" if sure is not None else "",
        item.intent if item.intent != UNKNOWN else "",
        item.language,
        item.model,
        item.tenant if item.tenant != LOCAL.tenant else "",
        item.id,
    ]
    return " · ".join(filter(None, facts))


def _talk(item: Item) -> Iterable[Text]:
    messages = item.content.messages
    if len(messages) > TURNS:
        yield Text(f"  ... {len(messages) - TURNS} earlier messages", "dim")
    for each in messages[-TURNS:]:
        who = "customer" if each.role == "user" else "answer"
        yield Text.assemble((f"{who:>9}  ", "bold cyan" if each.role == "user" else "dim"),
                            clean(each.text))  # fmt: skip


def _answers(item: Item) -> list[RenderableType]:
    served = _panel(f"answered by {item.model}", item.content.answer, "green")
    return [served, *(_panel(each.model, each.text, "blue") for each in item.content.alternatives)]


def _panel(title: str, text: str, style: str) -> Panel:
    return Panel(Text(clean(text)), title=Text(clean(title)), title_align="left",
                 border_style=style)  # fmt: skip


def _side_by_side(answers: list[RenderableType], width: int) -> RenderableType:
    """As many beside each other as can be read."""
    beside = max(1, min(len(answers), width // NARROW))
    return (
        Columns(answers, width=width // beside - 1, padding=(0, 1))
        if beside > 1
        else Group(*answers)
    )
