"""Which model a conversation is with, so that it stays with one and never changes within a tool
loop. Memory of this process only: a gateway that has just started chooses anew.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from msgspec import Struct

from teppan.core.chat import ChatRequest, ToolResult
from teppan.core.clock import Clock

KEPT = 20_000
"""Conversations, and tool calls, remembered at most; the oldest are forgotten first."""


class Stay(Struct, frozen=True):
    """Who served a conversation last: when (monotonic), with which level and how many tokens."""

    model: str
    at: float
    level: int = 0
    tokens: int = 0


class Affinity:
    """Remembers who served which conversation, and who called which tool."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stays: OrderedDict[str, Stay] = OrderedDict()
        self._calls: OrderedDict[str, str] = OrderedDict()

    def last(self, conversation: str, within: float) -> Stay | None:
        """Who served it, when that was less than `within` seconds ago."""
        stay = self._stays.get(conversation)
        if stay is None or self._clock.monotonic() - stay.at >= within:
            return None
        return stay

    def served(self, conversation: str, model: str, level: int = 0, tokens: int = 0) -> None:
        self._stays[conversation] = Stay(model, self._clock.monotonic(), level, tokens)
        self._stays.move_to_end(conversation)
        _trim(self._stays)

    def called(self, model: str, calls: Iterable[str]) -> None:
        """`model` wants these tool calls (by id) made."""
        for id in calls:
            self._calls[id] = model
            _trim(self._calls)

    def caller(self, request: ChatRequest) -> str | None:
        """Who called the tools whose results the request ends with."""
        for message in reversed(request.messages):
            if message.role != "tool":
                return None
            for part in message.parts:
                if isinstance(part, ToolResult) and part.call_id in self._calls:
                    return self._calls[part.call_id]
        return None


def conversation_of(request: ChatRequest) -> str:
    """The name of a conversation: its episode, else the words it began with and who speaks."""
    if request.episode:
        return f"episode {request.episode}"
    begin = hashlib.blake2b(digest_size=16)
    begin.update((request.user or "").encode())
    for message in request.messages:
        begin.update(b"\0" + message.role.encode() + b"\0" + message.text.encode())
        if message.role == "user":
            break
    return f"words {begin.hexdigest()}"


def under_way(request: ChatRequest) -> bool:
    """Whether this can be a later turn: an episode may be, words alone when they were answered."""
    return bool(request.episode) or any(each.role == "assistant" for each in request.messages)


def _trim(memory: OrderedDict[str, Stay] | OrderedDict[str, str]) -> None:
    while len(memory) > KEPT:
        memory.popitem(last=False)
