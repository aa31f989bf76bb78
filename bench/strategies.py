"""What every strategy is worth on recorded answers of real models.

    python bench/strategies.py                          cross-validated on ../shared/data
    python bench/strategies.py --fit DIR --data DIR     fitted on one folder, reported on another

The strategies are the gateway's own code; a provider that replays recordings stands in for the
vendors. What is fitted (voter weights, trust, chains of cascades, the picker of open answers) is
fitted on other questions than those reported. `critic`, `mixture` and a judging `best_of_n` need a
live model, and `sample` several recorded answers of one model: they are not in the table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from teppan.build.replaying import remembering, replaying
from teppan.estimate.voters import Votes
from teppan.learn.evals import backtest, fitting
from teppan.learn.evals.backtest import Figures, Tally
from teppan.learn.evals.fitting import ReadQuestion
from teppan.providers.replay import Recordings, called, load, load_prompts, load_scores

FOLDS = 5
BUDGETS = {"cascade 7 %": 0.07, "cascade 12 %": 0.12}
"""What a cascade may cost, as a share of the best single model's cost."""
QUICK = 60


class Job(Struct):
    """Questions to report on, and those to learn from."""

    recordings: Recordings
    test: list[ReadQuestion]
    train: list[ReadQuestion]
    others: list[ReadQuestion]


class Fitted(Struct):
    """What one job learned: states of a release, trust, and the settings that follow from them."""

    states: dict[str, Any]
    trust: dict[str, float]
    ranking: list[str]
    specialists: dict[str, str]
    chains: dict[str, Any]
    open: bool


def fold_of(prompt_id: str) -> int:
    return zlib.crc32(prompt_id.encode()) % FOLDS


def cut(recordings: Recordings, most: int | None) -> Recordings:
    """The same with the first questions only."""
    return replace(recordings, prompts=recordings.prompts[:most])


def jobs_of(fit: Sequence[Recordings], data: Sequence[Recordings] | None, only: str) -> list[Job]:
    """One job for each set to report, or for each of its folds."""
    read = {each.name: fitting.read(each) for each in fit}
    if data is None:
        return [
            _fold(each, read, number)
            for each in fit
            if each.name.startswith(only)
            for number in range(FOLDS)
        ]
    jobs = []
    for each in data:
        train = read.get(each.name, [])
        others = [one for name, some in read.items() if name != each.name for one in some]
        jobs.append(Job(each, fitting.read(each), train, others))
    return jobs


def _fold(recordings: Recordings, read: Mapping[str, list[ReadQuestion]], number: int) -> Job:
    own = read[recordings.name]
    return Job(
        recordings,
        [each for each in own if fold_of(each.prompt.prompt_id) == number],
        [each for each in own if fold_of(each.prompt.prompt_id) != number],
        [
            each
            for name, some in read.items()
            if name != recordings.name
            for each in some
            if fold_of(each.prompt.prompt_id) != number
        ],
    )


def fit(job: Job, wide: Mapping[str, Votes], rows: Sequence[str] = ()) -> Fitted:
    """Everything that is learned, from the job's own kind of questions or, without any, others."""
    models = [called(model) for model in job.recordings.models]
    train = job.train or _related(job.others, models)
    reported = {each.prompt.prompt_id for each in job.test}
    known = {each.prompt.prompt_id for each in train} | reported
    number = {fold_of(prompt_id) for prompt_id in reported}
    more = [
        votes
        for prompt_id, votes in wide.items()
        if prompt_id not in known
        and job.train
        and (len(number) > 1 or fold_of(prompt_id) not in number)
        and set(votes.answers) <= set(models)
    ]
    elsewhere = [each for each in job.others if each.exact]
    weights = fitting.fit_voters([*train, *elsewhere] if job.train else train, more)
    trust = fitting.fit_trust(train)
    trust = {model: trust.get(model, 0.5) for model in models}
    ranking = sorted(models, key=lambda model: -trust[model])
    states: dict[str, Any] = {"voters": weights}
    states["confidence"] = fitting.fit_confidence(train, weights)
    states["picker"] = fitting.fit_picker(train)
    costs = [each.rows[ranking[0]].cost or 0.0 for each in train if ranking[0] in each.rows]
    best_cost = sum(costs) / max(1, len(costs))
    shared = [each for each in train if set(models) <= set(each.rows)]
    budgets = [budget * best_cost for budget in BUDGETS.values()]
    cascades = any(wanted(name, rows) for name in BUDGETS)
    found = (
        fitting.fit_chains(shared, weights, budgets, more) if cascades else [None] * len(budgets)
    )
    return Fitted(
        states={name: state for name, state in states.items() if state is not None},
        trust=trust,
        ranking=ranking,
        specialists=_specialists(train, models, ranking[0]),
        chains=dict(zip(BUDGETS, found, strict=True)),
        open=sum(not each.exact for each in job.test) * 2 > len(job.test),
    )


