"""How people write what they mean: greetings, thanks, no capitals, slips of the finger."""

import re
from collections.abc import Container, Mapping
from types import MappingProxyType

from teppan.simulate import dice
from teppan.simulate.questions import Bank, Question, normalise

_BEFORE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            "Hi! ",
            "Hello, ",
            "Hey there, ",
            "Good morning! ",
            "Quick question: ",
            "Hi again. ",
        ),
        "es": ("Hola, ", "Buenos días. ", "Buenas tardes, ", "Una pregunta: "),
        "zh": ("你好，", "您好！", "请问一下，", "麻烦问下，", "想问问："),
        "ja": ("こんにちは。", "すみません、", "お世話になります。", "質問です。"),
    }
)
_AFTER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (" Thanks!", " Thank you.", " thx", " Thanks in advance", " Cheers"),
        "es": (" Gracias.", " Muchas gracias", " Un saludo"),
        "zh": (" 谢谢", " 谢谢！", " 麻烦了", " 感谢"),
        "ja": (" よろしくお願いします。", " ありがとうございます。", " お願いします"),
    }
)
_SLIPS = re.compile(r"\b[^\W\d_]{5,}\b")
_TRIES = 200


def dressed(bank: Bank, question: Question, taken: Container[str], *draw: object) -> str:
    """One of the question's phrasings, as somebody would type it; drawn by the names.

    Never one that the bank would take for another question, and none of `taken` (normalised texts)
    unless every try is: then the plain phrasing.
    """
    for attempt in range(_TRIES):
        phrasing = dice.pick(question.phrasings, *draw, "phrasing", attempt)
        typed = _typed(phrasing, question.language, *draw, attempt)
        if bank.find(typed) is question and normalise(typed) not in taken:
            return typed
    return dice.pick(question.phrasings, *draw, "phrasing")


def _typed(text: str, language: str, *draw: object) -> str:
    if dice.unit(*draw, "low") < 0.3:
        text = text.lower()
    if dice.unit(*draw, "bare") < 0.3:
        text = text.rstrip("?!. ")
    if dice.unit(*draw, "slip") < 0.35:
        text = _slipped(text, *draw)
    if dice.unit(*draw, "before") < 0.35 and language in _BEFORE:
        text = dice.pick(_BEFORE[language], *draw, "greeting") + text
    if dice.unit(*draw, "after") < 0.25 and language in _AFTER:
        text = text + dice.pick(_AFTER[language], *draw, "thanks")
    return text


def _slipped(text: str, *draw: object) -> str:
    """One word with two letters exchanged, one missing or one doubled; never in a number."""
    words = list(_SLIPS.finditer(text))
    if not words:
        return text
    word = dice.pick(words, *draw, "word")
    at = word.start() + 1 + dice.number(*draw, "letter") % (len(word[0]) - 2)
    kind = dice.number(*draw, "kind") % 3
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if kind == 1 else text[: at + 1] + text[at:]
