"""A lock file that lets one process at a time write an SQLite database.

SQLite has locks of its own. This one adds that a checkpoint never meets another connection's
write: in SQLite 3.7.0 to 3.51.2 that meeting can, rarely, reset the write-ahead log under the
writer (https://sqlite.org/wal.html#walresetbug). The kernel drops the lock when a process dies.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from teppan.store.base import Unavailable

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows: one gateway per file, by documentation
    fcntl = None  # type: ignore[assignment]

LONGEST_PAUSE = 0.05


class FileLock:
    """Held through `hold`; not reentrant. Waits by trying again, so that it can give up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._pause = threading.Event()

    @contextmanager
    def hold(self, patience: float) -> Iterator[None]:
        self._acquire(patience)
        try:
            yield
        finally:
            self._release()

    def _acquire(self, patience: float) -> None:
        if fcntl is None:  # pragma: no cover
            return
        waited, pause = 0.0, 0.001
        while not self._try():
            if waited >= patience:
                raise Unavailable(f"another process has held {self.path} for {patience:g} s")
            self._pause.wait(pause)
            waited += pause
            pause = min(pause * 2, LONGEST_PAUSE)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            raise
        return True

    def _release(self) -> None:
        if fcntl is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._file)
