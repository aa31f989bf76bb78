"""What a question is about: a small classifier, taught at the start by the examples of a pack.

A linear classifier (see `discriminant`) over the pieces of texts (words and runs of letters, rare
ones weighing more) and their embedding. Whatever the classifier is not sure of, and a text whose
words were hardly seen, is `unknown`. Names, addresses, numbers and codes say nothing of what a text
is about.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.routing.terms import KINDS, pieces, read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.routing.discriminant import Discriminant

    Rows = NDArray[np.float32]
    Vectors = Callable[[Sequence[str]], Rows]

UNKNOWN = "unknown"

FLOOR = 0.5
"""Probability below which an intent is not named."""
_MEANINGS = (0.5, 1.0, 2.0)
"""How much the embedding may count beside the pieces: a poor one less, a good one more."""
_KNOWN = 0.3
"""Share of a text's pieces, by weight, below which it is about something else."""
_COLUMNS, _CELLS = (4096, 16_384), 40_000_000
"""Columns for pieces, fewer the more examples there are; the rarest share one with others."""
_MOST_CLASSES = 500
_CLAUSES = 12
"""Clauses of a long text that are looked at one by one."""
_CLAUSE = re.compile(r"(?:[^.!?,;:\n。！？，；：、]|(?<=\d)[.,:](?=\d)){4,200}")
_NOISE = re.compile(
    r"https?://\S+|\bwww\.\S+|\S+@\S+\.\w+"  # addresses of the web
    r"|\b(?=[\w-]*\d)(?=[\w-]*[A-Z])[A-Z\d]+(?:-[A-Z\d]+)*\b"  # codes: MH-2041, 5B
    r"|\+\d[\d ()./-]{6,18}\d|\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b"  # telephones
)
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_NAME = re.compile(r"(?<=[\w,] )[A-Z][\w'’-]+")
"""A word with a capital that does not begin a sentence."""


class Intents:
    """Names the intent of texts. `examples` are (text, intent); `vectors` embeds texts.

    It is taught when it is first asked, or before by `teach`: an idle gateway loads no numpy for
    it. Without examples every text is `unknown`; examples of the intent `unknown` teach what else
    is said.
    """

    def __init__(
        self,
        examples: Sequence[tuple[str, str]],
        vectors: Vectors | None = None,
        *,
        floor: float = FLOOR,
    ) -> None:
        counts = Counter(intent for _, intent in examples)
        self.names = tuple(sorted(name for name, _ in counts.most_common(_MOST_CLASSES)))
        self.floor = floor
        self._examples = [each for each in examples if each[1] in set(self.names)]
        self._vectors = vectors
        self._taught: tuple[_Book, Discriminant] | None = None

    def of(self, text: str) -> tuple[str, float]:
        """The intent and its probability; `unknown` with that of the best guess below the floor.

        Of a text of which only a clause tells what it is about, that of the surest clause; as
        clauses are many, it must be twice as sure.
        """
        if not self.names or not text.strip():
            return UNKNOWN, 0.0
        said, seen = self.ranked(text)
        if seen and said[1] >= self.floor:
            return said
        clauses = _CLAUSE.findall(read(text))[:_CLAUSES]
        ranked = [self.ranked(each) for each in clauses if len(clauses) > 1]
        known = [(name, sure) for (name, sure), seen in ranked if seen and name != UNKNOWN]
        best = max(known, key=lambda each: each[1], default=("", 0.0))
        return best if best[1] >= (1.0 + self.floor) / 2.0 else (UNKNOWN, said[1])

    def ranked(self, text: str) -> tuple[tuple[str, float], bool]:
        """The likeliest intent with its probability, and whether enough of the text was seen."""
        book, classifier = self.teach()
        parts, seen = self._parts(book, text)
        chances, _ = classifier.chances(parts)
        best = int(chances.argmax())
        return (self.names[best], float(chances[best])), seen >= _KNOWN

    def teach(self) -> tuple[_Book, Discriminant]:
        """Learns from the examples; done by itself when first asked, which then takes a moment."""
        if self._taught is None:
            import numpy as np

            from teppan.routing.discriminant import fit

            book = _learn([text for text, _ in self._examples])
            rows = [self._parts(book, text)[0] for text, _ in self._examples]
            place = {name: number for number, name in enumerate(self.names)}
            labels = [place[intent] for _, intent in self._examples]
            scales = [(1.0, each) for each in _MEANINGS] if self._vectors else [(1.0,)]
            columns = [np.stack(each) for each in zip(*rows, strict=True)]
            self._taught = book, fit(columns, labels, len(self.names), scales)
        return self._taught

    def _parts(self, book: _Book, text: str) -> tuple[list[Rows], float]:
        """The figures of a text, by pieces and by embedding, and the share of it that was seen."""
        plain = book.plain(text)
        row, seen = book.row(plain)
        if self._vectors is None:
            return [row], seen
        return [row, self._vectors([plain])[0]], seen


class _Book(Struct, frozen=True):
    """The pieces of the examples: the column of each, and how rare it is, signed.

    `rarest` is how rare an unseen one would be.
    """

    places: Mapping[str, tuple[int, float]]
    columns: int
    rarest: float

    def plain(self, text: str) -> str:
        """The text without what tells nothing of its subject: addresses, codes, strange names."""
        text = _NOISE.sub(" ", text)
        text = _NAME.sub(lambda each: each[0] if each[0].lower() in self.places else " ", text)
        return _NUMBER.sub("0", text)

    def row(self, plain: str) -> tuple[Rows, float]:
        """Length at most one, shape (columns,), and the share of its weight that was seen."""
        import numpy as np

        row = np.zeros(self.columns, np.float32)
        for kind in KINDS:
            total, found = 0.0, list[tuple[int, float]]()
            for piece, count in pieces(plain, kind).items():
                place, rarity = self.places.get(piece, (-1, self.rarest))
                value = (1.0 + math.log(count)) * rarity
                total += value * value
                if place >= 0:
                    found.append((place, value))
            for place, value in found:
                row[place] += value / math.sqrt(2.0 * total)
        return row, float(np.linalg.norm(row))


def _learn(texts: Sequence[str]) -> _Book:
    frequency: Counter[str] = Counter()
    for text in texts:
        plain = _NUMBER.sub("0", _NOISE.sub(" ", text))
        frequency.update(set().union(*(pieces(plain, kind) for kind in KINDS)))
    most = min(max(_CELLS // max(1, len(texts)), _COLUMNS[0]), _COLUMNS[1])
    places = {}
    for rank, (piece, count) in enumerate(
        sorted(frequency.items(), key=lambda each: (-each[1], each[0]))
    ):
        rarity = math.log((1.0 + len(texts)) / (1.0 + count)) + 1.0
        sign = 1.0 if zlib.crc32(piece.encode()) & 0x8000_0000 else -1.0
        places[piece] = rank % most, sign * rarity
    return _Book(places, min(most, len(places)), math.log(1.0 + len(texts)) + 1.0)
