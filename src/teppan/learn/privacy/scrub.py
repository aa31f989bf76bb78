"""Scrubbing: what is private in a conversation becomes `[NAME_1]`, `[PHONE_1]`, always the same.

    scrubber = Scrubber(PatternDetector(), languages=("en", "ja"))
    scrubbed = scrubber.exchange(request, completion)      # a conversation and its answer
    scrubbed.request, scrubbed.completion, scrubbed.found  # {"name": 2, "phone": 1}

All texts of a conversation are looked at before the first is changed, so that a name told at the
end is not left standing at the beginning. Numbers are those of one conversation: nothing links two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion
from teppan.learn.privacy import messages
from teppan.learn.privacy.detector import HOLE, PLACEHOLDER
from teppan.learn.privacy.lexicon import lexicon
from teppan.learn.privacy.names import parts_of, standing
from teppan.learn.privacy.people import People
from teppan.learn.privacy.plain import plain
from teppan.learn.privacy.spans import Detector, Kind, Span, settled

_PASSES = 6
"""A placeholder may make its neighbours readable as something private; more never was needed."""


class Scrubbed(Struct, frozen=True):
    """A conversation without private words, and how many of each kind there were; not which."""

    request: ChatRequest
    completion: Completion | None
    found: dict[Kind, int]


class Masked:
    """Texts without private words. What they were is kept here, in memory, for `restore` alone."""

    def __init__(self, texts: Sequence[str], found: dict[Kind, int], were: dict[str, str]) -> None:
        self.texts = tuple(texts)
        self.found = found
        self._were = were

    def restore(self, text: str) -> str:
        """The text with the words put back, as they were first written. A placeholder that was not
        made here stays what it is."""
        return PLACEHOLDER.sub(lambda each: self._were.get(each[0], each[0]), text)

    def __repr__(self) -> str:
        return f"Masked({len(self.texts)} texts, {self.found})"


class Scrubber:
    """Holds a detector and no state; every call is a conversation of its own. Never raises."""

    def __init__(self, detector: Detector, languages: Sequence[str] = ()) -> None:
        self._detector = detector
        self._languages = tuple(languages)

    def text(self, text: str) -> str:
        """One text by itself."""
        return self.texts((text,)).texts[0]

    def texts(self, texts: Iterable[str]) -> Masked:
        """The texts of one conversation, in order."""
        conversation = Conversation(self._detector, self._languages)
        given = list(texts)
        conversation.read(given)
        return Masked(
            [conversation.scrub(each) for each in given], conversation.found, conversation.were
        )

    def exchange(self, request: ChatRequest, completion: Completion | None = None) -> Scrubbed:
        """A conversation and its answer, in messages, tool calls and their results.

        Who asked (`user`, `metadata`, `episode`) is left out; pictures, sound and files, in which
        nothing can be found, become a word that says what they were.
        """
        conversation = Conversation(self._detector, self._languages)
        conversation.read(messages.texts_of(request, completion))
        return Scrubbed(
            messages.scrubbed_request(request, conversation.scrub),
            None
            if completion is None
            else messages.scrubbed_completion(completion, conversation.scrub),
            conversation.found,
        )


class Conversation:
    """The memory of one conversation: who is who, and the names that were told in it."""

    def __init__(self, detector: Detector, languages: Sequence[str]) -> None:
        self._detector = detector
        self._languages = languages
        self._people = People()
        self._names: set[str] = set()
        self._counts: Counter[Kind] = Counter()
        self.were: dict[str, str] = {}

    @property
    def found(self) -> dict[Kind, int]:
        """How many of each kind, each value counted once."""
        return dict(self._counts)

    def read(self, texts: Sequence[str]) -> None:
        """Learns the names of all texts, and which placeholders stand in them already."""
        for text in texts:
            for written in PLACEHOLDER.finditer(text):
                label, _, number = written[0][1:-1].rpartition("_")
                self._people.reserve(label, int(number))
        for text in texts:
            for span in self._detector.find(text, self._languages):
                if span.kind == "name":
                    name = plain(text[span.start : span.end])[0]
                    self._names |= parts_of(name, lexicon())
                    self._people.meet(name)

    def scrub(self, text: str) -> str:
        for _ in range(_PASSES):
            spans = self._spans(text)
            if not spans:
                break
            text = self._replaced(text, spans)
        return text

    def _spans(self, text: str) -> list[Span]:
        """Nothing is private in a placeholder, whatever a detector says."""
        holed = PLACEHOLDER.sub(lambda each: HOLE * len(each[0]), text)
        spans = [*self._detector.find(holed, self._languages), *standing(holed, self._names)]
        return [each for each in settled(spans, holed) if HOLE not in holed[each.start : each.end]]

    def _replaced(self, text: str, spans: Sequence[Span]) -> str:
        parts, at = [], 0
        for span in spans:
            value = text[span.start : span.end]
            placeholder = self._people.placeholder(span.kind, value)
            if placeholder not in self.were:
                self.were[placeholder] = value
                self._counts[span.kind] += 1
            parts += [text[at : span.start], placeholder]
            at = span.end
        return "".join([*parts, text[at:]])
