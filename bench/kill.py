"""Kill -9 under load: is what was acknowledged still there, exactly once?

    python bench/kill.py [--cycles 20] [--child store|naive|gateway] [--seed 7] [--quick] [--json]

Each cycle starts a process on the same database, lets clients work, and sends SIGKILL at a
random moment. This program writes down every acknowledgement as the clients see it; afterwards
the next process, and at the end the store itself, must know each of them once.

`store` appends ledger rows through the store; `gateway` is the real `teppan serve` in front of
simulated vendors; `naive` acknowledges before it has written, which shows that this harness
finds what is lost. SIGKILL ends a process, not the machine: this says nothing of a power cut.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).parent))

from killing.children import Appender, Child, NaiveAppender  # noqa: E402 - beside this script
from killing.gateway import ServingGateway  # noqa: E402

CHILDREN: dict[str, Callable[[Path], Child]] = {
    child.name: child for child in (Appender, NaiveAppender, ServingGateway)
}

LONGEST_LOAD = 400
"""A child is killed after between 1 and so many acknowledgements, and a moment more."""


@dataclass
class Tally:
    """What came of all cycles."""

    child: str
    cycles: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    unacknowledged: int = 0
    damaged: int = 0
    cost_differs: int = 0
    seconds: float = 0.0
    lost_ids: list[str] = field(default_factory=list)


async def torture(child: Child, cycles: int, seed: int) -> Tally:
    """Run and kill `cycles` children, then compare."""
    dice, tally, acks = random.Random(seed), Tally(child.name), []
    began = time.monotonic()
    for cycle in range(cycles):
        acks += await child.live_and_die(cycle, dice.randint(1, LONGEST_LOAD), dice.random() * 0.02)
        tally.cycles += 1
        tally.damaged += not intact(child.database)
    rows = await child.recorded()
    compare(tally, acks, rows)
    tally.seconds = round(time.monotonic() - began, 1)
    return tally


def compare(
    tally: Tally, acks: list[tuple[str, int | None]], rows: list[tuple[str, int | None]]
) -> None:
    """Count what was acknowledged and is not there, or is there twice, or at another price."""
    known, found = dict(acks), Counter(id for id, _ in rows)
    tally.acknowledged = len(known)
    tally.lost_ids = sorted(known.keys() - found.keys())[:10]
    tally.lost = len(known.keys() - found.keys())
    tally.doubled = sum(count - 1 for count in found.values())
    tally.unacknowledged = len(found.keys() - known.keys())
    tally.cost_differs = sum(id in known and known[id] != cost for id, cost in rows)


def intact(database: Path) -> bool:
    """What SQLite itself thinks of the file, read as it was left."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cycles", type=int, default=None, help="default 20, quick 5")
    parser.add_argument("--child", choices=sorted(CHILDREN), default="store")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    cycles = given.cycles or (5 if given.quick else 20)
    with tempfile.TemporaryDirectory(prefix="teppan-kill-") as folder:
        child = CHILDREN[given.child](Path(folder))
        tally = asyncio.run(torture(child, cycles, given.seed))
    figures = asdict(tally)
    goals = {
        name: {"value": figures[name], "goal": 0, "met": figures[name] == 0}
        for name in ("lost", "doubled", "damaged", "cost_differs")
    }
    if given.json:
        print(json.dumps({"figures": figures, "goals": goals}))
    else:
        print(
            f"{tally.child}: {tally.cycles} kills, {tally.acknowledged} acknowledged, "
            f"{tally.lost} lost, {tally.doubled} doubled, {tally.cost_differs} at another price, "
            f"{tally.damaged} damaged files, {tally.unacknowledged} kept but not yet "
            f"acknowledged, {tally.seconds} s"
        )
    return 0 if all(goal["met"] for goal in goals.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
