"""What the rules of a pack catch in code, what of it is right all the same, and how long it takes.

    python bench/rules.py                        the example pack and its own questions
    python bench/rules.py --data DIR             questions of another folder, under the same rules
    python bench/rules.py --pack DIR             another pack

Every right phrasing of a question bank must pass, alone and in each manner of the simulated
personas; every wrong one should be caught. `swapped` are right answers to another row of the same
question (the quote for 12 under the question about 15), which no author of rules has written down.
Beside ours stands what a list of words can do: an amount that stands nowhere in the facts, or a
forbidden thing named at all. The limit is whoever knows the question's own facts: all of them.
The example pack's rules were written with its questions at hand: only `--data` and `swapped` say
what they do on questions that nobody looked at.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from teppan.config.pack import Pack, load_pack
from teppan.core.chat import ChatRequest, say
from teppan.routing.language import Languages
from teppan.serve.guard.counting import Money
from teppan.serve.guard.guard import Guard
from teppan.simulate.mind import STYLES
from teppan.simulate.questions import Bank, Question, load_bank

PACK = Path(__file__).parents[1] / "packs" / "myhibachi"
MICROSECONDS = 1_000.0
"""Goal: so long may checking one answer take."""
QUICK = 3
ROWS = 4
"""Other rows of a question whose right answers are put under it."""


class Naive:
    """A list: amounts that stand in the facts, and things that may not be named."""

    def __init__(self, pack: Pack) -> None:
        self._money = Money(pack.book)
        told = "\n".join(each.text for each in pack.knowledge)
        self._known = {*self._money.found(told), *(p.amount for p in pack.book.prices.values())}
        self._things = [
            check.words
            for rule in pack.book.rules
            for check in rule.checks
            if check.kind in ("forbidden", "promise") and check.words is not None
        ]

    def catches(self, answer: str) -> bool:
        if any(each not in self._known for each in self._money.found(answer)):
            return True
        return any(each.search(answer) for each in self._things)


def swapped(bank: Bank) -> Iterator[tuple[Question, str]]:
    """Right answers to other rows of the same question, where they are wrong."""
    families: dict[str, list[Question]] = defaultdict(list)
    for question in bank:
        families[re.sub(r"\d+", "#", question.id)].append(question)
    for family in families.values():
        for place, question in enumerate(family):
            others = islice((family[place:] + family[:place])[1:], ROWS)
            for answer in dict.fromkeys(each for other in others for each in other.right):
                if not question.is_right(answer) and not _names_nothing(question, answer):
                    yield question, answer


def _names_nothing(question: Question, answer: str) -> bool:
    """`That adds $30.` is wrong; an answer without any figure is only incomplete."""
    return not re.search(r"\d", answer)


def dressed(answer: str) -> list[str]:
    """The answer in each manner."""
    return list(
        dict.fromkeys(
            f"{opening}{answer}{closing}"
            for style in STYLES.values()
            for opening in style.openings
            for closing in style.closings
        )
    )


def run(pack: Pack, bank: Bank, quick: bool) -> dict[str, Any]:
    languages = Languages(pack.languages)
    guard, naive = Guard(pack.book, languages, lambda: 0.5), Naive(pack)

    def broken(question: str, answer: str) -> list[str]:
        request = ChatRequest(model="m", messages=(say("user", question),))
        return [each.rule for each in guard.check(request, answer).violations]

    right = list(_right(bank, quick))
    took: list[float] = []
    alarms: list[tuple[str, str, list[str]]] = []
    for question, asked, answer in right:
        began = time.perf_counter()
        found = broken(asked, answer)
        took.append(1e6 * (time.perf_counter() - began))
        if found:
            alarms.append((question.id, answer, found))
    wrong = [(question, answer) for question in bank for answer in question.wrong]
    other = list(swapped(bank))
    return {
        "right": len(right),
        "false_alarms": len(alarms),
        "naive_false_alarms": sum(naive.catches(answer) for _, _, answer in right),
        "alarms": alarms[:10],
        "caught": _shares(wrong, lambda q, a: bool(broken(q.text, a))),
        "naive_caught": _shares(wrong, lambda q, a: naive.catches(a)),
        "swapped": _shares(other, lambda q, a: bool(broken(q.text, a))),
        "naive_swapped": _shares(other, lambda q, a: naive.catches(a)),
        "microseconds": {
            "median": round(statistics.median(took)),
            "p99": round(sorted(took)[int(0.99 * (len(took) - 1))]),
        },
    }


def _right(bank: Bank, quick: bool) -> Iterator[tuple[Question, str, str]]:
    """Each phrasing of each question beside each right answer, in every manner."""
    for question in bank:
        for asked in question.phrasings[: 1 if quick else None]:
            for answer in question.right:
                manners = dressed(answer)
                for each in manners[:QUICK] if quick else manners:
                    yield question, asked, each


def _shares(pairs: list[tuple[Question, str]], caught: Any) -> dict[str, list[int]]:
    """By intent and language: how many were caught, of how many. Traps are a kind of their own:
    many are right amounts of another question, which only a critic can tell."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for question, answer in pairs:
        hit = caught(question, answer)
        kind = "traps" if question.id.startswith("trap-") else question.intent
        for name in ("all", kind, f"language {question.language}"):
            found[name][0] += hit
            found[name][1] += 1
    return dict(found)


def goals_of(figures: dict[str, Any]) -> dict[str, Any]:
    pricing = figures["caught"].get("pricing", [0, 0])
    share = pricing[0] / pricing[1] if pricing[1] else None
    median = figures["microseconds"]["median"]
    return {
        "right answers called wrong": _goal(figures["false_alarms"], 0, at_most=True),
        "wrong prices caught": _goal(share, 0.9, at_most=False),
        "microseconds a check": _goal(median, MICROSECONDS, at_most=True),
    }


def _goal(value: float | None, goal: float, *, at_most: bool) -> dict[str, Any]:
    met = None if value is None else (value <= goal if at_most else value >= goal)
    return {"value": value, "goal": goal, "met": met}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pack", type=Path, default=PACK, help="whose rules")
    parser.add_argument("--data", type=Path, help="folder of questions; else the pack's own")
    parser.add_argument("--fit", type=Path, help="not used: nothing is fitted here")
    parser.add_argument("--quick", action="store_true", help="fewer phrasings")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    pack, bank = load_pack(given.pack), load_bank(given.data or given.pack)
    figures = run(pack, bank, given.quick)
    goals = goals_of(figures)
    if given.json:
        print(json.dumps({"figures": figures, "goals": goals}, ensure_ascii=False))
        return
    print(f"{figures['right']} right answers: {figures['false_alarms']} called wrong")
    print(f"  (a list of words and amounts: {figures['naive_false_alarms']})")
    for question, answer, rules in figures["alarms"]:
        print(f"  {question}: {answer!r} {rules}")
    for title, ours, naive in (
        ("wrong answers caught", "caught", "naive_caught"),
        ("right answers to another row caught", "swapped", "naive_swapped"),
    ):
        print(f"\n{title:<40}{'ours':>12}{'list':>12}{'limit':>8}")
        for name, (hit, of) in figures[ours].items():
            listed = figures[naive][name][0]
            print(f"  {name:<38}{hit:>5} {hit / of:>5.0%}{listed:>6} {listed / of:>5.0%}{of:>8}")
    print(f"\nmicroseconds a check: {figures['microseconds']}")
    for name, goal in goals.items():
        print(f"{name}: {goal['value']} (goal {goal['goal']}) {'met' if goal['met'] else 'missed'}")


if __name__ == "__main__":
    main()
