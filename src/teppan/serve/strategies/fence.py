"""What others wrote, shown to a model as data that it must not obey.

The format, which prompts and the simulated critic rely on (the number in the tag is drawn anew
for each call, `id` is a random label):

    <answer-5f0c93aa id="KV">
    ...what a member answered...
    </answer-5f0c93aa>

`context`, `rules`, `conversation` and `review` are fenced the same way, without `id`. An answer
cannot close its fence: it does not know the number, and when it holds anything like one of these
tags all its angle brackets are escaped. It cannot name itself either: labels are drawn after it
was written. Delimiting untrusted text with marks unknown to its author is "spotlighting" (Hines
et al., 2024, arXiv 2403.14720).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from msgspec import Struct

from teppan.core.chat import Image, Message, Reasoning, Text, ToolCall, ToolResult

Chance = Callable[[], float]
"""Uniform in [0, 1)."""

_CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
_TAG = re.compile(r"<\W*(?:answer|context|rules|conversation|review)", re.IGNORECASE)
_CUT = "\n[... {} characters left out ...]\n"


class Fence(Struct, frozen=True):
    """One number for all the tags of one prompt."""

    number: str

    @classmethod
    def draw(cls, chance: Chance) -> Fence:
        return cls(f"{int(chance() * 16**8):08x}")

    def around(self, tag: str, text: str, label: str | None = None) -> str:
        """The text between its tags, made unable to close them."""
        name = f' id="{label}"' if label is not None else ""
        return f"<{tag}-{self.number}{name}>\n{harmless(text)}\n</{tag}-{self.number}>"


def harmless(text: str) -> str:
    """The text, with its angle brackets escaped when it holds anything like one of our tags."""
    if _TAG.search(_folded(text)) is None:
        return text
    return "".join("&lt;" if _folded(letter) == "<" else letter for letter in text)


def _folded(text: str) -> str:
    """What the eye sees: compatibility letters made plain, invisible ones gone."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in plain if unicodedata.category(letter) not in {"Cf", "Mn"})


def labels(count: int, chance: Chance) -> tuple[str, ...]:
    """Distinct two-letter names that no answer could have known; without vowels, so never words."""
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        first, second = (int(chance() * len(_CONSONANTS)) for _ in range(2))
        chosen[_CONSONANTS[first] + _CONSONANTS[second]] = None
    return tuple(chosen)


def shuffled(count: int, chance: Chance) -> tuple[int, ...]:
    """The numbers below `count` in random order (Fisher and Yates)."""
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = int(chance() * (last + 1))
        order[last], order[other] = order[other], order[last]
    return tuple(order)


def shown(message: Message, longest: int) -> str:
    """A message as plain text of at most about `longest` characters: the middle is left out."""
    text = "\n".join(line for line in map(_part, message.parts) if line) or (message.refusal or "")
    if len(text) <= longest:
        return text
    half = longest // 2
    return text[:half] + _CUT.format(len(text) - 2 * half) + text[-half:]


def _part(part: object) -> str:
    if isinstance(part, Text):
        return part.text
    if isinstance(part, ToolCall):
        return f"[calls the tool {part.name} with {part.arguments or '{}'}]"
    if isinstance(part, ToolResult):
        inner = " ".join(_part(each) for each in part.parts)
        return f"[the tool {part.name or part.call_id} returned: {inner}]"
    if isinstance(part, Reasoning):
        return ""
    return "[an image]" if isinstance(part, Image) else "[an attachment]"


def conversation(messages: Sequence[Message], longest: int) -> str:
    """What was said, speaker by speaker; the instructions to the assistant are not part of it."""
    spoken = (each for each in messages if each.role not in {"system", "developer"})
    return "\n".join(f"{each.role}: {shown(each, longest)}" for each in spoken)


def instructions(messages: Sequence[Message], longest: int) -> str:
    """What the assistant was told: facts, rules and manners, from the system messages."""
    told = (each for each in messages if each.role in {"system", "developer"})
    return "\n\n".join(shown(each, longest) for each in told)
