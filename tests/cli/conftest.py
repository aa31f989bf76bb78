"""A folder with a `teppan.toml` in front of simulated vendors that run in a thread of their own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from teppan.cli.main import app
from teppan.core.errors import TeppanError
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings

MODELS = {
    "openai": "sim-gpt-small",
    "anthropic": "sim-claude-small",
    "mistral": "sim-mistral-small",
}
QUESTION = "What is 6 times 7?"


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """Simulated vendors that serve while the test itself blocks."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = Fleet(FleetSettings(speed=0.0))
    asyncio.run_coroutine_threadsafe(made.__aenter__(), loop).result()
    yield made
    asyncio.run_coroutine_threadsafe(made.__aexit__(None, None, None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def folder(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the commands run in."""
    fleet.reset()
    lines = ["[server]\ndrain = 300\n", f'[store]\nurl = "sqlite:///{tmp_path / "teppan.db"}"\n']
    lines += [
        f'[providers.{vendor}]\nurl = "{fleet.address(vendor)}"\nkeys = ["env:SIMULATED_KEY"]\n'
        f'models = ["{name}"]\n'
        for vendor, name in MODELS.items()
    ]
    (tmp_path / "teppan.toml").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIMULATED_KEY", DEFAULT_KEYS[0])
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def teppan(*words: str, stdin: str | None = None) -> Result:
    """`teppan words...`, as the console script runs it."""
    result = CliRunner().invoke(app, words, input=stdin)
    if isinstance(result.exception, TeppanError):
        result.exit_code = result.exception.exit_code
    return result


def told(result: Result) -> Any:
    """What a command printed with `--json`."""
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def printed(words: Sequence[str]) -> str:
    """What a command that succeeds printed for people."""
    result = teppan(*words)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout
