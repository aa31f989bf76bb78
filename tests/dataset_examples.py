"""Examples as hypothesis makes them: any words, any turns, tools called and answered."""

from __future__ import annotations

from hypothesis import strategies as st

from teppan.core.chat import Message, Text, Tool, ToolCall, ToolResult, say
from teppan.learn.datasets.examples import Example

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30)
SAID = WORDS.filter(lambda text: bool(text.strip()))
TOOL = Tool("free_table", "Whether a table is free.", {"type": "object", "properties": {}})


@st.composite
def examples(draw: st.DrawFn, *, tools: bool = True) -> Example:
    """An example with at least one worse answer."""
    messages: list[Message] = []
    if draw(st.booleans()):
        messages.append(say(draw(st.sampled_from(["system", "developer"])), draw(SAID)))
    for _ in range(draw(st.integers(0, 2))):
        messages += [say("user", draw(SAID)), say("assistant", draw(SAID))]
    messages.append(say("user", draw(SAID)))
    acted = tools and draw(st.booleans())
    if acted:
        call = ToolCall("call_1", "free_table", '{"day": 1, "name": "[NAME_1]"}')
        result = ToolResult("call_1", (Text(draw(st.sampled_from(["", "true"]))),))
        messages += [Message("assistant", (call,)), Message("tool", (result,))]
    answers = draw(st.lists(SAID, min_size=2, max_size=4, unique=True))
    return Example(
        id=draw(st.sampled_from(["sig_1", "sig_2"])),
        messages=tuple(messages),
        chosen=answers[0],
        rejected=tuple(answers[1:]),
        tools=(TOOL,) if acted else (),
        quality=draw(st.floats(0, 1)),
        terms="free",
        model="ollama/tiny",
        language="en",
    )
