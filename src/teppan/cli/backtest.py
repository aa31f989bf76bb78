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
from teppan.cli.output import AsJson, console, print_json, print_table, quoted
from teppan.core.errors import BadRequest
from teppan.estimate.chain import Chain
from teppan.estimate.voters import VoterWeights
from teppan.learn.evals import backtest as evals
from teppan.learn.evals import fitting
from teppan.learn.evals.backtest import Figures, Tally
from teppan.learn.evals.fitting import ReadQuestion
from teppan.providers.replay import NAME, Recordings, called, load

FOLDS = 5
STEPS = 3
BUDGETS = (0.1, 0.25, 0.5)
"""What a fitted cascade may cost, as a share of the best single model's cost."""

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
        for chain in msgspec.json.decode(fit.read_bytes()).get("cascade", ()):
            console().print(
                f"  a cascade of {quoted(', '.join(chain['models']))} has {chain['quality']:.1%} "
                f"at ${chain['cost'] / 1000:.3f} per 1000: "
                f'strategy = "cascade", quality = {chain["quality"]:.3f}',
                soft_wrap=True,
            )


def states_of(questions: Sequence[ReadQuestion]) -> bytes:
    """The fitted states as the file that `gateway.fitted` names, under the models' own names."""
    states = _fitted(questions)
    states["cascade"] = tuple(_chains(questions, states["voters"]).values())
    known = {name: state for name, state in states.items() if state}
    text = msgspec.json.encode(known)
    for before in (b'"', b"|"):  # names stand alone, or in the rows of models of a cascade's steps
        text = text.replace(before + called("").encode(), before)
    return text


def _fitted(questions: Sequence[ReadQuestion]) -> dict[str, Any]:
    voters = fitting.fit_voters(questions)
    return {
        "voters": voters,
        "confidence": fitting.fit_confidence(questions, voters),
        "picker": fitting.fit_picker(questions),
    }


def _chains(questions: Sequence[ReadQuestion], voters: VoterWeights) -> dict[str, Chain]:
    """The fitted cascades by the row of the table they stand in."""
    trust = fitting.fit_trust(questions)
    if not trust:
        return {}
    best = max(sorted(trust), key=lambda model: trust[model])
    costs = [each.rows[best].cost or 0.0 for each in questions if best in each.rows]
    if not any(costs):
        return {}  # nothing is known of costs, so nothing can be saved
    budgets = [share * sum(costs) / len(costs) for share in BUDGETS]
    found = fitting.fit_chains(questions, voters, budgets)
    named = {f"cascade, {share:.0%}": chain for share, chain in zip(BUDGETS, found, strict=True)}
    return {name: chain for name, chain in named.items() if chain is not None}


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
    states = _fitted(train)
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
    if only is None or "cascade" in only:
        for row, chain in _chains(train, states["voters"]).items():
            settings = {"models": list(chain.models), "quality": 0.0}
            fitted = {**states, "cascade": chain}
            answer = replaying(recordings, "cascade", settings, fitted, trust)
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
