"""Signals for tests of training sets: as many as are asked for, each about something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from teppan.core.chat import Message, say
from teppan.core.ids import LOCAL
from teppan.core.signal import Provenance, Score, Signal
from teppan.learn.datasets.building import Built, Desk, build_dataset
from teppan.store import Store

MakeDesk = Callable[..., Desk]

WORDS = (
    "river garden birthday wedding office summer winter family friend neighbor evening weekend "
    "holiday school church company picnic reunion graduation harbor mountain museum orchard "
    "library station theater stadium bakery lighthouse"
).split()


def question(number: int) -> str:
    """A question that shares few words with any other."""
    first, second = WORDS[number % 29], WORDS[(number // 29 + number * 7 + 3) % 29]
    third = WORDS[(number * 11 + 5) % 29]
    return f"Is the {first} {second} {number} open near our {third} this {WORDS[number * 5 % 29]}?"


def signal(
    number: int,
    asked: str | None = None,
    chosen: str | None = None,
    *,
    messages: tuple[Message, ...] | None = None,
    quality: float = 0.95,
    source: str = "served",
    **more: object,
) -> Signal:
    fields: dict[str, object] = {
        "id": f"sig_{number:05}",
        "tenant": "local",
        "trace_id": f"tr_{number}",
        "episode": f"ep_{number}",
        "user": f"u{number % 5}",
        "messages": messages or (say("user", asked or question(number)),),
        "chosen": chosen or f"Yes, number {number} is open until {8 + number % 3}.",
        "score": Score(quality),
        "intent": "hours",
        "language": "en",
        "task_type": "support",
        "provenance": Provenance("ollama/tiny", "free", source=source),  # type: ignore[arg-type]
        "at": 1_000.0 + number,
    }
    return Signal(**(fields | more))  # type: ignore[arg-type]


def silent(done: int, total: int, what: str) -> None:
    """A report that nobody reads."""


async def built(desk: Desk, store: Store, signals: Sequence[Signal], name: str = "sets") -> Built:
    """The version that is made of these signals."""
    await store.signals.put(LOCAL, signals)
    return await build_dataset(desk, LOCAL, 0.0, 1e9, silent, name)
