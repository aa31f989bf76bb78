"""How happy a customer sounds, from 0 (furious) over 0.5 (neutral) to 1 (delighted).

Words of mood are weighed, turned round by a negation and made stronger or weaker by the words
before them, and the sum is squeezed as VADER does (Hutto and Gilbert 2014). The lexicons are our
own and short. It reads words, not irony.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import cache

from msgspec import Struct

from teppan.routing.lexicon import Lexicon, lexicon_of

NEUTRAL = 0.5

_STRENGTHS = {"strong_good": 3.0, "good": 1.6, "bad": -1.6, "strong_bad": -3.0}
_REACH = 3
"""Words before a mood that may turn or change it."""
_TURNED = -0.7
"""What a negation makes of a mood: "not good" is bad, but less than "bad"."""
_STRONGER, _WEAKER, _AFTER_TURN = 1.35, 0.6, 1.5
_SQUEEZE = 12.0
_SHOUT = 1.2
_SIGNS = {
    **dict.fromkeys("😀😃😄😁😊🙂😍🥰😋👍❤🎉👏", 2.0),
    **dict.fromkeys("😡🤬😠👎😤🤮😞😢😭🙁☹", -2.5),
}
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[,;.!?¡¿]")
_STOPS = frozenset(".!?;")


class _Moods(Struct, frozen=True):
    """A lexicon, ready: whole words, beginnings of words, and phrases."""

    words: Mapping[str, float]
    starts: Mapping[str, float]
    negations: frozenset[str]
    stronger: frozenset[str]
    weaker: frozenset[str]
    turns: frozenset[str]

    def of(self, word: str) -> float:
        exact = self.words.get(word)
        if exact is not None:
            return exact
        for size in range(len(word), 2, -1):
            found = self.starts.get(word[:size])
            if found is not None:
                return found
        return 0.0


def sentiment(text: str, language: str) -> float:
    """The mood of a text in [0, 1]; 0.5 for one without any word of mood."""
    lexicon = lexicon_of(language)
    total = _of_words(text, language) if lexicon.spaced else _of_signs(text, language, lexicon)
    total += sum(_SIGNS.get(sign, 0.0) for sign in text if ord(sign) > 0x2000)
    if not total:
        return NEUTRAL
    if "!" in text or "！" in text or _shouts(text):
        total *= _SHOUT
    return NEUTRAL + 0.5 * total / math.sqrt(total * total + _SQUEEZE)


def _of_words(text: str, language: str) -> float:
    moods = _moods(language)
    words = [word.replace("’", "'") for word in _TOKEN.findall(text.lower())]
    total, turned = 0.0, False
    for place, word in enumerate(words):
        turned = turned or word in moods.turns
        mood = 0.0 if word in moods.negations else moods.of(word)
        if mood:
            total += mood * _context(words, place, moods) * (_AFTER_TURN if turned else 1.0)
    return total


def _context(words: list[str], place: int, moods: _Moods) -> float:
    """What the words before a mood make of it: turned, stronger, weaker."""
    factor, negated = 1.0, False
    for word in reversed(words[max(0, place - _REACH) : place]):
        if word in _STOPS or word in moods.turns:
            break
        if word in moods.negations:
            negated = True
        elif word in moods.stronger:
            factor *= _STRONGER
        elif word in moods.weaker:
            factor *= _WEAKER
    return factor * _TURNED if negated else factor


def _of_signs(text: str, language: str, lexicon: Lexicon) -> float:
    """The mood of a text whose words do not stand apart."""
    total = 0.0
    turn = max((text.rfind(word) for word in lexicon.turns), default=-1)
    for begin, end, mood in _moods_in(text, lexicon):
        before, after = text[max(0, begin - 3) : begin], text[end : end + 7]
        near = after if language == "ja" else before
        factor = _TURNED if any(word in near for word in lexicon.negations) else 1.0
        if any(word in text[max(0, begin - 5) : begin] for word in lexicon.stronger):
            factor *= _STRONGER
        if any(word in text[max(0, begin - 5) : begin] for word in lexicon.weaker):
            factor *= _WEAKER
        total += mood * factor * (_AFTER_TURN if 0 <= turn < begin else 1.0)
    return total


def _moods_in(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int, float]]:
    """Begin, end and mood of each word of mood; longer words go before those inside them."""
    taken = [False] * len(text)
    named = [(word, mood) for kind, mood in _STRENGTHS.items() for word in getattr(lexicon, kind)]
    for word, mood in sorted(named, key=lambda each: -len(each[0])):
        begin = text.find(word)
        while begin >= 0:
            end = begin + len(word)
            if not any(taken[begin:end]):
                taken[begin:end] = [True] * len(word)
                yield begin, end, mood
            begin = text.find(word, end)


@cache
def _moods(language: str) -> _Moods:
    lexicon = lexicon_of(language)
    words: dict[str, float] = {}
    starts: dict[str, float] = {}
    for kind, mood in _STRENGTHS.items():
        for word in getattr(lexicon, kind):
            if word.endswith("*"):
                starts[word[:-1]] = mood
            else:
                words[word] = mood
    return _Moods(
        words,
        starts,
        frozenset(lexicon.negations),
        frozenset(lexicon.stronger),
        frozenset(lexicon.weaker),
        frozenset(lexicon.turns),
    )


def _shouts(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return len(letters) > 12 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters)
