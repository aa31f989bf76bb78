"""The night: what is done with the traffic of a day, one row per stage.

    traces -> signals -> pairs -> confidence -> review -> lessons: written, tried, retired

A stage looks at one tenant's time from `since` to `until`, may be cut anywhere and run again, and
does nothing twice. It returns counts. Who runs stages, and remembers which are done, is `worker/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime

from msgspec import Struct

from teppan.core.chat import Json, Message
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.learn.asking import NOBODY, About, Ask, Asked
from teppan.learn.cron import Cron

DAY = 86_400.0
FIRST = DAY
"""Seconds of traffic that the first night of a tenant looks at."""
LONGEST = 31 * DAY
"""Seconds that a night looks back at most, after nights that were missed or failed."""

NOTHING = "nothing to do"
"""What a stage came to that came to nothing."""

Report = Callable[[int, int, str], None]
"""How far a stage is: so many done, of so many, of what."""

Run = Callable[[Scope, float, float, Report], Awaitable[object]]

NIGHT = (
    ("signals", "answers become scored examples"),
    ("pairs", "shadow answers worse than the served ones become pairs"),
    ("confidence", "what predicts the quality of an answer is fitted"),
    ("review", "answers worth a person's look are queued"),
    ("lessons.write", "the day's interesting cases are found, and the critic writes lessons"),
    ("lessons.try", "lessons are tried on cases of the past"),
    ("lessons.retire", "lessons that do not help are taken back"),
)
"""In this order; a house without one of them goes on without it."""


class Stage(Struct, frozen=True):
    """One row of a job."""

    name: str
    run: Run


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of job. `cron` says when it is done by itself. It is done for each tenant that had
    traffic, or for the `whole` house at once."""

    name: str
    about: str
    stages: tuple[Stage, ...]
    cron: Cron | None = None
    whole: bool = False


def night_of(bound: Mapping[str, Run]) -> tuple[Stage, ...]:
    """The stages that this house has, in the order of the night. Raises `ValueError` for one that
    has no row."""
    names = [name for name, _ in NIGHT]
    unknown = sorted(set(bound) - set(names))
    if unknown:
        raise ValueError(f"the night has no row for {', '.join(unknown)}")
    return tuple(Stage(name, bound[name]) for name in names if name in bound)


def job_id(kind: str, tenant: str, day: str) -> str:
    """The name of a job: the same for every worker that thinks of it."""
    return "/".join(each for each in (kind, tenant, day) if each)


def day_of(cron: Cron, at: datetime) -> str:
    """What a time on the wall clock is called in a job's name."""
    return at.date().isoformat() if cron.daily else at.isoformat(timespec="minutes")


def window(reached: float | None, until: float) -> tuple[float, float]:
    """The time a job looks at: from where the last one ended, within reason."""
    since = until - FIRST if reached is None else max(reached, until - LONGEST)
    return min(since, until), until


def told(counts: Mapping[str, Json]) -> str:
    """Counts in a line, those that are something: `traces 120, kept 45`; or what they say of
    themselves in `told`."""
    if counts.get("told"):
        return str(counts["told"])
    parts = [
        f"{name} {value:,}" if _number(value) else f"{name} {value}"
        for name, value in counts.items()
        if value and not isinstance(value, bool | list | dict)
    ]
    return ", ".join(parts) or NOTHING


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Tally:
    """What the questions of one stage cost, each counted once however often it is asked."""

    def __init__(self) -> None:
        self._costs: dict[str, Micros] = {}

    def add(self, key: str, cost: Micros | None) -> None:
        """An unknown price adds nothing."""
        self._costs[key] = cost or 0

    @property
    def total(self) -> Micros:
        return sum(self._costs.values())


TALLY: ContextVar[Tally | None] = ContextVar("teppan_tally", default=None)
"""What counts the cost of the stage that runs here."""


class Counted:
    """`Ask` that tells the running stage's tally what each answer cost, also one that had been
    paid for before the job was cut."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

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
        max_tokens: int | None = None,
    ) -> Asked:
        asked = await self._ask(
            scope,
            model,
            messages,
            key=key,
            about=about,
            schema=schema,
            temperature=temperature,
            max_tokens=max_tokens,
        )
        tally = TALLY.get()
        if tally is not None:
            tally.add(key, asked.cost)
        return asked
