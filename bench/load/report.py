"""Medians of the rounds, the goals they are held against, and the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

Rows = Iterable[Mapping[str, Any]]
Figures = dict[str, dict[str, float | None]]


def _median(rows: Rows, key: str) -> float | None:
    values = [row[key] for row in rows if row.get(key) is not None]
    return round(median(values), 1) if values else None


def _added(rows: list[Mapping[str, Any]], name: str, load: str, key: str) -> float | None:
    """Median over rounds of this system's latency less direct's in the same round, in ms."""
    direct = {r["round"]: r[key] for r in rows if r["system"] == "direct" and r["load"] == load}
    added = [
        r[key] - direct[r["round"]]
        for r in rows
        if r["system"] == name
        and r["load"] == load
        and r["round"] in direct
        and not r["unfinished"]
    ]
    return round(median(added) / 1000, 3) if added else None


def _least(rows: Rows, load: str, key: str) -> float | None:
    """The shortest over the rounds: the one that was disturbed least."""
    return min((row[key] for row in rows if row["load"] == load and row["completed"]), default=None)


def figures(rows: list[Mapping[str, Any]], starts: Mapping[str, Mapping[str, Any]]) -> Figures:
    """Everything measured of each system, one flat row a system."""
    result: Figures = {}
    for name, start in starts.items():
        mine = [row for row in rows if row["system"] == name]
        whole = [row for row in mine if row["load"] == "whole"]
        stream = [row for row in mine if row["load"] == "stream"]
        cpu, stream_cpu = _median(whole, "cpu_us"), _median(stream, "cpu_us")
        result[name] = {
            "alone_p10_us": _least(mine, "alone", "p10_us"),
            "stream_alone_first_us": _least(mine, "stream_alone", "first_p10_us"),
            "stream_alone_us": _least(mine, "stream_alone", "p10_us"),
            "best_rps": max((r["best_rps"] for r in mine if r["load"] == "bursts"), default=None),
            "requests_per_second": _median(whole, "rps"),
            "cpu_us_per_request": cpu,
            "requests_per_core_second": round(1e6 / cpu, 1) if cpu else None,
            "streams_per_second": _median(stream, "rps"),
            "cpu_us_per_stream": stream_cpu,
            "added_p50_ms": _added(rows, name, "whole_paced", "p50_us"),
            "added_p99_ms": _added(rows, name, "whole_paced", "p99_us"),
            "stream_added_first_p50_ms": _added(rows, name, "stream_paced", "first_p50_us"),
            "stream_added_first_p99_ms": _added(rows, name, "stream_paced", "first_p99_us"),
            "idle_mb": start["idle_mb"],
            "loaded_mb": max((row["load_mb"] for row in mine), default=None),
            "ready_seconds": start["ready_seconds"],
            "bad_answers": sum(row["bad"] + row["broken"] for row in mine),
        }
    return result


QUIET_US = 2000.0
"""Longest median latency of the direct connection at 100 requests a second on a machine that can
measure; a fraction of a millisecond is normal."""


STEADY = ("idle_mb", "bad_answers", "alone_over_", "best_rps_over_")
"""Beginnings of goals that do not depend on how much of its time the machine gets."""


def disturbed(rows: Rows) -> bool:
    """Whether this machine was too busy for any speed to be read from it."""
    direct = [row for row in rows if row["system"] == "direct" and row["load"] == "whole_paced"]
    latency = _median(direct, "p50_us")
    return latency is not None and latency > QUIET_US


def goals(measured: Figures, *, disturbed: bool = False) -> dict[str, dict[str, Any]]:
    """The goals for our gateway. `met` is None where a peer is absent, and for every speed on a
    disturbed machine: neighbours are not evidence, in either direction."""
    result: dict[str, dict[str, Any]] = {}
    ours = measured.get("teppan", {})

    def ratio(peer: str, key: str) -> float | None:
        mine, theirs = ours.get(key), measured.get(peer, {}).get(key)
        return round(mine / theirs, 3) if mine and theirs else None

    def faster_alone(peer: str) -> float | None:
        """How much less a single request takes here than at the peer, the direct one taken off."""
        times = [measured.get(name, {}).get("alone_p10_us") for name in ("teppan", peer, "direct")]
        if None in times:
            return None
        mine, theirs, direct = (float(time or 0.0) for time in times)
        return round((theirs - direct) / (mine - direct), 3) if mine > direct else None

    def state(name: str, value: float | None, goal: float, *, at_most: bool = False) -> None:
        met = None if value is None else value <= goal if at_most else value >= goal
        if disturbed and not name.startswith(STEADY):
            met = None
        result[name] = {"value": value, "goal": goal, "met": met}

    for peer, goal in (("litellm", 30.0), ("portkey", 4.0), ("tensorzero", 1.0), ("nginx", 0.1)):
        state(f"throughput_over_{peer}", ratio(peer, "requests_per_second"), goal)
        state(f"throughput_per_cpu_over_{peer}", ratio(peer, "requests_per_core_second"), goal)
        state(f"best_rps_over_{peer}", ratio(peer, "best_rps"), goal)
        state(f"alone_over_{peer}", faster_alone(peer), goal)
    state("added_p50_ms", ours.get("added_p50_ms"), 1.5, at_most=True)
    state("idle_mb", ours.get("idle_mb"), 120.0, at_most=True)
    state("ready_seconds", ours.get("ready_seconds"), 2.0, at_most=True)
    state("bad_answers", ours.get("bad_answers"), 0, at_most=True)
    return result


COLUMNS = (
    ("system", None),
    ("alone us", "alone_p10_us"),
    ("stream 1st", "stream_alone_first_us"),
    ("whole us", "stream_alone_us"),
    ("best/s", "best_rps"),
    ("req/s", "requests_per_second"),
    ("cpu us/req", "cpu_us_per_request"),
    ("req/core-s", "requests_per_core_second"),
    ("streams/s", "streams_per_second"),
    ("cpu us/stream", "cpu_us_per_stream"),
    ("added p50", "added_p50_ms"),
    ("p99 ms", "added_p99_ms"),
    ("stream p50", "stream_added_first_p50_ms"),
    ("p99 ms", "stream_added_first_p99_ms"),
    ("idle", "idle_mb"),
    ("load MB", "loaded_mb"),
    ("ready s", "ready_seconds"),
    ("bad", "bad_answers"),
)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def table(measured: Figures) -> str:
    rows = [[title for title, _ in COLUMNS]]
    for name, row in measured.items():
        rows.append([name if key is None else _cell(row[key]) for _, key in COLUMNS])
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(lines)


def goal_lines(stated: Mapping[str, Mapping[str, Any]]) -> str:
    words = {True: "met", False: "MISSED", None: "not measured"}
    return "\n".join(
        f"  {name:34} {_cell(goal['value']):>8}   goal {goal['goal']:g}   {words[goal['met']]}"
        for name, goal in stated.items()
    )
