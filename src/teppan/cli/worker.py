"""`teppan worker`: does jobs, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from teppan.build import open_house
from teppan.cli.output import ConfigFile, console, quoted
from teppan.config.load import load
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError
from teppan.worker import open_worker

PRIVATE = 0o077
"""Files it makes are its user's own."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def worker(
    once: Annotated[bool, typer.Option(help="Do what is due now, then leave.")] = False,
    config: ConfigFile = None,
) -> None:
    """Do jobs: the night, the checks, what `teppan jobs run` asks for.

    `teppan serve` does them too unless `learn.jobs.embedded` is false. Any number of workers may
    run; a job is done by one of them. Told to stop, it lets the running stage end and parks the
    rest; told twice, it parks at once.
    """
    settings = load(Path(config) if config else None)
    if not settings.learn.jobs.enabled:
        raise ConfigError("`learn.jobs.enabled` is false: set it true, and jobs are done")
    os.umask(PRIVATE)
    asyncio.run(_work(settings, once))


async def _work(settings: Settings, once: bool) -> None:
    async with open_house(settings) as house:
        made = open_worker(house, "worker")
        loop = asyncio.get_running_loop()
        for each in SIGNALS:
            with contextlib.suppress(NotImplementedError, RuntimeError):
                loop.add_signal_handler(each, made.stop)
        console().print(quoted(f"Worker {made.name} does {', '.join(made.kinds)}."))
        await (made.once() if once else made.run())
