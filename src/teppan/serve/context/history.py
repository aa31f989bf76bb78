"""A conversation taken apart: what is said by the system, and the talk, which may be cut.

    messages = [head: system texts, each once][talk: everything else, in order]

Nothing here decides how much is kept; it says where a cut is allowed and names each prefix of the
talk by its content, so that what was once summarised is found again in the next turn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from teppan.core.chat import (
    ChatRequest,
    Image,
    Json,
    Media,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from teppan.cost.tokens import request_tokens

SYSTEM = ("system", "developer")

_EDITION = b"1"
"""Goes into every prefix's name: raised when a summary is made in another way than before."""

_MOST_TOKENS_A_LETTER = 2.5
_AROUND = 4
"""Tokens around each message, as `cost.tokens` counts them."""

_EMPTY = request_tokens(ChatRequest(model="", messages=()))


class History(Struct, frozen=True):
    """`tokens[i]` are those of `talk[i]`; `bound[i]` says that a cut before it parts a tool call
    from its result. `repeated` are the tokens of system texts that were left out."""

    head: tuple[Message, ...]
    talk: tuple[Message, ...]
    tokens: tuple[int, ...]
    bound: tuple[bool, ...]
    repeated: int = 0

    @property
    def newest_question(self) -> int:
        """The place of the newest user message; -1 when there is none."""
        return max((i for i, each in enumerate(self.talk) if each.role == "user"), default=-1)

    def weight(self, begin: int = 0, end: int | None = None) -> int:
        """Tokens of a stretch of the talk."""
        return sum(self.tokens[begin:end])

    def cuts(self, keep: int) -> list[int]:
        """Places before which the talk may be cut so that `keep` messages stay word for word.

        The first kept message is a user's or an assistant's. A user's gets the summary put before
        its words, so it is not among the `keep`.
        """
        found = []
        left = sum(each.role not in SYSTEM for each in self.talk)
        for place, message in enumerate(self.talk):
            cuttable = message.role in ("user", "assistant") and not self.bound[place]
            if place and cuttable and left >= keep + (message.role == "user"):
                found.append(place)
            left -= message.role not in SYSTEM
        return found

    def names(self) -> list[str]:
        """`names[i]` is the content hash of the first `i` messages of the talk."""
        chain = hashlib.sha256(_EDITION).digest()
        names = [chain.hex()[:32]]
        for message in self.talk:
            chain = hashlib.sha256(chain + msgspec.json.encode(_content(message))).digest()
            names.append(chain.hex()[:32])
        return names


def is_surely_short(messages: Sequence[Message], most: int) -> bool:
    """Whether a look at the lengths alone shows that the talk has at most `most` tokens."""
    letters, leading = 0, True
    for message in messages:
        leading = leading and message.role in SYSTEM
        if leading:
            continue
        for part in message.parts:
            if not isinstance(part, Text):
                return False
            letters += len(part.text)
    return _MOST_TOKENS_A_LETTER * letters + _AROUND * len(messages) <= most


def count(messages: Sequence[Message]) -> int:
    """Tokens of messages by the gateway's own estimate."""
    return request_tokens(ChatRequest(model="", messages=tuple(messages))) - _EMPTY


def take_apart(messages: Sequence[Message]) -> History:
    """The history of a request; a system text that was said before is left out."""
    lead = next((i for i, each in enumerate(messages) if each.role not in SYSTEM), len(messages))
    once = list(_each_system_text_once(messages))
    head = tuple(message for place, message in once if place < lead)
    talk = tuple(message for place, message in once if place >= lead)
    kept = {place for place, _ in once}
    repeated = count([each for place, each in enumerate(messages) if place not in kept])
    return History(head, talk, tuple(count((each,)) for each in talk), _bound(talk), repeated)


def _each_system_text_once(messages: Sequence[Message]) -> Iterator[tuple[int, Message]]:
    said: set[str] = set()
    for place, message in enumerate(messages):
        if message.role in SYSTEM and all(isinstance(part, Text) for part in message.parts):
            words = " ".join(message.text.split())
            if words in said:
                continue
            said.add(words)
        yield place, message


def _bound(talk: Sequence[Message]) -> tuple[bool, ...]:
    """Which places lie between a call and its result. A result answers the nearest call before it
    that has its id: some clients use an id again."""
    calls: dict[str, int] = {}
    reach: dict[int, int] = {}
    for place, message in enumerate(talk):
        for part in message.parts:
            if isinstance(part, ToolCall):
                calls[part.id] = place
            elif isinstance(part, ToolResult) and part.call_id in calls:
                reach[calls[part.call_id]] = place
    bound, open_until = [], 0
    for place in range(len(talk)):
        bound.append(0 < place <= open_until)
        open_until = max(open_until, reach.get(place, 0))
    return tuple(bound)


def _content(message: Message) -> Json:
    """What a message says. Thoughts and what hangs on parts (marks for a vendor's cache) are left
    out: clients drop and move them from turn to turn."""
    parts = [_said(part) for part in message.parts if not isinstance(part, Reasoning)]
    return [message.role, message.name, parts, message.refusal]


def _said(part: Part) -> Json:
    if isinstance(part, Text):
        return part.text
    if isinstance(part, ToolCall):
        return [part.id, part.name, part.arguments]
    if isinstance(part, ToolResult):
        return [part.call_id, [_said(each) for each in part.parts], part.is_error]
    if isinstance(part, Image):
        return ["image", part.url]
    if isinstance(part, Media):
        return ["media", part.raw]
    return None
