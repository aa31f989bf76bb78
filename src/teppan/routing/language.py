"""Which language a text is in, among those that are expected.

Scripts decide where they can: kana are Japanese, Han alone is Chinese. For the rest py3langid
(Lui and Baldwin 2012) is asked, which is unreliable below a few words: there the words that a
language's lexicon shares with the text decide, and the first expected language without any. Its
model takes half a second to load; that is done aside, and words decide until it is there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from threading import Thread
from typing import Any

from teppan.routing.lexicon import Lexicon, lexicon_of, shipped

_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SURE = 24
"""Letters from which the classifier is believed."""

_HINTS: dict[str, frozenset[str]] = {
    "en": frozenset(
        "the is are you do does what how much for my we your and can to of a i it have".split()
    ),
    "es": frozenset(
        "el la los las es son que qué cómo como cuánto cuanto para mi tu y de en un una por con "
        "hola tienen puede quiero hay cuesta precio precios gracias".split()
    ),
    "fr": frozenset("le la les est sont que quoi comment combien pour mon et de en un une".split()),
    "de": frozenset("der die das ist sind was wie viel für mein und von ein eine ich wir".split()),
}


class Languages:
    """Tells the language of texts among `expected`; the first is taken when nothing tells."""

    def __init__(self, expected: Sequence[str] = ()) -> None:
        self.expected = tuple(dict.fromkeys(expected)) or tuple(shipped())
        self._identifier: Any = None
        self._loading: Thread | None = None

    def of(self, text: str) -> str:
        """The two letters of the language, one of `expected`."""
        expected = self.expected
        if len(expected) == 1:
            return expected[0]
        by_script = _by_script(text)
        if by_script is not None:
            return by_script if by_script in expected else expected[0]
        letters = sum(map(len, _WORD.findall(text)))
        if not letters:
            return expected[0]
        if letters < _SURE or not self._ready():
            return self._by_words(text)
        told: str = self._identifier.classify(text[:2000])[0]
        return told if told in expected else expected[0]

    def load(self) -> None:
        """Loads the classifier; done by itself, aside, when it is first wanted."""
        langid = import_module("py3langid.langid")
        identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
        known = set(identifier.nb_classes)
        identifier.set_languages([each for each in self.expected if each in known] or None)
        self._identifier = identifier

    def _ready(self) -> bool:
        if self._identifier is None and self._loading is None:
            self._loading = Thread(target=self.load, name="teppan-languages", daemon=True)
            self._loading.start()
        return self._identifier is not None

    def _by_words(self, text: str) -> str:
        words = [word.lower() for word in _WORD.findall(text)]
        marks = {"es": "ñ¿¡", "de": "ßäöü", "fr": "çèêœ"}
        scores = {
            language: sum(word in _HINTS.get(language, ()) for word in words)
            + sum(mark in text.lower() for mark in marks.get(language, ""))
            + sum(word in _moods(language) for word in words)
            for language in self.expected
        }
        return max(self.expected, key=lambda language: scores[language])


def _by_script(text: str) -> str | None:
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh" if _HAN.search(text) else None


def _moods(language: str) -> frozenset[str]:
    if language not in shipped():
        return frozenset()
    words: Lexicon = lexicon_of(language)
    return frozenset((*words.good, *words.bad, *words.negations)) if words.spaced else frozenset()
