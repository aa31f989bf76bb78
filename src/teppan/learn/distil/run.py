"""A run: an ensemble answers tasks, each once and paid for once, and what it vouches for is kept.

    tasks ── each once, no evaluation question ── variations ── asked ── sieved ── example, result

Everything is done in the order of the list and named by its content, so a run that was killed goes
on where it was: what was judged is skipped, what was paid for comes from memory, and only the rest
is asked. An example is durable before its result, its result before it counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from teppan.core.errors import (
    BadRequest,
    PriceUnknown,
    ProviderBadRequest,
    ProviderError,
    Refused,
    UnsupportedRequest,
)
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.learn.distil import expanding, planning
from teppan.learn.distil.book import Book
from teppan.learn.distil.desk import Desk, Job, Report, Tally
from teppan.learn.distil.examples import example
from teppan.learn.distil.expanding import Check
from teppan.learn.distil.planning import Plan, Sifted
from teppan.learn.distil.pool import Pool
from teppan.learn.distil.tasks import Task
from teppan.store.distil import Run


async def distil(
    desk: Desk, scope: Scope, job: Job, report: Report, stop: asyncio.Event | None = None
) -> Tally:
    """Does a run, or what is left of it. Set `stop` and it ends with the questions under way.

    Raises `ConfigError` before anything is paid when nothing could be kept, `PriceUnknown` when a
    price is missing and not allowed to be; later a `TeppanError` that no other question would be
    spared, and `StoreError`. Whatever was done by then is done.
    """
    return await Runner(desk, scope, job, report, stop or asyncio.Event()).run()


async def plan(desk: Desk, scope: Scope, job: Job) -> Plan:
    """What `distil` would do now. Nothing is asked and nothing is written."""
    return await Runner(desk, scope, job, lambda *_: None, asyncio.Event()).plan()


class Runner:
    """One start of a run."""

    def __init__(
        self, desk: Desk, scope: Scope, job: Job, report: Report, stop: asyncio.Event
    ) -> None:
        self._desk = desk
        self._scope = Scope(scope.tenant, job.key_id, scope.models, scope.role)
        self._job = job
        self._report = report
        self._tally = Tally()
        self._book = Book(desk, self._scope, job, self._tally)
        self._pool = Pool(desk, self._scope, job, self._tally, stop)

    async def plan(self) -> Plan:
        job, reckon = self._job, self._desk.reckon
        sifted, tasks, _ = await self._begun()
        todo = [task for task in tasks if not self._book.known(task)]
        seeds = sifted.tasks if job.expand and job.expander else ()
        asking = planning.reckoned(reckon, job.model, [each.messages for each in todo])
        more = [each.messages for each in seeds for _ in range(job.expand)]
        writing = [expanding.prompt(each, self._wishes(each)) for each in seeds]
        return Plan(
            given=len(job.tasks),
            duplicates=sum(each.kind == "duplicate" for each in sifted.unasked),
            leaking=sum(each.kind == "leak" for each in sifted.unasked),
            done=len(tasks) - len(todo),
            numbers=len(tasks) - len(sifted.tasks),
            todo=len(todo),
            seeds=len(seeds),
            more=len(more),
            ask=asking + planning.reckoned(reckon, job.model, more),
            expand=planning.reckoned(reckon, job.expander, writing),
            writers=self._desk.writers(job.model),
            budget=job.budget,
            spent=self._tally.spent,
        )

    async def run(self) -> Tally:
        job, desk, book = self._job, self._desk, self._book
        planning.refuse_in_vain(desk.writers(job.model), desk.sieve.wanted.terms)
        if desk.alone(job.model) and not desk.sieve.wanted.unjudged:
            planning.refuse_unvouched(job.model, job.tasks)
        sifted, tasks, check = await self._begun()
        self._refuse_unpriced(tasks)
        figures = {"given": len(job.tasks), "unasked": len(sifted.unasked), "asked": len(tasks)}
        await desk.records.begin(
            self._scope,
            Run(
                name=job.name,
                model=job.model,
                made_of=job.made_of,
                budget=job.budget,
                plan=figures,
            ),
        )
        asked = frozenset(each.content for each in tasks)
        for each in sifted.unasked:
            await book.unasked(each, asked)
        tasks = [*tasks, *await self._expanded(sifted, check)]
        todo = [task for task in tasks if not book.known(task)]
        self._tally.before = len(tasks) - len(todo)
        self._tally.total = self._tally.done + len(todo)
        self._tell()
        await self._pool.work(todo, self._most, self._answer, self._failed)
        if self._pool.fatal is not None:
            raise self._pool.fatal
        return self._tally

    async def _begun(self) -> tuple[Sifted, list[Task], Check]:
        """The tasks, with the variations that code makes of them, and what is known of the run."""
        job, desk = self._job, self._desk
        await self._book.open()
        await self._pool.open()
        sifted = planning.sift(job.tasks, desk.leaks, self._book.kept())
        check = Check(sifted.known, desk.leaks, desk.languages)
        tasks = planning.numbered(sifted.tasks, job.numbers, check, self._tally.refused)
        return sifted, list(tasks), check

    def _refuse_unpriced(self, tasks: Sequence[Task]) -> None:
        job = self._job
        if job.allow_unknown or not tasks:
            return
        for model in filter(None, (job.model, job.expander if job.expand else "")):
            if self._desk.reckon(model, tasks[0].messages).most is None:
                raise PriceUnknown(
                    f"the price of {model}, or of a model it asks, is unknown, so no budget can "
                    "hold; add it under [[prices]], or allow unknown prices"
                )

    # --- variations by a model -------------------------------------------------------------------

    def _wishes(self, task: Task) -> list[expanding.Wish]:
        return expanding.wishes(task, self._job.expand, self._job.languages)

    async def _expanded(self, sifted: Sifted, check: Check) -> list[Task]:
        """What the expander writes, taken in the order of the seeds, whichever answers first."""
        job, refused, written = self._job, self._tally.refused, dict[str, str]()
        if not job.expand or not job.expander:
            return []

        async def one(task: Task) -> Micros:
            wanted = self._wishes(task)
            name = f"distil/{job.name}/more/{expanding.key(task, wanted, job.expander)}"
            messages = expanding.prompt(task, wanted)
            try:
                asked = await self._pool.asked(job.expander, messages, name, task, expanding.SCHEMA)
            except (BadRequest, ProviderBadRequest, Refused):
                refused.unread += len(wanted)
                return 0
            written[task.content] = asked.text
            self._report(len(written), len(sifted.tasks), "writing variations")
            return self._pool.paid(asked)

        async def failed(task: Task, error: ProviderError) -> None:
            refused.unread += len(self._wishes(task))

        def most(task: Task) -> Micros:
            asked = expanding.prompt(task, self._wishes(task))
            return self._desk.reckon(job.expander, asked).most or 0

        await self._pool.work(sifted.tasks, most, one, failed)
        found: list[Task] = []
        for task in sifted.tasks:
            if task.content in written:
                wanted = self._wishes(task)
                found += expanding.read(written[task.content], task, wanted, check, refused)
        return found

    # --- answers ---------------------------------------------------------------------------------

    def _most(self, task: Task) -> Micros:
        return self._desk.reckon(self._job.model, task.messages).most or 0

    async def _answer(self, task: Task) -> Micros:
        """Asks, judges and keeps one task; what that has cost now."""
        job, desk, book = self._job, self._desk, self._book
        try:
            asked = await self._pool.asked(job.model, task.messages, job.key(task), task)
        except UnsupportedRequest:
            raise
        except Refused as error:
            await book.settle(task, "dropped", "unjudged", error.message)
            return 0
        except (BadRequest, ProviderBadRequest) as error:
            await book.settle(task, "dropped", "refused", error.message)
            return 0
        trace = asked.trace
        judged = desk.sieve.judge(task, trace)
        if judged.kept:
            made = await asyncio.to_thread(
                example, task, trace, judged, desk.scores, desk.intent_of
            )
            await desk.signals.put(self._scope, [made])
        cost = self._pool.paid(asked)
        await book.put(
            book.result(
                task,
                "kept" if judged.kept else "dropped",
                answered=trace.id,
                served=trace.served,
                kinds=tuple(dict.fromkeys(kind for kind, _ in judged.reasons)),
                reasons=tuple(why for _, why in judged.reasons),
                cost=asked.cost,
                sure=judged.sure,
            )
        )
        self._tell()
        return cost

    async def _failed(self, task: Task, error: ProviderError) -> None:
        await self._book.settle(task, "failed", error.code, error.message)
        self._tell()

    def _tell(self) -> None:
        self._report(self._tally.done, self._tally.total, self._tally.told)
