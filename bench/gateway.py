"""Gateway speed: ours beside LiteLLM, Portkey, TensorZero, bare nginx, and no gateway at all.

    python bench/gateway.py [--rounds 3] [--systems teppan,nginx] [--peers DIR] [--quick] [--json]

One interleaved run on loopback. Every system is started once, proven to answer and to stream
correctly, and stopped; in each round each one goes on for its windows while the others stay
stopped, in an order that changes by round. The system under test has core 0 to itself, the
upstream and the loader share core 1. Figures are medians over rounds. `cpu us/req` (processor
time of the whole process tree over the answers in the same window) is the steadiest figure on a
shared machine.

Peers are installed by this script into a cache folder, at pinned versions, never into `.venv`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from load import report
from load.build import Missing, compiled
from load.measure import LOADS, measure
from load.running import Failed, Running, start
from load.systems import FACTORIES
from load.upstream import upstream_running

DEFAULT_CACHE = Path("~/.cache/teppan-bench").expanduser()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def start_all(
    names: list[str], work: Path, cache: Path, upstream: int, *, install: bool
) -> tuple[list[Running], dict[str, str]]:
    """Everything that could be started, and why the rest could not."""
    live: list[Running] = []
    absent: dict[str, str] = {}
    for name in names:
        try:
            running = start(FACTORIES[name](work, cache, upstream, install), work)
        except (Missing, Failed) as reason:
            absent[name] = str(reason)
            say(f"  {name}: absent: {reason}")
            continue
        say(f"  {name}: ready in {running.ready_seconds} s, {running.idle_mb} MB")
        running.stop()
        live.append(running)
    return live, absent


def order(live: list[Running], turn: int) -> list[Running]:
    """Another order each round, so that nobody is always first."""
    turned = live[turn % len(live) :] + live[: turn % len(live)]
    return turned if turn % 2 == 0 else turned[::-1]


def run_rounds(
    live: list[Running],
    rounds: int,
    loader: Path,
    work: Path,
    shorten: float,
    loads: Sequence[str] = (),
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for turn in range(rounds):
        for load in LOADS:
            for running in order(live, turn):
                name = running.system.name
                if loads and load.name not in loads:
                    continue
                running.go_on()
                try:
                    figures = measure(running, load, loader, work, shorten)
                except Failed as reason:
                    say(f"  round {turn + 1} {load.name:12} {name:10} no figures: {reason}")
                    continue
                finally:
                    running.stop()
                rows.append({"system": name, "load": load.name, "round": turn, **figures})
                say(
                    f"  round {turn + 1} {load.name:12} {name:10} {figures['rps']:>9,.0f}/s"
                    f"  best {figures['best_rps']:>8,.0f}/s"
                    f"  {figures['cpu_us'] or 0:>9,.1f} us  p10 {figures['p10_us'] / 1000:.2f}"
                    f" p50 {figures['p50_us'] / 1000:.2f} ms"
                    f"  host took {figures['stolen']:.0%}  {figures.get('problem', '')}"
                )
    return rows


def machine(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    stolen = [row["stolen"] for row in rows]
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "host_took": round(sum(stolen) / max(1, len(stolen)), 3),
    }


def run(args: argparse.Namespace) -> dict[str, Any]:
    names = args.systems.split(",") if args.systems else list(FACTORIES)
    if args.quick and not args.systems:
        names.remove("litellm")  # its windows alone take half a minute
    rounds, shorten = (1, 0.4) if args.quick else (args.rounds, 1.0)
    live: list[Running] = []
    with (
        tempfile.TemporaryDirectory(prefix="teppan-bench-") as folder,
        upstream_running(args.peers) as upstream,
    ):
        work, loader = Path(folder), compiled("load", args.peers)
        try:
            live, absent = start_all(names, work, args.peers, upstream, install=not args.quick)
            loads = args.loads.split(",") if args.loads else ()
            rows = run_rounds(live, rounds, loader, work, shorten, loads)
        finally:
            for running in live:
                running.end()
    starts = {r.system.name: {"idle_mb": r.idle_mb, "ready_seconds": r.ready_seconds} for r in live}
    measured = report.figures(rows, starts)
    return {
        "figures": measured,
        "goals": report.goals(measured, disturbed=report.disturbed(rows)),
        "disturbed": report.disturbed(rows),
        "absent": absent,
        "notes": {r.system.name: r.system.note for r in live},
        "machine": machine(rows),
        "rounds": rounds,
        "windows": rows,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="under a minute; installs nothing")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--systems", default="", help=f"of {','.join(FACTORIES)}; all by default")
    parser.add_argument("--loads", default="", help="of alone,whole,...; all by default")
    parser.add_argument("--peers", type=Path, default=DEFAULT_CACHE, help="where peers are kept")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended, too
    if not Path("/proc/self/schedstat").exists() or (os.cpu_count() or 1) < 2:
        say("this bench needs Linux and two cores")
        return 2
    try:
        result = run(args)
    except Missing as reason:
        say(f"cannot measure: {reason}")
        return 2
    if args.json:
        print(json.dumps(result))
        return 0
    print(report.table(result["figures"]))
    for name, reason in result["absent"].items():
        print(f"  {name} is absent: {reason.splitlines()[0]}")
    print("\ngoals (ours over the peer):")
    print(report.goal_lines(result["goals"]))
    if result["disturbed"]:
        print("\nthis machine was too busy to measure speed: no goal of speed is judged; run again")
    print(f"\nthe host took {result['machine']['host_took']:.0%} of this machine's time meanwhile")
    return 0


if __name__ == "__main__":
    sys.exit(main())
