"""Settings become strategies, or an error that names what is wrong; all of it is documented."""

import re
from pathlib import Path

import pytest

from teppan.core.errors import ConfigError
from teppan.serve.strategies.registry import STRATEGIES, build, mentioned, read_settings

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "strategies.md"

SMALLEST = {
    "single": {"model": "m"},
    "fallback": {"models": ["m", "n"]},
    "specialist": {"specialists": {"code": "m"}, "default": "n"},
    "best_of_n": {"models": ["m", "n"], "judge": "j"},
    "weighted": {"models": ["m", "n"]},
    "consensus": {"models": ["m", "n"]},
    "critic": {"teacher": "m", "student": "n", "critic": "c"},
    "cascade": {"models": ["m", "n"]},
    "mixture": {"models": ["m", "n"], "aggregator": "a"},
    "sample": {"model": "m"},
    "auto": {"simple": "m", "medium": "n", "complex": "o"},
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_is_built_from_its_smallest_settings(name):
    assert build(name, SMALLEST[name]).name == name


@pytest.mark.parametrize(
    ("name", "settings", "named"),
    [
        ("consensus", {"models": ["a"], "min_agreemnt": 1}, "min_agreemnt"),
        ("consensus", {"models": ["a"], "min_agreement": 2}, r"\$.min_agreement"),
        ("consensus", {"models": []}, r"\$.models"),
        ("consensus", {"models": ["a"], "below": "escalate"}, "escalate_to"),
        ("consensus", {}, "models"),
        ("critic", {"teacher": "t", "student": "s"}, "critic"),
        ("sample", {"model": "m", "n": 0}, r"\$.n"),
        ("majority", {}, "there are single, fallback"),
    ],
)
def test_a_wrong_setting_is_named(name, settings, named):
    with pytest.raises(ConfigError, match=named):
        build(name, settings)


def test_every_model_a_strategy_may_ask_is_known():
    table = {"models": ["a", "b", "a"], "fallback": ["f"], "below": "escalate", "escalate_to": "e"}
    assert mentioned(read_settings("consensus", table)) == ("a", "b", "e", "f")
    assert mentioned(read_settings("specialist", SMALLEST["specialist"])) == ("m", "n")


def sections():
    parts = re.split(r"^## `(\w+)`$", DOCS.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_strategy_has_its_heading_and_no_heading_lacks_its_strategy():
    assert set(sections()) == set(STRATEGIES)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_setting_is_documented_under_its_strategy(name):
    section = sections()[name]
    missing = [
        field
        for field in STRATEGIES[name].settings.__struct_fields__
        if f"`{field}`" not in section
    ]
    assert missing == []
    for part in ("**Use it", "**It costs", "**Compare with"):
        assert part in section
