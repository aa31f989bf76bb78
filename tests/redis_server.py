"""A real Redis for tests: Debian's `redis-server`, on a socket file of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 20.0


@contextmanager
def running_redis() -> Iterator[str]:
    """Its address while it runs; skips the test, with the reason, where there is no Redis."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    folder = Path(tempfile.mkdtemp(prefix="teppan-redis-"))
    process = start_redis(program, folder)
    try:
        yield f"unix://{folder}/redis.sock"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def start_redis(program: str, folder: Path) -> subprocess.Popen[bytes]:
    """A server that keeps nothing on disk, once it takes connections."""
    socket = folder / "redis.sock"
    words = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(
        [program, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + PATIENCE
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            pytest.skip("redis-server does not start here")
        time.sleep(0.01)
    return process
