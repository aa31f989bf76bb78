"""`teppan backtest`: what a strategy would have been worth on answers that were recorded."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import Progress

from teppan.build.replaying import replaying
from teppan.cli.output import AsJson, console, print_json, print_table
from teppan.core.errors import BadRequest
from teppan.learn.evals import backtest as evals
from teppan.learn.evals import fitting
from teppan.learn.evals.backtest import Figures, Tally
from teppan.learn.evals.fitting import ReadQuestion
from teppan.providers.replay import NAME, Recordings, called, load

FOLDS = 5
STEPS = 3

Plan = tuple[str, dict[str, Any]]


def backtest(
    file: Annotated[
        Path, typer.Argument(help="Recorded answers: JSON lines, or a folder of them.")
    ],
    strategy: Annotated[
        list[str] | None, typer.Option(help="Only these strategies; all that fit when none.")
    ] = None,
    fit: Annotated[
        Path | None,
        typer.Option(help="Also fit the estimators on all of it and write them here, to serve by."),
    ] = None,
    questions: Annotated[
        int | None, typer.Option(help="Only the first so many of each set.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay recorded answers through the strategies; nobody is called and nothing is spent."""
    try:
        sets = load(file)
    except (OSError, ValueError) as error:
        raise BadRequest(f"{file}: {error}") from None
    sets = [msgspec.structs.replace(each, prompts=each.prompts[:questions]) for each in sets]
    tables = {}
    for each in sets:
        if each.prompts and each.models:
            tables[each.name] = _table(each, strategy, quiet=as_json)
    if not tables:
        raise BadRequest(f"{file}: no model answered every question, so nothing can be compared")
    if fit is not None:
        fit.write_bytes(states_of([read for each in sets for read in fitting.read(each)]))
    if as_json:
        print_json(tables)
        return
    for name, rows in tables.items():
        _print(name, rows)
    if fit is not None:
        console().print(f"fitted states are in {fit}: set `gateway.fitted` to serve by them")


def states_of(questions: Sequence[ReadQuestion]) -> bytes:
    """The fitted states as the file that `gateway.fitted` names, under the models' own names."""
    voters = fitting.fit_voters(questions)
    states = {
        "voters": voters,
        "confidence": fitting.fit_confidence(questions, voters),
        "picker": fitting.fit_picker(questions),
    }
    known = {name: state for name, state in states.items() if state is not None}
    return msgspec.json.encode(known).replace(f'"{NAME}/'.encode(), b'"')


def _table(recordings: Recordings, only: Sequence[str] | None, *, quiet: bool) -> list[Figures]:
    """The rows of one set: what is fitted is fitted on the other folds than those reported."""
    read = fitting.read(recordings)
    tallies: dict[str, list[Tally]] = {}
    with Progress(console=console(), disable=quiet) as progress:
        task = progress.add_task(recordings.name, total=FOLDS)
        for number in range(FOLDS):
            test = [each for each in read if _fold(each) == number]
            train = [each for each in read if _fold(each) != number] or test
            if test:
                for row, some in asyncio.run(_one_fold(recordings, test, train, only)).items():
                    tallies.setdefault(row, []).extend(some)
            progress.advance(task)
    rows = [evals.figures(row, some) for row, some in tallies.items()]
    singles = [
        evals.figures(f"best single: {model}", evals.single(recordings, recordings.prompts, model))
        for model in recordings.models
    ]
    rows.insert(1, max(singles, key=lambda each: (each.quality, -each.cost)))
    return rows


async def _one_fold(
    recordings: Recordings,
    test: Sequence[ReadQuestion],
    train: Sequence[ReadQuestion],
    only: Sequence[str] | None,
) -> dict[str, list[Tally]]:
    prompts = [each.prompt for each in test]
    voters = fitting.fit_voters(train)
    states: dict[str, Any] = {
        "voters": voters,
        "confidence": fitting.fit_confidence(train, voters),
        "picker": fitting.fit_picker(train),
    }
    trust = fitting.fit_trust(train)
    tallies = {
        "random": evals.chance(recordings, prompts),
        "oracle": evals.oracle(recordings, prompts),
    }
    for row, (strategy, settings) in _plans(recordings, train, trust).items():
        if only is None or strategy in only:
            given = {} if row == "majority" else trust
            answer = replaying(recordings, strategy, settings, states, given)
            tallies[row] = await evals.replay(prompts, answer)
    return tallies


def _plans(
    recordings: Recordings, train: Sequence[ReadQuestion], trust: Mapping[str, float]
) -> dict[str, Plan]:
    """What to run: row of the table -> strategy and settings."""
    models = [called(model) for model in recordings.models]
    ranked = sorted(models, key=lambda model: -trust.get(model, 0.0))
    spent = {
        model: sum(each.rows[model].cost or 0.0 for each in train if model in each.rows)
        for model in models
    }
    cheap = sorted(models, key=lambda model: spent[model])[: STEPS - 1]
    plans: dict[str, Plan] = {
        "single": ("single", {"model": ranked[0]}),
        "majority": ("weighted", {"models": models}),
        "weighted": ("weighted", {"models": models}),
        "consensus": ("consensus", {"models": models}),
        "best_of_n": ("best_of_n", {"models": models}),
        "cascade": (
            "cascade",
            {"models": [*(model for model in cheap if model != ranked[0]), ranked[0]]},
        ),
    }
    best = ranked[0].removeprefix(f"{NAME}/")
    samples = min(len(recordings.rows[each.prompt.prompt_id][best]) for each in train)
    if samples > 1:
        plans[f"sample {best} x {samples}"] = ("sample", {"model": ranked[0], "n": samples})
    return plans


def _fold(read: ReadQuestion) -> int:
    return zlib.crc32(read.prompt.prompt_id.encode()) % FOLDS


def _print(name: str, rows: Sequence[Figures]) -> None:
    print_table(
        f"{name}: {rows[0].questions} questions, cross-validated; costs count every model asked",
        ("strategy", ">quality %", ">95 % interval", ">$ per 1000", ">calls", ">characters"),
        [
            (
                each.strategy,
                f"{100 * each.quality:.1f}",
                f"{100 * each.low:.1f}-{100 * each.high:.1f}",
                f"{each.cost / 1000:.3f}",
                f"{each.calls:.2f}",
                f"{each.chars:.0f}",
            )
            for each in rows
        ],
    )
