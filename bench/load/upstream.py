"""The C upstream as a running process."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from load import process
from load.build import compiled

STREAM_GAP_MS = "5"


@contextmanager
def upstream_running(cache: Path, gap_ms: str = STREAM_GAP_MS) -> Iterator[int]:
    """Compiled, started on the loader's core, ended afterwards; gives its port."""
    program = compiled("upstream", cache)
    command = process.pinned(process.LOADER_CORE, [str(program), "0", gap_ms])
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout
        try:
            yield int(child.stdout.readline())
        finally:
            child.terminate()
