"""Rules are read strictly: an error names the file, the rule and the field."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from teppan.config.patterns import BadPattern, check, compiled
from teppan.config.rules import read_rules
from teppan.core.errors import ConfigError

FILE = Path("packs/p/rules.toml")


def rule(**fields: Any) -> dict[str, Any]:
    return {"rule": [{"id": "r", "text": "Be kind.", "check": [fields]}]}


def test_a_rule_of_words_alone_is_one_for_the_critic() -> None:
    book = read_rules({"rule": [{"id": "r", "text": "Be kind."}]}, FILE)
    assert [(each.id, each.text, each.severity, each.checks) for each in book.rules] == [
        ("r", "Be kind.", "medium", ())
    ]


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (rule(kind="forbiden", words=["x"]), "kind"),
        (rule(kind="forbidden"), "needs `words`"),
        (rule(kind="length", most=3, words=["x"]), "has no `words`"),
        (rule(kind="forbidden", words=["("]), "rule `r`: words: `\\(` is no regular expression"),
        (rule(kind="must_say", words=["x"]), "needs `asked`"),
        (rule(kind="minimum", prices=["least"]), "rule `r`: there is no price `least`"),
        ({"price": [{"id": "a", "amount": 1, "per": "guests"}]}, "names no count `guests`"),
        ({"price": [{"id": "a"}]}, "needs `amount` or `percent`"),
        ({"price": [{"id": "a", "amount": 1}, {"id": "a", "amount": 2}]}, "`a` appears twice"),
        ({"rule": [{"id": "r", "text": "a"}, {"id": "r", "text": "b"}]}, "`r` appears twice"),
        ({"counts": {"guests": {"sum": ["adults"]}}}, "names no other count `adults`"),
        ({"rule": [{"id": "r", "text": "a", "severity": "fatal"}]}, "severity"),
        ({"escalate": {"anger": 0.9}}, "escalate.anger"),
        ({"escalate": {"replace": ["always"]}}, "escalate.replace"),
        ({"rulez": []}, "rulez"),
    ],
)
def test_a_mistake_is_named_with_its_place(tables: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        read_rules(tables, FILE)
    assert str(FILE) in caught.value.message


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*b",
        "(?:a|a)*(?:a|a)*(?:a+b?)+",
        ".*.*.*",
        "(?:.{0,40}){3}",
        r"(a)\1",
        "x" * 301,
        "",
        "a*",
        "(",
    ],
)
def test_a_pattern_that_may_be_slow_or_fits_everything_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        check(pattern)


@pytest.mark.parametrize(
    "pattern", ["wag[iy]u", r"\d+ ?%", "no .{0,30}wagyu", "(?:we|i) (?:can|will)(?: not)?", "和牛"]
)
def test_ordinary_patterns_are_taken(pattern: str) -> None:
    check(pattern)


def test_words_match_whole_and_in_any_case_and_signs_anywhere() -> None:
    found = compiled(["ham", "和牛"])
    assert found is not None
    assert found.search("HAM!")
    assert not found.search("shame")
    assert found.search("有和牛吗")


def test_every_shipped_pattern_is_fast_on_hostile_text() -> None:
    from teppan.serve.guard.words import words

    known = words()
    patterns = [each for each in (getattr(known, name) for name in known.__struct_fields__)
                if isinstance(each, re.Pattern)]  # fmt: skip
    hostile = ["no " * 2_000, "a" * 8_000, "1" * 8_000, "not only " * 900, "没" * 8_000]
    began = time.process_time()
    for pattern in patterns:
        for text in hostile:
            assert sum(1 for _ in pattern.finditer(text)) >= 0
    assert time.process_time() - began < 20  # a slow pattern takes hours
