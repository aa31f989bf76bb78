"""Questions about tables: as many as a test needs, each with its own number for an answer."""

from __future__ import annotations

from teppan.simulate import Question
from teppan.simulate.questions import Fact


def question(number: int, task_type: str = "support") -> Question:
    return Question(
        id=f"q{number}",
        text=f"How many guests fit at table number {number}?",
        intent="tables",
        task_type=task_type,
        right=(f"Table {number} seats {number + 100}.", f"{number + 100} guests."),
        wrong=(f"It seats {number + 500}.", f"There is room for {number + 700}.", "Nobody knows."),
        must=(Fact.read(str(number + 100)),),
    )
