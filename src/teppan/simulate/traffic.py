"""A seeded month of customers: who asks what, in which words, when, and what they ask next.

    bank = load_bank(pack)
    month = traffic(bank, load_plans(pack), Month(requests=3000, seed=7))
    for step in month.steps: ...        # in order of time; `step.episode` groups a conversation

Questions of an intent are asked with Zipf's popularity (the r-th most popular with weight 1 / r).
`exact` of the first questions come from a button: letter by letter the same. All others are
phrasings of the bank as people type them (greetings, thanks, slips of the finger, no capitals), so
that few are the same twice; a text is kept only while the bank still finds the question in it. Most
customers ask one thing, some go on. A booking is a conversation of 3 to 25 turns after a plan of
the bank (`[[conversation]]`), with other questions in between; what was said is sent again with
every turn.

Times follow hours and weekdays: busy around noon and in the evening, and towards the weekend.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from teppan.simulate import dice
from teppan.simulate.questions import Bank, BankError, Question, bank_files, normalise, rows_of
from teppan.simulate.wording import dressed

MIX: Mapping[str, float] = MappingProxyType(
    {
        "pricing": 0.18,
        "travel": 0.05,
        "faq": 0.08,
        "event": 0.10,
        "menu": 0.14,
        "allergy": 0.05,
        "booking": 0.20,
        "complaint": 0.10,
        "small_talk": 0.10,
    }
)
"""Share of the requests by intent; those of a booking conversation count as booking."""

LANGUAGES: Mapping[str, float] = MappingProxyType({"en": 0.75, "es": 0.15, "zh": 0.05, "ja": 0.05})
"""Share of the customers by language."""

TRAP = "trap-"
"""How the ids of questions begin that are made to mislead: for tests, not for a month's traffic."""

OTHERS = "*"
"""The step of a plan at which customers may ask something else."""

T = TypeVar("T")

DAY = 86_400.0
_HOURS = (1, 1, 0, 0, 0, 0, 1, 2, 4, 6, 8, 10, 11, 9, 7, 7, 8, 10, 13, 14, 12, 9, 5, 2)
_WEEKDAYS = (8, 8, 9, 11, 13, 14, 11)
"""What each hour and each weekday, from Monday, weighs."""
_FEWEST, _MOST = 3, 25
_PAUSE, _LEAST_PAUSE = 40.0, 20.0
"""Seconds between two turns: the mean of what is added to the least."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a conversation goes: ids of questions, and `*` where other questions fit."""

    id: str
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """What kind of month. `start` is seconds since 1970, a Monday unless said otherwise.

    `exact` is the share of first questions that come from a button, `going_on` the chance that a
    customer asks another thing, `popularity` Zipf's exponent. With `never_twice` no two first
    questions have the same letters.
    """

    requests: int = 3000
    days: float = 30.0
    seed: int = 1
    start: float = 1_790_553_600.0
    mix: Mapping[str, float] = field(default_factory=lambda: dict(MIX))
    languages: Mapping[str, float] = field(default_factory=lambda: dict(LANGUAGES))
    exact: float = 0.25
    going_on: float = 0.25
    popularity: float = 1.0
    never_twice: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One request: the newest words of a customer; the turns before it share its `episode`."""

    at: float
    episode: str
    turn: int
    question: Question
    text: str
    button: bool = False

    @property
    def follows(self) -> bool:
        """Whether something was said before."""
        return self.turn > 0


@dataclass(frozen=True, slots=True)
class Traffic:
    """The month's requests in order of time."""

    steps: tuple[Step, ...]

    def repeated(self) -> float:
        """Share of first questions whose very text was a first question before."""
        first = [step.text for step in self.steps if not step.follows]
        return 1.0 - len(set(first)) / len(first) if first else 0.0


def load_plans(path: Path) -> tuple[Plan, ...]:
    """Every `[[conversation]]` of a bank's files. Raises `BankError` as `load_bank` does."""
    plans = []
    for file in bank_files(path):
        try:
            tables = tomllib.loads(file.read_text("utf-8")).get("conversation", [])
        except (OSError, ValueError) as error:
            raise BankError(f"{file.name}: {error}") from error
        for table in tables:
            plans += [
                Plan(str(row["id"]), tuple(row["turns"])) for row in rows_of(file.name, table)
            ]
    return tuple(plans)


def traffic(bank: Bank, plans: Sequence[Plan], month: Month) -> Traffic:
    """The month. Raises `BankError` for a plan that names a question the bank does not have."""
    for plan in plans:
        unknown = [id for id in plan.turns if id != OTHERS and id not in bank.by_id]
        if unknown:
            raise BankError(f"conversation {plan.id!r}: no question {unknown[0]!r}")
    people = _People(bank, plans, month)
    steps: list[Step] = []
    number = 0
    while len(steps) < month.requests:  # the last customer may finish
        steps += people.episode(number)
        number += 1
    return Traffic(tuple(sorted(steps, key=lambda step: (step.at, step.episode))))


