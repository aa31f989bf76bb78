"""What a model would answer instead: written for the top of the queue only, and paid for once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from string import Template

from msgspec import Struct

from teppan.core.chat import Message, say
from teppan.core.errors import StoreError, TeppanError
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.learn.asking import About, Ask
from teppan.store.review import Review
from teppan.store.review_rows import Item

LONGEST = 8_000
"""Letters of one message that are shown."""
TURNS = 12
"""Newest messages of a conversation that are shown."""


class Suggested(Struct, frozen=True):
    """How many suggestions were written; `paid` in micro-dollars, as far as prices are known.
    `stopped` says why there are not more: a budget, a vendor that is down."""

    made: int = 0
    paid: Micros = 0
    stopped: str = ""


async def suggest(review: Review, ask: Ask, scope: Scope, model: str, most: int) -> Suggested:
    """Adds a suggestion to each of the `most` open items that are worth most, where there is none.

    What was asked for an item before is not asked again. Raises `StoreError`; whatever else keeps
    the model from answering ends it, and the queue stands without the rest.
    """
    made = paid = 0
    for item in await review.list(scope.tenant, status="open", limit=most):
        if item.content.suggestion:
            continue
        key = f"review/{item.trace_id}/suggestion"
        about = About(item.trace_id, item.episode, item.user)
        try:
            asked = await ask(scope, model, messages_of(item, key), key=key, about=about)
        except StoreError:
            raise
        except TeppanError as error:
            return Suggested(made, paid, error.message)
        paid += 0 if asked.again else asked.cost or 0
        text = asked.text.strip()
        if text and await review.suggest(scope, item.trace_id, text, asked.trace.served or model):
            made += 1
    return Suggested(made, paid)


def messages_of(item: Item, key: str) -> Sequence[Message]:
    """The conversation and its answer, as material."""
    mark = hashlib.sha256(f"fence\0{key}".encode()).hexdigest()[:8]
    template = files(__package__).joinpath("suggest.md").read_text("utf-8")
    told = item.content
    said = "\n\n".join(f"{each.role}: {each.text[:LONGEST]}" for each in told.messages[-TURNS:])
    parts = [
        _between("conversation", mark, said or told.question),
        _between("given", mark, told.answer[:LONGEST]),
    ]
    if told.advice:
        parts.append(_between("advice", mark, told.advice))
    return (say("system", Template(template).substitute(fence=mark)), say("user", "\n".join(parts)))


def _between(tag: str, mark: str, text: str) -> str:
    """What others wrote cannot close its tag: it has no angle brackets any more."""
    harmless = text.replace("<", "&lt;").replace("＜", "&lt;").replace("﹤", "&lt;")
    return f"<{tag}-{mark}>\n{harmless}\n</{tag}-{mark}>"
