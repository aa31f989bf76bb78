"""A month of customers in front of the real gateway, over HTTP, on a clock of its own.

What happens next hangs on the answers, so the month is a queue of events: questions, ratings,
outcomes, corrections, nights. Everything that is told to the gateway is told to the `Book` too,
which knows what should be in every example. Nights gather; most are cut once or more first.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from looping.book import Book
from looping.people import DAY, Manners, Person, Rating, quality
from month.drive import MonthClock
from teppan.build.house import House
from teppan.build.learning import gathered, open_gatherer
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.learn.gathering import Gatherer
from teppan.server.process import running
from teppan.simulate import dice
from teppan.simulate.questions import Bank, Question
from teppan.simulate.traffic import Step, Traffic

TOGETHER = 15.0
"""Seconds of the month whose events happen at once; two turns of one customer lie further apart."""
NEXT = 40.0
AFTER = 14
"""Days after the month in which something is still told."""
NIGHT = 3 * 3600.0
CUT = 0.7
"""Share of the nights that are cut, each up to three times."""
CANCELS = 0.04
"""Share of the bookings that are taken back two days later."""
MOST_STEPS = 400
"""Of the event loop, after which a night is cut."""


@dataclass(order=True, slots=True)
class Event:
    at: float
    number: int
    kind: str = field(compare=False)
    what: Any = field(compare=False)


@dataclass(slots=True)
class Talk:
    """A conversation: what is still to be asked, and what was said."""

    episode: str
    person: Person
    model: str
    steps: list[Step]
    said: list[dict[str, str]] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    turn: int = 0
    closed: bool = False


@dataclass(slots=True)
class Nights:
    run: int = 0
    cut: int = 0
    scored: int = 0
    seconds: float = 0.0


class Month:
    """Drives one month; `book` and `nights` say afterwards what happened."""

    def __init__(self, bank: Bank, seed: int, manners: Manners, models: list[str]) -> None:
        self.bank, self.seed, self.manners, self.models = bank, seed, manners, models
        self.book, self.nights = Book(), Nights()
        self.failed = 0
        self._since = 0.0
        self._house: House
        self._gatherer: Gatherer
        self._events: list[Event] = []
        self._numbers = itertools.count()

    async def drive(
        self, settings: Settings, environment: Mapping[str, str], traffic: Traffic
    ) -> None:
        self._plan(traffic)
        clock = MonthClock(self._events[0].at)
        async with (
            running(settings, clock, environment) as (house, address),
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
        ):
            gatherer = open_gatherer(settings, house.pack, house.store)
            self._house, self._address, self._session = house, address, session
            self._gatherer, self._clock = gatherer, clock
            while self._events:
                together = [heapq.heappop(self._events)]
                while self._events and self._events[0].at <= together[0].at + TOGETHER:
                    together.append(heapq.heappop(self._events))
                clock.move_to(together[0].at)
                await self._happen(together)

    def _plan(self, traffic: Traffic) -> None:
        talks: dict[str, list[Step]] = {}
        for step in traffic.steps:
            talks.setdefault(step.episode, []).append(step)
        first, last = traffic.steps[0].at, traffic.steps[-1].at
        for episode, steps in talks.items():
            person = Person(self.seed, episode, steps[0].question.language, self.manners)
            model = dice.pick(self.models, self.seed, "model", episode)
            self._file(steps[0].at, "turn", Talk(episode, person, model, steps))
        night = first - first % DAY + DAY + NIGHT
        while night < last + AFTER * DAY:
            self._file(night, "night", night)
            night += DAY
        self._file(night, "night", night)

    def _file(self, at: float, kind: str, what: Any) -> None:
        heapq.heappush(self._events, Event(at, next(self._numbers), kind, what))

    async def _happen(self, events: list[Event]) -> None:
        """Turns at once, everything else in order: a rating never overtakes another."""
        turns = [each for each in events if each.kind == "turn"]
        await asyncio.gather(*(self._turn(each.what, each.at) for each in turns))
        for each in events:
            if each.kind == "night":
                await self._night(each.what)
            elif each.kind != "turn":
                await getattr(self, f"_{each.kind}")(each.at, *each.what)

    # --- a turn -----------------------------------------------------------------------------------

    async def _turn(self, talk: Talk, at: float) -> None:
        step = talk.steps.pop(0)
        trace_id, text = await self._ask(talk, step)
        if not trace_id or not text:
            self.failed += 1
            return
        true = quality(step.question, text) if step.question.must else None
        seen = talk.person.sees(1.0 if true is None else true, talk.turn)
        talk.traces.append(trace_id)
        talk.questions.append(step.question)
        self.book.answered(trace_id, step, talk.model, true, seen, talk.person)
        self._react(talk, trace_id, at, true, seen)
        self._next(talk, step, seen, at)
        talk.turn += 1

    async def _ask(self, talk: Talk, step: Step) -> tuple[str, str]:
        talk.said.append({"role": "user", "content": step.text})
        body = {
            "model": talk.model,
            "messages": talk.said,
            "user": talk.person.name,
            "teppan": {"task_type": step.question.task_type, "episode": step.episode},
        }
        async with self._session.post(f"{self._address}/v1/chat/completions", json=body) as got:
            told = await got.json()
            trace_id = got.headers.get("x-teppan-trace-id", "")
        text = told["choices"][0]["message"]["content"] or "" if got.status == 200 else ""
        talk.said.append({"role": "assistant", "content": text or "Sorry, later please."})
        return trace_id, text

    def _react(self, talk: Talk, trace_id: str, at: float, true: float | None, seen: float) -> None:
        if true is None:
            return
        rating = talk.person.rating(true, seen, talk.turn)
        if rating is not None:
            about = {"episode": talk.episode} if rating.of_all else {"trace_id": trace_id}
            self._file(at + rating.delay, "rate", (about, talk.person.name, rating))
        disliked = rating is not None and rating.value < 0.5
        if talk.person.corrected(true, disliked, talk.turn):
            question = talk.questions[-1]
            wait = dice.exponential(1.5, self.seed, talk.episode, talk.turn, "staff")
            delay = DAY * (0.5 + wait)
            self._file(at + delay, "correct", (trace_id, question.right[0]))

    def _next(self, talk: Talk, step: Step, seen: float, at: float) -> None:
        """The same again, the next question, a last word, or the end."""
        person, turn = talk.person, talk.turn
        if not talk.closed and turn < 30 and person.asks_again(seen, turn):
            again = person.once_more(step.question, turn)
            talk.steps.insert(0, self._step(step, again, step.question))
        elif talk.steps:
            coming = talk.steps[0]
            text = person.goes_on(coming.text, seen, turn)
            talk.steps[0] = self._step(coming, text, coming.question)
        elif not talk.closed:
            talk.closed = True
            last = person.leaves(turn)
            if last is not None:
                question = self.bank.find(last) or _farewell(step.question)
                talk.steps.append(replace(step, text=last, question=question))
        if talk.steps:
            wait = 25.0 + dice.exponential(NEXT, self.seed, step.episode, turn, "pause")
            self._file(at + wait, "turn", talk)
            return
        came = person.outcome(talk.questions)
        if came is not None:
            metric, delay = came
            cancels = metric == "booking" and dice.unit(self.seed, step.episode, "no") < CANCELS
            self._file(at + delay, "come", (step.episode, metric, cancels))

    def _step(self, step: Step, text: str, question: Question) -> Step:
        """The words, where the bank still finds the question in them; else the plain ones."""
        found = self.bank.find(text)
        text = text if found is not None and found.id == question.id else step.text
        return replace(step, text=text, question=question)

    # --- what is told -----------------------------------------------------------------------------

    async def _rate(self, at: float, about: dict[str, str], name: str, rating: Rating) -> None:
        body = {**about, **rating.body, "user": name}
        told = await self._post("feedback", body)
        if dice.unit(self.seed, at, name, "twice") < 0.1:
            await self._post("feedback", body)
        self.book.rated(about, name, rating.value, at)
        if rating.then is not None:
            self._file(at + rating.then.delay, "rate", (about, name, rating.then))
        elif rating.withdrawn:
            self._file(at + DAY, "unrate", (about, name, told["ids"][0]))

    async def _unrate(self, at: float, about: dict[str, str], name: str, id: str) -> None:
        await self._delete("feedback", id)
        self.book.rated(about, name, None, at)

    async def _come(self, at: float, episode: str, metric: str, cancels: bool) -> None:
        told = await self._post("outcomes", {"episode": episode, "metric": metric})
        self.book.came(episode, metric, 1.0, at)
        if cancels:
            self._file(at + 2 * DAY, "cancel", (episode, metric, told["id"]))

    async def _cancel(self, at: float, episode: str, metric: str, id: str) -> None:
        await self._delete("outcomes", id)
        self.book.came(episode, metric, None, at)

    async def _correct(self, at: float, trace_id: str, text: str) -> None:
        await self._post("corrections", {"trace_id": trace_id, "text": text, "user": "staff"})
        self.book.corrected(trace_id, text, at)

    async def _post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(f"{self._address}/v1/{what}", json=body) as got:
            told: dict[str, Any] = await got.json()
            if got.status != 200:
                raise RuntimeError(f"{what} {body}: {got.status} {told}")
            return told

    async def _delete(self, what: str, id: str) -> None:
        async with self._session.delete(f"{self._address}/v1/{what}/{id}") as got:
            if got.status != 200:
                raise RuntimeError(f"delete {what} {id}: {got.status} {await got.text()}")

    # --- the night --------------------------------------------------------------------------------

    async def _night(self, at: float) -> None:
        """All that is new since the last night; cut at random moments first, then to its end."""
        store = self._house.store
        while store.traces.waiting:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        if dice.unit(self.seed, at, "is cut") < CUT:
            for cut in range(1 + dice.number(self.seed, at, "cuts") % 3):
                await self._cut(at, cut)
        made = await gathered(self._gatherer, store, LOCAL, self._since)
        self._since = self._clock.now()
        self.nights.run += 1
        self.nights.scored += made.traces
        self.nights.seconds += time.monotonic() - began

    async def _cut(self, at: float, cut: int) -> None:
        night = asyncio.create_task(gathered(self._gatherer, self._house.store, LOCAL, self._since))
        for _ in range(dice.number(self.seed, at, cut, "steps") % MOST_STEPS):
            await asyncio.sleep(0)
            if night.done():
                break
        self.nights.cut += not night.done()
        night.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await night


def _farewell(question: Question) -> Question:
    """Last words that ask nothing: no answer to them is right or wrong."""
    return replace(
        question, id="farewell", text="", intent="small_talk", must=(), must_not=(), needs=()
    )
