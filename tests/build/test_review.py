"""Better answers are suggested by whom the settings name, else by who speaks for the business."""

from __future__ import annotations

from typing import Any

from teppan.build.review import policy_of
from teppan.config.load import parse
from teppan.config.schema import Settings

SAID = {"strategy": "single", "model": "a/b", "prompt": "support"}


def settings(models: dict[str, Any], **review: Any) -> Settings:
    return parse({"models": models, "learn": {"review": review}}, "a test")


def test_who_has_a_critic_and_a_prompt_suggests() -> None:
    models = {"plain": SAID, "careful": {**SAID, "strategy": "critic"}, "raw": {"strategy": "vote"}}
    assert policy_of(settings(models), None).critic == "careful"


def test_who_is_named_suggests_and_without_anybody_nobody_does() -> None:
    assert policy_of(settings({"plain": SAID}, critic="a/judge"), None).critic == "a/judge"
    assert policy_of(settings({"raw": {"strategy": "vote"}}), None).critic == ""
