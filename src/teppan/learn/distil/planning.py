"""What a run would ask, and what that may cost: all that can be told before anything is paid."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from teppan.core.chat import Message
from teppan.core.errors import ConfigError
from teppan.core.money import Micros
from teppan.core.signal import Terms
from teppan.learn.distil import expanding
from teppan.learn.distil.alike import Alike
from teppan.learn.distil.expanding import Check, Leaks, Refusals
from teppan.learn.distil.tasks import Task

Before = Literal["duplicate", "leak"]


class Reckoned(Struct, frozen=True):
    """One question to a model: how many calls it makes, what it costs about and at most. `None`
    where a price is unknown."""

    calls: int
    about: Micros | None
    most: Micros | None

    def __add__(self, other: Reckoned) -> Reckoned:
        def both(one: Micros | None, two: Micros | None) -> Micros | None:
            return None if one is None or two is None else one + two

        return Reckoned(
            self.calls + other.calls, both(self.about, other.about), both(self.most, other.most)
        )


class Reckon(Protocol):
    def __call__(self, model: str, messages: Sequence[Message]) -> Reckoned: ...


class Writers(Protocol):
    def __call__(self, model: str) -> Mapping[str, Terms]:
        """The models whose words an answer of this model may be, with what their terms allow."""


class Unasked(Struct, frozen=True):
    """A task that is not asked, and why."""

    task: Task
    kind: Before
    why: str


class Sifted(Struct, frozen=True):
    """A list of tasks without those that need not, or may not, be asked."""

    tasks: tuple[Task, ...]
    unasked: tuple[Unasked, ...]
    known: Alike


class Plan(Struct, frozen=True, kw_only=True):
    """What a start of a run would do. `done` are tasks that are judged already, `numbers` those
    made by code; `seeds` are asked of the expander, which may add up to `more`. `ask` and `expand`
    are what these would cost; the answers to `more` are reckoned in."""

    given: int
    duplicates: int
    leaking: int
    done: int
    numbers: int
    todo: int
    seeds: int
    more: int
    ask: Reckoned
    expand: Reckoned
    writers: Mapping[str, Terms]
    budget: Micros
    spent: Micros

    @property
    def total(self) -> Reckoned:
        return self.ask + self.expand


def sift(tasks: Sequence[Task], leaks: Leaks, kept: Collection[str] = ()) -> Sifted:
    """Each question once, and none of an evaluation set. Contents that are `kept` already stay,
    though another that is nearly the same has come before them."""
    known, seen = Alike(), set[str]()
    found, unasked = [], []
    for task in tasks:
        said = expanding.spoken(task)
        leak = leaks.find([each.text for each in task.messages if each.role == "user"])
        if leak is not None:
            unasked.append(Unasked(task, "leak", leak.why))
        elif task.content in kept and task.content not in seen:
            known.add(said, task.name)
            found.append(task)
        elif (twin := known.find(said)) is not None:
            unasked.append(Unasked(task, "duplicate", f"it is nearly the same as {twin}"))
        else:
            known.add(said, task.name)
            found.append(task)
        seen.add(task.content)
    return Sifted(tuple(found), tuple(unasked), known)


def numbered(
    tasks: Sequence[Task], count: int, check: Check, refused: Refusals
) -> tuple[Task, ...]:
    """The tasks, each followed by its variations about other numbers."""
    found: list[Task] = []
    for task in tasks:
        found += [task, *expanding.varied(task, count, check, refused)]
    return tuple(found)


def reckoned(reckon: Reckon, model: str, asked: Sequence[Sequence[Message]]) -> Reckoned:
    """All of these questions together."""
    total = Reckoned(0, 0, 0)
    for messages in asked:
        total += reckon(model, messages)
    return total


def refuse_in_vain(writers: Mapping[str, Terms], allowed: Sequence[Terms]) -> None:
    """Raises `ConfigError` when nothing these models write may be learned from."""
    if writers and not any(terms in allowed for terms in writers.values()):
        told = ", ".join(f"{model} ({terms})" for model, terms in writers.items())
        vendor = next(iter(writers)).partition("/")[0]
        raise ConfigError(
            f"nothing that these models write may be learned from: {told}. Read what their vendors "
            f'allow, and say it under [learn.terms], e.g. {vendor} = "free"'
        )


def refuse_unvouched(model: str, tasks: Sequence[Task]) -> None:
    """Raises `ConfigError` when one model answers alone, and no task says what is right."""
    if not any(each.reference for each in tasks):
        raise ConfigError(
            f"{model} answers alone: nothing would vouch for its answers, and none would be kept. "
            "Name a model that asks several (critic, consensus, ...), give the tasks a "
            "`reference`, or set learn.distil.unjudged = true"
        )
