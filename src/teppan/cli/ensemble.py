"""`teppan ensemble`: one question to several models, and all they said."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from teppan.cli.ask import as_object
from teppan.cli.output import (
    AsJson,
    ConfigFile,
    clean,
    console,
    print_json,
    print_table,
    quoted,
    words,
)
from teppan.client import Answered, AsyncTeppan
from teppan.core.money import dollars


def ensemble(
    text: Annotated[
        str | None, typer.Option("--input", "-i", help="The question; `-` reads stdin.")
    ] = None,
    models: Annotated[
        str, typer.Option(help="How many of the models found, or names with commas.")
    ] = "3",
    strategy: Annotated[
        str, typer.Option(help="consensus, critic, cascade, weighted, ...")
    ] = "consensus",
    task_type: Annotated[
        str | None, typer.Option(help="What kind of task it is: math, code, ...")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask several models; print the answer, how sure it is, what it cost, and every response."""
    asyncio.run(_ensemble(words(text), models, strategy, task_type, config, as_json))


async def _ensemble(
    text: str, models: str, strategy: str, task_type: str | None, config: str | None, as_json: bool
) -> None:
    chosen: int | list[str] = (
        int(models) if models.isdecimal() else [name.strip() for name in models.split(",")]
    )
    async with AsyncTeppan(config) as teppan:
        answer = await teppan.ensemble(text, strategy, chosen, task_type)
    if as_json:
        print_json(as_object(answer))
    else:
        _print(answer)


def _print(answer: Answered) -> None:
    out = console()
    out.print(clean(answer.text), markup=False)
    out.print()
    sure = answer.confidence
    facts = [
        f"confidence {sure.value:.2f} ({sure.basis})" if sure else "confidence unknown",
        f"served by {answer.model}",
        f"{answer.strategy}, {answer.calls} calls",
        dollars(answer.cost),
        f"{answer.latency:.2f} s",
        answer.trace_id,
    ]
    out.print(quoted(" · ".join(facts)), style="dim")
    if answer.reason:
        out.print(clean(answer.reason), style="dim", markup=False)
    if answer.replies:
        out.print()
        print_table(
            "Responses",
            ("model", "role", ">cost", ">seconds", "text"),
            [
                (each.model, each.role, dollars(each.cost), f"{each.latency:.2f}", each.text)
                for each in answer.replies
            ],
        )
