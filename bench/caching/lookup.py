"""How long a lookup takes at 10,000 and 100,000 entries: ours and GPTCache, same vectors."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caching.ours import SCOPE, Bench, Vectors
from teppan.core.chat import ChatRequest, Choice, Completion, say
from teppan.core.clock import SystemClock
from teppan.serve.cache.entries import Entry
from teppan.serve.cache.key import partition_of
from teppan.store.cache import Kept

PACKAGES = ("gptcache==0.1.44", "faiss-cpu==1.15.1")
TIMED = 300
NEARNESS = 0.9
"""The cosine of a query to its entry, about: like a true hit."""


class Crowd:
    """Entries and queries: noisy copies of real questions' vectors, under made texts."""

    def __init__(self, rows: NDArray[np.float32], size: int) -> None:
        chance = np.random.default_rng(11)
        dimensions = rows.shape[1]
        copies = rows[chance.integers(0, len(rows), size)]
        self.rows = _unit(copies + chance.standard_normal(copies.shape) * (0.7 / dimensions**0.5))
        words = [_word(number) for number in range(size)]
        self.texts = [f"why is the payment of {word} pending" for word in words]
        self.asked: dict[str, list[str]] = {}
        self.queries: list[NDArray[np.float32]] = []
        self.query_texts: list[str] = []
        self._words = words

    def ask(self, size: int) -> list[str]:
        """Queries near to entries among the first `size`."""
        chance = np.random.default_rng(size)
        spread = (1 / NEARNESS**2 - 1) ** 0.5 / self.rows.shape[1] ** 0.5
        texts = []
        for at in chance.integers(0, size, TIMED):
            noise = chance.standard_normal(self.rows.shape[1]) * spread
            self.queries.append(_unit((self.rows[at] + noise)[None, :])[0])
            texts.append(f"for which reason is a payment of {self._words[at]} pending at {size}")
        self.query_texts += texts
        self.asked[str(size)] = texts
        return texts


async def ours(crowd: Crowd, size: int) -> dict[str, list[float]]:
    """Seconds of each search, and of each whole lookup without its embedding."""
    texts = [*crowd.texts[:size], *crowd.query_texts]
    vectors = Vectors(Named(), texts, np.concatenate([crowd.rows[:size], crowd.queries]))
    bench = Bench()
    cache = await bench.open(vectors)
    found = cache.semantic
    assert found is not None
    request = ChatRequest(model="bench/model", messages=(say("user", crowd.texts[0]),))
    partition = partition_of(SCOPE, request, "1")
    completion = Completion("model", (Choice(say("assistant", "answer"), "stop"),))
    now = SystemClock.now()
    for number in range(size):
        kept = Kept(
            id=f"e{number}", tenant=SCOPE.tenant, partition=partition, model="m", trace_id="t",
            kin=f"e{number}", question=crowd.texts[number], intent="", embedder=vectors.name,
            embedding=b"", answer=b"x" * 200, cost=1, created=now, expires=now + 1e6,
        )  # fmt: skip
        await found._vectors.add(SCOPE, partition, kept.id, crowd.rows[number])
        await found._shelve(Entry(kept, completion, f"w{number}"))
    spent: dict[str, list[float]] = {"search": [], "lookup": []}
    for text in crowd.asked[str(size)]:
        asking = ChatRequest(model="bench/model", messages=(say("user", text),))
        begun = time.perf_counter()
        near = await found._vectors.nearest(SCOPE, partition, vectors.rows[text], 16)
        spent["search"].append(time.perf_counter() - begun)
        begun = time.perf_counter()
        await found.find(asking, SCOPE, "1", max_age=None, observe=None)
        spent["lookup"].append(time.perf_counter() - begun)
        assert near[0].similarity > 0.8
    await bench.close()
    return spent


class Named:
    name, window, dimensions = "crowd", 2000, 384


def gptcache(
    peers: Path, work: Path, job: dict[str, Any], texts: Sequence[str], rows: NDArray[np.float32]
) -> dict[str, Any] | str:
    """What GPTCache makes of a job; or why it could not be asked."""
    python = peers / "gptcache" / "bin" / "python"
    if not python.exists():
        return f"absent: {python} is not there (a run without --quick installs it)"
    np.save(work / "vectors.npy", rows)
    (work / "texts.json").write_text(json.dumps(list(texts)))
    job = job | {
        "vectors": str(work / "vectors.npy"),
        "texts": str(work / "texts.json"),
        "folder": str(work / "peer"),
    }
    (work / "job.json").write_text(json.dumps(job))
    script = Path(__file__).with_name("gptcache_side.py")
    command = [str(python), str(script), str(work / "job.json"), str(work / "result.json")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return f"failed: {ran.stderr.strip().splitlines()[-1] if ran.stderr else ran.returncode}"
    result: dict[str, Any] = json.loads((work / "result.json").read_text())
    return result


def install(peers: Path) -> None:
    """GPTCache into an environment of its own, once."""
    folder = peers / "gptcache"
    if (folder / "bin" / "python").exists():
        return
    peers.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False)
    command = [str(folder / "bin" / "pip"), "install", "-q", *PACKAGES]
    if subprocess.run(command, check=False).returncode:
        shutil.rmtree(folder, ignore_errors=True)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    p50, p99 = np.percentile(np.array(seconds) * 1000, [50, 99])
    return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3)}


def _unit(rows: Any) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(
        np.float32
    )
    return scaled


def _word(number: int) -> str:
    return "".join(random.Random(number).choices("abcdefghijklmnopqrstuvwxyz", k=9))
