"""A summary made of the conversation's own sentences: offline, the same every time.

The sentences that tell most (figures, dates, names, allergies, choices, corrections) are kept word
for word, each beside who said it; a short answer keeps the question it answers; what a later
sentence corrects or an assistant only repeats goes first. A summary grows by the sentences of new
messages and is cut down only when it is longer than it may be.

    user: We are 25 guests, not 20 | No shellfish for Ana, please
    assistant: 25 guests are $1,375

The choice is greedy by worth for length, with what is already told counting nothing again (the idea
of maximal marginal relevance: Carbonell and Goldstein, SIGIR 1998).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from teppan.cost.tokens import estimate
from teppan.serve.context.cues import Telling, telling
from teppan.serve.context.sentences import Said, sentences

_JOINT = " | "
_LINE = re.compile(r"^(user|assistant|system|tool(?: [^:]{1,80})?): (.*)$")

_VOICE = {"user": 1.0, "system": 0.9, "tool": 0.7, "assistant": 0.5}
"""What the words of each count: a customer's facts before the assistant's repetitions."""

_QUESTION = 0.4
"""An open question tells less than a statement."""
_FADING = 0.12
"""Each further sentence of one message of a tool or an assistant counts less."""
_TELLS = 1.6
"""Worth less than this is small talk and never kept."""
_STRONG = 3.0
"""Worth less than this is kept only while there is room: up to this share of it."""
_ROOM_FOR_WEAK = 0.6
_LABEL, _SEPARATOR = 4, 2
"""Tokens around a line, and between its sentences."""
_BREVITY = 12
"""Tokens added to a sentence's length when its worth is weighed: very short is no virtue."""
_SAME = 0.7
"""Share of a sentence's words that another must have to be the same said again."""

_FIGURE_AND_UNIT = re.compile(
    r"([$€£¥]?)\s?(\d+(?:[.,:]\d+)*)\s?(%|[^\W\d_]?(?:[^\W\d_]{0,11}))", re.UNICODE
)
_INSTEAD_OF = re.compile(
    r"(?:\bnot|\binstead of|\brather than|\bno longer|\bfrom|\bnicht|\bstatt|\ben (?:vez|lugar) de"
    r"|\bya no|, no|\bau lieu de|\bpas|\binvece di|\bnon|\bem vez de|\bnão|而不是|不是|ではなく|从)"
    r"\s*(?:(?:at|on|the|um|am|an|a las|el|las|los|en|de)\s+)?[$€£¥]?\s?(\d+(?:[.,:]\d+)*)",
    re.IGNORECASE,
)


class Piece(Struct, frozen=True):
    """A sentence that may be kept; `line` is the message or line it came from."""

    line: int
    speaker: str
    text: str
    tokens: int
    told: Telling
    score: float


def tell(old: str, said: Iterable[Said], most: int) -> str:
    """The summary `old` and what was said after it, in at most `most` tokens."""
    pieces = [*_read(old), *_fresh(said, old.count("\n") + 1)]
    kept = _chosen(_without_corrected(pieces), most)
    while kept and estimate(text := _written(kept)) > most:
        kept.remove(min(kept, key=_density))
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
    told = telling(text)
    voice = speaker.split(" ", 1)[0]
    score = told.worth * _VOICE[voice]
    if text.endswith(("?", "？")):
        score *= _QUESTION
    if voice in ("assistant", "tool"):
        score /= 1 + _FADING * place
    return Piece(line, speaker, text, estimate(text) + _SEPARATOR, told, score)


# --- choosing ---------------------------------------------------------------------------------


def _density(piece: Piece) -> float:
    return piece.score / (piece.tokens + _BREVITY)


def _chosen(pieces: Sequence[Piece], most: int) -> list[Piece]:
    """The best pieces that fit, in the order they were said."""
    kept: list[int] = []
    lines: set[int] = set()
    used = 0
    ranked = sorted(range(len(pieces)), key=lambda i: (-_density(pieces[i]), -i))
    for i in ranked:
        piece = pieces[i]
        room = most if piece.score >= _STRONG else _ROOM_FOR_WEAK * most
        tokens = piece.tokens + (_LABEL if piece.line not in lines else 0)
        if piece.score < _TELLS or used + tokens > room:
            continue
        if any(_says_again(piece, i, pieces[k], k) for k in kept):
            continue
        if _adds_nothing(piece, (pieces[k] for k in kept)):
            continue
        kept.append(i)
        lines.add(piece.line)
        used += tokens
    return [pieces[i] for i in sorted(kept)]


def _says_again(piece: Piece, place: int, other: Piece, there: int) -> bool:
    """Whether a piece repeats one that is kept: nearly its words and none but its items."""
    if not piece.told.words or not piece.told.items <= other.told.items:
        return False
    if piece.told.corrects and place > there:
        return False
    return len(piece.told.words & other.told.words) >= _SAME * len(piece.told.words)


def _adds_nothing(piece: Piece, kept: Iterable[Piece]) -> bool:
    """Whether an assistant's piece only gives back what is told already."""
    if piece.speaker != "assistant" or not piece.told.items:
        return False
    return piece.told.items <= frozenset().union(*(each.told.items for each in kept))


def _without_corrected(pieces: Sequence[Piece]) -> list[Piece]:
    """Without those whose only figures a later sentence of the user takes back."""
    stale: set[int] = set()
    for place, piece in enumerate(pieces):
        if piece.speaker != "user" or not piece.told.corrects:
            continue
        taken_back, units = _takes_back(piece.text)
        if not units and not taken_back:
            continue
        for earlier in range(place):
            if earlier not in stale and _is_stale(pieces[earlier], taken_back, units):
                stale.add(earlier)
    return [piece for place, piece in enumerate(pieces) if place not in stale]


def _takes_back(text: str) -> tuple[frozenset[str], dict[str, str]]:
    """The figures a correction says are wrong, and the right one for each unit it names."""
    taken_back = frozenset(_INSTEAD_OF.findall(text))
    right = {unit: figure for figure, unit in _measured(text) if unit and figure not in taken_back}
    return taken_back, right


def _is_stale(piece: Piece, taken_back: frozenset[str], right: dict[str, str]) -> bool:
    """Whether all a piece tells is figures of a corrected kind. What else it tells saves it."""
    measured = _measured(piece.text)
    if not measured or piece.told.corrects:
        return False
    for figure, unit in measured:
        replaced = unit in right and right[unit] != figure
        if not replaced and not (figure in taken_back and not unit):
            return False
    others = piece.told.items - {figure for figure, _ in measured}
    return len(others) <= 1


def _measured(text: str) -> list[tuple[str, str]]:
    """Figures with what they count: `25 guests` gives `("25", "guest")`."""
    return [(figure, sign or _unit(word)) for sign, figure, word in _FIGURE_AND_UNIT.findall(text)]


def _unit(word: str) -> str:
    low = word.lower()
    return low[:1] if low and ord(low[0]) > 0x2E80 else low[:5]


# --- writing ----------------------------------------------------------------------------------


def _written(pieces: Sequence[Piece]) -> str:
    """One line for each message, its sentences beside each other."""
    lines: list[str] = []
    last = -1
    for piece in pieces:
        if piece.line == last:
            lines[-1] += _JOINT + piece.text
        else:
            lines.append(f"{piece.speaker}: {piece.text}")
            last = piece.line
    return "\n".join(lines)
