"""The peers, each in an environment of its own under the cache folder, at pinned versions.

Nothing here touches the project's own environment. A peer that cannot be installed is reported as
absent, with the reason; the others are measured all the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from load.build import Missing

# OpenTelemetry and httptools are not required by LiteLLM, but it is about 10 % faster with them.
LITELLM = ("litellm[proxy]==1.106.2", "opentelemetry-sdk==1.45.2", "httptools==0.9.0")
TENSORZERO = ("tensorzero==2026.6.0",)
PORTKEY = "@portkey-ai/gateway@1.15.2"


def clean_environment() -> dict[str, str]:
    """Ours without what would slow a peer down: LiteLLM recompiles modules per request if it
    may not keep their bytecode."""
    return {
        k: v for k, v in os.environ.items() if k not in {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}
    }


def _run(name: str, command: Sequence[str]) -> None:
    print(f"  installing {name}: {' '.join(command[:6])} ...", file=sys.stderr, flush=True)
    try:
        subprocess.run(
            command,
            check=True,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=900,
        )
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout or "").strip().splitlines()
        raise Missing(f"{name} cannot be installed: {lines[-1] if lines else error}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{name} cannot be installed: {error}") from error


def python_environment(name: str, packages: Sequence[str], cache: Path, *, install: bool) -> Path:
    """The folder with the peer's programs. Raises `Missing`."""
    folder, wanted = cache / name, "\n".join(packages)
    mark = folder / "installed.txt"
    if mark.exists() and mark.read_text() == wanted:
        return folder / "bin"
    if not install:
        raise Missing(f"{name} is not installed yet: run without --quick once")
    shutil.rmtree(folder, ignore_errors=True)
    _run(name, [sys.executable, "-m", "venv", str(folder)])
    python = str(folder / "bin" / "python")
    _run(name, [python, "-m", "pip", "install", "--quiet", "--compile", *packages])
    mark.write_text(wanted)
    return folder / "bin"


def node_package(name: str, package: str, cache: Path, *, install: bool) -> Path:
    """The folder `node_modules` of the peer. Raises `Missing`."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Missing(f"{name} needs Node.js with npm (Debian: apt-get install nodejs npm)")
    folder = cache / name
    mark = folder / "installed.txt"
    if mark.exists() and mark.read_text() == package:
        return folder / "node_modules"
    if not install:
        raise Missing(f"{name} is not installed yet: run without --quick once")
    folder.mkdir(parents=True, exist_ok=True)
    _run(name, ["npm", "install", "--no-fund", "--no-audit", "--prefix", str(folder), package])
    mark.write_text(package)
    return folder / "node_modules"


def nginx_program() -> str:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Missing("nginx is not installed (Debian: apt-get install nginx-light)")
    return program
