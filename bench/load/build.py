"""Compiles the upstream and the loader once, beside the peers in the cache folder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


class Missing(Exception):
    """Something this bench needs is not on this machine; the message says what to do."""


def compiled(name: str, cache: Path) -> Path:
    """The program made of `name`.c; recompiled when its text has changed. Raises `Missing`."""
    source = HERE / f"{name}.c"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    program = cache / "bin" / f"{name}-{digest}"
    if program.exists():
        return program
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise Missing("no C compiler: install gcc (Debian: apt-get install gcc libc6-dev)")
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-o", str(program), str(source)], check=True)
    return program
