"""What the privacy scrubber finds, what it finds too much, and how long it takes.

    python bench/privacy.py                      the project's own test set
    python bench/privacy.py --data DIR           other messages (`private_*.txt`, or any `*.txt`)
    python bench/privacy.py --part held          one half of the set; also `dev`

A marked word is found when all of its letters and digits would be replaced, under its own kind;
`masked` counts it also when it was replaced as another kind. A find is right when at least half of
its letters are marked as this kind. Titles need not be replaced. Intervals are Wilson's, 95 %.
Beside ours: two regular expressions for mail and telephones, and capitalised words as names.
`dev` was looked at while the detector was made, `held` was not, `hard` was made to be missed: see
`bench/private/README.md`.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from teppan.learn.privacy.detector import PatternDetector
from teppan.learn.privacy.spans import KINDS, STRUCTURED, Span

SET = Path(__file__).parent / "private"
HARD = "hard"
"""Messages made to be missed: they show the limit, and no goal is set for them."""
MARK = re.compile(r"\[\[(\w+)\|(.*?)\]\](?!\])", re.DOTALL)
TITLE = re.compile(r"\b(?:frau|herr|dr|mrs?|ms)\b\.?|(?:くん|さん|様|先生|师傅)$", re.IGNORECASE)
LANGUAGES = ("en", "es", "de", "zh", "ja")
REPEATS, QUICK_REPEATS = 5, 1
LONG = 1_000
Find = Callable[[str, str], Sequence[Span]]


class Message(Struct, frozen=True):
    part: str
    language: str
    text: str
    marked: tuple[Span, ...]


def read(line: str) -> tuple[str, tuple[Span, ...]]:
    """The words of a line of the set, and what is marked in them."""
    line, text, marked, at = line.replace("\\n", "\n"), "", [], 0
    for found in MARK.finditer(line):
        text += line[at : found.start()]
        kind: Any = found[1]
        marked.append(Span(len(text), len(text) + len(found[2]), kind))
        text += found[2]
        at = found.end()
    return text + line[at:], tuple(marked)


def load(folder: Path) -> list[Message]:
    found = []
    for path in sorted(folder.rglob("*.txt")):
        language = path.stem.rpartition("_")[2]
        for line in path.read_text("utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                found.append(Message(path.parent.name, language, *read(line)))
    return found


def naive_patterns(text: str, language: str) -> list[Span]:
    """What is usually written first: one expression for mail, one for telephones."""
    del language
    mail = re.finditer(r"[\w.+-]+@[\w-]+\.[\w.-]+", text)
    phone = re.finditer(r"\+?\d[\d\s().-]{7,}\d", text)
    return [
        *(Span(*each.span(), "email") for each in mail),
        *(Span(*each.span(), "phone") for each in phone),
    ]


def naive_names(text: str, language: str) -> list[Span]:
    """Every capitalised word that does not begin a sentence is a name."""
    del language
    pattern = r"(?<=[a-z,:;] )[A-ZÀ-Þ][\w'-]+(?: [A-ZÀ-Þ][\w'-]+)*"
    return [Span(*each.span(), "name") for each in re.finditer(pattern, text)]


class Tally(Struct):
    """Marked words, how many were found, how many replaced at all; finds, how many are right."""

    marked: int = 0
    found: int = 0
    masked: int = 0
    finds: int = 0
    right: int = 0

    def figures(self) -> dict[str, Any]:
        recall = self.found / self.marked if self.marked else None
        precision = self.right / self.finds if self.finds else None
        both = (recall or 0) + (precision or 0)
        return {
            "marked": self.marked,
            "recall": recall,
            "recall_interval": wilson(self.found, self.marked),
            "masked": self.masked / self.marked if self.marked else None,
            "finds": self.finds,
            "precision": precision,
            "precision_interval": wilson(self.right, self.finds),
            "f1": 2 * (recall or 0) * (precision or 0) / both if both else None,
        }


def wilson(hits: int, of: int) -> list[float] | None:
    if not of:
        return None
    z, share = 1.96, hits / of
    middle, spread = (
        share + z * z / (2 * of),
        z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)),
    )
    scale = 1 + z * z / of
    return [max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)]


def letters(text: str, start: int, end: int) -> set[int]:
    """Where letters and digits stand, without those of titles."""
    bare = TITLE.sub(lambda found: " " * len(found[0]), text[start:end])
    return {start + at for at, letter in enumerate(bare) if letter.isalnum()}


def score(messages: Iterable[Message], find: Find) -> dict[str, Tally]:
    """By kind, by language, and `clean`: messages in which nothing is marked."""
    tallies: dict[str, Tally] = {}

    def tally(name: str) -> Tally:
        return tallies.setdefault(name, Tally())

    for message in messages:
        found = find(message.text, message.language)
        covered = {kind: set[int]() for kind in KINDS}
        for span in found:
            covered[span.kind] |= letters(message.text, span.start, span.end)
        whole = set[int]().union(*covered.values())
        wanted = {kind: set[int]() for kind in KINDS}
        for span in message.marked:
            need = letters(message.text, span.start, span.end)
            wanted[span.kind] |= need
            for name in _names(span, message):
                tally(name).marked += 1
                tally(name).found += need <= covered[span.kind]
                tally(name).masked += need <= whole
        for span in found:
            has = letters(message.text, span.start, span.end)
            right = 2 * len(has & wanted[span.kind]) >= len(has)
            for name in _names(span, message):
                tally(name).finds += 1
                tally(name).right += right
        if not message.marked:
            tally("clean").marked += 1
            tally("clean").found += not found
    return tallies


def _names(span: Span, message: Message) -> tuple[str, ...]:
    group = "structured" if span.kind in STRUCTURED else span.kind
    own = () if group == span.kind else (group,)
    return (span.kind, *own, "all", f"{group} {message.language}")


def took(messages: Sequence[Message], find: Find, repeats: int) -> dict[str, float]:
    """Milliseconds for 1000 letters: of short messages, and of one text of 20,000 letters."""
    best, longest = math.inf, "\n".join(each.text for each in messages)[:20_000]
    for _ in range(repeats):
        began = time.perf_counter()
        for message in messages:
            find(message.text, message.language)
        size = sum(len(each.text) for each in messages)
        best = min(best, 1e3 * (time.perf_counter() - began) * LONG / size)
    began = time.perf_counter()
    find(longest, "")
    return {
        "messages": best,
        "long text": 1e3 * (time.perf_counter() - began) * LONG / len(longest),
    }


def run(messages: list[Message], quick: bool) -> dict[str, Any]:
    detector = PatternDetector()

    def ours(text: str, language: str) -> list[Span]:
        return detector.find(text, (language,) if language in LANGUAGES else ())

    parts = dict.fromkeys(each.part for each in messages)
    ways: dict[str, Find] = {
        "ours": ours,
        "mail and phones": naive_patterns,
        "capitals": naive_names,
    }
    repeats = QUICK_REPEATS if quick else REPEATS
    return {
        "messages": len(messages),
        "parts": {
            part: {
                way: {
                    name: each.figures()
                    for name, each in sorted(
                        score([m for m in messages if m.part == part], find).items()
                    )
                }
                for way, find in ways.items()
            }
            for part in parts
        },
        "ms_per_1000_letters": took(messages, ours, repeats),
    }


def goals_of(figures: dict[str, Any]) -> dict[str, Any]:
    goals = {}
    for part, ways in figures["parts"].items():
        all_of_them = None if part == HARD else 1.0
        for name, goal in (("structured", all_of_them), ("name", None), ("address", None)):
            value = ways["ours"].get(name, {}).get("recall")
            met = None if goal is None or value is None else value >= goal
            goals[f"{part}: recall of {name}"] = {"value": value, "goal": goal, "met": met}
        clean = ways["ours"].get("clean", {}).get("recall")
        goals[f"{part}: messages left alone"] = {"value": clean, "goal": None, "met": None}
    return goals


def show(figures: dict[str, Any]) -> None:
    for part, ways in figures["parts"].items():
        print(f"\n{part}")
        print(f"{'':<16}{'marked':>7}{'recall':>8}{'95 %':>14}{'masked':>8}", end="")
        print(f"{'precision':>11}{'95 %':>14}{'F1':>7}{'mail+tel':>10}{'capitals':>10}")
        order = [*KINDS, "structured", "all", "clean"]
        names = sorted(ways["ours"], key=lambda n: (order.index(n) if n in order else 99, n))
        for name in names:
            each = ways["ours"][name]
            naive = [_share(ways[way].get(name, {}).get("recall"))
                     for way in ("mail and phones", "capitals")]  # fmt: skip
            print(
                f"{name:<16}{each['marked']:>7}{_share(each['recall']):>8}"
                f"{_between(each['recall_interval']):>14}{_share(each['masked']):>8}"
                f"{_share(each['precision']):>11}{_between(each['precision_interval']):>14}"
                f"{_share(each['f1']):>7}{naive[0]:>10}{naive[1]:>10}"
            )
    for name, value in figures["ms_per_1000_letters"].items():
        print(f"\n{value:.2f} ms for 1000 letters ({name})", end="")
    print("\n`clean`: messages without anything private, and how many were left alone")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _between(pair: list[float] | None) -> str:
    return "" if pair is None else f"{100 * pair[0]:.0f} to {100 * pair[1]:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SET, help="folder of marked messages")
    parser.add_argument("--part", help="only this folder of the set")
    parser.add_argument("--fit", type=Path, help="not used: nothing is fitted here")
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    messages = [each for each in load(given.data) if given.part in (None, each.part)]
    if not messages:
        sys.exit(f"no messages in {given.data}")
    figures = run(messages, given.quick)
    goals = goals_of(figures)
    if given.json:
        print(json.dumps({"figures": figures, "goals": goals}, ensure_ascii=False))
        return
    show(figures)
    for name, goal in goals.items():
        if goal["goal"] is not None:
            met = "met" if goal["met"] else "missed"
            print(f"{name}: {goal['value']:.3f} (goal {goal['goal']}) {met}")


if __name__ == "__main__":
    main()
