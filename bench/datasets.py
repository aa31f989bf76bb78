"""What training sets are kept clean of: duplicates, contradictions, leaks; and how long that takes.

    python bench/datasets.py                       the example pack's questions
    python bench/datasets.py --data packs/NAME     those of another pack

The set is made of a pack's questions, whose right and wrong answers are known. A copy is a question
as somebody else would type it: letters in other case, a slip of the pen, polite words around it.
Duplicates: copies with the right answer must go, and no question may go with them. Contradictions:
a right and a wrong answer to copies of a question must be found, two right ones must not. Leaks:
the pack's questions are the evaluation set; copies must be found, other questions must not.
Thresholds were chosen on the pack `bicycles` with other seeds. Intervals are Wilson's, 95 %.
Beside ours: the same words after folding case (naive), MinHash likeness alone, figures that differ,
and eight words in a row (as published decontaminations do).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from setting.copies import HOW, copied
from setting.scale import measured
from setting.share import Share, interval
from teppan.config.pack import load_pack
from teppan.core.chat import say
from teppan.learn.datasets.choosing import CONTRADICTED, DUPLICATE, NEAR, UNDECIDED, Taste
from teppan.learn.datasets.evaluation import EvaluationSet
from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.leaks import LeakCheck
from teppan.learn.datasets.near import agreement, short, signed
from teppan.learn.datasets.sameness import disagree, figures
from teppan.learn.datasets.shingles import plain, shingles
from teppan.learn.datasets.sifting import Recipe, Table, looked_at, sifted
from teppan.simulate.questions import Question, load_bank

ROOT = Path(__file__).parents[1]
PACK, OTHER = ROOT / "packs" / "myhibachi", ROOT / "packs" / "bicycles"
SEED = 20261128
NO_LEAKS = LeakCheck([])


def example(id: str, question: str, answer: str, at: float) -> Example:
    return Example(
        id=id, messages=(say("user", question),), chosen=answer, quality=0.95, terms="free", at=at
    )


def settled(examples: Sequence[Example]) -> dict[str, tuple[str, str]]:
    table, recipe = Table(), Recipe()
    table.add(*looked_at([(each, each.id) for each in examples], recipe, NO_LEAKS))
    known = {each.id: each for each in examples}

    async def fetch(ids: Sequence[str]) -> dict[str, Example]:
        return {id: known[id] for id in ids}

    return asyncio.run(sifted(table, recipe, fetch))


def duplicates(bank: Sequence[Question], seed: int) -> dict[str, Any]:
    """Originals with a copy of one kind: of each two one must go, and no question with them."""
    chance, result = random.Random(seed), dict[str, Any]()
    lost = Share(0, 0)
    for how in HOW:
        examples = []
        for number, question in enumerate(bank):
            pair = (question.text, copied(question.text, how, question.language, chance))
            told = (question.right[0], copied(question.right[0], "case", question.language, chance))
            for side in (0, 1):
                id = f"{number}/{side}"
                examples.append(example(id, pair[side], told[side], number + side / 2))
        found = settled(examples)
        out = {id for id, (_, why) in found.items() if why in (DUPLICATE, NEAR)}
        words = {each.id: (plain(each.question), plain(each.chosen)) for each in examples}
        naive = {id for id, each in words.items() if id[-1] == "1" and each == words[f"{id[:-1]}0"]}
        for way, gone in (("ours", out), ("same words", naive)):
            hits = sum(f"{n}/0" in gone or f"{n}/1" in gone for n in range(len(bank)))
            result[f"{way}: recall, {how}"] = Share(hits, len(bank))
        both = sum(f"{n}/0" in out and f"{n}/1" in out for n in range(len(bank)))
        lost = Share(lost.hits + len(out) - both, lost.many + len(out))
    result["ours: precision"] = lost
    return result


def contradictions(bank: Sequence[Question], seed: int) -> dict[str, Any]:
    """Pairs of answers to copies of one question: a right and a wrong one, and two right ones."""
    chance = random.Random(seed)
    bad, good = [], []
    for question in bank:
        first = copied(question.text, "case", question.language, chance)
        other = copied(question.text, "polite", question.language, chance)
        for wrong in question.wrong:
            bad.append((first, question.right[0], other, wrong))
        for right in question.right[1:]:
            good.append((first, question.right[0], other, right))

    def ours(pair: tuple[str, str, str, str]) -> bool:
        one, two = example("1", pair[0], pair[1], 1.0), example("2", pair[2], pair[3], 2.0)
        return any(why in (CONTRADICTED, UNDECIDED) for _, why in settled([one, two]).values())

    def by_figures(pair: tuple[str, str, str, str]) -> bool:
        return figures(pair[1]) != figures(pair[3])

    def answers_alone(pair: tuple[str, str, str, str]) -> bool:
        return disagree(pair[1], pair[3], pair[0])

    ways = (("ours", ours), ("figures differ", by_figures), ("answers alone", answers_alone))
    result: dict[str, Any] = {}
    for way, judge in ways:
        hits = [judge(pair) for pair in bad]
        alarms = [judge(pair) for pair in good]
        result[f"{way}: recall"] = Share(sum(hits), len(hits))
        result[f"{way}: false alarms"] = Share(sum(alarms), len(alarms))
    return result


def leaks(bank: Sequence[Question], others: Sequence[str], seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    texts = [text for question in bank for text in question.phrasings]
    check = LeakCheck([EvaluationSet("bank", tuple(texts))])
    folded = {plain(text) for text in texts}
    runs = {run for text in texts for run in eight(text)}
    signatures = [short(signed(shingles(plain(text)))) for text in texts]

    def likeness(text: str) -> bool:
        mine = short(signed(shingles(plain(text))))
        return any(float(agreement(mine, each)) >= Taste().near for each in signatures)

    ways: dict[str, Callable[[str], bool]] = {
        "ours": lambda text: check.find([text]) is not None,
        "same words": lambda text: plain(text) in folded,
        "eight words in a row": lambda text: bool(runs & eight(text)),
        "likeness alone": likeness,
    }
    result: dict[str, Any] = {}
    for way, judge in ways.items():
        for how in (*HOW, "inside"):
            hits = [
                judge(copied(text, how, question.language, chance))
                for question in bank
                for text in question.phrasings
            ]
            result[f"{way}: recall, {how}"] = Share(sum(hits), len(hits))
        for language in sorted({question.language for question in bank}):
            hits = [
                judge(copied(text, "slip", language, chance))
                for question in bank
                if question.language == language
                for text in question.phrasings
            ]
            result[f"{way}: recall, slip, {language}"] = Share(sum(hits), len(hits))
        alarms = [judge(text) for text in others]
        result[f"{way}: false alarms"] = Share(sum(alarms), len(alarms))
    return result


def eight(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


def goals_of(parts: dict[str, dict[str, Any]], scale: dict[str, Any]) -> dict[str, Any]:
    wanted = {
        "duplicates": {
            "ours: recall, case": 0.99,
            "ours: recall, slip": 0.8,
            "ours: precision": 0.99,
        },
        "contradictions": {"ours: recall": 0.5},
        "leaks": {"ours: recall, case": 1.0, "ours: recall, slip": 0.8},
    }
    goals = {
        f"{part}: {name}": {
            "value": parts[part][name].value, "goal": goal, "met": parts[part][name].value >= goal
        }
        for part, names in wanted.items()
        for name, goal in names.items()
    }  # fmt: skip
    alarms = parts["contradictions"]["ours: false alarms"].value
    goals["contradictions: false alarms"] = {"value": alarms, "goal": 0.05, "met": alarms <= 0.05}
    alarms = parts["leaks"]["ours: false alarms"].value
    goals["leaks: false alarms"] = {"value": alarms, "goal": 0.02, "met": alarms <= 0.02}
    goals["scale: MiB over the start"] = {
        "value": scale["mib"], "goal": 1024, "met": scale["mib"] <= 1024
    }  # fmt: skip
    return goals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=PACK, help="folder of a pack")
    parser.add_argument("--fit", type=Path, help="not used: nothing is fitted here")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--signals", type=int, help="signals of the build that is timed")
    parser.add_argument("--only-scale", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="a smaller build is timed")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    if given.only_scale:
        print(json.dumps(measured(given.only_scale, PACK)))
        return
    bank = list(load_bank(given.data))
    own = [text for text, _ in load_pack(given.data).intents]
    other = OTHER if given.data.resolve() != OTHER.resolve() else PACK
    others = [text for question in load_bank(other) for text in question.phrasings]
    parts = {
        "duplicates": duplicates(bank, given.seed),
        "contradictions": contradictions(bank, given.seed + 1),
        "leaks": leaks(bank, others, given.seed + 2),
    }
    check = LeakCheck([EvaluationSet("bank", tuple(t for q in bank for t in q.phrasings))])
    asked = [check.find([text]) is not None for text in own]
    parts["leaks"]["ours: found in the pack's own examples"] = Share(sum(asked), max(1, len(asked)))
    many = given.signals or (2_000 if given.quick else 50_000)
    # in a process of its own: memory is counted from its start
    told = subprocess.run(
        [sys.executable, __file__, "--only-scale", str(many)], check=True, capture_output=True
    )
    scale = json.loads(told.stdout)
    goals = goals_of(parts, scale)
    if given.json:
        figures_ = {
            part: {
                name: {"value": each.value, "of": each.many, "interval": interval(each)}
                for name, each in shares.items()
            }
            for part, shares in parts.items()
        }
        print(json.dumps({"figures": figures_ | {"scale": scale}, "goals": goals}))
        return
    show(parts, scale, goals)


def show(parts: dict[str, dict[str, Any]], scale: dict[str, Any], goals: dict[str, Any]) -> None:
    for part, shares in parts.items():
        print(f"\n{part}")
        for name, each in shares.items():
            low, high = interval(each)
            print(f"  {name:<44}{each.value:>7.1%} of {each.many:>5}   {low:.0%} to {high:.0%}")
    print(f"\nscale: {scale}")
    for name, goal in goals.items():
        met = "met" if goal["met"] else "missed"
        print(f"{name}: {goal['value']:.3f} (goal {goal['goal']}) {met}")


if __name__ == "__main__":
    main()
