"""Customers' questions as tasks: what was really asked, without who asked it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from teppan.core.chat import ChatRequest, Message, say
from teppan.core.trace import JOB, Trace
from teppan.learn.distil.tasks import LONGEST, Task


class Scrubbed(Protocol):
    @property
    def request(self) -> ChatRequest: ...


class Scrub(Protocol):
    """`learn/privacy/scrub.py` has it."""

    def exchange(self, request: ChatRequest) -> Scrubbed: ...


def seeds(traces: Iterable[Trace], scrub: Scrub) -> list[Task]:
    """The tasks that conversations make, oldest first: scrubbed before anything else sees them.

    What was said to the model by its client (instructions) stays; conversations with tools, with
    pictures or without a question are left out.
    """
    found = []
    for trace in sorted(traces, key=lambda each: (each.started, each.id)):
        request = trace.request
        if request is None or trace.endpoint == JOB or request.tools or not _plain(request):
            continue
        said = tuple(_said(each) for each in scrub.exchange(request).request.messages)
        if not said or said[-1].role != "user" or not said[-1].text.strip():
            continue
        found.append(
            Task(
                said,
                language=trace.language,
                trace_id=trace.id,
                episode=trace.episode,
                user=request.user,
            )
        )
    return found


def _plain(request: ChatRequest) -> bool:
    """Whether a conversation is of words alone, and not too many."""
    words = all(
        each.role in ("system", "developer", "user", "assistant")
        and not each.tool_calls
        and len(each.text) <= LONGEST
        for each in request.messages
    )
    return words and all(type(part).__name__ == "Text" for each in request.messages
                         for part in each.parts)  # fmt: skip


def _said(message: Message) -> Message:
    return say("system" if message.role == "developer" else message.role, message.text)
