"""What every example should hold, kept apart from the gateway by those who told it.

`differences` compares the examples that were made with this book: none may be missing, none
doubled, and each must hold the ratings, outcomes and better text of its own trace as they are in
the end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from looping.people import DAY, Person
from teppan.core.signal import Signal
from teppan.core.trace import Trace
from teppan.simulate.traffic import Step


@dataclass(slots=True)
class Answered:
    """One answer as its customer knows it; `true` is `None` where nothing was asked."""

    step: Step
    model: str
    true: float | None
    seen: float
    person: Person
    followed: bool = False


@dataclass(slots=True)
class Book:
    answers: dict[str, Answered] = field(default_factory=dict)
    episodes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    told: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    """What was told more than a day after the answer, by kind."""
    _ratings: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _outcomes: dict[tuple[str, str], float] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    def answered(
        self, trace_id: str, step: Step, model: str, true: float | None, seen: float, by: Person
    ) -> None:
        before = self.episodes[step.episode]
        if before:
            self.answers[before[-1]].followed = True
        before.append(trace_id)
        self.answers[trace_id] = Answered(step, model, true, seen, by)

    def rated(self, about: Mapping[str, str], source: str, value: float | None, at: float) -> None:
        [(kind, id)] = about.items()
        self._put(self._ratings, (kind, id, source), value)
        self._count("rating", id if kind == "trace_id" else self.episodes[id][-1], at)

    def came(self, episode: str, metric: str, value: float | None, at: float) -> None:
        self._put(self._outcomes, (episode, metric), value)
        self._count("outcome", self.episodes[episode][-1], at)

    def corrected(self, trace_id: str, text: str, at: float) -> None:
        self._texts[trace_id] = text
        self._count("correction", trace_id, at)

    def _count(self, kind: str, trace_id: str, at: float) -> None:
        self.told[kind] += 1
        self.late[kind] += at - self.answers[trace_id].step.at > DAY

    @staticmethod
    def _put(
        where: dict[tuple[str, ...], float], key: tuple[str, ...], value: float | None
    ) -> None:
        if value is None:
            where.pop(key, None)
        else:
            where[key] = value

    def ratings_of(self, trace_id: str) -> list[float]:
        episode = self.answers[trace_id].step.episode
        found: dict[str, float] = {}
        for kind, id in (("episode", episode), ("trace_id", trace_id)):
            for (of, about, source), value in self._ratings.items():
                if (of, about) == (kind, id):
                    found[source] = value
        return list(found.values())

    def outcomes_of(self, trace: Trace) -> dict[str, float]:
        episode = self.answers[trace.id].step.episode
        found = {metric: value for (of, metric), value in self._outcomes.items() if of == episode}
        if trace.escalated:
            found["escalated"] = 1.0
        return found

    def text_of(self, trace_id: str) -> str | None:
        return self._texts.get(trace_id)


@dataclass(slots=True)
class Differences:
    """Counts of what is not as it should be; `checked` examples in all."""

    checked: int = 0
    lost: int = 0
    doubled: int = 0
    extra: int = 0
    rating: int = 0
    outcome: int = 0
    text: int = 0
    link: int = 0

    @property
    def wrong(self) -> int:
        return self.rating + self.outcome + self.text + self.link


def usable(trace: Trace) -> bool:
    """Whether a trace should make an example where everything is collected."""
    answer = trace.answer.text.strip() if trace.answer is not None else ""
    whole = trace.status == "ok" and trace.request is not None and bool(answer)
    return whole and trace.remembered is None and trace.endpoint != "job"


def differences(book: Book, traces: Sequence[Trace], made: Sequence[Signal]) -> Differences:
    told = Differences(checked=len(made))
    rows = Counter(each.trace_id for each in made)
    by_trace = {each.trace_id: each for each in made}
    told.doubled = sum(rows.values()) - len(rows)
    told.doubled += len(made) - len({each.id for each in made})
    should = {each.id: each for each in traces if usable(each)}
    told.lost = len(should.keys() - rows.keys())
    told.extra = len(rows.keys() - should.keys())
    for id, trace in should.items():
        signal = by_trace.get(id)
        if signal is None or id not in book.answers:
            continue
        ratings = book.ratings_of(id)
        mean = sum(ratings) / len(ratings) if ratings else None
        heard = signal.score.part("feedback").value
        if (mean is None) != (heard is None) or abs((mean or 0.0) - (heard or 0.0)) > 1e-9:
            told.rating += 1
        told.outcome += dict(signal.outcomes) != book.outcomes_of(trace)
        told.text += signal.truth != book.text_of(id)
        linked = signal.score.part("sentiment").value is not None
        told.link += linked != book.answers[id].followed
    return told
