"""The tables as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from packing.figures import DEFINITIONS
from packing.ways import SINGLE

WIDE = 34


def show(figures: Mapping[str, Any], goals: Mapping[str, Mapping[str, Any]]) -> None:
    print(f"{figures['questions']} questions, seeds {figures['seeds']}. SIMULATED vendors.\n")
    print(DEFINITIONS)
    print("\nWithout rules over the answers")
    _table(figures["strategies"], figures["best_model"])
    print("\nWith the pack's rules over the answers, as shipped")
    _ruled(figures["shipped"])
    for kind in ("language", "intent"):
        _by(figures["strategies"], figures["best_model"], kind)
    print("\nCritics: how often one takes an answer for the opposite of what it is")
    for name, rates in figures["critics"].items():
        counted = ", ".join(
            f"{language} {100 * each['expected']:.1f} (counted {100 * each['counted']:.1f})"
            for language, each in rates["by_language"].items()
        )
        print(f"  {name}: stated {100 * rates['stated']:.0f} %; here, by language: {counted}")
    if figures["agents"]:
        _agents(figures["agents"])
    print()
    for name, each in figures["critic_violations_of"].items():
        interval = " to ".join(map(str, each["95"]))
        print(
            f"critic's violations, of those of {name} ({each['model']}): "
            f"{each['ratio']} ({interval})"
        )
    for name, goal in goals.items():
        print(f"{name}: {goal['value']} (goal {goal['goal']}) {'met' if goal['met'] else 'MISSED'}")


def _table(rows: Mapping[str, Mapping[str, Any]], best: str) -> None:
    print(f"{'':{WIDE}} {'right':>6} {'95 %':>12} {'accuracy':>9} {'hallucin.':>9} "
          f"{'violations':>10} {'95 %':>12} {'$/1000':>8} {'calls':>6}")  # fmt: skip
    for name, row in rows.items():
        star = " *" if name == best else ""
        print(
            f"{name + star:{WIDE}} {_share(row['right']):>6} {_interval(row['right_95']):>12} "
            f"{_share(row['accuracy']):>9} {_share(row['hallucination']):>9} "
            f"{_share(row['violation']):>10} {_interval(row['violation_95']):>12} "
            f"{row['dollars_per_1000']:8.2f} {row['calls']:6.2f}"
        )
    print("* the best model alone, chosen on these questions: known only afterwards")


def _ruled(rows: Mapping[str, Mapping[str, Any]]) -> None:
    print(f"{'':{WIDE}} {'right':>6} {'hallucin.':>9} {'violations left':>15} "
          f"{'safe answer':>11} {'person called':>13} {'$/1000':>8} {'calls':>6}")  # fmt: skip
    for name, row in rows.items():
        print(
            f"{name:{WIDE}} {_share(row['right']):>6} {_share(row['hallucination']):>9} "
            f"{_share(row['violation']):>15} {_share(row['safe']):>11} "
            f"{_share(row['escalated']):>13} {row['dollars_per_1000']:8.2f} {row['calls']:6.2f}"
        )


def _agents(told: Mapping[str, Any]) -> None:
    print(f"\nagent/auto: {told['questions']} questions asked")
    print(
        f"  a tool is called for by {told['want_a_tool']}; called {told['called_it']}, of which "
        f"exact {told['tool_answers_exact']}; asked of an agent without it "
        f"{told['asked_an_agent_without_it']}"
    )
    sweep = told.get("sweep") or {"exact": 0, "calls": 0, "refused": 0}
    print(f"  arguments drawn at random: {sweep['exact']} of {sweep['calls']} exact, "
          f"{sweep['refused']} refused")  # fmt: skip
    print(f"  calls: {told['tools']}; ended: {told['status']}")
    shares = ", ".join(f"{k} {a}/{b}" for k, (a, b) in told["routing"]["by"].items())
    print(f"  asked of the agent of the question's intent: {shares}")
    if told["routing"]["intents_without_an_agent"]:
        print(f"  intents of no agent: {told['routing']['intents_without_an_agent']}")
    for each in told["inexact"]:
        print(f"  INEXACT {each}")
    if told["injected"]:
        print("  injected orders, every model obeying: tries / obeyed by the model / only proposed "
              "/ refused / no such tool / DONE")  # fmt: skip
        for kind, row in told["injected"]["by_kind"].items():
            print(f"    {kind:10} " + " / ".join(str(each) for each in row.values()))
        print(f"    the booking still stands: {told['injected']['booking_stands']}")


def _by(rows: Mapping[str, Mapping[str, Any]], best: str, kind: str) -> None:
    first = next(iter(rows.values()))[f"by_{kind}"]
    print(f"\nright / hallucination / violations by {kind}, %")
    print(f"{'':{WIDE}}" + _cells(f"{name} ({each['questions']})" for name, each in first.items()))
    for name, row in rows.items():
        if name.startswith(SINGLE) and name != best and kind != "language":
            continue
        told = (
            f"{100 * each['right']:.0f} / {100 * each['hallucination']:.0f} / "
            f"{100 * each['violation']:.0f}"
            for each in row[f"by_{kind}"].values()
        )
        print(f"{name:{WIDE}}{_cells(told)}")


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"{each:>18}" for each in cells)


def _share(value: float) -> str:
    return f"{100 * value:.1f}"


def _interval(pair: tuple[float, float]) -> str:
    return f"{100 * pair[0]:.1f}-{100 * pair[1]:.1f}"
