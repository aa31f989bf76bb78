"""How well intents are named with 10, 50 and all examples of each, on public utterances.

    python bench/intents.py                        asks the test rows of ../shared/data
    python bench/intents.py --develop              asks a part of the training rows instead
    python bench/intents.py --fit DIR --data DIR   taught from one folder, asked from another

Ours as shipped (`hashing`), and with a MiniLM where its folder is at hand, beside k-NN and the
nearest mean on the same vectors, naive Bayes on words and the most frequent intent. Accuracy is of
the best guess for every question, with a 95 % interval over questions. "Named" is the share the way
stands by at a probability of 0.5 (of k-NN: half of the votes), "right" how often it is then right.
Strangers are questions of no intent that was taught: of the data's own out-of-scope rows, or of a
quarter of the intents that is left out. Beside them: the question bank of the pack.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

from cache import PEERS, default_embedder
from intenting import ways
from intenting.data import Examples, Task, draw, tasks
from teppan.config.pack import load_pack
from teppan.providers.embed import open_embedder

SIZES = (10, 50, 100_000)
QUICK, QUICK_SIZES = 300, (10,)
PACK = Path(__file__).parents[1] / "packs" / "myhibachi"
KNN, OURS = "k-NN", "ours"


class Embedded:
    """Vectors that are made once: of all texts together, in order of length."""

    def __init__(self, spec: str, texts: list[str], folder: Path) -> None:
        self._made = open_embedder(spec).vectors  # type: ignore[attr-defined]  # local ones
        self._known: dict[str, Any] = {}
        kept = folder / f"intents-{spec.partition(':')[0]}.npz"
        if spec != "hashing" and kept.is_file():
            with np.load(kept) as file:
                self._known = dict(zip(map(str, file["texts"]), file["rows"], strict=True))
        new = sorted(set(texts) - self._known.keys(), key=len)
        for begin in range(0, len(new), 32):
            part = new[begin : begin + 32]
            self._known.update(zip(part, self._made(part), strict=True))
        if spec != "hashing" and new:
            folder.mkdir(parents=True, exist_ok=True)
            rows = np.stack(list(self._known.values()))
            np.savez(kept, texts=np.array(list(self._known)), rows=rows)
        begun = time.perf_counter()
        for text in texts[:50]:
            self._made([text])
        self.each_ms = 1000 * (time.perf_counter() - begun) / len(texts[:50])

    def vectors(self, texts: Any) -> Any:
        for text in texts:
            if text not in self._known:
                self._known[text] = self._made([text])[0]
        return np.stack([self._known[text] for text in texts])


def measured(options: argparse.Namespace) -> dict[str, Any]:
    quick = options.quick
    found = tasks(
        options.fit, options.data, develop=options.develop, most=QUICK if quick else 100_000
    )
    specs = ["hashing"] + ([options.embedder] if options.embedder != "hashing" else [])
    seeds = range(1 if quick else options.draws)
    figures: dict[str, Any] = {"asked of": "train or val" if options.develop else "test"}
    for task in found:
        table = figures[task.name] = {
            "intents": len({intent for _, intent in task.taught}),
            "asked": len(task.asked),
            "strangers": len(task.strangers),
        }
        sizes = QUICK_SIZES if quick else options.sizes
        drawn = {
            size: [draw(task.taught, size, seed) for seed in (seeds if size < 1000 else [0])]
            for size in sizes
        }
        texts = [text for some in drawn.values() for each in some for text, _ in each]
        texts += [text for text, _ in task.asked] + task.strangers
        embedders = {spec.partition(":")[0]: Embedded(spec, texts, PEERS) for spec in specs}
        for size, draws in drawn.items():
            title = "all" if size >= 1000 else str(size)
            table[title] = sized(task, draws, embedders)
            print(f"  {task.name}, {title}: done", file=sys.stderr)
        size = min(sizes)
        table["a quarter left out"] = left_out(task, drawn[size], embedders)
    figures["pack"] = pack(specs)
    return figures


def sized(task: Task, draws: list[Examples], embedders: dict[str, Embedded]) -> dict[str, Any]:
    """All ways on the same draws."""
    rows: dict[str, Any] = {}
    for name, embedder in embedders.items():
        made: dict[str, Any] = {
            f"{OURS}, {name}": ways.ours,
            f"{KNN}, {name}": ways.neighbours,
            f"nearest mean, {name}": ways.centroid,
        }
        for row, way in made.items():
            rows[row] = judged(task, draws, lambda some, w=way, e=embedder: w(some, e.vectors))
        rows[f"{OURS}, {name}"]["embed_ms"] = round(embedder.each_ms, 2)
    rows["naive Bayes, words"] = judged(task, draws, ways.bayes)
    rows["most frequent"] = judged(task, draws, ways.majority)
    return rows


def judged(task: Task, draws: list[Examples], teach: Any) -> dict[str, Any]:
    right = np.zeros(len(task.asked))
    stood, right_of, sure, refused, spent = 0, 0, [], 0, [0.0, 0.0]
    hits, each = [], []
    for examples in draws:
        begun = time.perf_counter()
        name = teach(examples)
        taught = time.perf_counter()
        said = [name(text) for text, _ in task.asked]
        done = time.perf_counter()
        hit = [got == wanted for (got, _, _), (_, wanted) in zip(said, task.asked, strict=True)]
        right += np.array(hit, float) / len(draws)
        each.append(float(np.mean(hit)))
        hits += hit
        sure += [share for _, share, _ in said]
        stood += sum(stands for _, _, stands in said)
        right_of += sum(ok for ok, (_, _, stands) in zip(hit, said, strict=True) if stands)
        refused += sum(not name(text)[2] for text in task.strangers)
        spent = [spent[0] + taught - begun, spent[1] + done - taught]
    asked = len(task.asked) * len(draws)
    told = {
        "accuracy": round(float(right.mean()), 4),
        "interval": ways.interval(right),
        "draws": [round(one, 4) for one in each],
        "named": round(stood / asked, 4),
        "right": round(right_of / stood, 4) if stood else None,
        "calibration_error": round(ways.calibration(sure, hits), 4),
        "examples": len(draws[0]),
        "teach_s": round(spent[0] / len(draws), 2),
        "text_ms": round(1000 * spent[1] / asked, 3),
    }
    if task.strangers:
        strangers = len(task.strangers) * len(draws)
        told["unknown_recall"] = round(refused / strangers, 4)
        all_refused = refused + asked - stood
        told["unknown_precision"] = round(refused / all_refused, 4) if all_refused else None
    return told


def left_out(task: Task, draws: list[Examples], embedders: dict[str, Embedded]) -> dict[str, Any]:
    """The same with a quarter of the intents not taught: their questions are the strangers."""
    names = sorted({intent for _, intent in task.taught})
    out = set(random.Random(3).sample(names, len(names) // 4))
    fewer = [[each for each in some if each[1] not in out] for some in draws]
    asked = [each for each in task.asked if each[1] not in out]
    strangers = [text for text, intent in task.asked if intent in out]
    rows = {}
    for name, embedder in embedders.items():
        for row, way in ((OURS, ways.ours), (KNN, ways.neighbours)):
            rows[f"{row}, {name}"] = judged(
                Task(task.name, task.taught, asked, strangers),
                fewer[:1],
                lambda some, w=way, e=embedder: w(some, e.vectors),
            )
    return rows


def pack(specs: list[str]) -> dict[str, Any]:
    """The pack's examples asked the pack's question bank, by language; ours as shipped."""
    bank = [
        question
        for path in sorted((PACK / "conversations").glob("*.toml"))
        for question in tomllib.loads(path.read_text("utf-8"))["question"]
    ]
    examples = list(load_pack(PACK).intents)
    texts = [text for text, _ in examples]
    at = subprocess.run(
        ["git", "log", "-1", "--format=%h", "--", str(PACK)],
        capture_output=True, text=True, cwd=PACK, check=False,
    )  # fmt: skip
    told: dict[str, Any] = {"commit": at.stdout.strip(), "examples": len(examples)}
    for spec in specs:
        vectors = Embedded(spec, texts, PEERS).vectors
        begun = time.perf_counter()
        name = ways.ours(examples, vectors)
        spent = time.perf_counter() - begun
        near = ways.neighbours(examples, vectors)
        for language in dict.fromkeys(q.get("language", "en") for q in bank):
            asked = [(q["text"], q["intent"]) for q in bank if q.get("language", "en") == language]
            task = Task("pack", examples, asked, [])
            for row, way in ((OURS, name), (KNN, near)):
                each = judged(task, [examples], lambda _, w=way: w)
                each["teach_s"] = round(spent, 2) if row == OURS else None
                told[f"{row}, {spec.partition(':')[0]}, {language}"] = each
    return told


def goals_of(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    goals = {}
    for name, table in figures.items():
        for size in ("10", "50", "all"):
            rows = table.get(size, {}) if isinstance(table, dict) else {}
            for row, each in rows.items():
                if row.startswith(OURS):
                    peer = rows[row.replace(OURS, KNN)]["accuracy"]
                    goals[f"{name}, {size}: accuracy, {row}, against k-NN"] = {
                        "value": each["accuracy"], "goal": peer, "met": each["accuracy"] >= peer,
                    }  # fmt: skip
    taught = [each["teach_s"] for row, each in figures["pack"].items() if "ours, hashing" in row]
    goals["seconds to teach the pack"] = {
        "value": taught[0], "goal": 1.0, "met": taught[0] <= 1.0
    }  # fmt: skip
    return goals


def show(figures: dict[str, Any], goals: dict[str, dict[str, Any]]) -> None:
    for name, table in figures.items():
        if not isinstance(table, dict):
            continue
        sizes = {"": table} if name == "pack" else table
        print(
            f"\n{name}: " + ", ".join(f"{k} {v}" for k, v in table.items() if type(v) in (int, str))
        )
        for size, rows in sizes.items():
            if not isinstance(rows, dict):
                continue
            print(
                f"{size:24} {'accuracy':>8} {'95 %':>14} {'named':>6} {'right':>6} {'ECE':>5} "
                f"{'unknown: recall':>16} {'precision':>9} {'teach s':>8} {'text ms':>8}"
            )
            for row, each in rows.items():
                if isinstance(each, dict):
                    print(_line(row, each))
    print()
    for name, goal in goals.items():
        print(f"{name}: {goal['value']} (goal {goal['goal']}) {'met' if goal['met'] else 'MISSED'}")


def _line(row: str, each: dict[str, Any]) -> str:
    def share(key: str) -> str:
        return f"{100 * each[key]:.1f}" if each.get(key) is not None else "-"

    low, high = each["interval"]
    return (
        f"  {row:22} {share('accuracy'):>8} {100 * low:6.1f} -{100 * high:6.1f} "
        f"{share('named'):>6} {share('right'):>6} {each['calibration_error']:5.2f} "
        f"{share('unknown_recall'):>16} {share('unknown_precision'):>9} "
        f"{each['teach_s'] or 0:8.2f} {each['text_ms']:8.2f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    home = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    parser.add_argument("--fit", type=Path, default=Path(os.environ.get("TEPPAN_DATA", home)))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--develop", action="store_true", help="asks training rows, not test rows")
    parser.add_argument("--embedder", default=default_embedder(), help="hashing, static:DIR, ...")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="examples per intent")
    parser.add_argument("--draws", type=int, default=3, help="draws of 10 and of 50")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} questions, 10 examples")
    options = parser.parse_args()
    for folder in filter(None, (options.fit, options.data)):
        if not any(folder.glob("intents_*")):
            print(f"skipped: no intents_* in {folder} (--fit DIR or TEPPAN_DATA)")
            return 0
    figures = measured(options)
    goals = goals_of(figures)
    if options.json:
        print(json.dumps({"figures": figures, "goals": goals}))
    else:
        show(figures, goals)
    return 0


if __name__ == "__main__":
    sys.exit(main())
