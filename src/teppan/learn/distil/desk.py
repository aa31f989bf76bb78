"""What a run of distillation works with, what it is to do, and how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec import Struct, field

from teppan.core.ids import Scope
from teppan.core.money import Micros, dollars
from teppan.core.signal import Signal
from teppan.learn.asking import Ask
from teppan.learn.distil.examples import IntentOf, Scores
from teppan.learn.distil.expanding import Leaks, Refusals
from teppan.learn.distil.planning import Reckon, Writers
from teppan.learn.distil.sieve import Sieve
from teppan.learn.distil.tasks import Task
from teppan.routing.language import Languages
from teppan.store.distil import Result, Run, key_of

Report = Callable[[int, int, str], None]
"""How far it is: so many done, of so many, of what."""


class Records(Protocol):
    """`store/distil.py` has it."""

    async def begin(self, scope: Scope, run: Run) -> Run | None: ...

    async def results(self, scope: Scope, run: str) -> list[Result]: ...

    async def put(self, scope: Scope, run: str, results: Sequence[Result]) -> None:
        """Writes results down; takes away the example of an answer that is kept no more."""

    async def spent(self, scope: Scope, key_id: str) -> Micros: ...


class Kept(Protocol):
    """`store/signals.py` has it."""

    async def put(self, scope: Scope, made: Sequence[Signal]) -> int: ...


class Desk(Struct, frozen=True, kw_only=True):
    """`alone` says whether one model answers by itself, so that nothing vouches for its answers.
    `judged_by` names the settings that answers are judged by: others judge them anew."""

    ask: Ask
    records: Records
    signals: Kept
    sieve: Sieve
    scores: Scores
    leaks: Leaks
    languages: Languages
    reckon: Reckon
    writers: Writers
    alone: Callable[[str], bool]
    judged_by: str = ""
    intent_of: IntentOf | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Job(Struct, frozen=True, kw_only=True):
    """What to do. `made_of` names all that its answers depend on besides the task: the model, the
    prompts, the settings. `numbers` and `expand` are variations of each task, by code and by
    `expander`."""

    name: str
    model: str
    made_of: str
    tasks: tuple[Task, ...]
    budget: Micros
    concurrency: int = 8
    temperature: float | None = None
    numbers: int = 0
    expand: int = 0
    expander: str = ""
    languages: tuple[str, ...] = ()
    allow_unknown: bool = False

    @property
    def key_id(self) -> str:
        """The key its calls are booked under."""
        return key_of(self.name)

    def key(self, task: Task) -> str:
        """Names the paid step of a task."""
        return f"distil/{self.name}/{self.made_of}/{task.content}"


class Tally(Struct, kw_only=True):
    """How a start of a run went. `before` tasks were judged in an earlier one, `again` were paid
    for in one. `cost` is that of this start, `spent` that of all. `stopped` says why it ended
    early, empty when it came to its end or was asked to stop; `code` is that of such an end."""

    total: int = 0
    before: int = 0
    kept: int = 0
    dropped: int = 0
    failed: int = 0
    again: int = 0
    unpriced: int = 0
    cost: Micros = 0
    spent: Micros = 0
    why: dict[str, int] = field(default_factory=dict)
    refused: Refusals = field(default_factory=Refusals)
    stopped: str = ""
    code: int = 0

    @property
    def done(self) -> int:
        return self.before + self.kept + self.dropped + self.failed

    @property
    def told(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"kept {self.kept}, dropped {self.dropped}{failed}, {dollars(self.spent, 4)}"

    def count(self, result: Result) -> None:
        self.kept += result.state == "kept"
        self.dropped += result.state == "dropped"
        self.failed += result.state == "failed"
        for kind in result.kinds:
            self.why[kind] = self.why.get(kind, 0) + 1
