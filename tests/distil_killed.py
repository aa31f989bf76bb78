"""A run of distillation as a program that dies when it is told.

    python distil_killed.py SETTINGS.json TASKS MODEL CONCURRENCY LEASE MOMENT...

LEASE are the seconds for which what a dead child was asking is left to it. Runs one child for each
moment, the next when the last one is dead. A moment is `NAME N`: the child kills itself when that
has happened N times; `end 0` lets it come to its end.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from teppan.build.distil import Wish, open_distillery
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.learn.distil.run import distil
from teppan.learn.distil.tasks import Task, load_tasks
from teppan.store.store import Store

MOMENTS = {
    "begun": ("distil", "begin"),
    "noted": ("paid", "note"),
    "paid": ("paid", "finish"),
    "kept": ("signals", "put"),
    "written": ("distil", "put"),
}
"""Where it dies: right after the store has made this durable."""


def mortal(store: Store, moment: str) -> None:
    """The process kills itself after the store's method was done so many times."""
    name, _, count = moment.partition(" ")
    if name not in MOMENTS:
        return
    part, method = MOMENTS[name]
    left, whole = [int(count)], getattr(getattr(store, part), method)

    async def dies(*given: Any, **more: Any) -> Any:
        done = await whole(*given, **more)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(getattr(store, part), method, dies)


async def run(settings: Settings, tasks: tuple[Task, ...], moment: str) -> None:
    wish = Wish(
        model=sys.argv[3],
        tasks=tasks,
        listed="tasks",
        name="run",
        concurrency=int(sys.argv[4]),
    )
    async with open_distillery(settings, wish, LOCAL) as found:
        store = found.house.store
        store.paid._lease = float(sys.argv[5])
        mortal(store, moment)
        await distil(found.desk, LOCAL, found.job, lambda *_: None)


def main() -> None:
    settings = Settings(**json.loads(Path(sys.argv[1]).read_text()))
    tasks = tuple(load_tasks(Path(sys.argv[2])))
    for moment in sys.argv[6:]:
        child = os.fork()
        if child == 0:
            asyncio.run(run(settings, tasks, moment))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(moment, os.WTERMSIG(status) if os.WIFSIGNALED(status) else "lived", flush=True)


if __name__ == "__main__":
    main()