class _People:
    """Customers by number; every draw hangs on the seed and the number alone."""

    def __init__(self, bank: Bank, plans: Sequence[Plan], month: Month) -> None:
        self._bank = bank
        self._plans = plans
        self._month = month
        self._ranked = _ranked(bank, plans, month.seed)
        self._said: set[str] = set()

    def episode(self, number: int) -> Iterator[Step]:
        """The steps of one customer."""
        at = _moment(self._month, number)
        for turn, (question, button) in enumerate(self._plan(number)):
            if turn:
                wait = dice.exponential(_PAUSE, self._month.seed, number, turn, "wait")
                at += _LEAST_PAUSE + wait
            draw = (self._month.seed, number, turn)
            taken = self._said if self._month.never_twice and not turn else frozenset[str]()
            text = question.text if button else dressed(self._bank, question, taken, *draw)
            self._said.add(normalise(text))
            yield Step(at, f"ep{number}", turn, question, text, button)

    def _plan(self, number: int) -> list[tuple[Question, bool]]:
        month, seed = self._month, self._month.seed
        intent = _weighted(_per_episode(month), seed, number, "intent")
        if intent == "booking" and self._plans:
            return [(question, False) for question in self._booking(number)]
        language = _weighted(month.languages, seed, number, "language")
        asked = [self._popular(intent, number, 0, language)]
        language = asked[0].language
        button = not month.never_twice and dice.unit(seed, number, "button") < month.exact
        turn = 0
        while dice.unit(seed, number, turn, "goes on") < month.going_on:
            turn += 1
            others = {name: share for name, share in month.mix.items() if name != "booking"}
            intent = _weighted(others, seed, number, turn)
            asked.append(self._popular(intent, number, turn, language))
        return [(question, button and place == 0) for place, question in enumerate(asked)]

    def _booking(self, number: int) -> list[Question]:
        """A plan cut to the length drawn, with other questions where there is room for them."""
        seed = self._month.seed
        plan = dice.pick(self._plans, seed, number, "plan")
        length = _FEWEST + int(dice.exponential(7.0, seed, number, "length"))
        length = min(length, _MOST)
        own = [id for id in plan.turns if id != OTHERS]
        spare = max(0, length - len(own))
        places = plan.turns.count(OTHERS)
        asked: list[Question] = []
        place = 0
        for id in plan.turns:
            if id != OTHERS:
                asked.append(self._bank.by_id[id])
                continue
            here = spare // places + (place < spare % places)
            place += 1
            for extra in range(here):
                draw = (seed, number, place, extra)
                intent = dice.pick(("pricing", "menu", "faq", "event"), *draw, "intent")
                asked.append(self._popular(intent, number, 100 * place + extra, "en"))
        return asked[:length]

    def _popular(self, intent: str, number: int, turn: int, language: str = "") -> Question:
        """A question of the intent, in one language once a customer has spoken."""
        known = self._ranked[intent]
        ranked = [each for each in known if each.language == language] or known
        weights = {place: (place + 1) ** -self._month.popularity for place in range(len(ranked))}
        return ranked[_weighted(weights, self._month.seed, number, turn, "which")]


def _ranked(bank: Bank, plans: Sequence[Plan], seed: int) -> dict[str, list[Question]]:
    """Questions by intent, most popular first: none of a plan, those are asked in conversations
    only, and no traps."""
    planned = {id for plan in plans for id in plan.turns}
    ranked: dict[str, list[Question]] = {}
    for question in sorted(bank, key=lambda each: dice.number(seed, "popular", each.id)):
        if question.id not in planned and not question.id.startswith(TRAP):
            ranked.setdefault(question.intent, []).append(question)
    return ranked


def _per_episode(month: Month) -> dict[str, float]:
    """The mix of requests as a mix of episodes: a booking has many turns, others a few."""
    long = _FEWEST + 6.0  # the mean of a booking, whose length is cut off and rounded down
    short = 1.0 / (1.0 - month.going_on)
    return {
        intent: share / (long if intent == "booking" else short)
        for intent, share in month.mix.items()
    }


def _weighted(weights: Mapping[T, float], *draw: object) -> T:
    left = dice.unit(*draw) * math.fsum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return list(weights)[-1]


def _moment(month: Month, number: int) -> float:
    """When an episode begins: a day by its weekday's weight, an hour by its own."""
    seed = month.seed
    days = {day: float(_WEEKDAYS[day % 7]) for day in range(math.ceil(month.days))}
    day = _weighted(days, seed, number, "day")
    hour = _weighted(dict(enumerate(map(float, _HOURS))), seed, number, "hour")
    return month.start + DAY * day + 3600.0 * (hour + dice.unit(seed, number, "minute"))
