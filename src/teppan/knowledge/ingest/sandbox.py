"""HTML, PDF and office files, read by a child process that has little memory and little time.

Their formats nest and pack: a file of a kilobyte can hold gigabytes, or a loop. What the child
cannot do within its limits is not read, and nothing else notices.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from teppan.core.errors import BadRequest, BodyTooLarge, ConfigError

SECONDS = 60
"""Of wall clock, and of the child's processor time."""
TOO_LONG, NOT_READ = 3, 4
"""How the child leaves when the text is over its limit, and when the file cannot be read."""

PACKAGES = {
    "pdf": ("pypdf", "documents"),
    "docx": ("docx", "office"),
    "xlsx": ("openpyxl", "office"),
    "pptx": ("pptx", "office"),
}


def from_binary(name: str, kind: str, data: bytes, letters: int) -> str:
    """The text of a file. Raises `BadRequest`, `BodyTooLarge`, or `ConfigError` naming the extra
    that reads it."""
    package, extra = PACKAGES.get(kind, ("teppan", ""))
    if importlib.util.find_spec(package) is None:
        raise ConfigError(f"{name}: reading .{kind} needs pip install 'teppan[{extra}]'")
    command = [sys.executable, "-I", "-m", "teppan.knowledge.ingest.child", kind, str(letters)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell, the file by stdin
            command, input=data, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise BadRequest(f"{name}: it takes more than {SECONDS} seconds to read") from None
    if done.returncode == TOO_LONG:
        raise BodyTooLarge(f"{name}: it holds more than knowledge.letters = {letters:,}; part it")
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        reason = said if done.returncode == NOT_READ and said else "it is damaged, or made to be"
        raise BadRequest(f"{name}: it cannot be read: {reason[:200]}")
    return done.stdout.decode("utf-8", "replace")
