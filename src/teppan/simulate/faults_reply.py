"""Faults in the answer itself, before it is rendered: usage, ids, model, content."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from teppan.simulate.turn import Choice, Reply, ToolCall, Usage

INVALID_MARK = "\ue000"
"""Stands for two bytes that are not UTF-8; `faults_wire` puts them in."""
SURROGATE_MARK = "\ue001"
"""Stands for the JSON escape of a lone surrogate."""

Edit = Callable[[Reply, str], Reply]


def _usage(usage: Usage | None) -> Edit:
    return lambda reply, _: replace(reply, usage=usage)


def _contradictory(reply: Reply, argument: str) -> Reply:
    prompt = reply.usage.prompt if reply.usage else 1
    return replace(reply, usage=Usage(prompt, 1_000_000, cached=prompt * 10))


def _texts(change: Callable[[str, str], str | None]) -> Edit:
    """A fault that changes the text of every choice."""

    def edit(reply: Reply, argument: str) -> Reply:
        choices = tuple(
            replace(choice, text=change(choice.text or "", argument)) for choice in reply.choices
        )
        return replace(reply, choices=choices)

    return edit


def _choices(change: Callable[[Choice], Choice]) -> Edit:
    return lambda reply, _: replace(reply, choices=tuple(map(change, reply.choices)))


def _filtered(choice: Choice) -> Choice:
    return replace(choice, text=(choice.text or "")[:12], finish="content_filter", tool_calls=())


def _refused(choice: Choice) -> Choice:
    return replace(
        choice, text="I'm sorry, I can't help with that.", finish="refusal", tool_calls=()
    )


def _nothing(choice: Choice) -> Choice:
    return replace(choice, text=None, tool_calls=(), reasoning="", finish="stop")


def _broken_calls(choice: Choice) -> Choice:
    calls = tuple(
        ToolCall(call.id, call.name, call.arguments[:-2] or "{") for call in choice.tool_calls
    )
    return replace(choice, tool_calls=calls)


def _late(reply: Reply, argument: str) -> Reply:
    return replace(reply, usage_late=True)


def _prose(text: str, argument: str) -> str:
    return f"Sure! Here is my judgement. {text} I hope this helps."


FAULTS: Mapping[str, tuple[str, Edit]] = MappingProxyType(
    {
        "empty_choices": ("an answer without choices", lambda reply, _: replace(reply, choices=())),
        "null_content": ("content is null", _choices(_nothing)),
        "empty_text": ("content is an empty string", _texts(lambda text, _: "")),
        "say": ("the answer is the argument", _texts(lambda text, argument: argument)),
        "no_usage": ("no usage", _usage(None)),
        "zero_usage": ("usage is all zeros", _usage(Usage(0, 0))),
        "negative_usage": ("usage is negative", _usage(Usage(-7, -3, -1))),
        "contradictory_usage": ("usage contradicts the text and itself", _contradictory),
        "late_usage": ("usage comes only after everything else", _late),
        "other_model": (
            "another model answers than was asked (argument: its name)",
            lambda reply, name: replace(reply, model=name or f"{reply.model}-other"),
        ),
        "empty_id": ("the response id is empty", lambda reply, _: replace(reply, id="")),
        "constant_id": (
            "every response has the same id",
            lambda reply, _: replace(reply, id="constant"),
        ),
        "content_filter": ("the answer is cut by the content filter", _choices(_filtered)),
        "refusal": ("the model refuses", _choices(_refused)),
        "length": (
            "the answer ends at the token limit",
            _choices(
                lambda choice: replace(choice, text=(choice.text or "")[:20], finish="length")
            ),
        ),
        "bad_arguments": ("tool arguments are cut JSON", _choices(_broken_calls)),
        "prose": ("the answer is wrapped in chatter", _texts(_prose)),
        "fenced": (
            "the answer is in a Markdown fence",
            _texts(lambda text, _: f"```json\n{text}\n```"),
        ),
        "trailing_comma": (
            "JSON with a trailing comma",
            _texts(lambda text, _: text[:-1] + ",}" if text.endswith("}") else text + ","),
        ),
        "long_line": (
            "one line of a megabyte (argument: bytes)",
            _texts(lambda text, size: "x" * int(size or 1_048_576)),
        ),
        "nul": ("a NUL character in the text", _texts(lambda text, _: f"{text[:4]}\0{text[4:]}")),
        "invalid_utf8": (
            "bytes that are not UTF-8 in the text",
            _texts(lambda text, _: f"{text[:4]}{INVALID_MARK}{text[4:]}"),
        ),
        "lone_surrogate": (
            "a lone surrogate in the text",
            _texts(lambda text, _: f"{text[:4]}{SURROGATE_MARK}{text[4:]}"),
        ),
    }
)
