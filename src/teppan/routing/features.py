"""What a router sees of a question: plain figures of its words, and of the talk around it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from msgspec import Struct

from teppan.core.chat import ChatRequest, Message
from teppan.routing.language import Languages
from teppan.routing.lexicon import Finder, finder, lexicon_of
from teppan.routing.sentiment import sentiment

_WORD = re.compile(
    r"[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_SIGN_WORDS = 0.6
"""Words that one sign of a script without spaces stands for."""
_MOST = 20_000
"""Characters looked at."""


class Features(Struct, frozen=True, kw_only=True):
    """Of one question: `words` long, after `turns` turns of the user before it.

    `sentiment` is in [0, 1], 0.5 neutral. `offers_tools` says that the client sent tools.
    """

    language: str
    words: int
    complex_words: tuple[str, ...] = ()
    tool_words: tuple[str, ...] = ()
    sentiment: float = 0.5
    turns: int = 0
    offers_tools: bool = False
    must_call: bool = False

    @property
    def needs_tools(self) -> bool:
        """Whether a model that calls tools has to answer."""
        return self.must_call or (self.offers_tools and bool(self.tool_words))


class Reader:
    """Reads features; `complex_words` and `tool_words` replace the shipped words by language."""

    def __init__(
        self,
        languages: Languages,
        complex_words: Mapping[str, Sequence[str]] | None = None,
        tool_words: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._languages = languages
        self._complex = _finders(complex_words)
        self._tools = _finders(tool_words)

    def of(self, request: ChatRequest) -> Features:
        """The features of the last question of a request."""
        text = request.question[:_MOST]
        language = self._languages.of(text)
        lowered = text.lower()
        choice = request.tool_choice
        return Features(
            language=language,
            words=count_words(text),
            complex_words=self._found("complex", self._complex, language, lowered),
            tool_words=self._found("tools", self._tools, language, lowered),
            sentiment=sentiment(text, language),
            turns=max(0, sum(1 for each in request.messages if each.role == "user") - 1),
            offers_tools=bool(request.tools) and (choice is None or choice.mode != "none"),
            must_call=bool(request.tools)
            and choice is not None
            and choice.mode in ("required", "named"),
        )

    def _found(
        self, kind: str, own: Mapping[str, Finder], language: str, text: str
    ) -> tuple[str, ...]:
        """Own words where any were given; the language's, else those of all languages."""
        if own:
            chosen = own.get(language)
            every = (chosen,) if chosen else own.values()
            return tuple(word for each in every for word in each.found(text))
        return finder(kind, language).found(text)


def count_words(text: str) -> int:
    """Words of a text; signs of scripts without spaces count as parts of words."""
    found = _WORD.findall(text)
    signs = sum(1 for word in found if ord(word[0]) >= 0x3040 and len(word) == 1)
    return round(len(found) - signs + _SIGN_WORDS * signs)


def in_tool_loop(messages: Sequence[Message]) -> bool:
    """Whether the request brings back what called tools gave."""
    return bool(messages) and messages[-1].role == "tool"


@cache
def _spaced(language: str) -> bool:
    return lexicon_of(language).spaced


def _finders(words: Mapping[str, Sequence[str]] | None) -> dict[str, Finder]:
    return {
        language: Finder(some, spaced=_spaced(language)) for language, some in (words or {}).items()
    }
