"""A summary made of the conversation's own sentences: offline, the same every time.

The sentences that tell most (figures, dates, names, allergies, choices, corrections) are kept word
for word, each beside who said it; a short answer keeps the question it answers; what a later
sentence corrects or an assistant only repeats goes first. A summary grows by the sentences of new
messages and is cut down only when it is longer than it may be.

    user: We are 25 guests, not 20 | Ana must not eat shellfish | Budget is $1,500
    assistant: 25 guests are $1,375

Each step takes the sentence that adds most for its length, where what is told already adds little
(greedy cover of a submodular worth under a budget: Lin and Bilmes, NAACL 2010).
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from teppan.cost.tokens import estimate
from teppan.serve.context.cues import Telling, measured, taken_back, telling
from teppan.serve.context.sentences import Said, sentences

_JOINT = " | "
_LINE = re.compile(r"^(user|assistant|system|tool(?: [^:]{1,80})?): (.*)$")

_VOICE = {"user": 1.0, "system": 0.9, "tool": 0.7, "assistant": 0.5}
"""What the words of each count: a customer's facts before the assistant's repetitions."""

_ASKED = {"user": 0.8}
_QUESTION = 0.3
"""An open question tells less than a statement, an assistant's least."""
_FADING = 0.12
"""Each further sentence of one message of a tool or an assistant counts less."""
_SAVES = 1.0
"""An item of such worth is a fact of its own: a sentence that has one is not merely corrected."""
_CORRECTS = 3.0
"""Worth of being a correction, besides what it tells."""
_WORD = 0.35
"""Worth of a word that is said once in all; one that is said often is worth less."""
_WORDS = 10
_AGAIN = 0.15
"""What is told already may mean something else here: it counts so much."""
_TELLS, _FOR_A_TOKEN = 1.0, 0.07
"""What adds less, in all or for its length, is small talk and never kept."""
_WEIGHED = 600
"""Sentences that are weighed against each other; of more only those that tell most."""
_LABEL, _SEPARATOR, _LABELS = 3, 1, {"user": 1}
"""Tokens before a line, and between its sentences; most of what is told follows its like."""
_BREVITY = 5
"""Tokens added to a sentence's length when its worth is weighed: very short is no virtue."""


class Piece(Struct, frozen=True):
    """A sentence that may be kept; `line` is the message or line it came from, `voice` what its
    words count."""

    line: int
    speaker: str
    text: str
    tokens: int
    told: Telling
    voice: float


def tell(old: str, said: Iterable[Said], most: int) -> str:
    """The summary `old` and what was said after it, in at most `most` tokens."""
    pieces = _foremost([*_read(old), *_fresh(said, old.count("\n") + 1)])
    kept = _chosen(_without_corrected(pieces), most)
    while kept and estimate(text := _written([piece for _, piece in kept])) > most:
        kept.remove(min(kept))
    return text if kept else ""


# --- reading ----------------------------------------------------------------------------------


def _read(summary: str) -> list[Piece]:
    """The sentences of a summary made before; a line in no known form is a sentence of nobody's."""
    pieces = []
    for number, line in enumerate(summary.split("\n")):
        known = _LINE.match(line)
        speaker, words = known.groups() if known else ("assistant", line)
        for text in words.split(_JOINT):
            if text.strip():
                pieces.append(_piece(number, speaker, text.strip(), 0))
    return pieces


def _fresh(said: Iterable[Said], first: int) -> list[Piece]:
    return [
        _piece(first + number, each.speaker, text, place)
        for number, each in enumerate(said)
        for place, text in enumerate(sentences(each))
    ]


def _piece(line: int, speaker: str, text: str, place: int) -> Piece:
    who = speaker.split(" ", 1)[0]
    voice = _VOICE[who]
    if text.endswith(("?", "？")):
        voice *= _ASKED.get(who, _QUESTION)
    if who in ("assistant", "tool"):
        voice /= 1 + _FADING * place
    return Piece(line, speaker, text, estimate(text) + _SEPARATOR, telling(text), voice)


# --- choosing ---------------------------------------------------------------------------------


