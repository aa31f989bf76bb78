"""The formats of an export: a row in `formats.toml` and a module for each.

A module has `writer(place, limits)`, which takes examples one by one, and `check(place, limits)`,
which reads the files again as the trainer would and tells what breaks a rule that is documented.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib import import_module, resources
from typing import Protocol, cast

import msgspec
from msgspec import Struct

from teppan.core.errors import BadRequest
from teppan.core.signal import Terms
from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.formats.files import Limits, Place, Problem
from teppan.learn.datasets.splitting import Split


class Writer(Protocol):
    def add(self, split: Split, example: Example) -> int:
        """How many records were made of it: none where the format cannot say it."""

    def close(self) -> None: ...


class FormatModule(Protocol):
    def writer(self, place: Place, limits: Limits) -> Writer: ...

    def check(self, place: Place, limits: Limits) -> Iterator[Problem]: ...


class Format(Struct, frozen=True, kw_only=True):
    """A row of the table. `fewest` examples must be in a file that trains, `largest` bytes in any;
    0 where nothing is documented."""

    about: str
    module: str
    suffix: str
    terms: tuple[Terms, ...]
    rules: str
    seen: date
    fewest: int = 0
    largest: int = 0

    @property
    def limits(self) -> Limits:
        return Limits(self.suffix, self.fewest, self.largest)

    def load(self) -> FormatModule:
        return cast("FormatModule", import_module(f"{__name__}.{self.module}"))


@cache
def formats() -> Mapping[str, Format]:
    """All formats by the names that users give."""
    text = (resources.files(__package__) / "formats.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Format])


def format_of(name: str) -> Format:
    """Raises `BadRequest` for a name that is none."""
    found = formats().get(name)
    if found is None:
        raise BadRequest(f"there is no format `{name}`; there are: {', '.join(formats())}")
    return found
