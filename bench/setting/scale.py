"""How long a build takes, and how much memory: signals made up of a few hundred subjects."""

from __future__ import annotations

import asyncio
import random
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from teppan.build.datasets import open_dataset_desk
from teppan.config.pack import load_pack
from teppan.config.schema import Settings
from teppan.core.chat import say
from teppan.core.ids import LOCAL
from teppan.core.signal import Provenance, Score, Signal
from teppan.learn.datasets.building import build_dataset
from teppan.store import Store

SEED = 5
NAMES = "Anna Ben Carla David Emma Frank Grace Henry Irene Jack".split()
LAST = "Smith Jones Miller Garcia Chen Tanaka Brown".split()
THINGS = [
    f"{a} {b}"
    for a in "price menu deposit travel tax sauce chef grill table rice shrimp steak salad".split()
    for b in "question option upgrade fee list rule time size count style".split()
]
WORDS = (
    "river garden birthday wedding office party summer winter family friend neighbor evening "
    "weekend holiday school church company picnic reunion graduation"
).split()
PROMPT = "You answer for a caterer. " + "Be kind, and short. " * 40


def measured(many: int, pack: Path) -> dict[str, Any]:
    """Seconds of a first build and of one after it, and MiB over what was used before."""
    return asyncio.run(_measured(many, pack))


async def _measured(many: int, folder: Path) -> dict[str, Any]:
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory() as made:
        store = await Store.open(Path(made) / "scale.db", durability="process")
        for start in range(0, many, 1_000):
            page = [_signal(n, chance) for n in range(start, min(many, start + 1_000))]
            await store.signals.put(LOCAL, page)
        settings = Settings.model_validate({"learn": {"terms": {"ollama": "free"}}})
        desk = open_dataset_desk(settings, load_pack(folder), store)
        before = _mib()
        times, built = [], None
        for _ in range(2):
            start = time.perf_counter()
            built = await build_dataset(desk, LOCAL, 0.0, 1e9, lambda *_: None, "scale")
            times.append(time.perf_counter() - start)
        await store.close()
    assert built is not None
    return {
        "signals": many,
        "rows": built.card.rows,
        "seconds": round(times[0], 1),
        "seconds, built again": round(times[1], 1),
        "mib": round(_mib() - before, 1),
    }


def _mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _signal(number: int, chance: random.Random) -> Signal:
    thing, guests, kind = chance.choice(THINGS), chance.randrange(10, 60), chance.random()
    if kind < 0.3:
        asked, told = f"How much is the {thing}?", f"The {thing} is ${THINGS.index(thing) + 20}."
    elif kind < 0.6:
        name = f"{chance.choice(NAMES)} {chance.choice(LAST)}"
        asked = f"Hi, I am {name}. What does the {thing} cost for {guests} people?"
        told = f"For {guests} people the {thing} is ${guests * 5}."
    else:
        a, b, c, d, e, f = chance.sample(WORDS, 6)
        asked = (
            f"We plan a {a} {b} at the {c} with {guests} guests, near the {d} and the {e}. "
            f"Is the {thing} possible on the {f}?"
        )
        told = f"Yes, the {thing} is possible for {guests} guests at your {a}."
    messages = (say("system", PROMPT), say("user", asked))
    if chance.random() < 0.3:
        more = f"And for {guests + 1}, in {chance.choice(WORDS)}?"
        messages = (*messages, say("assistant", told), say("user", more))
        told = f"Then it is ${guests * 7}."
    return Signal(
        id=f"sig_{number:08}",
        tenant=LOCAL.tenant,
        trace_id=f"tr_{number}",
        episode=f"ep_{number // 3}",
        user=f"u{number % 5000}",
        messages=messages,
        chosen=told,
        score=Score(0.9 + chance.random() * 0.1),
        intent=thing.split()[0],
        language="en",
        provenance=Provenance("ollama/tiny", "free"),
        at=1_000.0 + number,
    )
