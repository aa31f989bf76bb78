"""Traces -> the review queue: the stage of the night that decides what people should look at.

    traces, oldest first ── worth ── order, so that one look teaches most ── the queue, bounded
                       └─── drawn by chance, with a known probability ──────┘

It goes on where it stopped. A page of traces and the place it ends at are kept together, so it may
be cut anywhere and run again. Traces of the last minutes are looked at, and looked at again the
next time, as one that began before may still be written; chance draws only what is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import Message
from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.core.trace import JOB, Trace
from teppan.learn.asking import Ask
from teppan.learn.review import chance
from teppan.learn.review.deciding import Follow
from teppan.learn.review.hearing import Answers, Told, chance_of, rated
from teppan.learn.review.nearness import LONGEST, Questions, packed, unpacked
from teppan.learn.review.picking import Pick, Picked, pick, priority_of
from teppan.learn.review.ranking import rerank
from teppan.learn.review.suggesting import suggest
from teppan.learn.review.worth import Weights, Worth, confidence_of, worth
from teppan.store.review import Count, Place
from teppan.store.review_rows import DECIDED, Alternative, Content, Entry, Known, Lane
from teppan.store.store import Store

if TYPE_CHECKING:
    from teppan.learn.coherence import Vectors
    from teppan.learn.review.nearness import Rows

Report = Callable[[int, int, str], None]
"""Done, of how many, of what."""
IntentOf = Callable[[str], tuple[str, float]]

PAGE = 1_000
"""Traces that are ordered together."""
KNOWN = 4_000
"""Items that new ones are compared with, the newest of them."""
TRAINED = 2_000
"""Examples for training that count as seen."""
LATE = 200
"""Older answers that people disliked since the last time, of which are looked at."""
GRACE = 86_400.0
"""Seconds before `since` in which a filling goes on where the last one stopped: a night begins
where the one before ended, which is after what was settled then."""
SETTLED = 300.0
"""Seconds after which no trace appears any more that began earlier."""
DISLIKED = 0.5
"""Ratings below this are bad words."""
_ALTERNATIVES = 5
_SAID = ("user", "assistant")


class Policy(Struct, frozen=True, kw_only=True):
    """At most `open` items wait; `share` of what is handed out is drawn by chance, about `draws` in
    one filling. `intents` says in [0, 1] how much each matters. A claim lasts `lease` seconds. The
    model `critic` suggests answers for the `suggestions` items that are worth most."""

    open: int = 200
    share: float = 0.1
    draws: int = 20
    lease: float = 900.0
    weights: Weights = Weights()
    intents: Mapping[str, float] = {}
    critic: str = ""
    suggestions: int = 10

    @property
    def most(self) -> dict[Lane, int]:
        return {"ranked": self.open, "random": 2 * self.draws}


class Desk(Struct, frozen=True):
    """What filling needs: where traces and items are, and what tells near questions. `follow` makes
    examples again of what was decided; without `ask` nothing is suggested."""

    store: Store
    vectors: Vectors
    policy: Policy
    clock: Clock
    intent_of: IntentOf | None = None
    follow: Follow | None = None
    ask: Ask | None = None


class Filled(Struct, frozen=True):
    """What one filling did: traces looked at, items that are new, what chance drew, those that gave
    way, and suggestions with what they cost in micro-dollars; `stopped` says why not more."""

    traces: int = 0
    added: int = 0
    drawn: int = 0
    gone: int = 0
    suggested: int = 0
    paid: Micros = 0
    stopped: str = ""


async def fill(
    desk: Desk, scope: Scope, since: float, until: float, report: Report | None = None
) -> Filled:
    """Looks at the traces of this tenant that were not looked at yet and began between `since`, or
    where the last filling stopped not long before, and `until`; seconds since 1970. Raises
    `StoreError`; what was done stays done."""
    review, now = desk.store.review, desk.clock.now()
    before = await review.place(scope)
    await _caught_up(desk, scope, before.heard)
    going_on = before.started >= since - GRACE
    place = before if going_on else Place(since, "", before.heard)
    settled = min(until, now - SETTLED)
    drawing = 0.0
    if desk.policy.share > 0:
        drawing = chance.chance(desk.policy.draws, await review.waiting(scope, place, settled))
    weights = await ordered(desk, scope)
    heard = await _heard(desk, scope, min(place.started, place.heard))
    run = _Run(desk, scope, place, heard, weights)
    await run.prepare()
    await run.page(await _late(run), settled=0.0, drawing=0.0)
    total, done, cursor = await review.waiting(scope, place, until), 0, place
    while page := await review.traces(scope, cursor, until, PAGE):
        await run.page(page, settled, drawing)
        cursor, done = Place(page[-1].started, page[-1].id), done + len(page)
        if report is not None:
            report(done, max(done, total), "answers looked at")
    run.place = Place(run.place.started, run.place.trace_id, now)
    await run.put([], [], 0)
    await ordered(desk, scope)
    if desk.ask is None or not desk.policy.critic:
        return run.filled
    told = await suggest(review, desk.ask, scope, desk.policy.critic, desk.policy.suggestions)
    return replace(run.filled, suggested=told.made, paid=told.paid, stopped=told.stopped)


class _Heard(Struct, frozen=True):
    """What people said, by trace; and which answers they wrote anew."""

    ratings: Mapping[str, Sequence[float]]
    corrected: frozenset[str]


class _Run:
    """One filling: how far it is, and what it has done."""

    def __init__(
        self, desk: Desk, scope: Scope, place: Place, heard: _Heard, weights: Weights
    ) -> None:
        self.desk = desk
        self.scope = scope
        self.place = place
        self.heard = heard
        self.weights = weights
        self.filled = Filled()
        self._trained: list[str] = []

    async def prepare(self) -> None:
        examples = await self.desk.store.signals.list(self.scope, trains=True, limit=TRAINED)
        self._trained = [question_of(each.messages) for each in examples]

    async def page(self, traces: Sequence[Trace], settled: float, drawing: float) -> None:
        """Puts the best of a page in, and those that chance draws; moves on behind it."""
        some = [each for each in traces if is_whole(each)]
        entries, counts = await self._ordered(some, settled)
        drawn = [
            _drawn(each, drawing)
            for each in entries
            if each.started < settled and chance.number(each.trace_id) < drawing
        ]
        names = {each.trace_id for each in drawn}
        ranked = [
            entry
            for entry, trace in zip(entries, some, strict=True)
            if entry.trace_id not in names and self._ranks(trace)
        ]
        ranked.sort(key=lambda each: -each.priority)
        last = next((each for each in reversed(traces) if each.started < settled), None)
        if last is not None:
            self.place = Place(last.started, last.id, self.place.heard)
        await self.put([*drawn, *ranked[: self.desk.policy.open]], counts, len(traces))

    async def put(self, entries: Sequence[Entry], counts: Sequence[Count], traces: int) -> None:
        done = await self.desk.store.review.put(
            self.scope, entries, self.place, self.desk.policy.most, counts
        )
        self.filled = replace(
            self.filled,
            traces=self.filled.traces + traces,
            added=self.filled.added + done.added,
            drawn=self.filled.drawn + sum(each.lane == "random" for each in entries),
            gone=self.filled.gone + done.gone,
        )

    def _ranks(self, trace: Trace) -> bool:
        """What was remembered was looked at where it was first said; what a person wrote anew
        needs no other."""
        return trace.remembered is None and trace.id not in self.heard.corrected

    async def _ordered(
        self, traces: Sequence[Trace], settled: float
    ) -> tuple[list[Entry], list[Count]]:
        if not traces:
            return [], []
        desk, names = self.desk, {each.id for each in traces}
        everything = await desk.store.review.known(self.scope, KNOWN)
        own = {each.trace_id: each.covers for each in everything if each.trace_id in names}
        known = [each for each in everything if each.trace_id not in names]
        texts = [each.request.question for each in traces if each.request]
        asked = Questions(texts, desk.vectors([text[:LONGEST] for text in texts]))
        queue = Questions(
            [each.question for each in known],
            unpacked([each.vector for each in known], asked.rows.shape[1]),
        )
        intents = [desk.intent_of(text)[0] if desk.intent_of else "" for text in texts]
        nearest = self._nearest(asked, known, queue)
        worths = [
            worth(
                trace,
                self.heard.ratings.get(trace.id, ()),
                nearest[at],
                intents[at],
                desk.policy.intents,
                self.weights,
            )
            for at, trace in enumerate(traces)
        ]
        striking = [self._disliked(each) for each in traces]
        fresh = [each.started < settled for each in traces]
        answers = Answers([each.answer.text for each in traces if each.answer], desk.vectors)
        said = [rated(self.heard.ratings.get(each.id, ())) for each in traces]
        chances = [
            chance_of(each.value, float(weight), float(against))
            for each, (weight, against) in zip(worths, answers.pooled(said), strict=True)
        ]
        picked = pick(asked, chances, striking, queue, fresh)
        told = _gathered(picked.picked, answers, said)
        entries = [
            entry_of(
                trace,
                worths[at],
                _kept(picked.picked[at], own.get(trace.id, 0), chances[at]),
                told[at],
                intents[at],
                packed(asked.rows[at]),
            )
            for at, trace in enumerate(traces)
        ]
        return entries, list(_counts(picked, known))

    def _nearest(
        self, asked: Questions, known: Sequence[Known], queue: Questions
    ) -> Sequence[float]:
        """Of each question the similarity of the closest that was reviewed or trained on."""
        import numpy as np  # an idle gateway has no use for it

        reviewed = [at for at, each in enumerate(known) if each.status in DECIDED]
        seen = Questions([queue.texts[at] for at in reviewed], queue.rows[reviewed])
        texts = [text[:LONGEST] for text in self._trained]
        found: list[Rows] = [asked.near(seen)]
        if texts:
            found.append(asked.near(Questions(texts, self.desk.vectors(texts))))
        joined = np.concatenate([*found, np.zeros((len(asked), 1), np.float32)], axis=1)
        return [float(each) for each in joined.max(axis=1)]

    def _disliked(self, trace: Trace) -> bool:
        ratings = self.heard.ratings.get(trace.id, ())
        return bool(ratings) and sum(ratings) / len(ratings) < DISLIKED


async def ordered(desk: Desk, scope: Scope) -> Weights:
    """Orders what waits by what reviewers have found; returns what each reason weighs by now."""
    policy = desk.policy
    return await rerank(desk.store.review, scope, policy.weights, desk.vectors, policy.open)


async def _caught_up(desk: Desk, scope: Scope, since: float) -> None:
    """Makes the examples of what was decided since the last time, should that have failed then."""
    if desk.follow is not None:
        for trace_id in await desk.store.review.touched(scope, since):
            await desk.follow(scope, trace_id)


async def _heard(desk: Desk, scope: Scope, since: float) -> _Heard:
    ratings: dict[str, list[float]] = {}
    for each in await desk.store.feedback.counting(scope, since=since):
        if each.trace_id:
            ratings.setdefault(each.trace_id, []).append(each.value)
    better = await desk.store.corrections.counting(scope, since=since)
    return _Heard(ratings, frozenset(each.trace_id for each in better))


async def _late(run: _Run) -> list[Trace]:
    """Answers looked at before that people have disliked since then: the worst first."""
    heard: Mapping[str, Sequence[float]] = run.heard.ratings
    found: list[Trace] = []
    for id in sorted(heard, key=lambda each: (sum(heard[each]) / len(heard[each]), each)):
        if len(found) >= LATE or sum(heard[id]) / len(heard[id]) >= DISLIKED:
            break
        trace = await run.desk.store.traces.get(run.scope, id)
        if trace is not None and (trace.started, id) <= (run.place.started, run.place.trace_id):
            found.append(trace)
    return found


def is_whole(trace: Trace) -> bool:
    """Whether a customer asked, and was answered in words that were kept."""
    if trace.status != "ok" or trace.endpoint == JOB or trace.request is None:
        return False
    return bool(trace.answer and trace.answer.text.strip() and trace.request.question.strip())


def question_of(messages: Sequence[Message]) -> str:
    """The newest words of the customer."""
    return next((each.text for each in reversed(messages) if each.role == "user"), "")


def entry_of(
    trace: Trace, value: Worth, place: Picked, told: Told, intent: str, vector: bytes
) -> Entry:
    request, answer = trace.request, trace.answer.text if trace.answer else ""
    assert request is not None, "only whole traces are looked at"
    others = {
        each.text.strip(): Alternative(each.model, each.text)
        for each in trace.replies
        if each.text.strip() and each.text.split() != answer.split()
    }
    return Entry(
        trace_id=trace.id,
        episode=trace.episode,
        user=request.user,
        priority=place.priority,
        intent=intent,
        language=trace.language,
        model=trace.served,
        started=trace.started,
        vector=vector,
        content=Content(
            question=request.question,
            messages=tuple(each for each in request.messages if each.role in _SAID and each.text),
            answer=answer,
            alternatives=tuple(others.values())[:_ALTERNATIVES],
            reason=value.reason,
            parts=value.parts,
            covers=place.covers,
            factor=place.factor,
            rest=place.rest,
            told_weight=told.weight,
            told_against=told.against,
            confidence=confidence_of(trace),
            advice=trace.verdict.improvement if trace.verdict else "",
        ),
    )


def _drawn(entry: Entry, drawing: float) -> Entry:
    return replace(
        entry,
        lane="random",
        chance=drawing,
        draw=chance.number(entry.trace_id),
        content=replace(entry.content, reason=f"drawn by chance, as {drawing:.2%} of all are"),
    )


def _gathered(picked: Sequence[Picked], answers: Answers, said: Sequence[Told]) -> list[Told]:
    """What was said, with the one that stands for an answer where it is the same, so that it stays
    when those it stands for give way; nothing is in two places."""
    found = [Told()] * len(picked)
    for at, (each, told) in enumerate(zip(picked, said, strict=True)):
        to = each.leader if each.leader >= 0 and answers.same(at, each.leader) else at
        found[to] = Told(found[to].weight + told.weight, found[to].against + told.against)
    return found


def _kept(picked: Picked, covered: int, wrong: float) -> Picked:
    """One that is in the queue already stands for no fewer than it did."""
    if covered <= picked.covers:
        return picked
    return Picked(priority_of(wrong, covered), covered)


def _counts(picked: Pick, known: Sequence[Known]) -> Iterator[Count]:
    """What is open stands for what came near it too."""
    for at, more in picked.more.items():
        each = known[at]
        if each.status == "open":
            covers = each.covers + more
            priority = each.priority * covers / each.covers
            yield Count(each.trace_id, covers, priority)
