"""What became of each task of a run: written down before it counts, found by its content."""

from __future__ import annotations

from typing import Any

import msgspec

from teppan.core.ids import Scope, content_hash
from teppan.learn.distil.desk import Desk, Job, Tally
from teppan.learn.distil.planning import Unasked
from teppan.learn.distil.tasks import Task
from teppan.store.distil import Result, State

UNASKED = frozenset({"leak", "duplicate"})


class Book:
    """The results of one run; `found` are those of earlier starts."""

    def __init__(self, desk: Desk, scope: Scope, job: Job, tally: Tally) -> None:
        self._desk = desk
        self._scope = scope
        self._job = job
        self._tally = tally
        self._results: dict[str, Result] = {}

    async def open(self) -> None:
        found = await self._desk.records.results(self._scope, self._job.name)
        self._results = {each.task: each for each in found}

    def known(self, task: Task) -> bool:
        """Whether a task is judged already, by what it would be judged by now."""
        found = self._results.get(task.content)
        if found is None or found.state == "failed" or UNASKED & set(found.kinds):
            return False
        return found.judged == self._judged(task)

    def kept(self) -> frozenset[str]:
        """The contents of the tasks whose answers were kept."""
        return frozenset(each.task for each in self._results.values() if each.state == "kept")

    def result(self, task: Task, state: State, **more: Any) -> Result:
        """What became of a task, with all that is known of it."""
        made = Result(
            task=task.content,
            state=state,
            judged=self._judged(task),
            name=task.name,
            line=task.line,
            made=task.made,
            trace_id=task.trace_id,
            episode=task.episode,
            user=task.user,
        )
        return msgspec.structs.replace(made, **more)

    async def settle(self, task: Task, state: State, kind: str, why: str) -> None:
        """Writes down a task that has no answer to judge."""
        await self.put(self.result(task, state, kinds=(kind,), reasons=(why,)))

    async def unasked(self, each: Unasked, asked: frozenset[str]) -> None:
        """Writes down why a task is not asked; one that is asked under another line is only
        counted."""
        if each.task.content in asked:
            self._tally.count(self.result(each.task, "dropped", kinds=(each.kind,)))
        else:
            await self.settle(each.task, "dropped", each.kind, each.why)

    async def put(self, result: Result) -> None:
        """Durable when it returns, with what becomes of an example that is kept no more."""
        await self._desk.records.put(self._scope, self._job.name, [result])
        self._results[result.task] = result
        self._tally.count(result)

    def _judged(self, task: Task) -> str:
        """Names what a task is judged by: another reference is another judgement."""
        by = [self._desk.judged_by, self._job.made_of, task.reference, task.intent, task.language]
        return content_hash(msgspec.json.encode(by))[:16]
