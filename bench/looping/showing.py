"""The tables as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WIDE = 54


def show(figures: Mapping[str, Any], goals: Mapping[str, Mapping[str, Any]]) -> None:
    print(
        f"{figures['answers of known quality']} answers of known quality, {figures['rated']} "
        f"rated, seeds {figures['seeds']}. SIMULATED vendors and customers.\n"
    )
    print(
        f"{'agreement with the truth':{WIDE}} "
        f"{'answers':>8} {'spearman':>9} {'95 %':>15} {'auc':>6}"
    )
    for name, row in figures["scores"].items():
        _agreement(name, row)
    print("\nOn the same answers")
    for name, pair in figures["same answers"].items():
        _agreement(f"where there is {name}: it", pair["theirs"])
        _agreement("  the quality score", pair["the score"])
    for kind, rows in figures["by"].items():
        print(f"\nThe quality score by {kind}")
        for name, row in rows.items():
            _agreement(f"{name} (right {100 * row['right']:.0f} %, limit {row['limit']})", row)
    print("\nHow right is what is kept, and what may train")
    for name, row in figures["purity"].items():
        right = "" if row["right"] is None else f"{100 * row['right']:.1f} % right"
        print(f"  {name:{WIDE - 2}} {row['answers']:>8,} {right}")
    print(f"\nexamples {figures['examples']}\nnights {figures['nights']}")
    print(f"told {figures['told']}, of it more than a day late {figures['told days late']}")
    for share, rows in figures["attacks"].items():
        print(f"\nAttackers at 5 %, {float(share):.0%} of the honest names vouched for: runs moved")
        _attacks(rows)
    print("\nAttackers at 5 % of what the month's customers said (all vouched for): runs moved")
    _attacks(figures["attacks on the month"])
    print("\nThe same against one of two models that are equally good: runs in which one is above")
    for size in dict.fromkeys(row["ratings"] for row in figures["attacks on equals"]):
        some = [row for row in figures["attacks on equals"] if row["ratings"] == size]
        claimed, runs = sum(row["claimed"] for row in some), sum(row["runs"] for row in some)
        print(f"  {size:,} ratings, {len(some)} kinds of attack: {claimed} of {runs}")
    _power(figures["power"], figures["many models"])
    print()
    for name, goal in goals.items():
        print(f"{name}: {goal['value']} (goal {goal['goal']}) {'met' if goal['met'] else 'MISSED'}")


def _agreement(name: str, row: Mapping[str, Any]) -> None:
    if row["spearman"] is None:
        print(f"{name:{WIDE}} {row['answers']:>8,} too few to tell")
        return
    interval = f"{row['95'][0]:.3f} to {row['95'][1]:.3f}" if row["95"] else ""
    print(
        f"{name:{WIDE}} {row['answers']:>8,} {row['spearman']:>9.3f} {interval:>15} "
        f"{row['auc']:>6.3f}"
    )


def _attacks(rows: Mapping[str, Mapping[str, Any]]) -> None:
    print(
        f"{'':{WIDE}} {'runs':>5} {'plain mean':>11} "
        f"{'robust mean':>11} {'places':>7} {'unmade':>10}"
    )
    for name, row in rows.items():
        moved = row["moved"]
        unmade = f"{row['unmade']}/{row['claimed']}" if "unmade" in row else ""
        print(
            f"{name:{WIDE}} {row['runs']:>5} {moved['plain']:>11} {moved['robust']:>11} "
            f"{moved['places']:>7} {unmade:>10}"
        )


def _power(rows: Sequence[Mapping[str, Any]], many: Sequence[Mapping[str, Any]]) -> None:
    gaps = sorted({row["gap"] for row in rows})
    print(
        "\nTrue orders of two models that are claimed without an attack, by how far they are apart"
    )
    print(f"{'names vouched for, ratings':{WIDE}} " + " ".join(f"{gap:>5.2f}" for gap in gaps))
    for key in dict.fromkeys((row["vouched"], row["ratings"]) for row in rows):
        shares = {
            row["gap"]: row["claimed"] for row in rows if (row["vouched"], row["ratings"]) == key
        }
        cells = " ".join(
            f"{100 * shares[gap]:>4.0f}%" if gap in shares else "     " for gap in gaps
        )
        print(f"{f'{key[0]:.0%}, {key[1]:,}':{WIDE}} {cells}")
    print(f"falsely claimed: {sum(row['falsely'] > 0 for row in rows)} of {len(rows)} cells")
    for row in many:
        print(
            f"{row['models']} models 0.06 apart, 3,000 ratings, {row['vouched']:.0%} vouched for: "
            f"{100 * row['claimed']:.0f} % of the orders claimed, "
            f"{100 * row['falsely']:.0f} % false"
        )
