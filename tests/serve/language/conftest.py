"""Models that answer in one language, a translator from a small dictionary, and an interpreter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock
from teppan.routing.language import Languages
from teppan.serve.language import Book, Interpreter, LanguagePolicy, Translator
from teppan.serve.strategies.scripted import Script, ScriptedCall, ScriptedCase

TRANSLATOR = "t/translator"
LANGUAGES = Languages(("en", "es", "zh", "ja"))
LANGUAGES.load()

PAIRS: Mapping[str, str] = {
    "大人20名でいくらですか": "How much is it for 20 adults?",
    "It is $1,100 for 20 adults, with rice.": "ご飯付きで、大人20名で⟦1⟧です。",
    "The total for your party is $1,100.": "El total de su fiesta es ⟦1⟧, gracias.",
    "子供はどうですか": "What about the children?",
    "Children under 6 eat for free.": "6歳未満のお子様は無料です。",
}
"""What the translator knows; with marks where something was kept out."""


def translated(request: ChatRequest) -> str:
    """The translation of what stands between the marks."""
    asked = next(each.text for each in request.messages if each.role == "user")
    text = re.sub(r"^<text-\w+>\n|\n</text-\w+>$", "", asked).rstrip("？")
    plain = text.replace("⟦1⟧", "$1,100")
    return PAIRS.get(text) or PAIRS[plain]


Hearing = Callable[..., Interpreter]


@pytest.fixture
def hearing() -> Hearing:
    """`hearing(weak={...}, book=...)` gives an interpreter whose translator is `t/translator`."""

    def made(
        *, weak: Mapping[str, tuple[str, ...]] | None = None, book: Book | None = None
    ) -> Interpreter:
        book = book or Book(None, FixedClock())
        translator = Translator(TRANSLATOR, book, LANGUAGES, patience=5.0)
        return Interpreter(LANGUAGES, translator, LanguagePolicy(weak=weak or {}))

    return made


def request(*said: str, stream: bool = False, model: str = "m") -> ChatRequest:
    """A customer's messages, with the answers between them, under a prompt."""
    roles = ("user", "assistant")
    talk = (say(roles[at % 2], each) for at, each in enumerate(said))  # type: ignore[arg-type]
    return ChatRequest(model=model, messages=(say("system", "You sell."), *talk), stream=stream)


def calling(asked: ChatRequest, script: Script) -> ScriptedCall:
    return ScriptedCall({TRANSLATOR: translated, **script}, case=ScriptedCase(request=asked))
