"""Many tasks at once, begun in their order, as long as the money lasts and somebody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from teppan.core.chat import Json, Message
from teppan.core.errors import BudgetExceeded, ProviderError, TeppanError
from teppan.core.ids import Scope
from teppan.core.money import Micros, dollars
from teppan.learn.asking import About, Asked
from teppan.learn.distil.desk import Desk, Job, Tally
from teppan.learn.distil.spending import Allowance
from teppan.learn.distil.tasks import Task

GIVE_UP = 10
"""Questions in a row to which no vendor has an answer, after which the run stops."""
SHORTLY = 2.0
"""Seconds: a refused budget that is free again so soon is only set aside for others."""
PATIENCE = 60
"""Times a run waits for what others, or the run that was killed before it, have set aside."""

Most = Callable[[Task], Micros]
Work = Callable[[Task], Awaitable[Micros]]
"""Does one task; what that has cost now."""
Failed = Callable[[Task, ProviderError], Awaitable[None]]
"""Told of a task to which no vendor had an answer."""


class Pool:
    """`stop` ends it with the questions under way; it is set here too when nothing can go on."""

    def __init__(
        self, desk: Desk, scope: Scope, job: Job, tally: Tally, stop: asyncio.Event
    ) -> None:
        self.fatal: TeppanError | None = None
        self._desk = desk
        self._scope = scope
        self._job = job
        self._tally = tally
        self._stop = stop
        self._allowance = Allowance(job.budget)
        self._in_vain = 0

    async def open(self) -> None:
        """Looks up what the run has cost so far."""
        self._spent(await self._desk.records.spent(self._scope, self._job.key_id))

    async def work(self, tasks: Sequence[Task], most: Most, work: Work, failed: Failed) -> None:
        """Works on every task, unless it is stopped. `most` is what one may cost."""
        waiting, turn = iter(tasks), asyncio.Lock()

        async def worker() -> None:
            while True:
                async with turn:
                    task = None if self._stop.is_set() else next(waiting, None)
                    if task is None or not await self._taken(bound := most(task)):
                        return
                cost = 0
                try:
                    if not self._stop.is_set():
                        cost = await self._tried(task, work, failed)
                finally:
                    await self._allowance.give(bound, cost)

        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, min(self._job.concurrency, len(tasks)))):
                group.create_task(worker())

    async def asked(
        self,
        model: str,
        messages: Sequence[Message],
        key: str,
        task: Task,
        schema: Mapping[str, Json] | None = None,
    ) -> Asked:
        """The answer, once there is money for it: some may only be set aside for others."""
        about = About(task.trace_id, task.episode, task.user)
        for _ in range(PATIENCE):
            try:
                asked = await self._desk.ask(
                    self._scope,
                    model,
                    messages,
                    key=key,
                    about=about,
                    schema=schema,
                    temperature=self._job.temperature,
                )
            except BudgetExceeded as error:
                if self._stop.is_set():
                    raise
                if await self._allowance.another_ended():
                    continue
                if error.retry_after is None or error.retry_after > SHORTLY:
                    raise
                await self._desk.sleep(error.retry_after)
            else:
                self._in_vain = 0
                return asked
        raise BudgetExceeded("others have set aside what is left of the budget; try again later")

    def paid(self, asked: Asked) -> Micros:
        """Counts an answer; what it has cost now."""
        tally, cost = self._tally, 0 if asked.again else asked.cost or 0
        tally.again += asked.again
        tally.unpriced += asked.cost is None
        tally.cost += cost
        tally.spent += cost
        return cost

    async def _taken(self, bound: Micros) -> bool:
        if await self._allowance.take(bound):
            return True
        left = dollars(self._allowance.left, 4)
        self._halt(
            f"what is left of the budget ({left}) may not do for another question, which costs "
            f"{dollars(bound, 4)} at most",
            BudgetExceeded.exit_code,
        )
        return False

    async def _tried(self, task: Task, work: Work, failed: Failed) -> Micros:
        """One task; what goes wrong with it stops the run only where it would go wrong with all."""
        try:
            return await work(task)
        except BudgetExceeded as error:
            self._halt(error.message, error.exit_code)
        except ProviderError as error:
            self._in_vain += 1
            await failed(task, error)
            if self._in_vain >= GIVE_UP:
                self._halt(f"no vendor answers: {error.message}", error.exit_code)
        except TeppanError as error:
            self.fatal = self.fatal or error
            self._halt(error.message, error.exit_code)
        if self.fatal is None:  # what it cost in vain stands in the ledger alone
            self._spent(await self._desk.records.spent(self._scope, self._job.key_id))
        return 0

    def _spent(self, booked: Micros) -> None:
        self._allowance.spent = max(self._allowance.spent, booked)
        self._tally.spent = max(self._tally.spent, booked)

    def _halt(self, why: str, code: int) -> None:
        if not self._tally.stopped:
            self._tally.stopped, self._tally.code = why, code
        self._stop.set()
