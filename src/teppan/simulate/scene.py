"""What a persona sees of its place in an agent: the moment, what was asked of the customer, and
what its tools gave since the customer last spoke.

An agent's gateway puts `<now>Friday, 2026-11-27 18:05 (UTC)</now>` and, for each proposal that
waits for the customer, `<open_action>{"tool": ..., "arguments": ..., "asked": ...}</open_action>`
before the newest words of the customer. A persona that reads `<now>` behaves as a model that uses
tools.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from teppan.simulate.turn import Json, Message, ToolCall, Turn

_NOW = re.compile(r"<now>[^<\d]*(\d{4}-\d\d-\d\d)[^<]*</now>")
_OPEN = re.compile(r"<open_action>(.*?)</open_action>", re.DOTALL)
_NOT_DONE = re.compile(r"^\s*not done yet\b", re.IGNORECASE)
_YES = re.compile(
    r"^\W*(?:yes|yeah|yep|sure|ok(?:ay)?|perfect|great|good|fine|please|go ahead|confirm|correct|"
    r"agreed|sounds good|that works|book it|do it|s[ií]\b|claro|vale|de acuerdo|perfecto|"
    r"adelante|confirmo|ja\b|gern|genau|einverstanden|passt|好|可以|行|是|对|没问题|确认|同意|はい|ええ|お願い|大丈夫|了解|それで)",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:no|not|don'?t|wait|stop|instead|never ?mind|espere?|mejor|nein|nicht)\b"
    r"|不|别|算了|いいえ|やめ|待って",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A tool and the arguments it should be called with."""

    tool: str
    arguments: Json


@dataclass(frozen=True, slots=True)
class Scene:
    """`calls` and `results` are those since the customer last spoke, in order; `today` is the day
    where the business is, `None` for a client that is no agent."""

    today: date | None
    waiting: tuple[Wish, ...]
    calls: tuple[ToolCall, ...]
    results: tuple[Message, ...]

    @property
    def agent(self) -> bool:
        """Whether the persona works inside an agent."""
        return self.today is not None

    @property
    def proposed(self) -> str:
        """What tools want the customer to agree to; empty where they want nothing."""
        asked = [each.text for each in self.results if _NOT_DONE.match(each.text)]
        return " ".join(dict.fromkeys(text.split(": ", 1)[-1].strip() for text in asked))

    @property
    def found(self) -> tuple[Message, ...]:
        """The results that are no proposals."""
        return tuple(each for each in self.results if not _NOT_DONE.match(each.text))

    def called(self, wish: Wish) -> int:
        """How often this very call was made since the customer last spoke."""
        return sum(
            call.name == wish.tool and _read(call.arguments) == wish.arguments
            for call in self.calls
        )


def scene_of(turn: Turn) -> Scene:
    """The place of this turn in its conversation."""
    last = max((at for at, m in enumerate(turn.messages) if m.role == "user"), default=-1)
    said = turn.messages[last].text if last >= 0 else ""
    since = turn.messages[last + 1 :]
    now = _NOW.search(said)
    return Scene(
        date.fromisoformat(now[1]) if now else None,
        tuple(wish for text in _OPEN.findall(said) if (wish := _wish(text)) is not None),
        tuple(call for message in since for call in message.tool_calls),
        tuple(message for message in since if message.role == "tool"),
    )


def agrees(text: str) -> bool:
    """Whether a customer's words sound like a yes to a model."""
    return _YES.match(text) is not None and _NO.search(text) is None


def _wish(text: str) -> Wish | None:
    told = _read(text)
    if not isinstance(told, dict) or not isinstance(told.get("arguments"), dict):
        return None
    return Wish(str(told.get("tool", "")), told["arguments"])


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