def _chosen(pieces: Sequence[Piece], most: int) -> list[tuple[float, Piece]]:
    """The pieces that cover most within the budget, in the order they were said, each with what
    it added for its length."""
    rarity = _rarity(pieces)
    worths = [_worths(piece, rarity) for piece in pieces]
    covered: set[str] = set()
    kept: dict[int, float] = {}
    lines: set[int] = set()
    used = 0
    heap = [(-math.inf, -i, -1) for i in range(len(pieces))]
    heapq.heapify(heap)
    while heap:
        _, minus, seen = heapq.heappop(heap)
        i = -minus
        piece = pieces[i]
        tokens = piece.tokens + (0 if piece.line in lines else _LABELS.get(piece.speaker, _LABEL))
        gain = piece.voice * sum(
            w * (_AGAIN if item in covered else 1.0) for item, w in worths[i].items()
        )
        if gain < _TELLS or used + tokens > most:
            continue
        density = gain / (tokens + _BREVITY)
        if density < _FOR_A_TOKEN:
            continue
        if seen != len(kept):  # what it adds was weighed before others were taken: weigh again
            heapq.heappush(heap, (-density, minus, len(kept)))
            continue
        kept[i] = density
        covered.update(worths[i])
        lines.add(piece.line)
        used += tokens
    return [(kept[i], pieces[i]) for i in sorted(kept)]


def _foremost(pieces: list[Piece]) -> list[Piece]:
    """So many pieces as can be weighed against each other, in order."""
    if len(pieces) <= _WEIGHED:
        return pieces

    def worth(place: int) -> float:
        piece = pieces[place]
        return piece.voice * sum(piece.told.items.values()) / (piece.tokens + _BREVITY)

    best = heapq.nlargest(_WEIGHED, range(len(pieces)), key=lambda place: (worth(place), place))
    return [pieces[place] for place in sorted(best)]


def _rarity(pieces: Sequence[Piece]) -> Mapping[str, float]:
    """What a word is worth by how often it is said: 1 for once, half for twice."""
    often = Counter(word for piece in pieces for word in piece.told.words)
    return {word: 1 / count for word, count in often.items()}


def _worths(piece: Piece, rarity: Mapping[str, float]) -> dict[str, float]:
    """All that a piece may add: its items, its rarest words, that it corrects."""
    if piece.told.quiet:
        return {}
    rarest = sorted(((rarity[word], word) for word in piece.told.words), reverse=True)
    worths = {word: _WORD * rare for rare, word in rarest[:_WORDS]}
    worths.update(piece.told.items)
    if piece.told.corrects:
        worths[f"corrects {piece.text}"] = _CORRECTS
    return worths


def _without_corrected(pieces: Sequence[Piece]) -> list[Piece]:
    """Without those whose only figures a later sentence of the user takes back."""
    stale: set[int] = set()
    for place, piece in enumerate(pieces):
        if piece.speaker != "user" or not piece.told.corrects:
            continue
        stale.update(i for i in range(place) if _is_stale(pieces[i], piece))
    return [piece for place, piece in enumerate(pieces) if place not in stale]


def _is_stale(piece: Piece, later: Piece) -> bool:
    """Whether all that a piece tells are figures that a correction makes wrong.

    They are wrong when it takes them back, or names another figure of the same unit. Whatever else
    the piece tells saves it.
    """
    figures = measured(piece.text)
    if not figures or piece.told.corrects:
        return False
    wrong = taken_back(later.text)
    right = {unit: figure for figure, unit in measured(later.text) if figure not in wrong}
    for figure, unit in figures:
        replaced = unit and right.get(unit, figure) != figure
        if not replaced and (unit or figure not in wrong):
            return False
    said = {f"{figure} {unit}".strip() for figure, unit in figures}
    own = (item for item in piece.told.items if item not in said | set(later.told.items))
    return all(piece.told.items[item] < _SAVES for item in own)


# --- writing ----------------------------------------------------------------------------------


def _written(pieces: Sequence[Piece]) -> str:
    """One line for all that one speaker said without another between, sentences beside each
    other."""
    lines: list[str] = []
    speaker = ""
    for piece in pieces:
        if piece.speaker == speaker:
            lines[-1] += _JOINT + piece.text
        else:
            lines.append(f"{piece.speaker}: {piece.text}")
            speaker = piece.speaker
    return "\n".join(lines)
