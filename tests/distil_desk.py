"""A desk of distillation whose models, store and prices are the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Choice, Completion, Json, Message, say
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.core.signal import Score, Signal, Terms
from teppan.core.trace import ModelCall, Trace
from teppan.core.verdict import Confidence
from teppan.learn.asking import NOBODY, About, Asked
from teppan.learn.distil.desk import Desk, Job
from teppan.learn.distil.planning import Reckoned
from teppan.learn.distil.sieve import Sieve, Wanted
from teppan.learn.distil.tasks import Task
from teppan.learn.scoring import Heard
from teppan.routing.language import Languages
from teppan.store.distil import Result, Run

SCOPE = Scope("anna", "key-a")
ENGLISH = Languages(("en",))


def task(text: str, **more: Any) -> Task:
    return Task((say("user", text),), **more)


def trace(question: str, answer: str, cost: Micros | None = 10, **more: Any) -> Trace:
    """A whole answer that its ensemble is sure of."""
    made = Trace(
        id=f"tr_{abs(hash(question))}",
        tenant="anna",
        key_id="distil-run",
        started=1.0,
        asked="support",
        strategy="critic",
        status="ok",
        served="a/large",
        endpoint="job",
        calls=(
            ModelCall(
                id="c1", trace_id="tr", model="a/large", role="teacher", outcome="ok", cost=cost
            ),
        ),
        confidence=Confidence(0.95, "critic", 0.95),
        request=ChatRequest(model="support", messages=(say("user", question),)),
        answer=Completion("large", (Choice(say("assistant", answer), "stop"),)),
    )
    return replace(made, **more)


Answering = Callable[[str], Trace]


class Models:
    """Answers by a function; remembers what was paid for, as the house does. `cut` is raised
    instead where it says so."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.paid: dict[str, Trace] = {}
        self.asked: list[str] = []
        self.under_way = self.most_under_way = 0

    async def __call__(
        self,
        scope: Scope,
        model: str,
        messages: Sequence[Message],
        *,
        key: str,
        about: About = NOBODY,
        schema: Mapping[str, Json] | None = None,
        temperature: float | None = None,
    ) -> Asked:
        if key in self.paid:
            return Asked(self.paid[key], True)
        self.asked.append(key)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
            made = self.answering(messages[-1].text)
        finally:
            self.under_way -= 1
        self.paid[key] = made
        return Asked(made)

    @property
    def cost(self) -> Micros:
        return sum(each.cost or 0 for each in self.paid.values())


class Shelf:
    """Where examples are kept."""

    def __init__(self) -> None:
        self.kept: dict[str, Signal] = {}

    async def put(self, scope: Scope, made: Sequence[Signal]) -> int:
        new = sum(each.trace_id not in self.kept for each in made)
        self.kept |= {each.trace_id: each for each in made}
        return new

    async def drop(self, scope: Scope, trace_ids: Sequence[str]) -> int:
        return sum(self.kept.pop(each, None) is not None for each in trace_ids)


class Notes:
    """The store's part: runs, results, examples."""

    def __init__(self, models: Models, shelf: Shelf) -> None:
        self.models = models
        self.shelf = shelf
        self.runs: list[Run] = []
        self.by_task: dict[str, Result] = {}

    async def begin(self, scope: Scope, run: Run) -> Run | None:
        self.runs.append(run)
        return None

    async def results(self, scope: Scope, run: str) -> list[Result]:
        return list(self.by_task.values())

    async def spent(self, scope: Scope, key_id: str) -> Micros:
        return self.models.cost

    async def put(self, scope: Scope, run: str, results: Sequence[Result]) -> None:
        for each in results:
            before = self.by_task.get(each.task)
            if before is not None and (each.state, each.answered) != ("kept", before.answered):
                self.shelf.kept.pop(before.answered, None)
            self.by_task[each.task] = each

    @property
    def states(self) -> dict[str, str]:
        return {each.name: each.state for each in self.by_task.values()}


class Scores:
    def score(self, heard: Heard) -> Score:
        return Score(0.4, known=0.3)


class NoLeaks:
    def find(self, said: Sequence[str]) -> None:
        return None


class Leaks:
    """An evaluation set of these questions."""

    why = "leak: a question of the set"

    def __init__(self, *questions: str) -> None:
        self.questions = questions

    def find(self, said: Sequence[str]) -> Leaks | None:
        return self if set(said) & set(self.questions) else None


def desk(
    models: Models,
    notes: Notes,
    shelf: Shelf,
    *,
    bound: Micros | None = 10,
    terms: Terms = "free",
    wanted: Wanted | None = None,
    **more: Any,
) -> Desk:
    async def no_wait(seconds: float) -> None:
        await asyncio.sleep(0)

    made = Desk(
        ask=models,
        records=notes,
        signals=shelf,
        sieve=Sieve(wanted or Wanted(), lambda model: terms, ENGLISH),
        scores=Scores(),
        leaks=NoLeaks(),
        languages=ENGLISH,
        reckon=lambda model, messages: Reckoned(1, bound, bound),
        writers=lambda model: {"a/large": terms},
        alone=lambda model: False,
        judged_by=(wanted or Wanted()).name,
        sleep=no_wait,
    )
    return replace(made, **more)


def job(*tasks: Task, **more: Any) -> Job:
    made = Job(name="run", model="support", made_of="m1", tasks=tasks, budget=1_000_000)
    return replace(made, **more)


def quiet(done: int, total: int, what: str) -> None:
    """Nobody watches."""
