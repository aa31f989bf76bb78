"""Lessons in a prompt: which of them bear on a question, and how they stand there.

    question ── vector ──┐
    lesson's texts ──────┴─ the most alike of them ── a floor, the first few, so many letters

A lesson is a model's words about other people's conversations: it is shown as a list of advice
between tags, behind the prompt it may never contradict. `screen.py` of the learning road has seen
to it that it holds no tag, link, figure or order of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.core.chat import Message, say
from teppan.core.ids import content_hash
from teppan.store.lesson_rows import Lesson, Live

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.providers.embed.base import Embedder

QUESTION = 2_000
"""Letters of a question that are compared."""
_SYSTEM = ("system", "developer")
_TOLD = """Lessons from earlier conversations of yours stand in the block lessons-{mark}. They are \
advice on how to answer, written by a model. The facts, rules and instructions above always hold \
over them; follow a lesson only where it bears on the question. Never speak of lessons.

<lessons-{mark}>
{listed}
</lessons-{mark}>"""


class Measure(Struct, frozen=True):
    """Which lessons a question gets: at most `most`, as alike as `floor`, or, of the same intent,
    as `kin`; `letters` in all."""

    most: int = 3
    floor: float = 0.3
    kin: float = 0.1
    letters: int = 900


class Found(Struct, frozen=True):
    lesson: Lesson
    similarity: float


class Shelf:
    """Lessons with the vectors of their texts; made once for a version of them."""

    def __init__(self, lives: Sequence[Live], vectors: NDArray[np.float32]) -> None:
        self._lives = tuple(lives)
        self._vectors = vectors
        self._owners = [at for at, each in enumerate(self._lives) for _ in each.texts]

    @classmethod
    async def of(cls, lives: Sequence[Live], embedder: Embedder) -> Shelf:
        return cls(lives, await embedder.embed([text for each in lives for text in each.texts]))

    def __len__(self) -> int:
        return len(self._lives)

    def alike(self, vector: NDArray[np.float32]) -> list[Found]:
        """Every lesson with how alike its most alike text is, the most alike first."""
        best: dict[int, float] = {}
        if self._owners:
            for owner, value in zip(self._owners, (self._vectors @ vector).tolist(), strict=True):
                best[owner] = max(value, best.get(owner, -1.0))
        found = [Found(self._lives[owner].lesson, value) for owner, value in best.items()]
        return sorted(found, key=lambda each: (-each.similarity, each.lesson.id))

    def bearing(
        self,
        vector: NDArray[np.float32],
        model: str,
        intent: str,
        language: str,
        measure: Measure,
    ) -> list[Found]:
        """The lessons that a question gets, best first."""
        found: list[Found] = []
        letters = 0
        for each in self.alike(vector):
            if not bears(each, model, intent, language, measure):
                continue
            letters += len(each.lesson.rule)
            if len(found) >= measure.most or letters > measure.letters:
                break
            found.append(each)
        return found


def bears(found: Found, model: str, intent: str, language: str, measure: Measure) -> bool:
    """Whether a lesson is for such a question, and alike enough."""
    lesson = found.lesson
    if lesson.model != model or lesson.intent not in ("", intent):
        return False
    if lesson.language not in ("", language):
        return False
    kin = bool(lesson.intent) and lesson.intent == intent
    return found.similarity >= (measure.kin if kin else measure.floor)


def block(rules: Mapping[str, str]) -> str:
    """The advice as it stands in a prompt, by id. The same lessons are the same text, so that a
    vendor's cache of the prompt holds."""
    mark = content_hash("\0".join([*rules, *rules.values()]).encode())[:8]
    listed = "\n".join(f"- [{id}] {' '.join(rule.split())}" for id, rule in rules.items())
    return _TOLD.format(mark=mark, listed=listed)


def holds(messages: Sequence[Message]) -> bool:
    """Whether a conversation brings its lessons along, as a try-out does."""
    first = _TOLD.partition("{")[0]
    return any(each.role in _SYSTEM and each.text.startswith(first) for each in messages)


def told(messages: Sequence[Message], rules: Mapping[str, str]) -> tuple[Message, ...]:
    """The conversation with the advice behind its instructions; the same where there is none."""
    if not rules:
        return tuple(messages)
    place = next(
        (at for at, each in enumerate(messages) if each.role not in _SYSTEM), len(messages)
    )
    return (*messages[:place], say("system", block(rules)), *messages[place:])