def _related(others: Sequence[ReadQuestion], models: Sequence[str]) -> list[ReadQuestion]:
    """Questions of other sets that share models with these; all of them when none does."""
    shared = [each for each in others if len(set(each.rows) & set(models)) * 2 > len(models)]
    return shared or list(others)


def _specialists(
    train: Sequence[ReadQuestion], models: Sequence[str], default: str
) -> dict[str, str]:
    """The best model of each category with enough questions, the overall best being given ten."""
    by_task: dict[str, list[ReadQuestion]] = defaultdict(list)
    for each in train:
        if each.prompt.category:
            by_task[each.prompt.category].append(each)
    best = {}
    for task, some in by_task.items():
        known = [model for model in models if all(model in each.rows for each in some)]
        sums = {m: sum(each.rows[m].score or 0.0 for each in some) for m in known}
        if default in sums:
            sums[default] += 0.02 * len(some)
        if sums:
            best[task] = max(sums, key=lambda model: sums[model])
    return best


def plans(job: Job, fitted: Fitted) -> dict[str, tuple[str, dict[str, Any], dict[str, float]]]:
    """What to run: row of the table -> strategy, settings, trust."""
    models, top = [called(m) for m in job.recordings.models], fitted.ranking[:5]
    rows: dict[str, tuple[str, dict[str, Any], dict[str, float]]] = {
        "single": ("single", {"model": fitted.ranking[0]}, fitted.trust),
        "specialist": (
            "specialist",
            {"specialists": fitted.specialists, "default": fitted.ranking[0]},
            fitted.trust,
        ),
    }
    if fitted.open:
        rows["best_of_n (picker)"] = ("best_of_n", {"models": models}, fitted.trust)
        rows["best_of_n (picker, top 5)"] = ("best_of_n", {"models": top}, fitted.trust)
        return rows
    rows["majority all"] = ("weighted", {"models": models}, {})
    rows["majority top 5"] = ("weighted", {"models": top}, {})
    rows["weighted"] = ("weighted", {"models": models}, fitted.trust)
    rows["consensus"] = ("consensus", {"models": models}, fitted.trust)
    for name, chain in fitted.chains.items():
        if chain is not None:
            settings = {"models": list(chain.models), "quality": 0.0}
            rows[name] = ("cascade", settings, fitted.trust)
    return rows


def wanted(row: str, rows: Sequence[str]) -> bool:
    return not rows or row.startswith(tuple(rows))


async def run(job: Job, fitted: Fitted, rows: Sequence[str] = ()) -> dict[str, list[Tally]]:
    """The tallies of every row for one job."""
    prompts = [each.prompt for each in job.test]
    recordings = job.recordings
    best = fitted.ranking[0].removeprefix(called(""))
    tallies = {
        "random": backtest.chance(recordings, prompts),
        "best single (chosen on other questions)": backtest.single(recordings, prompts, best),
        "oracle": backtest.oracle(recordings, prompts),
    }
    for model in recordings.models:
        tallies[f"model {model}"] = backtest.single(recordings, prompts, model)
    embed = remembering()
    for row, (strategy, settings, trust) in plans(job, fitted).items():
        if not wanted(row, rows):
            continue
        states = dict(fitted.states)
        if row in fitted.chains:
            states["cascade"] = fitted.chains[row]
        answer = replaying(recordings, strategy, settings, states, trust, embed)
        tallies[row] = await backtest.replay(prompts, answer)
    return tallies


def table_of(name: str, tallies: Mapping[str, Sequence[Tally]]) -> list[Figures]:
    """The rows of one set; of the single models only the best, known afterwards."""
    models = [row for row in tallies if row.startswith("model ")]
    rows = [backtest.figures(row, some) for row, some in tallies.items() if row not in models]
    singles = [backtest.figures(row.removeprefix("model "), tallies[row]) for row in models]
    best = max(singles, key=lambda each: (each.quality, -each.cost))
    rows.insert(2, Figures(**{**_dict(best), "strategy": f"best single: {best.strategy}"}))
    return rows


def _dict(figures: Figures) -> dict[str, Any]:
    return {field: getattr(figures, field) for field in figures.__struct_fields__}


