"""Answers that a vendor may give, as hypothesis strategies: one per wire format."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from teppan.core.chat import (
    Choice,
    Completion,
    FinishReason,
    Image,
    Media,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS
OBJECTS = st.dictionaries(NAMES, SCALARS | st.lists(SCALARS, max_size=3), max_size=3)


@st.composite
def usages(draw: st.DrawFn, *, writes: bool = True) -> Usage:
    cached = draw(st.integers(0, 50))
    written = draw(st.integers(0, 50)) if writes else 0
    thought = draw(st.integers(0, 50))
    fresh, answer = draw(st.integers(1, 50)), draw(st.integers(0, 50))
    return Usage(fresh + cached + written, thought + answer, cached, written, thought)


@st.composite
def calls(draw: st.DrawFn, number: int, *, signed: bool = False) -> ToolCall:
    arguments = json.dumps(draw(OBJECTS), ensure_ascii=False, separators=(",", ":"))
    signature = draw(st.none() | NAMES) if signed else None
    return ToolCall(f"id_{number}", draw(NAMES), arguments, signature)


def thoughts(dialect: str, number: int) -> st.SearchStrategy[Reasoning]:
    if dialect == "openai_responses":
        proof = NAMES
        words = st.just("") | WORDS
        return st.builds(
            lambda text, data: Reasoning(text, None, data, f"rs_{number}", dialect), words, proof
        )
    if dialect == "anthropic":
        shown = st.builds(lambda text, sig: Reasoning(text, sig, dialect=dialect), WORDS, NAMES)
        hidden = st.builds(lambda data: Reasoning(encrypted=data, dialect=dialect), NAMES)
        return shown | hidden
    if dialect == "google":
        return st.builds(
            lambda text, sig: Reasoning(text, sig, dialect=dialect), WORDS, st.none() | NAMES
        )
    return st.builds(lambda text: Reasoning(text, dialect=dialect), WORDS)


def other_part(dialect: str) -> st.SearchStrategy[Part]:
    """A part that only this dialect has."""
    if dialect == "google":
        code = {"executableCode": {"language": "PYTHON", "code": "1"}}
        return st.just(Image("data:image/png;base64,AAAA")) | st.just(Media(dialect, code))
    if dialect == "anthropic":
        block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": "x"}}
        return st.just(Media(dialect, block))
    item = {"type": "web_search_call", "id": "ws", "status": "completed"}
    return st.just(Media(dialect, item))


@st.composite
def answers(draw: st.DrawFn, dialect: str) -> Completion:
    """An answer in the form in which its dialect can say it."""
    kinds = draw(st.lists(st.sampled_from("thought text call other".split()), max_size=6))
    if dialect == "openai_chat":  # one thought, one text, then calls
        kinds = sorted({*kinds} - {"other", "call"}, reverse=True) + ["call"] * kinds.count("call")
    parts: list[Part] = []
    last = ""
    for number, kind in enumerate(kinds or ["text"]):
        if kind == last and (kind == "text" or (kind, dialect) == ("thought", "google")):
            continue  # neighbours of a kind are one part in a stream
        last = kind
        parts.append(draw(_part(kind, dialect, number)))
    reason: FinishReason = draw(st.sampled_from(["stop", "length"]))
    if reason == "stop" and any(isinstance(part, ToolCall) for part in parts):
        reason = "tool_calls"
    stop = None
    if dialect == "anthropic" and reason == "stop":
        stop = draw(st.none() | NAMES)
    choice = Choice(Message("assistant", tuple(parts)), reason, stop_sequence=stop)
    usage = draw(st.none() | usages(writes=dialect != "google"))
    extra: dict[str, Any] | None = None
    if dialect.startswith("openai"):
        extra = {"created": 1} if dialect == "openai_chat" else {"created_at": 1}
    return Completion(draw(NAMES), (choice,), usage, draw(NAMES), extra)


def _part(kind: str, dialect: str, number: int) -> st.SearchStrategy[Part]:
    if kind == "text":
        return st.builds(Text, WORDS)
    if kind == "call":
        return calls(number, signed=dialect == "google")
    return thoughts(dialect, number) if kind == "thought" else other_part(dialect)
