"""More tasks of the same kind: said in other words, by other people, in other languages.

    task ── a model writes what is wanted of it ── checked ── tasks of their own, asked anew

What the model writes is kept only when it is new, holds the numbers of its seed and no others, is
in the language that was wanted, and is no question of an evaluation set. Numbers are varied by code
alone (`numbers.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from teppan.core.chat import Json, Message, say
from teppan.core.ids import content_hash
from teppan.learn.distil import same
from teppan.learn.distil.alike import Alike
from teppan.learn.distil.numbers import vary
from teppan.learn.distil.tasks import LONGEST, Task
from teppan.routing.language import Languages

PERSONAS = (
    "somebody in a hurry who writes no more words than needed",
    "an elderly person who writes full, polite sentences",
    "somebody who types without capitals or punctuation, with a typing mistake",
    "a business customer who plans for others",
    "somebody who is new to all this and unsure of the words",
)
NAMES: Mapping[str, str] = {
    "en": "English",
    "es": "Spanish",
    "de": "German",
    "fr": "French",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
}
SCHEMA: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "messages": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"number": {"type": "integer"}, "text": {"type": "string"}},
                "required": ["number", "text"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["messages"],
    "additionalProperties": False,
}


class Leak(Protocol):
    @property
    def why(self) -> str: ...


class Leaks(Protocol):
    """`learn/datasets/leaks.py` has it."""

    def find(self, said: Sequence[str]) -> Leak | None:
        """Which evaluation set holds one of these texts, or nearly; the last is the question."""


class Wish(Struct, frozen=True):
    """One variation that is wanted: how it is made, in which language (empty: the seed's)."""

    made: str
    told: str
    language: str = ""


class Refusals(Struct):
    """What was written and not taken, by reason."""

    unread: int = 0
    known: int = 0
    leaking: int = 0
    numbers: int = 0
    language: int = 0


class _Written(Struct):
    number: int
    text: str


class _Messages(Struct):
    messages: list[_Written]


def wishes(task: Task, count: int, languages: Sequence[str] = ()) -> list[Wish]:
    """What is wanted of one task: in turn other words, a persona and each other language. The same
    task gives the same wishes, other tasks other personas."""
    start = int(task.content[:8], 16)
    foreign = [each for each in languages if each != task.language]
    found: list[Wish] = []
    for number in range(count):
        turn = number % (2 + bool(foreign))
        if turn == 0:
            found.append(Wish("paraphrase", "in other words"))
        elif turn == 1:
            persona = PERSONAS[(start + number) % len(PERSONAS)]
            found.append(Wish("persona", f"as {persona} would write it"))
        else:
            code = foreign[(start + number) % len(foreign)]
            found.append(Wish("language", f"in {NAMES.get(code, code)}", code))
    return found


def prompt(task: Task, wanted: Sequence[Wish]) -> list[Message]:
    """What the model is asked."""
    text = files(__package__).joinpath("expanding.md").read_text("utf-8")
    listed = "\n".join(f"{number}. {each.told}" for number, each in enumerate(wanted, start=1))
    return [say("user", text.replace("{wanted}", listed).replace("{question}", task.question))]


def key(task: Task, wanted: Sequence[Wish], model: str) -> str:
    """Names the step: all that its answer depends on."""
    said = [(each.made, each.told, each.language) for each in wanted]
    return content_hash(msgspec.json.encode([task.content, model, said]))


def read(
    text: str, task: Task, wanted: Sequence[Wish], check: Check, refused: Refusals
) -> list[Task]:
    """The tasks a model wrote, those that pass; what does not is counted."""
    try:
        written = msgspec.json.decode(_bare(text), type=_Messages).messages
    except (msgspec.DecodeError, RecursionError):
        refused.unread += len(wanted)
        return []
    found: list[Task] = []
    taken: set[int] = set()
    for each in written:
        if not 1 <= each.number <= len(wanted) or each.number in taken:
            refused.unread += 1
            continue
        taken.add(each.number)
        wish = wanted[each.number - 1]
        made = _of(task, each.text.strip(), wish.made, wish.language)
        if check.passes(made, task, refused):
            found.append(made)
    return found


class Check:
    """Whether a variation may become a task. `known` grows with what is taken."""

    def __init__(self, known: Alike, leaks: Leaks, languages: Languages) -> None:
        self.known = known
        self._leaks = leaks
        self._languages = languages

    def passes(self, made: Task, seed: Task, refused: Refusals, *, numbers: bool = False) -> bool:
        """Takes it, or counts why not. With `numbers` it may hold others than its seed."""
        text = made.question
        if not text or len(text) > LONGEST or "\x00" in text:
            refused.unread += 1
        elif not numbers and same.figures(text) != same.figures(seed.question):
            refused.numbers += 1
        elif made.made == "language" and not self._spoken(text, made.language):
            refused.language += 1
        elif self._leaks.find((text,)) is not None:
            refused.leaking += 1
        elif self.known.find(spoken(made)) is not None:
            refused.known += 1
        else:
            self.known.add(spoken(made), made.name)
            return True
        return False

    def _spoken(self, text: str, wanted: str) -> bool:
        """Whether a text is in the language that was wanted, as far as it can be told."""
        if wanted not in self._languages.expected:
            return True
        guess = self._languages.guess(text)
        return guess.language == wanted or (guess.language is None and not guess.clear)


def varied(task: Task, count: int, check: Check, refused: Refusals) -> list[Task]:
    """Up to so many tasks about other numbers, made by code."""
    made = [_of(task, text, "numbers", "") for text in vary(task.question, count)]
    return [each for each in made if check.passes(each, task, refused, numbers=True)]


def spoken(task: Task) -> str:
    """The words by which a task is known: the whole conversation, without instructions."""
    return "\n".join(each.text for each in task.messages if each.role != "system")


def _of(seed: Task, text: str, made: str, language: str) -> Task:
    """Another last message, with what still holds of its seed: a right answer may hold no more."""
    return msgspec.structs.replace(
        seed,
        messages=(*seed.messages[:-1], say("user", text)),
        id="",
        line=seed.line,
        language=language or seed.language,
        reference="",
        made=made,
        seed=seed.content,
    )


def _bare(text: str) -> Any:
    """JSON without the fence that some models put around it."""
    text = text.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0]
    return text.encode("utf-8", "replace")