def goals_of(tables: Mapping[str, Sequence[Figures]]) -> dict[str, dict[str, Any]]:
    """The goals this bench is held to, for the sets that were reported."""
    goals: dict[str, dict[str, Any]] = {}
    for name, rows in tables.items():
        by_row = {each.strategy: each for each in rows}
        best = next(each for each in rows if each.strategy.startswith("best single: "))
        ours = by_row.get("consensus") or by_row.get("best_of_n (picker)")
        if ours is None:
            continue
        floor = {"mmlu_pro": 0.77, "gsm8k": 0.97}.get(name, best.quality)
        goals[f"{name}: {ours.strategy}"] = _goal(100 * ours.quality, 100 * floor, up=True)
        row, share = ("cascade 12 %", 0.12) if name == "gsm8k" else ("cascade 7 %", 0.07)
        if row in by_row and name in ("mmlu_pro", "gsm8k"):
            cascade = by_row[row]
            goals[f"{name}: cascade, quality"] = _goal(
                100 * cascade.quality, 100 * best.quality, up=True
            )
            goals[f"{name}: cascade, % of the best single's cost"] = _goal(
                100 * cascade.cost / best.cost, 100 * share, up=False
            )
    return goals


def _goal(value: float, goal: float, *, up: bool) -> dict[str, Any]:
    met = value >= goal - 1e-9 if up else value <= goal + 1e-9
    return {"value": round(value, 2), "goal": round(goal, 2), "met": met}


def show(name: str, rows: Sequence[Figures]) -> None:
    best = next(each for each in rows if each.strategy.startswith("best single: "))
    print(f"\n{name}: {rows[0].questions} questions")
    print(f"{'strategy':42} {'quality':>8} {'95 %':>13} {'$/1000':>8} {'of best':>8} "
          f"{'calls':>6} {'chars':>6} {'ECE':>6}")  # fmt: skip
    for each in rows:
        error = f"{100 * each.error:.1f}" if each.error is not None else "-"
        print(
            f"{each.strategy:42} {100 * each.quality:8.2f} "
            f"{100 * each.low:6.1f}-{100 * each.high:<6.1f} {each.cost / 1000:8.3f} "
            f"{100 * each.cost / best.cost:7.1f}% {each.calls:6.2f} {each.chars:6.0f} {error:>6}"
        )


def wide_votes(folder: Path, fit: Sequence[Recordings]) -> dict[str, Votes]:
    """Votes of models in these sets on prompts of which only the final answers were kept."""
    prompts, found = load_prompts(folder), {}
    for benchmark, rows in load_scores(folder).items():
        models = {called(m) for each in fit if each.name == benchmark for m in each.models}
        if models:
            found |= fitting.votes_of_scores(rows, prompts, frozenset(models))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    home = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    parser.add_argument("--fit", type=Path, default=Path(os.environ.get("TEPPAN_DATA", home)))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default="", help="report only sets whose name begins so")
    parser.add_argument("--rows", default="", help="only rows that begin so, with commas")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} questions of each set")
    options = parser.parse_args()
    if not options.fit.is_dir():
        print(f"no recordings: {options.fit} is not there (--fit DIR or TEPPAN_DATA)")
        return 1
    started = time.monotonic()
    rows = options.rows.split(",") if options.rows else ()
    most = QUICK if options.quick else None
    fit_on = [cut(each, most) for each in load(options.fit)]
    wide = {} if options.quick else wide_votes(options.fit, fit_on)
    data = [cut(each, most) for each in load(options.data)] if options.data else None
    collected: dict[str, dict[str, list[Tally]]] = defaultdict(lambda: defaultdict(list))
    for job in jobs_of(fit_on, data, options.only):
        name = job.recordings.name
        if not job.test:
            continue
        for row, tallies in asyncio.run(run(job, fit(job, wide, rows), rows)).items():
            collected[name][row] += tallies
        print(f"  {name}: {len(job.test)} questions, {time.monotonic() - started:.0f} s",
              file=sys.stderr)  # fmt: skip
    tables = {name: table_of(name, tallies) for name, tallies in collected.items()}
    goals = goals_of(tables)
    if options.json:
        told = {name: [_dict(each) for each in table] for name, table in tables.items()}
        print(json.dumps({"figures": told, "goals": goals}))
        return 0
    for name, table in tables.items():
        show(name, table)
    print("\nCosts count every model asked, in full.")
    print("`critic`, `mixture`, a judging `best_of_n` and `sample` are not recorded.\n")
    for name, goal in goals.items():
        verdict = "met" if goal["met"] else "MISSED"
        print(f"{name}: {goal['value']} (goal {goal['goal']}) {verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
