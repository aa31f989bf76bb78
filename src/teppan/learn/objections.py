"""Whether a customer says that an answer was wrong, or no answer: "that can't be right", "you
didn't answer my question", "不对", "質問に答えていません".

Moods hear anger and praise; most who were told something wrong object calmly. The expressions are
our own (`objections.toml`); a language without any is not read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

READ = 400
"""Letters that are read: who objects does so at once."""


def objects(text: str, language: str) -> str:
    """The words with which it is objected; empty for none."""
    expression = _expressions().get(language)
    found = expression.search(text[:READ].replace("’", "'")) if expression else None
    return found[0].strip() if found else ""


@cache
def _expressions() -> Mapping[str, re.Pattern[str]]:
    words = tomllib.loads(files("teppan.learn").joinpath("objections.toml").read_text("utf-8"))
    return {
        language: re.compile("|".join(f"(?:{each})" for each in some), re.IGNORECASE)
        for language, some in words.items()
    }
