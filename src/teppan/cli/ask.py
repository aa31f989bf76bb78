"""`teppan ask`: one question to one model, real or virtual."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from teppan.cli.output import AsJson, ConfigFile, clean, console, print_json, words
from teppan.client import Answered, AsyncTeppan
from teppan.core.money import dollars


def ask(
    question: Annotated[str | None, typer.Argument(help="The question; `-` reads stdin.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Any name of `teppan models`.")
    ] = None,
    task_type: Annotated[
        str | None, typer.Option(help="What kind of task it is: math, code, ...")
    ] = None,
    stream: Annotated[bool, typer.Option(help="Print the words as they come.")] = True,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask one model and print its answer."""
    text = words(question)
    asyncio.run(_ask(text, model, task_type, stream and not as_json, config, as_json))


async def _ask(
    text: str,
    model: str | None,
    task_type: str | None,
    stream: bool,
    config: str | None,
    as_json: bool,
) -> None:
    async with AsyncTeppan(config) as teppan:
        if stream:
            async for piece in teppan.stream(text, model=model, task_type=task_type):
                console().out(clean(piece), end="", highlight=False)
            console().print()
            return
        answer = await teppan.ask(text, model=model, task_type=task_type)
    if as_json:
        print_json(as_object(answer))
    else:
        console().print(clean(answer.text), markup=False)


def as_object(answer: Answered) -> dict[str, object]:
    """An answer as the one object that `--json` prints."""
    return {
        "answer": answer.text,
        "model": answer.model,
        "strategy": answer.strategy,
        "confidence": answer.confidence.value if answer.confidence else None,
        "confidence_basis": answer.confidence.basis if answer.confidence else None,
        "cost": dollars(answer.cost),
        "cost_micros": answer.cost,
        "latency": round(answer.latency, 3),
        "calls": answer.calls,
        "reason": answer.reason,
        "trace_id": answer.trace_id,
        "responses": [
            {
                "model": reply.model,
                "role": reply.role,
                "text": reply.text,
                "cost_micros": reply.cost,
                "latency": round(reply.latency, 3),
            }
            for reply in answer.replies
        ],
        "verdict": answer.verdict,
        "evidence": answer.evidence,
    }
