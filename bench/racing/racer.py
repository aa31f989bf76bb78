"""One of several processes that reach for the same money at once.

    python racer.py DATABASE

Prints `ready`. Then, for each line `race POT TIMES AMOUNT` it asks for the amount TIMES times at
once and prints how often it got it; `hold POT AMOUNT` asks once and prints 0 or 1. What it holds it
never gives back: its parent kills it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

from teppan.core.budget import Pot
from teppan.core.ids import new_id
from teppan.store import Store

LIMIT = 1_000_000


def pot(name: str) -> Pot:
    """A budget for one: whoever holds more than half of it is alone."""
    now = time.time()
    return Pot(name, "2026", now - 3600, now + 86_400, LIMIT)


async def ask(store: Store, name: str, amount: int) -> bool:
    return await store.budgets.reserve(new_id("hold"), [pot(name)], amount, allowed=600.0) is None


async def main(database: str) -> None:
    store = await Store.open(database)
    say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        verb, name, *numbers = line.split()
        times = int(numbers[0]) if verb == "race" else 1
        got = await asyncio.gather(*(ask(store, name, int(numbers[-1])) for _ in range(times)))
        say(str(sum(got)))
    await store.close()


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
