"""Fits the confidence curves that Teppan ships, for whoever has fitted none of their own.

    python bench/prior.py [--fit DIR] [--write] [--seed 7]

Panels of two to five models are drawn by chance from recorded answers, every model trusted the
same, as in a gateway that has learned nothing. What share of the vote the winner had, how well the
first models of a cascade agreed, and whether the answer was right, make the curves. Each question
is drawn by half of the panels for fitting and reported by none of them: the error that is printed
is that of the other fold. `--write` puts the curves into the package.
"""

from __future__ import annotations

import argparse
import os
import random
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from teppan.estimate import confidence
from teppan.estimate.confidence import Calibration, Calibrations
from teppan.estimate.trust import PRIOR
from teppan.learn.evals import fitting
from teppan.learn.evals.fitting import ReadQuestion
from teppan.providers.replay import load
from teppan.serve.strategies.estimates import first_is_right

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src" / "teppan" / "estimate" / "prior.json"
PANELS = 12
"""Panels drawn for each question."""

Pairs = dict[str, list[tuple[float, float]]]


def drawn(each: ReadQuestion, chance: random.Random) -> Iterator[tuple[str, float, float]]:
    """`(curve, raw figure, right)` of panels over one question."""
    votes = fitting.votes_of(each)
    for number in range(PANELS):
        panel = chance.sample(sorted(each.rows), 2 + number % 4)
        groups: dict[str, int] = defaultdict(int)
        for model in panel:
            if model in votes.answers:
                groups[votes.answers[model]] += 1
        if not groups:
            continue
        winner = max(groups, key=lambda answer: groups[answer])  # the first among equals
        right = float(winner in votes.right)
        share = groups[winner] / sum(groups.values())
        yield "vote share", share, right
        yield f"vote share/{each.question.kind}", share, right
        ranked = [groups[winner], *(size for key, size in groups.items() if key != winner)]
        yield "agreement", first_is_right([[PRIOR] * size for size in ranked]), right


def pairs_of(questions: Sequence[ReadQuestion], seed: int) -> Pairs:
    chance, found = random.Random(seed), Pairs()
    for each in questions:
        for name, raw, right in drawn(each, chance):
            found.setdefault(name, []).append((raw, right))
    return found


def curves_of(pairs: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, Calibration]:
    return {
        name: confidence.fit([raw for raw, _ in some], [right for _, right in some])
        for name, some in sorted(pairs.items())
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    home = ROOT.parent / "shared" / "data"
    parser.add_argument("--fit", type=Path, default=Path(os.environ.get("TEPPAN_DATA", home)))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    if not options.fit.is_dir():
        print(f"no recordings: {options.fit} is not there (--fit DIR or TEPPAN_DATA)")
        return 1
    sets = load(options.fit)
    questions = [each for one in sets for each in fitting.read(one) if each.exact]
    folds: tuple[list[ReadQuestion], list[ReadQuestion]] = ([], [])
    for each in questions:
        folds[zlib.crc32(each.prompt.prompt_id.encode()) % 2].append(each)
    learned = curves_of(pairs_of(folds[0], options.seed))
    print(f"{'curve':24} {'panels':>8} {'raw ECE':>9} {'ECE':>7}")
    for name, some in sorted(pairs_of(folds[1], options.seed + 1).items()):
        raw, right = [figure for figure, _ in some], [outcome for _, outcome in some]
        curve = learned.get(name, Calibration((), ()))
        before = confidence.expected_calibration_error(raw, right)
        after = confidence.expected_calibration_error([curve.of(each) for each in raw], right)
        print(f"{name:24} {len(some):8} {100 * before:8.1f}% {100 * after:6.1f}%")
    if options.write:
        names = ", ".join(sorted({one.name for one in sets if not one.name.startswith("alpaca")}))
        curves = curves_of(pairs_of(questions, options.seed))
        curves.pop("agreement")  # as good without; a cascade stops by it, and it depends on trust
        shipped = Calibrations(
            curves,
            source=f"public recorded answers of 2024 models: {names}",
            as_of="2026-11",
        )
        text = msgspec.json.format(msgspec.json.encode(shipped), indent=1)
        TARGET.write_bytes(text + b"\n")
        print(f"written to {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
