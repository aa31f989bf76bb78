"""Which sentences of a conversation tell something: by figures, names and the words in `cues.toml`.

No language is guessed: the cues of all languages are looked for at once, so a customer may mix
them. Scripts without spaces are searched for their cues as they stand.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

_FILE = Path(__file__).with_name("cues.toml")

_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[\w-]{4,}\b|\b[A-Z]{2,}\b|\S+@\S+\.\w+|https?://\S+")
_NAME = re.compile(r"(?<=[\w,;:)] )[A-ZÀ-ÖØ-Þ][\w'’-]+")
_QUOTED = re.compile(r"[\"“„«「『]([^\"“”„»」』]{2,60})[\"”“»」』]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_HAN_NUMBER = re.compile(r"[一二三四五六七八九十百千两]+(?=[个位名人点月日号岁元块桌份年天周])")

_FIGURE_AND_UNIT = re.compile(r"([$€£¥]?)\s?(\d+(?:[.,:]\d+)*)[ -]?(%|[^\W\d_]{0,12})", re.UNICODE)

_INSTEAD_OF = re.compile(
    r"(?:\bnot|\binstead of|\brather than|\bno longer|\bnicht|\bstatt|\ben (?:vez|lugar) de"
    r"|\bya no|, no|\bau lieu de|\bpas|\binvece di|\bnon|\bem vez de|\bnão|而不是|不是|ではなく)"
    r"\s*(?:(?:at|on|the|um|am|an|a las|el|las|los|en|de)\s+)?[$€£¥]?\s?(\d+(?:[.,:]\d+)*)",
    re.IGNORECASE,
)

_WEIGHTS = {"constraint": 2.5, "choice": 0.8, "identity": 0.8, "time": 1.0, "number": 1.0}
_FIGURE, _CODE_WORTH, _NAMED, _PLAIN_WORD = 2.0, 2.5, 1.5, 0.2
_PREAMBLE, _LEFT = "preamble", 2
"""What comes before a sentence begins, and how many words must follow."""
_SHORT = 3
"""A letter of a script without spaces is about a third of a word."""


class Telling(Struct, frozen=True):
    """What a sentence tells. `items` are the things an answer may turn on and what each is worth,
    `words` all its words (pairs of letters where there are no spaces). `quiet` says that it
    addresses the model: nothing of it may be told."""

    items: Mapping[str, float]
    words: frozenset[str]
    corrects: bool = False
    quiet: bool = False


def telling(sentence: str) -> Telling:
    low = sentence.lower()
    found = {name: set(search.findall(low)) for name, search in _cues().items()}
    if found.pop("injection"):
        return Telling({}, frozenset(), quiet=True)
    corrects = bool(found.pop("correction")) or bool(taken_back(sentence))
    items: dict[str, float] = {}
    for name, cues in found.items():
        items.update((cue, _WEIGHTS[name]) for cue in cues)
    items.update((name.lower(), _NAMED) for name in _NAME.findall(sentence))
    items.update((name.lower(), _NAMED) for name in _QUOTED.findall(sentence))
    items.update((code.lower(), _CODE_WORTH) for code in _CODE.findall(sentence))
    items.update((number, _FIGURE) for number in _HAN_NUMBER.findall(sentence))
    items.update((f"{figure} {unit}".strip(), _FIGURE) for figure, unit in measured(sentence))
    return Telling(items, content_words(sentence), corrects)


def measured(text: str) -> list[tuple[str, str]]:
    """Figures with what they count: `25 guests` gives `("25", "guest")`, `$5` `("5", "$")`."""
    return [(figure, sign or _unit(word)) for sign, figure, word in _FIGURE_AND_UNIT.findall(text)]


def taken_back(text: str) -> frozenset[str]:
    """The figures that a text says are not so: `25, not 20` gives 20."""
    return frozenset(_INSTEAD_OF.findall(text))


def _unit(word: str) -> str:
    low = word.lower()
    return low[:1] if _HAN.match(low) else low[:5]


def content_words(text: str) -> frozenset[str]:
    """Words of three letters and more, and pairs of letters of scripts without spaces."""
    low = text.lower()
    words = {word for word in _WORD.findall(low) if len(word) > 2 and not _HAN.search(word)}
    han = "".join(_HAN.findall(low))
    words.update(han[i : i + 2] for i in range(len(han) - 1))
    return frozenset(words)


def without_preamble(sentence: str) -> str:
    """The sentence without `Hi, I would like to`, unless little is left then."""
    begun = _preamble().match(sentence)
    rest = sentence[begun.end() :] if begun else sentence
    return rest if length(rest) >= _LEFT else sentence


def length(text: str) -> float:
    """About how many words a text has, in any script."""
    han = len(_HAN.findall(text))
    return len(_HAN.sub(" ", text).split()) + han / _SHORT


@cache
def _cues() -> dict[str, re.Pattern[str]]:
    """One pattern for each kind of cue."""
    return {name: re.compile(_any(cues)) for name, cues in _lists().items() if name != _PREAMBLE}


@cache
def _preamble() -> re.Pattern[str]:
    return re.compile(rf"(?:(?:{_any(_lists()[_PREAMBLE])})[\s,.!;:，。！、；：]*)+", re.IGNORECASE)


@cache
def _lists() -> dict[str, list[str]]:
    tables = tomllib.loads(_FILE.read_text("utf-8"))
    return {name: table["cues"] for name, table in tables.items()}


def _any(cues: list[str]) -> str:
    spaced = [_spaced(cue) for cue in cues if not _HAN.search(cue)]
    dense = [re.escape(cue) for cue in cues if _HAN.search(cue)]
    longest_first = sorted(spaced, key=len, reverse=True)
    alternatives = [rf"(?<!\w)(?:{'|'.join(longest_first)})", *sorted(dense, key=len, reverse=True)]
    return "|".join(alternatives)


def _spaced(cue: str) -> str:
    if cue.endswith("~"):
        return re.escape(cue[:-1]) + r"\w*"
    return re.escape(cue) + r"(?!\w)"
