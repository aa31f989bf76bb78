"""Knowledge that is written in another language than the question is found all the same.

    question ──┬── searched as it is ────────────────────────────┬─ joined by their ranks
               └── in the documents' language, once translated ──┘

Which language the documents have is told from the pieces that are found: a piece speaks the
question's language when its text does, or one of the questions it is filed under. Where one does,
nothing is translated. Whoever answers calls `prepare` before the search, with the call that pays
for the translation; the search itself asks nobody and uses what is remembered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import structlog

from teppan.core.chat import ChatRequest
from teppan.core.ids import Scope
from teppan.knowledge import Chunk
from teppan.serve.context.context import Knowledge
from teppan.serve.language.interpreter import Interpreter
from teppan.serve.language.translating import Asks, NotTranslated

_log = structlog.get_logger(__name__)

LOOKED_AT = 3
"""Pieces whose language is looked at."""
QUESTION = 1_000
"""Letters of a question that is translated for the search."""
_RANK = 60
"""Softens ranks when they are joined (Cormack, Clarke and Büttcher, SIGIR 2009)."""


class Crossing:
    """`knowledge`, searched in its own language too."""

    def __init__(self, knowledge: Knowledge, interpreter: Interpreter) -> None:
        self._knowledge = knowledge
        self._interpreter = interpreter

    async def prepare(
        self,
        request: ChatRequest,
        scope: Scope,
        call: Asks,
        within: Sequence[str] | None = None,
    ) -> None:
        """Has the question translated where the documents are in another language. Never raises;
        what fails leaves the search as it was."""
        ear, question = self._interpreter, request.question[:QUESTION]
        if ear.translator is None or not ear.policy.search or len(ear.languages.expected) == 1:
            return
        language = ear.languages.guess(question).language
        if language is None:
            return
        found = await self._knowledge.pieces(scope, question, LOOKED_AT, within)
        target = self._other(found, language)
        if target is None:
            return
        try:
            await ear.translator.translate(question, language, target, scope, call)
        except NotTranslated as error:
            _log.warning("language.search_not_translated", to=target, reason=str(error))

    async def pieces(
        self, scope: Scope, question: str, most: int, within: Sequence[str] | None = None
    ) -> list[Chunk]:
        """The pieces that bear on a question, best first."""
        found = await self._knowledge.pieces(scope, question, most, within)
        ear = self._interpreter
        if ear.translator is None or not ear.policy.search:
            return found
        language = ear.languages.guess(question[:QUESTION]).language
        target = self._other(found[:LOOKED_AT], language) if language else None
        if language is None or target is None:
            return found
        told = ear.translator.known(question[:QUESTION], language, target, scope)
        if told is None:
            return found
        more = await self._knowledge.pieces(scope, told, most, within)
        return _joined(more, found)[:most]

    def _other(self, found: Sequence[Chunk], language: str) -> str | None:
        """The language to search in besides; None where the documents speak the question's."""
        languages = self._interpreter.languages
        spoken: Counter[str] = Counter()
        for piece in found:
            if any(
                languages.guess(each).language == language for each in (piece.text, *piece.asked)
            ):
                return None
            there = languages.guess(piece.text).language
            if there is not None:
                spoken[there] += 1
        target = spoken.most_common(1)[0][0] if spoken else self._interpreter.pivot
        return None if target == language else target


def _joined(first: Sequence[Chunk], second: Sequence[Chunk]) -> list[Chunk]:
    """Both rankings as one; a tie goes to the first."""
    worth: dict[str, float] = {}
    pieces: dict[str, Chunk] = {}
    for ranking in (first, second):
        for rank, piece in enumerate(ranking):
            worth[piece.id] = worth.get(piece.id, 0.0) + 1 / (_RANK + rank)
            pieces.setdefault(piece.id, piece)
    return sorted(pieces.values(), key=lambda piece: -worth[piece.id])
