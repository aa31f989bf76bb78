"""One measured window: the loader runs, processor time is read at the window's edges."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load import process
from load.running import TEXT_END, Failed, Running, body


@dataclass(frozen=True)
class Load:
    """`rate` True asks at the system's own open-loop rate, False keeps `connections` busy.

    A stream lasts 100 ms by its upstream's pace, so 128 connections cannot exceed 1,280 a second.
    """

    name: str
    stream: bool
    connections: int
    seconds: float
    warmup: float
    rate: bool = False


LOADS = (
    Load("alone", stream=False, connections=1, seconds=4, warmup=0.5),
    Load("stream_alone", stream=True, connections=1, seconds=8, warmup=0.5),
    Load("bursts", stream=False, connections=16, seconds=8, warmup=1),
    Load("whole", stream=False, connections=64, seconds=3, warmup=1),
    Load("stream", stream=True, connections=128, seconds=4, warmup=1.5),
    Load("whole_paced", stream=False, connections=64, seconds=4, warmup=0.5, rate=True),
    Load("stream_paced", stream=True, connections=64, seconds=4, warmup=0.5, rate=True),
)


def measure(
    running: Running, load: Load, loader: Path, work: Path, shorten: float
) -> dict[str, Any]:
    """The loader's figures, with `cpu_us` a request, `load_mb`, and the host's `stolen` share."""
    system = running.system
    question = work / f"{system.name}-{load.name}.json"
    question.write_bytes(body(system, stream=load.stream))
    stretch = shorten * (system.patience if not load.rate else 1.0)
    command = [str(loader), str(running.port), system.path, str(question)]
    command += ["--connections", str(load.connections)]
    command += ["--seconds", str(load.seconds * stretch), "--warmup", str(load.warmup * stretch)]
    command += ["--expect", '"total_tokens":' if not load.stream else "[DONE]"]
    command += ["--expect", TEXT_END if not load.stream else " token18"]
    if load.rate:
        command += ["--rate", str(system.rate / (5 if load.stream else 1))]
    for name, value in system.headers.items():
        command += ["--header", f"{name}: {value}"]
    return _window(running, process.pinned(process.LOADER_CORE, command))


def _window(running: Running, command: list[str]) -> dict[str, Any]:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as loader:
        assert loader.stdout
        assert loader.stderr
        loader.stdout.readline()
        host, cpu_before = process.HostShare(), running.cpu_seconds()
        loader.stdout.readline()
        cpu, stolen = running.cpu_seconds() - cpu_before, host.stolen()
        load_mb = running.pss_mb()
        figures = loader.stdout.read()
        problem = loader.stderr.read()
    if not figures:
        raise Failed(f"{running.system.name}: the loader stopped: {problem.strip()[:300]}")
    result: dict[str, Any] = json.loads(figures)
    seconds = float(command[command.index("--seconds") + 1])
    answered = result["rps"] * seconds
    result["cpu_us"] = round(cpu / answered * 1e6, 1) if answered else None
    result["core_share"] = round(cpu / seconds, 3)
    result["load_mb"], result["stolen"] = load_mb, round(stolen, 3)
    if problem:
        result["problem"] = problem.strip()[:300]
    return result
