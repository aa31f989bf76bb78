"""How much of a talk is kept word for word, and what is sent in the place of the rest. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from teppan.core.chat import Message
from teppan.cost.tokens import estimate
from teppan.serve.context.blocks import before, summary_block
from teppan.serve.context.history import SYSTEM, History, count
from teppan.store.summaries import Summary

_LEAST_SUMMARY = 40
"""Tokens of the shortest summary that is worth making."""
_SUMMARY_SHARE = 0.35
"""A summary may have at least so much of the budget, also beside a long tail."""
_FILLED = 0.8
"""Summary and tail together fill at most so much of the budget when a cut is made."""
_STEP_SHARE = 0.3
"""A new summary must take at least so much of the budget out of the conversation."""
_AROUND = count((before(Message("user", ()), summary_block("")),))
"""Tokens of the fence around a summary."""
_LATER_SYSTEM = 400
"""Tokens of system texts from amid what is summarised that stay word for word, newest first."""


class Budget(Struct, frozen=True):
    """Tokens: `wanted` is what the talk should have, `room` what it may have at the very most."""

    wanted: int
    room: float

    def summary(self, tail: int) -> int:
        """The most tokens of a summary before a tail of so many."""
        spare = min(_FILLED * self.wanted, self.room) - tail - _AROUND
        return max(_LEAST_SUMMARY, round(max(_SUMMARY_SHARE * self.wanted, spare)))

    @property
    def step(self) -> int:
        return round(_STEP_SHARE * self.wanted)


def fits(history: History, summary: Summary, most: float) -> bool:
    """Whether the talk behind a summary, and the summary itself, have at most so many tokens."""
    return sent(history, summary.messages, estimate(summary.text)) <= most


def sent(history: History, place: int, summary: int) -> int:
    """Tokens of a talk cut at `place` with a summary of so many."""
    return tail_of(history, place) + (summary + _AROUND if place else 0)


def tail_of(history: History, place: int) -> int:
    """Tokens that stay word for word: what follows the cut, and the newest question."""
    carried = history.newest_question
    again = history.tokens[carried] if 0 <= carried < place else 0
    return history.weight(place) + again


def full(history: History, place: int, budget: Budget) -> int:
    """Tokens of a talk cut at `place` with as long a summary as it may have."""
    tail = tail_of(history, place)
    return tail + _AROUND + budget.summary(tail)


def next_place(history: History, known: Summary | None, budget: Budget, keep: int) -> int | None:
    """Where to cut now: the place of `known` when that is still right, 0 for not at all.

    `None` when the newest turn alone is more than the model takes.
    """
    here = known.messages if known else 0
    told = estimate(known.text) if known else 0
    place = _tightest(history, history.cuts(keep), budget, here)
    small = history.weight(here, place) < budget.step
    if small and sent(history, here, told) <= budget.room:
        return here
    squeezed = (each for each in history.cuts(0) if each > place)
    return next((p for p in (place, *squeezed) if full(history, p, budget) <= budget.room), None)


def _tightest(history: History, cuts: Sequence[int], budget: Budget, least: int) -> int:
    """The cut that leaves the least: before a turn of the user, unless inside a long tool loop."""
    later = [place for place in cuts if place > least]
    if not later:
        return least
    turns = [place for place in later if history.talk[place].role == "user"]
    if turns and full(history, turns[-1], budget) <= budget.wanted:
        return turns[-1]
    return later[-1]


def put_together(history: History, place: int, summary: str) -> tuple[Message, ...]:
    """The messages to send: head, later system texts, summary, and the talk since `place`.

    Turns alternate: the summary goes before the words of the user's turn that follows it, or makes
    a turn of its own before an assistant's. The newest user message is always there.
    """
    if place == 0:
        return (*history.head, *history.talk)
    block, tail = summary_block(summary), history.talk[place:]
    systems = _later_systems(history, place, _LATER_SYSTEM)
    if tail[0].role == "user":
        return (*history.head, *systems, before(tail[0], block), *tail[1:])
    newest = history.newest_question
    carried = history.talk[newest] if 0 <= newest < place else Message("user", ())
    return (*history.head, *systems, before(carried, block), *tail)


def _later_systems(history: History, place: int, most: int) -> list[Message]:
    found: list[Message] = []
    for message in reversed(history.talk[:place]):
        if message.role in SYSTEM:
            most -= count((message,))
            if most < 0:
                break
            found.append(message)
    return found[::-1]
