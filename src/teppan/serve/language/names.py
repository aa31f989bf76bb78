"""What languages are called, by themselves and by customers; from `names.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class Named(Struct, frozen=True):
    """`called` are parts of regular expressions: its names in the languages of customers."""

    english: str
    own: str
    called: tuple[str, ...]


@cache
def names() -> Mapping[str, Named]:
    """By the two letters of a language."""
    text = (files(__package__) / "names.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Named])


def title(language: str) -> str:
    """What a model is told: `Spanish (español)`; the two letters where no name is known."""
    known = names().get(language)
    if known is None:
        return f"the language with the code `{language}`"
    return known.english if known.english == known.own else f"{known.english} ({known.own})"
