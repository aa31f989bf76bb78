"""Words as hypothesis draws them: requests, answers and streams."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from teppan.core.chat import (
    Choice,
    Completion,
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)

words = st.text(min_size=1, max_size=20)
names = st.text("abcdefghij_-", min_size=1, max_size=12)
signatures = st.none() | st.text("ABCDEFabcdef0123456789+/=", min_size=1, max_size=16)
arguments = st.dictionaries(names, st.integers(-(2**53), 2**53) | words, max_size=3)
counts = st.integers(0, 10**6)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    cached, written, fresh = draw(counts), draw(counts), draw(counts)
    thought, said = draw(counts), draw(counts)
    return Usage(cached + written + fresh, thought + said, cached, written, thought)


@st.composite
def calls(draw: st.DrawFn, encode: Any) -> tuple[ToolCall, ...]:
    made = []
    for number in range(draw(st.integers(0, 3))):
        text = encode(draw(arguments))
        made.append(ToolCall(f"call_{number}", draw(names), text, draw(signatures)))
    return tuple(made)


@st.composite
def thoughts(draw: st.DrawFn, dialects: tuple[str, ...]) -> Reasoning:
    dialect = draw(st.sampled_from(dialects))
    if dialect == "openai_responses":
        return Reasoning(draw(words), None, draw(names), "rs_1", dialect)
    return Reasoning(draw(words), draw(names), None, None, dialect)


@st.composite
def completions(draw: st.DrawFn, encode: Any) -> Completion:
    """One choice: at most one thought, one piece of words, then calls."""
    parts: list[Part] = []
    if draw(st.booleans()):
        parts.append(draw(thoughts(("anthropic", "openai_responses", "google"))))
    if draw(st.booleans()):
        parts.append(Text(draw(words)))
    made = draw(calls(encode))
    parts.extend(made)
    if not parts:
        parts.append(Text(draw(words)))
    reason = "tool_calls" if made else draw(st.sampled_from(["stop", "length"]))
    used = draw(st.none() | usages())
    return Completion("vendor-model", (Choice(Message("assistant", tuple(parts)), reason),), used)


pictures = st.builds(Image, st.just("data:image/png;base64,AAAA"))
