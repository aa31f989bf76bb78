"""A run of distillation as a program, to be killed from outside.

python -m distilling.child SETTINGS.json TASKS.txt MODEL CONCURRENCY BUDGET
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from teppan.build.distil import Wish, open_distillery
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.learn.distil.run import distil
from teppan.learn.distil.tasks import Task, load_tasks


async def main(settings: Settings, tasks: tuple[Task, ...]) -> None:
    wish = Wish(
        model=sys.argv[3],
        tasks=tasks,
        listed="tasks",
        name="run",
        concurrency=int(sys.argv[4]),
        budget=int(sys.argv[5]),
    )
    async with open_distillery(settings, wish, LOCAL) as found:
        print("ready", flush=True)
        tally = await distil(found.desk, LOCAL, found.job, lambda *_: None)
    print(json.dumps({"spent": tally.spent, "stopped": tally.stopped}), flush=True)


if __name__ == "__main__":
    asyncio.run(
        main(
            Settings(**json.loads(Path(sys.argv[1]).read_text())),
            tuple(load_tasks(Path(sys.argv[2]))),
        )
    )
