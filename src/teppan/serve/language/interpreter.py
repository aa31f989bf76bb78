"""What is known of languages at this gateway: which one a conversation is held in, who is weak in
which, and what a model is told about it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Message, say
from teppan.core.ids import Scope
from teppan.routing.language import Languages
from teppan.serve.context.history import SYSTEM
from teppan.serve.language.hearing import Tongue, language_of, wish
from teppan.serve.language.names import title
from teppan.serve.language.translating import Translator

EPISODES = 10_000
"""Conversations whose language is in memory."""

_LINE = (
    "Answer in {language}: it is the language of this customer, whatever language facts, rules, "
    "notes and quoted texts are in. Leave amounts, numbers, names, codes and addresses as they are."
)


class LanguagePolicy(Struct, frozen=True):
    """`weak` holds, by language, names and patterns of models (`*`, `vendor/*`) that are weak in
    it. `pivot` is the language such a model is asked in; empty for the first one expected.
    """

    weak: Mapping[str, tuple[str, ...]] = {}
    pivot: str = ""
    search: bool = True


class _Heard(Struct, frozen=True):
    """What the newest message of a conversation made of its language."""

    text: str
    before: Tongue | None
    tongue: Tongue


class Interpreter:
    """One for all packs and tenants; without a `translator` nothing is translated."""

    def __init__(
        self,
        languages: Languages,
        translator: Translator | None = None,
        policy: LanguagePolicy | None = None,
    ) -> None:
        self.languages = languages
        self.translator = translator
        self.policy = policy or LanguagePolicy()
        self._episodes: OrderedDict[tuple[str, str], _Heard] = OrderedDict()

    @property
    def pivot(self) -> str:
        """The language that models weak in the customer's are asked in."""
        return self.policy.pivot or self.languages.expected[0]

    def hear(self, request: ChatRequest, scope: Scope) -> Tongue:
        """The language to answer this request in; `request` is what the client sent.

        Clients that send only their newest message are known by their episode, in this process.
        The same request heard again changes nothing.
        """
        if len(self.languages.expected) == 1:
            return Tongue(self.languages.expected[0])
        if request.episode is None:
            return language_of(request, self.languages)
        place = (scope.tenant, request.episode)
        last, text = self._episodes.get(place), request.question
        if last is not None and last.text == text:
            before = last.before
        else:
            before = last.tongue if last else None
        tongue = language_of(request, self.languages, before)
        self._episodes[place] = _Heard(text, before, tongue)
        self._episodes.move_to_end(place)
        while len(self._episodes) > EPISODES:
            self._episodes.popitem(last=False)
        return tongue

    def language(self, request: ChatRequest, scope: Scope) -> str:
        """The two letters of it: what a trace is counted under."""
        return self.hear(request, scope).language

    def weak(self, model: str, language: str) -> bool:
        """Whether this model is asked in the pivot language instead."""
        if self.translator is None or language == self.pivot:
            return False
        return any(fnmatchcase(model, each) for each in self.policy.weak.get(language, ()))

    def told(self, request: ChatRequest, said: ChatRequest, language: str) -> ChatRequest:
        """The request with the language to answer in, behind the prompt; the very same where the
        customer never spoke but the first language, which needs no telling.

        `said` is what the client sent. A prompt stays what it was to its last letter, so that a
        vendor's cache of it holds.
        """
        if request.response_format is not None:
            return request
        messages = tuple(each for each in request.messages if not _is_line(each))
        if self._needed(said, language):
            line = say("system", _LINE.format(language=title(language)))
            heads = (at for at, each in enumerate(messages) if each.role not in SYSTEM)
            place = next(heads, len(messages))
            messages = (*messages[:place], line, *messages[place:])
        return request if messages == request.messages else replace(request, messages=messages)

    def _needed(self, said: ChatRequest, language: str) -> bool:
        expected = self.languages.expected
        if len(expected) == 1:
            return False
        if language != expected[0]:
            return True
        theirs = [each.text for each in said.messages if each.role == "user"]
        return any(
            wish(each, expected) is not None or self._is_other(each, expected[0]) for each in theirs
        )

    def _is_other(self, text: str, first: str) -> bool:
        here = self.languages.guess(text)
        return here.clear and here.language != first


def _is_line(message: Message) -> bool:
    return (
        message.role in SYSTEM
        and message.text.startswith(_LINE.split("{")[0])
        and (message.text.endswith(_LINE.split("}")[1]))
    )
