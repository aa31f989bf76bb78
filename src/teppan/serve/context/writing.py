"""A summary written by a model, and not believed blindly.

The conversation is handed over as data, fenced by marks it cannot contain. What comes back is only
used when it states no figure that was never said; figures of the customer's that it forgot are put
back from the conversation's own sentences. A reader who needs the facts gets them either way.
"""

from __future__ import annotations

import asyncio
import re
from functools import cache
from pathlib import Path
from typing import Protocol

from teppan.core.chat import ChatRequest, say
from teppan.core.reply import Reply
from teppan.core.trace import CallRole
from teppan.cost.tokens import estimate
from teppan.estimate.guards import figures
from teppan.serve.context.blocks import unfenced
from teppan.serve.context.cues import telling
from teppan.serve.context.sentences import Said, sentences
from teppan.serve.context.telling import tell

_PROMPT = Path(__file__).parent / "prompts" / "summary.md"

PATIENCE = 15.0
"""Seconds a summary may take; the customer is waiting behind it."""
_READS = 6000
"""Tokens of new turns that are handed over at most."""
_WORDS_A_TOKEN = 0.6
_THOUGHT = 1000
"""Tokens that a model may think before it writes."""
_MARK = re.compile(r"<(?=\s*/?\s*(?:record|turns)\b)", re.IGNORECASE)


class Asks(Protocol):
    """How a model is reached: what a strategy's `Call` can do, of it only this."""

    async def ask(self, model: str, request: ChatRequest, role: CallRole) -> Reply: ...


class NotUsable(Exception):
    """What a model wrote is no summary of what it was given; the message says why."""


async def write(call: Asks, model: str, old: str, said: list[Said], most: int) -> str:
    """The summary of `old` and `said` by a model, in at most `most` tokens.

    Raises `NotUsable`, `TimeoutError`, and whatever asking raises.
    """
    turns = _turns(said, most)
    request = ChatRequest(
        model=model,
        messages=(
            say("system", _prompt().replace("{words}", str(round(most * _WORDS_A_TOKEN)))),
            say("user", f"{_fenced('record', old or '(nothing yet)')}\n{_fenced('turns', turns)}"),
        ),
        max_tokens=2 * most + _THOUGHT,
        temperature=0.0,
    )
    async with asyncio.timeout(PATIENCE):
        reply = await call.ask(model, request, "summary")
    if reply.completion.finish_reason != "stop":
        raise NotUsable(f"it ended with `{reply.completion.finish_reason}`")
    return checked(reply.text, f"{old}\n{turns}", most)


def checked(text: str, source: str, most: int) -> str:
    """The model's lines, as far as they may be used. Raises `NotUsable`."""
    lines = [" ".join(unfenced(line).split()) for line in text.strip().split("\n")]
    lines = [line for line in lines if line and not telling(line).quiet]
    if not lines:
        raise NotUsable("it is empty")
    invented = figures("\n".join(lines)) - figures(source)
    if invented:
        raise NotUsable(f"it states {', '.join(sorted(invented)[:3])}, which nobody said")
    told = "\n".join(lines)
    if estimate(told) > most:
        raise NotUsable("it is too long")
    return told


def with_forgotten(written: str, extract: str, most: int) -> str:
    """The summary with those of the customer's sentences whose figures it does not have, as far as
    there is room; `extract` are the conversation's own sentences.

    They come first: a figure may be missing because it was corrected, and later lines hold.
    """
    back: list[str] = []
    for line in extract.split("\n"):
        missing = not figures(line) <= figures(written)
        if not line.startswith("user: ") or not missing:
            continue
        if estimate("\n".join([*back, line, written])) <= most:
            back.append(line)
    return "\n".join([*back, written])


def _turns(said: list[Said], most: int) -> str:
    """The newest turns word for word, a line each; the telling sentences of those before."""
    lines: list[str] = []
    left = _READS
    for place in range(len(said) - 1, -1, -1):
        line = f"{said[place].speaker}: {' '.join(sentences(said[place]))}"
        left -= estimate(line)
        if left < 0:
            lines.append(tell("", said[: place + 1], most))
            break
        lines.append(line)
    return "\n".join(reversed(lines))


def _fenced(name: str, text: str) -> str:
    """The text between marks; whatever looks like one of the two inside it is broken."""
    return f"<{name}>\n{_MARK.sub('‹', unfenced(text))}\n</{name}>"


@cache
def _prompt() -> str:
    return _PROMPT.read_text("utf-8")
