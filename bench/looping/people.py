"""How customers react to answers of known quality: the noise model.

Written down before any result was looked at, and not changed for one. `REPORTED` is what the bench
reports on; `OTHER` is another crowd, with other habits, on which the scoring was worked out.

The true quality of an answer is in [0, 1]: 1 for one that is right, else the share of its facts
that it states, a quarter of that where it also says something that is false.

A customer sees a wrong answer as wrong only when they notice; what they do follows what they saw:

    they rate     few do, more of the annoyed; some always kindly, some always angrily, the others
                  as they saw it, with a slip now and then; thumbs or stars; of the answer or of the
                  whole conversation; some days later; some change their mind once they know better,
                  a few take it back
    they go on    with or without a word of mood; some ask the same again; some take their leave
    they book     only where the talk was of a booking, an event or a price; the likelier the better
                  the answers they saw; days later. Of those who do not, the business learns of half
    the staff     writes better texts, mostly of what was disliked; now and then of a right answer
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from teppan.simulate import dice
from teppan.simulate.questions import Question

DAY = 86_400.0
BUYING = frozenset({"booking", "event", "pricing"})


@dataclass(frozen=True, slots=True)
class Manners:
    """Chances, and mean delays in days."""

    notices: float = 0.6
    rates: float = 0.12
    annoyed: float = 1.8
    kind: float = 0.20
    angry: float = 0.10
    slip: float = 0.08
    stars: float = 0.5
    of_all: float = 0.2
    late: float = 0.25
    late_days: float = 1.5
    edits: float = 0.10
    withdraws: float = 0.03
    mood: float = 0.45
    grateful: float = 0.15
    again: float = 0.35
    again_anyway: float = 0.03
    leaves: float = 0.30
    books: float = 0.55
    books_anyway: float = 0.03
    book_days: float = 2.5
    lost_told: float = 0.5
    reviewed: float = 0.01
    reviewed_bad: float = 0.20
    review_slip: float = 0.05


REPORTED = Manners()
OTHER = Manners(
    notices=0.75,
    rates=0.06,
    annoyed=3.0,
    kind=0.35,
    angry=0.05,
    slip=0.15,
    mood=0.3,
    grateful=0.3,
    again=0.2,
    leaves=0.15,
    books=0.35,
    lost_told=0.9,
)


def quality(question: Question, text: str) -> float:
    """How good an answer truly is."""
    if question.is_right(text):
        return 1.0
    stated = 1.0 - len(question.missing(text)) / max(1, len(question.must))
    return stated * (0.25 if question.forbidden(text) else 0.5)


@dataclass(frozen=True, slots=True)
class Rating:
    """What is said: `body` is what the API is sent, `value` what it means, after `delay` seconds.
    `then` is what is said instead, a day after; a `withdrawn` one is taken back then."""

    body: Mapping[str, object]
    value: float
    delay: float
    of_all: bool = False
    then: Rating | None = None
    withdrawn: bool = False


class Person:
    """One customer in one conversation."""

    def __init__(self, seed: int, episode: str, language: str, manners: Manners) -> None:
        self._draw = (seed, "person", episode)
        self._manners = manners
        self.language = language
        self.seen: list[float] = []
        regular = dice.unit(*self._draw, "regular") < 0.4
        which = dice.number(*self._draw, "which") % 150
        self.name = f"guest-{which}" if regular else f"guest-{episode}"

    def sees(self, true: float, turn: int) -> float:
        """How good an answer looks to them."""
        seen = true if self._chance(self._manners.notices, turn, "notices") else 1.0
        self.seen.append(seen)
        return seen

    def rating(self, true: float, seen: float, turn: int) -> Rating | None:
        manners = self._manners
        chance = manners.rates * (manners.annoyed if seen < 0.5 else 1.0)
        if not self._chance(chance, turn, "rates"):
            return None
        of_all = self._chance(manners.of_all, turn, "of all")
        felt = sum(self.seen) / len(self.seen) if of_all else seen
        late = self._chance(manners.late, turn, "late")
        delay = (
            DAY * dice.exponential(manners.late_days, *self._draw, turn, "days")
            if late
            else 5.0 + dice.exponential(60.0, *self._draw, turn, "soon")
        )
        then = (
            self._given(true, turn, "then") if self._chance(manners.edits, turn, "edits") else None
        )
        body, value = self._given(felt, turn, "first")
        return Rating(
            body,
            value,
            delay,
            of_all,
            Rating(*then, DAY) if then else None,
            withdrawn=then is None and self._chance(manners.withdraws, turn, "withdraws"),
        )

    def _given(self, felt: float, turn: int, which: str) -> tuple[dict[str, object], float]:
        manners = self._manners
        temper = dice.unit(*self._draw, "temper")
        if temper < manners.kind:
            felt = 1.0
        elif temper < manners.kind + manners.angry:
            felt = 0.0
        elif self._chance(manners.slip, turn, which, "slip"):
            felt = 1.0 - felt
        if dice.unit(*self._draw, "stars") < manners.stars:
            wobble = 0.5 * dice.normal(*self._draw, turn, which, "wobble")
            stars = min(5, max(1, round(1 + 4 * felt + wobble)))
            return {"stars": stars}, (stars - 1) / 4
        up = felt >= 0.5
        return {"thumbs": "up" if up else "down"}, float(up)

    def goes_on(self, text: str, seen: float, turn: int) -> str:
        """The next question, with a word of mood before it."""
        kind = "plain"
        polite = seen >= 0.5 or self._chance(self._manners.grateful, turn, "grateful")
        if self._chance(self._manners.mood, turn, "mood"):
            kind = "good" if polite else "bad"
        elif self._chance(0.5, turn, "silent"):
            return text
        return self._before(text, kind, turn)

    def asks_again(self, seen: float, turn: int) -> bool:
        manners = self._manners
        return self._chance(manners.again if seen < 0.5 else manners.again_anyway, turn, "again")

    def once_more(self, question: Question, turn: int) -> str:
        phrase = dice.pick(question.phrasings, *self._draw, turn, "phrase")
        return self._before(phrase, "again", turn)

    def leaves(self, turn: int) -> str | None:
        """The last words, if there are any."""
        if not self._chance(self._manners.leaves, turn, "leaves"):
            return None
        bad = self.seen[-1] < 0.5 and not self._chance(self._manners.grateful, turn, "polite")
        return dice.pick(words(self.language, "leave" if bad else "bye"), *self._draw, "bye")

    def outcome(self, questions: Sequence[Question]) -> tuple[str, float] | None:
        """What the business sees of the conversation: the metric, and after how many seconds."""
        if not BUYING & {each.intent for each in questions}:
            return None
        manners = self._manners
        felt = sum(self.seen) / len(self.seen)
        delay = DAY * min(10.0, dice.exponential(manners.book_days, *self._draw, "book days"))
        if self._chance(manners.books_anyway + manners.books * felt**2, 0, "books"):
            return "booking", delay
        return ("abandoned", 3 * DAY) if self._chance(manners.lost_told, 0, "told") else None

    def corrected(self, true: float, disliked: bool, turn: int) -> bool:
        """Whether the staff writes the answer anew."""
        manners = self._manners
        if not self._chance(manners.reviewed_bad if disliked else manners.reviewed, turn, "staff"):
            return False
        return true < 1.0 or self._chance(manners.review_slip, turn, "slip of the staff")

    def _before(self, text: str, kind: str, turn: int) -> str:
        word = dice.pick(words(self.language, kind), *self._draw, turn, kind)
        return f"{word}{'' if self.language in ('zh', 'ja') else ' '}{text}"

    def _chance(self, share: float, *names: object) -> bool:
        return dice.unit(*self._draw, *names) < share


def words(language: str, kind: str) -> tuple[str, ...]:
    return tuple(_read()[language][kind])


@cache
def _read() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
