"""A process and its children: processor time, memory, stopping and going on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
GATEWAY_CORE, LOADER_CORE = "0", "1"


def pinned(core: str, command: Sequence[str]) -> list[str]:
    return ["taskset", "-c", core, *command]


def tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    pids = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = children.read_text().split()
        except OSError:
            continue
        for child in below:
            pids += tree(int(child))
    return pids


def cpu_seconds(pid: int) -> float:
    """Processor time used so far by the whole tree, from the scheduler's nanosecond counters."""
    nanoseconds = 0
    for process in tree(pid):
        for stat in Path(f"/proc/{process}/task").glob("*/schedstat"):
            try:
                nanoseconds += int(stat.read_text().split()[0])
            except (OSError, IndexError):
                continue
    return nanoseconds / 1e9


def pss_mb(pid: int) -> float:
    """Proportional set size of the tree: shared pages are shared out, not counted twice."""
    kilobytes = 0
    for process in tree(pid):
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        kilobytes += sum(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
    return round(kilobytes / 1024, 1)


def send_signal(pid: int, number: signal.Signals) -> None:
    for process in tree(pid):
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends the tree: politely first, for good after five seconds."""
    members = tree(process.pid)
    send_signal(process.pid, signal.SIGCONT)
    send_signal(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    for pid in members:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


class HostShare:
    """How much of this machine's time its host gave to others (`steal`) since it was made."""

    def __init__(self) -> None:
        self.before = self._read()

    @staticmethod
    def _read() -> list[int]:
        return [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]

    def stolen(self) -> float:
        spent = [now - then for now, then in zip(self._read(), self.before, strict=True)]
        return spent[7] / max(1, sum(spent))
