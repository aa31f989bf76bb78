"""Which message came after an answer, however the traces are read in pages.

Clients send the whole conversation again with every turn, so the next request begins with the words
of this one and its answer; where they do not, an episode tells, by time. Traces are shown the
newest first: what follows an answer has then been seen before it, and only the questions of open
conversations are remembered, not their traces.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from teppan.core.chat import Message
from teppan.core.trace import Trace

K = TypeVar("K")
V = TypeVar("V")

MOST = 20_000
"""Turns that are remembered; of older ones nothing that comes after is known."""
CLIPPED = 4_000
"""Letters of a message that are kept: as many as are read for a mood."""


class Following(Struct, frozen=True):
    """The turn after an answer: its trace, and what the customer said in it."""

    trace_id: str
    question: str


class _Turn(Struct):
    """A turn seen: `answer` is what it says was answered before it, empty when it does not say."""

    following: Following
    answer: bytes


class Links:
    """Give it the traces of one tenant, the newest first, over as many pages as there are."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._by_words: OrderedDict[bytes, Following] = OrderedDict()
        self._by_episode: OrderedDict[str, _Turn] = OrderedDict()

    def before(self, trace: Trace) -> Following | None:
        """What came after this trace; it is itself remembered for what came before it."""
        if trace.request is None:
            return None
        said = _spoken(trace.request.messages)
        whose = trace.episode or trace.request.user or ""
        found = None
        if trace.answer is not None:
            found = self._by_words.pop(_place(whose, *said, trace.answer.text), None)
        if found is None and trace.episode is not None:
            found = self._in_episode(trace, trace.episode)
        self._remember(trace, said, whose)
        return found

    def _in_episode(self, trace: Trace, episode: str) -> Following | None:
        """The next turn of the episode, unless it says that something else was answered."""
        turn = self._by_episode.get(episode)
        if turn is None:
            return None
        if turn.answer and (trace.answer is None or turn.answer != _place(trace.answer.text)):
            return None
        return turn.following

    def _remember(self, trace: Trace, said: Sequence[str], whose: str) -> None:
        request = trace.request
        if request is None:
            return
        following = Following(trace.id, request.question[:CLIPPED])
        if len(said) > 1:
            _put(self._by_words, _place(whose, *said[:-1]), following, self._most)
        if trace.episode is not None:
            answers = [each.text for each in request.messages if each.role == "assistant"]
            answered = _place(answers[-1]) if answers and answers[-1] else b""
            _put(self._by_episode, trace.episode, _Turn(following, answered), self._most)


def _put(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)


def _spoken(messages: Sequence[Message]) -> tuple[str, ...]:
    """What was said, without what the gateway or the client told the model."""
    return tuple(each.text for each in messages if each.role in ("user", "assistant"))


def _place(*said: str) -> bytes:
    whole = "\0".join(" ".join(each.split()) for each in said)
    return hashlib.blake2b(whole.encode(), digest_size=16).digest()
