"""Is a hard budget exact? 64 requests at once on a budget for one, and kill -9 with money held.

    python bench/budgets.py [--rounds 200] [--only NAME ...] [--quick] [--json]

Races, each many times on a fresh budget; `wrong` counts the rounds in which not exactly one was
admitted:

    sqlite, postgres              64 tasks of one process
    sqlite_two, postgres_two      32 tasks in each of two processes
    gateways                      64 HTTP requests to two `teppan serve` on one PostgreSQL; and as
                                  many on a limit of 20 that both count on one Redis
    naive                         check first, spend afterwards: shows that the race is one

    sqlite_price, postgres_price  what reserving and settling add to a call that is alone

Kills: a process is killed with `kill -9` while it holds money. Until its lease ends the money is
held; afterwards all of it must be there again, and what was spent must be the sum of the ledger.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent))

from racing.gateways import ALLOWED, Gateways, Later
from racing.places import Missing, postgres, racers, redis
from racing.racer import LIMIT, ask, pot
from teppan.core.budget import Booking, Charge
from teppan.core.ids import Scope
from teppan.core.trace import ModelCall
from teppan.store import Store
from teppan.store.budgets import LEASE_SECONDS

AT_ONCE = 64
FOR_ONE = LIMIT * 6 // 10
SCOPE = Scope("racers", "racer")

Figures = dict[str, Any]


async def race(database: str, rounds: int, name: str) -> Figures:
    """One process."""
    store = await Store.open(database)
    wrong, began = 0, time.perf_counter()
    for number in range(rounds):
        asked = [ask(store, f"{name}{number}", FOR_ONE) for _ in range(AT_ONCE)]
        wrong += sum(await asyncio.gather(*asked)) != 1
    seconds = time.perf_counter() - began
    await store.close()
    return {"rounds": rounds, "wrong": wrong, "ms_a_round": round(1000 * seconds / rounds, 1)}


async def race_of_two(database: str, rounds: int, name: str) -> Figures:
    """Two processes; both have to win some rounds for it to be a race."""
    await (await Store.open(database)).close()
    wrong, firsts = 0, [0, 0]
    async with racers(database, 2) as both:
        for number in range(rounds):
            line = f"race {name}{number} {AT_ONCE // 2} {FOR_ONE}"
            got = await asyncio.gather(*(racer.ask(line) for racer in both))
            wrong += sum(got) != 1
            firsts = [old + new for old, new in zip(firsts, got, strict=True)]
    return {"rounds": rounds, "wrong": wrong, "won_by_each": firsts}


async def price(database: str, calls: int, name: str) -> Figures:
    """What a hard budget adds to a call that is alone: medians in milliseconds."""
    store = await Store.open(database)
    plain, reserved, settled = [], [], []
    wide = msgspec.structs.replace(pot(name), limit=LIMIT * 1_000_000)

    def call(id: str) -> ModelCall:
        return ModelCall(id=id, trace_id="t", model="a/b", role="single", outcome="ok", cost=7)

    for number in range(calls):
        hold, began = f"{name}-h{number}", time.perf_counter()
        await store.ledger.append(SCOPE, [call(f"{name}-p{number}")])
        plain.append(time.perf_counter() - began)
        began = time.perf_counter()
        await store.budgets.reserve(hold, [wide], FOR_ONE, allowed=600.0)
        reserved.append(time.perf_counter() - began)
        paid = call(f"{name}-b{number}")
        began = time.perf_counter()
        await store.ledger.append(
            SCOPE, [paid], booking=Booking((Charge(wide, (paid.id,)),), (hold,))
        )
        settled.append(time.perf_counter() - began)
    await store.close()
    return {
        "calls": calls,
        "ledger_alone_ms": _median(plain),
        "reserve_ms": _median(reserved),
        "ledger_and_budget_ms": _median(settled),
    }


def _median(seconds: Sequence[float]) -> float:
    return round(1000 * statistics.median(seconds), 2)


async def naive(rounds: int) -> Figures:
    """What happens when one first looks and afterwards books."""
    wrong = 0
    for _ in range(rounds):
        spent, admitted = 0, 0

        async def careless() -> None:
            nonlocal spent, admitted
            if spent + FOR_ONE <= LIMIT:
                await asyncio.sleep(0)  # the model answers
                spent, admitted = spent + FOR_ONE, admitted + 1

        await asyncio.gather(*(careless() for _ in range(AT_ONCE)))
        wrong += admitted != 1
    return {"rounds": rounds, "wrong": wrong}


async def killed_holding(database: str, rounds: int, name: str) -> Figures:
    """Processes die with nearly all the money held; their successors need all of it."""
    await (await Store.open(database)).close()
    free, leaked, charged_wrong = 0, 0, 0
    async with racers(database, rounds) as doomed:
        for number, racer in enumerate(doomed):
            assert await racer.ask(f"hold {name}{number} {FOR_ONE}") == 1
        for racer in doomed:
            await racer.kill()
    store = await Store.open(database)
    for number in range(rounds):
        free += await ask(store, f"{name}{number}", FOR_ONE)
    await store.close()
    later = await Store.open(database, clock=Later(LEASE_SECONDS + 1))  # type: ignore[arg-type]
    for number in range(rounds):
        held = pot(f"{name}{number}")
        denied = await later.budgets.reserve(f"{name}-{number}", [held], LIMIT, allowed=600.0)
        leaked += denied is not None
        call = ModelCall(
            id=f"{name}-{number}", trace_id="t", model="a/b", role="single", outcome="ok", cost=7
        )
        booking = Booking((Charge(held, (call.id,)),), (f"{name}-{number}",))
        for _ in range(2):  # a repeated transaction charges once
            await later.ledger.append(SCOPE, [call], booking=booking)
        (standing,) = await later.budgets.standings([held])
        charged_wrong += (standing.spent, standing.held) != (7, 0)
    await later.close()
    return {
        "kills": rounds,
        "free_before_the_lease_ended": free,
        "leaked": leaked,
        "charged_wrong": charged_wrong,
    }


async def gateways(folder: Path, database: str, address: str, rounds: int) -> Figures:
    """Two real gateways: the race by HTTP, the shared limit, and a kill with money held."""
    made = Gateways(folder, database, address, rounds + 1)
    async with made as both:
        wrong = 0
        for key in range(rounds):
            statuses = await both.race(key, AT_ONCE)
            wrong += statuses.count(200) != 1 or statuses.count(429) != AT_ONCE - 1
        limited = await both.race(-1, AT_ONCE)
        both.fleet.faults.add("slow_first:60")
        dying = asyncio.create_task(both.race(rounds, 2))
        store = await both.open_store()
        budget, whom = f"race {rounds}:{both.ids[rounds]}", both.ids[rounds]
        month = time.strftime("%Y-%m", time.gmtime())
        here = pot(budget)
        here = type(here)(budget, month, here.begin, here.end, LIMIT, True, "key", whom, "racers")
        held = 0
        for _ in range(2000):
            (standing,) = await store.budgets.standings([here])
            if held := standing.held:
                break
            await asyncio.sleep(0.02)
        await both.kill()
        await dying
        await store.close()
        later = await both.open_store(LEASE_SECONDS + 1)
        (after,) = await later.budgets.standings([here])
        await later.close()
    return {
        "rounds": rounds,
        "wrong": wrong,
        "limit": ALLOWED,
        "admitted_by_the_limit": limited.count(200),
        "held_when_killed": held,
        "held_after_the_lease": after.held,
        "spent_by_the_killed": after.spent,
    }


def goals_of(figures: Figures) -> Figures:
    goals: Figures = {}

    def goal(name: str, value: object, wanted: object) -> None:
        goals[name] = {"value": value, "goal": wanted, "met": value == wanted}

    for name, found in figures.items():
        if name == "naive" or "skipped" in found:
            continue
        for figure in ("wrong", "free_before_the_lease_ended", "leaked", "charged_wrong"):
            if figure in found:
                goal(f"{name}: {figure}", found[figure], 0)
    found = figures.get("gateways", {})
    if "limit" in found:
        goal("gateways: admitted_by_the_limit", found["admitted_by_the_limit"], ALLOWED)
        goal("gateways: held_after_the_lease", found["held_after_the_lease"], 0)
        goal("gateways: some was held", found["held_when_killed"] > 0, True)
    return goals


async def run(folder: Path, rounds: int, only: Sequence[str]) -> Figures:
    figures: Figures = {}
    file, few = f"sqlite:///{folder}/race.db", max(1, rounds // 10)

    async def part(name: str, work: Callable[[], Awaitable[Figures]]) -> None:
        if only and name not in only:
            return
        try:
            figures[name] = await work()
        except Missing as missing:
            figures[name] = {"skipped": str(missing)}

    await part("naive", lambda: naive(rounds))
    await part("sqlite", lambda: race(file, rounds, "one"))
    await part("sqlite_two", lambda: race_of_two(file, rounds, "two"))
    await part("sqlite_price", lambda: price(file, rounds, "price"))
    await part("sqlite_kill", lambda: killed_holding(file, few, "kill"))
    with ExitStack() as stack:

        def server() -> str:
            return stack.enter_context(postgres(folder))

        found: list[str] = []

        def database() -> str:
            found[:] = found or [server()]
            return found[0]

        await part("postgres", lambda: race(database(), rounds, "one"))
        await part("postgres_two", lambda: race_of_two(database(), rounds, "two"))
        await part("postgres_price", lambda: price(database(), rounds, "price"))
        await part("postgres_kill", lambda: killed_holding(database(), few, "kill"))
        await part(
            "gateways",
            lambda: gateways(folder, database(), stack.enter_context(redis(folder)), few),
        )
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=None, help="default 200, quick 20")
    parser.add_argument("--only", action="append", default=[], help="just this part")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rounds = given.rounds or (20 if given.quick else 200)
    with tempfile.TemporaryDirectory(prefix="teppan-race-") as folder:
        figures = asyncio.run(run(Path(folder), rounds, given.only))
    goals = goals_of(figures)
    if given.json:
        print(json.dumps({"figures": figures, "goals": goals}))
    else:
        for name, found in figures.items():
            print(f"{name:14} " + ", ".join(f"{key} {value}" for key, value in found.items()))
        missed = [name for name, goal in goals.items() if not goal["met"]]
        print("goals missed: " + ", ".join(missed) if missed else f"all {len(goals)} goals met")
    return 0 if all(goal["met"] for goal in goals.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
