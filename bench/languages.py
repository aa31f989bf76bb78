"""Whether languages are told from short texts, kept over a conversation, and numbers not lost.

    python bench/languages.py                    the messages of `speaking/` and the example pack's
    python bench/languages.py --data DIR         every `*.toml` of a folder in the pack's own format

Beside ours stand py3langid as it comes, and restricted to the four languages, on the same texts.
Texts of less than six letters are not always of one language: whoever reads them alone is no limit
of 100 % either. Conversations are beside what looking at the newest message alone would say, and
looking at the first one. Numbers: translations written by hand, which must pass, and the same with
one number changed, which must not; beside it the same digits on both sides.
Messages, turns and translations were written before the figures were looked at, by the author of
the word lists; the pack's questions by others. What was mended after the first look is in the
journal; goals are those of the translations that were only looked at once.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import permutations
from pathlib import Path
from typing import Any

from teppan.core.chat import ChatRequest, say
from teppan.estimate.guards import figures
from teppan.routing.language import Languages
from teppan.serve.language.hearing import language_of
from teppan.serve.language.keeping import keep_out, lost
from teppan.simulate.questions import load_bank

HERE = Path(__file__).parent
PACK = HERE.parent / "packs" / "myhibachi" / "conversations"
FOUR = ("en", "es", "zh", "ja")
STEPS = (("1-5", 5), ("6-12", 12), ("13-24", 24), ("25-", 10_000))
GOALS = {"messages": 0.97, "pack": 0.99, "turns": 0.95, "caught": 0.99, "passed": 0.95}

Tell = Callable[[str], str]
Texts = list[tuple[str, str]]


def langid(languages: tuple[str, ...] | None) -> Tell:
    """py3langid, restricted or as it comes."""
    module = import_module("py3langid.langid")
    identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE)
    if languages:
        identifier.set_languages(list(languages))
    return lambda text: str(identifier.classify(text)[0])


def messages(table: Mapping[str, Any]) -> Texts:
    return [(line, name) for name in FOUR for line in table[name].splitlines() if line.strip()]


def of_pack(folder: Path) -> Texts:
    """Each way to ask each question, with its language."""
    found = {
        phrasing: question.language
        for question in load_bank(folder)
        for phrasing in question.phrasings
        if question.language in FOUR
    }
    return list(found.items())


def accuracy(tell: Tell, texts: Texts) -> dict[str, float]:
    """Of all, of each language, and of each length in letters."""
    right: dict[str, list[bool]] = defaultdict(list)
    for text, language in texts:
        letters = sum(each.isalpha() for each in text)
        step = next(name for name, most in STEPS if letters <= most)
        for group in ("all", language, f"letters {step}"):
            right[group].append(tell(text) == language)
    return {group: sum(some) / len(some) for group, some in right.items()}


def of_turns(turns: list[dict[str, Any]], languages: Languages) -> dict[str, float]:
    def share(tell: Callable[[tuple[str, ...]], str]) -> float:
        right = [tell((*each["before"], each["says"])) == each["language"] for each in turns]
        return sum(right) / len(right)

    def ours(said: tuple[str, ...]) -> str:
        asked = ChatRequest(model="m", messages=tuple(say("user", each) for each in said))
        return language_of(asked, languages).language

    return {
        "ours": share(ours),
        "newest message": share(lambda said: languages.of(said[-1])),
        "first message": share(lambda said: languages.of(said[0])),
    }


def pairs(table: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    for each in table:
        for one, other in permutations(FOUR, 2):
            yield each[one], each[other]


def spoilt(text: str) -> Iterator[str]:
    """The text with one of its numbers of three or more changed."""
    for found in re.finditer(r"\d+", text):
        if int(found.group()) > 2:
            other = str(int(found.group()) + 7)
            yield text[: found.start()] + other + text[found.end() :]


def of_numbers(table: list[dict[str, str]]) -> dict[str, dict[str, float]]:
    def ours(text: str, translated: str) -> bool:
        kept, there = keep_out(text), keep_out(translated)
        return lost(kept.text, there.text) is None

    def naive(text: str, translated: str) -> bool:
        return figures(text) == figures(translated)

    found = {}
    for name, passes in (("ours", ours), ("same digits", naive)):
        good = [passes(*each) for each in pairs(table)]
        bad = [passes(one, each) for one, other in pairs(table) for each in spoilt(other)]
        found[name] = {
            "passed": sum(good) / len(good),
            "caught": 1 - sum(bad) / len(bad),
            "pairs": len(good),
            "changed": len(bad),
        }
    return found


def seconds_each(tell: Tell, texts: Texts, least: float) -> float:
    begin, done = time.perf_counter(), 0
    while (taken := time.perf_counter() - begin) < least:
        for text, _ in texts:
            tell(text)
        done += len(texts)
    return taken / done


def measured(folder: Path, least: float) -> dict[str, Any]:
    table = tomllib.loads((HERE / "speaking" / "messages.toml").read_text("utf-8"))
    languages = Languages(FOUR)
    languages.load()
    tells = {"ours": languages.of, "py3langid, of four": langid(FOUR), "py3langid": langid(None)}
    sets = {"messages": messages(table), "pack": of_pack(folder)}
    return {
        "texts": {name: len(texts) for name, texts in sets.items()},
        "told": {
            name: {who: accuracy(tell, texts) for who, tell in tells.items()}
            for name, texts in sets.items()
        },
        "turns": of_turns(table["turns"], languages),
        "numbers": of_numbers(table["parallel"]),
        "numbers, looked at once": of_numbers(table["fresh"]),
        "microseconds": {
            who: 1e6 * seconds_each(tell, sets["messages"], least) for who, tell in tells.items()
        },
    }


def goals(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    values = {
        "messages": found["told"]["messages"]["ours"]["all"],
        "pack": found["told"]["pack"]["ours"]["all"],
        "turns": found["turns"]["ours"],
        "caught": found["numbers, looked at once"]["ours"]["caught"],
        "passed": found["numbers, looked at once"]["ours"]["passed"],
    }
    return {
        name: {"value": round(value, 4), "goal": GOALS[name], "met": value >= GOALS[name]}
        for name, value in values.items()
    }


def show(found: Mapping[str, Any]) -> None:
    for name, by in found["told"].items():
        groups = list(by["ours"])
        print(f"\n{name} ({found['texts'][name]} texts)")
        print(f"{'':20}" + "".join(f"{group:>15}" for group in groups))
        for who, shares in by.items():
            print(f"{who:20}" + "".join(f"{shares[group]:>15.1%}" for group in groups))
    print("\nturns in a conversation")
    for who, share in found["turns"].items():
        print(f"  {who:20}{share:.1%}")
    for name in ("numbers", "numbers, looked at once"):
        print(f"\n{name}")
        for who, each in found[name].items():
            print(
                f"  {who:20}{each['passed']:.1%} of {each['pairs']} translations pass, "
                f"{each['caught']:.1%} of {each['changed']} with a changed number are caught"
            )
    print("\nmicroseconds a text")
    for who, each in found["microseconds"].items():
        print(f"  {who:20}{each:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data", type=Path, default=PACK)
    options = parser.parse_args()
    found = measured(options.data, 0.2 if options.quick else 2.0)
    if options.json:
        print(json.dumps({"figures": found, "goals": goals(found)}))
        return
    show(found)
    print()
    for name, goal in goals(found).items():
        print(
            f"{'met ' if goal['met'] else 'MISS'} {name}: {goal['value']:.1%} ({goal['goal']:.0%})"
        )


if __name__ == "__main__":
    main()
