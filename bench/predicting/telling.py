"""How well each way tells whether an answer is good: on recorded answers, on simulated months."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import asdict, replace

from predicting.boosting import Boosting
from predicting.recorded import Given
from predicting.traffic import Played, played
from teppan.build.confidence import HEARD
from teppan.build.steps import open_intents
from teppan.cli.demo import packaged
from teppan.config.pack import load_pack
from teppan.estimate.predictor import Labelled, Predictor
from teppan.learn.assessing import Desk, Wanted, chances_of, example, fitted, split
from teppan.learn.evals.chances import errors, gain
from teppan.learn.gathering import heard_in
from teppan.learn.scoring import Scorer
from teppan.providers.embed import HashingEmbedder
from teppan.routing.language import Languages

USUAL, STATED = "the usual rate", "confidence stated"
ORDER = (
    "ours",
    "boosting",
    USUAL,
    "rate of model and task",
    STATED,
    "vote share",
    "oracle",
)
BESIDE = (USUAL, STATED, "boosting")
_PRIOR = 4.0


class Told:
    """What each way said of each answer, and how it was."""

    def __init__(self) -> None:
        self._said: dict[str, list[float]] = defaultdict(list)
        self._good: list[float] = []
        self._groups: list[str] = []
        self._learned = 0

    def add(
        self,
        seen: Sequence[Labelled],
        later: Sequence[Labelled],
        made: Predictor,
        oracle: Sequence[float],
    ) -> None:
        usual = sum(each.good for each in seen) / len(seen)
        by_task = _rates(seen, usual)
        self._said["ours"] += chances_of(made, later)
        self._said["boosting"] += Boosting(seen).of(later).tolist()
        self._said[USUAL] += [usual] * len(later)
        self._said["rate of model and task"] += [by_task.get(_cell(one), usual) for one in later]
        self._said[STATED] += [usual if one.before is None else one.before for one in later]
        self._said["vote share"] += [one.figures.get("share", usual) for one in later]
        self._said["oracle"] += oracle
        self._good += [each.good for each in later]
        self._groups += [each.group for each in later]
        self._learned += len(seen)

    def table(self) -> dict[str, Any]:
        if not self._good:
            return {}
        found: dict[str, Any] = {}
        for name in ORDER:
            row = asdict(errors(self._said[name], self._good, self._groups))
            found[name] = {key: _plain(value) for key, value in row.items()}
        found["ours"]["saved"] = {
            name: _plain(gain(self._said["ours"], self._said[name], self._good, self._groups))
            for name in BESIDE
        }
        found["ours"]["learned_from"] = self._learned
        return found


def tell(told: Told, seen: Sequence[Given], later: Sequence[Given]) -> Predictor | None:
    """Fits as the product does, tells the later answers; `None` where there is too little."""
    train = [each for one in seen if (each := one.example) is not None]
    test = [each for one in later if (each := one.example) is not None]
    made = fitted(train)
    if isinstance(made, str):
        print(f"  not fitted: {made}", file=sys.stderr)
        return None
    told.add(train, test, made.predictor, [each.good for each in test])
    return made.predictor


def months(seeds: Sequence[int], requests: int, folder: Path) -> dict[str, Any]:
    """Fitted on what became known of the earlier three quarters of each month."""
    labels, truth = Told(), Told()
    desk, known, whole = _desk(), 0, 0
    for seed in seeds:
        rows = played(seed, requests, folder)
        examples, right = _examples(desk, rows)
        earlier, later = split(examples)
        made = fitted(earlier)
        known, whole = known + len(examples), whole + len(rows)
        print(f"  month {seed}: {len(rows)} answers, {len(examples)} known", file=sys.stderr)
        if isinstance(made, str):
            print(f"  not fitted: {made}", file=sys.stderr)
            continue
        fair = _fairness(earlier, right)
        labels.add(earlier, later, made.predictor, [fair[right[_name(one)]] for one in later])
        true = [replace(one, good=float(right[_name(one)])) for one in later]
        truth.add(earlier, true, made.predictor, [one.good for one in true])
    return {"telling": labels.table(), "truth": truth.table(), "known": known, "answers": whole}


def _desk() -> Desk:
    pack = load_pack(packaged())
    languages, intents = Languages(pack.languages), open_intents(pack)
    scorer = Scorer(languages, HashingEmbedder().vectors)
    nobody: Any = None
    return Desk(
        nobody,
        nobody,
        nobody,
        scorer,
        Wanted(),
        intents.of,
        lambda text: languages.of(text[:HEARD]),
    )


def _examples(desk: Desk, rows: Sequence[Played]) -> tuple[list[Labelled], dict[str, bool]]:
    found, right = [], {}
    for each in rows:
        made = example(desk, heard_in(each.trace, None, each.spoken))
        if made is not None:
            found.append(made)
            right[_name(made)] = each.right
    return found, right


def _name(each: Labelled) -> str:
    return f"{each.group} {each.at}"


def _fairness(seen: Sequence[Labelled], right: Mapping[str, bool]) -> dict[bool, float]:
    """How often what becomes known of right and of wrong answers is good."""
    found = {}
    for truth in (True, False):
        some = [each.good for each in seen if right[_name(each)] is truth]
        found[truth] = (sum(some) + 1.0) / (len(some) + 2.0)
    return found


def _rates(seen: Sequence[Labelled], usual: float) -> dict[str, float]:
    by_cell: dict[str, list[float]] = defaultdict(list)
    for each in seen:
        by_cell[_cell(each)].append(each.good)
    return {
        cell: (sum(some) + _PRIOR * usual) / (len(some) + _PRIOR) for cell, some in by_cell.items()
    }


def _cell(each: Labelled) -> str:
    return next(mark for mark in each.marks if " & task=" in mark)


def _plain(value: Any) -> Any:
    if hasattr(value, "__struct_fields__"):
        return {key: round(each, 5) for key, each in asdict(value).items()}
    return value


def show(name: str, table: Mapping[str, Any]) -> None:
    if not table:
        print(f"\n{name}: nothing was fitted")
        return
    ours = table["ours"]
    print(
        f"\n{name}: {ours['answers']} answers told, {100 * ours['base']:.1f} % of them good; "
        f"learned from {ours['learned_from']}"
    )
    print(f"{'':24} {'Brier':>7} {'95 %':>15} {'log loss':>9} {'ECE':>6} {'AUC':>6} {'95 %':>13}")
    for row in ORDER:
        each = table[row]
        print(
            f"{row:24} {each['brier']['value']:7.4f} "
            f"{each['brier']['low']:7.4f}-{each['brier']['high']:.4f} "
            f"{each['log_loss']['value']:9.4f} {each['ece']['value']:6.3f} "
            f"{each['auc']['value']:6.3f} {each['auc']['low']:6.3f}-{each['auc']['high']:.3f}"
        )
    for other, saved in ours["saved"].items():
        print(
            f"log loss saved beside {other}: {saved['value']:+.4f} "
            f"({saved['low']:+.4f} to {saved['high']:+.4f})"
        )
