"""What customers and models wrote, shown to a model as data between tags it could not have known.

The number in the tags is drawn from the name of the step, so that the same step asks in the same
words; whoever wrote what stands inside has never seen it. A text that holds anything like one of
the tags has its angle brackets escaped ("spotlighting": Hines et al., 2024, arXiv 2403.14720).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from importlib.resources import files
from string import Template

from msgspec import Struct

from teppan.core.chat import Message

LONGEST = 8_000
"""Letters of a text that are shown."""
_CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
_TAG = re.compile(r"<\W*(?:answer|context|rules|conversation|lesson|truth|question)", re.IGNORECASE)
_SYSTEM = ("system", "developer")


class Fence(Struct, frozen=True):
    """One number for all the tags of one prompt, and labels for what is compared in it."""

    number: str
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, key: str) -> Fence:
        """The fence of a step by its name."""
        digest = hashlib.sha256(f"fence\0{key}".encode()).digest()
        letters = [_CONSONANTS[each % len(_CONSONANTS)] for each in digest[4:]]
        pairs = ["".join(letters[at : at + 2]) for at in range(0, len(letters), 2)]
        return cls(digest[:4].hex(), tuple(dict.fromkeys(pairs)))

    def around(self, tag: str, text: str, label: str | None = None) -> str:
        """The text between its tags, made unable to close them."""
        name = f' id="{label}"' if label is not None else ""
        return f"<{tag}-{self.number}{name}>\n{harmless(cut(text))}\n</{tag}-{self.number}>"


def prompt(name: str, fence: Fence) -> str:
    """A prompt of this room: `prompts/<name>.md`."""
    text = files(__package__).joinpath("prompts", f"{name}.md").read_text("utf-8")
    return Template(text).substitute(fence=fence.number)


def harmless(text: str) -> str:
    """The text, with its angle brackets escaped when it holds anything like one of our tags."""
    plain = unicodedata.normalize("NFKC", text)
    bare = "".join(each for each in plain if unicodedata.category(each) not in ("Cf", "Mn"))
    if _TAG.search(bare) is None:
        return text
    return "".join("&lt;" if unicodedata.normalize("NFKC", each) == "<" else each for each in text)


def cut(text: str, longest: int = LONGEST) -> str:
    """The text without its middle, where it is too long."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n[...]\n{text[-half:]}"


def conversation(messages: Sequence[Message]) -> str:
    """What was said, speaker by speaker, without what the assistant was told."""
    return "\n".join(f"{each.role}: {each.text}" for each in messages if each.role not in _SYSTEM)
