"""A request body, read field by field; what nobody asked for remains.

Every reader returns `None` for a field that is absent or null, and raises a `BadRequest` that
names the field (`messages[2].content`) when its value cannot be meant.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NoReturn

from teppan.core.chat import Json
from teppan.core.errors import BadRequest

MAX_TEXT_IN_ERROR = 60


def bad(at: str, wanted: str, got: Json = None) -> NoReturn:
    """Refuses the field `at`, saying what was wanted and, for short values, what came."""
    shown = ""
    if isinstance(got, str | int | float | bool):
        text = repr(got)
        shown = f", not {text if len(text) <= MAX_TEXT_IN_ERROR else type(got).__name__}"
    elif got is not None:
        shown = ", not an object" if isinstance(got, dict) else ", not an array"
    raise BadRequest(f"`{at}` must be {wanted}{shown}", param=at)


class Fields:
    """Takes known fields out of one JSON object; `rest()` is what is left."""

    __slots__ = ("_at", "_left")

    def __init__(self, body: dict[str, Json], at: str = "") -> None:
        self._left = body.copy()
        self._at = at

    def at(self, name: str) -> str:
        """Where this field is, in words for an error."""
        return f"{self._at}.{name}" if self._at else name

    def raw(self, name: str) -> Json:
        return self._left.pop(name, None)

    def text(self, name: str) -> str | None:
        value = self._left.pop(name, None)
        if value is None or type(value) is str:
            return value
        bad(self.at(name), "a string", value)

    def need_text(self, name: str) -> str:
        """A string that must be there and not be empty."""
        value = self._left.pop(name, None)
        if type(value) is str and value:
            return value
        bad(self.at(name), "a string that is not empty", value)

    def flag(self, name: str) -> bool | None:
        value = self._left.pop(name, None)
        if value is None or type(value) is bool:
            return value
        bad(self.at(name), "true or false", value)

    def whole(self, name: str, low: int, high: int) -> int | None:
        """An integer from `low` to `high`."""
        value = self._left.pop(name, None)
        if value is None or (type(value) is int and low <= value <= high):
            return value
        bad(self.at(name), f"an integer from {low} to {high}", value)

    def number(self, name: str, low: float, high: float) -> float | None:
        """A number from `low` to `high`."""
        value = self._left.pop(name, None)
        if value is None or (type(value) is float and low <= value <= high):
            return value
        if type(value) is int and low <= value <= high:
            return value
        bad(self.at(name), f"a number from {low:g} to {high:g}", value)

    def one_of(self, name: str, known: Collection[str]) -> str | None:
        value = self._left.pop(name, None)
        if value is None or (type(value) is str and value in known):
            return value
        bad(self.at(name), f"one of {', '.join(known)}", value)

    def object(self, name: str) -> dict[str, Json] | None:
        value = self._left.pop(name, None)
        if value is None or type(value) is dict:
            return value
        bad(self.at(name), "an object", value)

    def objects(self, name: str, most: int) -> list[dict[str, Json]]:
        """An array of at most `most` objects; empty when absent."""
        value = self._left.pop(name, None)
        if value is None:
            return []
        if type(value) is not list:
            bad(self.at(name), "an array", value)
        if len(value) > most:
            bad(self.at(name), f"an array of at most {most} (it has {len(value)})")
        for number, each in enumerate(value):
            if type(each) is not dict:
                bad(f"{self.at(name)}[{number}]", "an object", each)
        return value

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """A string or an array of strings; empty when absent."""
        value = self._left.pop(name, None)
        if value is None:
            return ()
        if type(value) is str:
            return (value,)
        if type(value) is not list or not _all_text(value):
            bad(self.at(name), "a string or an array of strings", value)
        if len(value) > most:
            bad(self.at(name), f"at most {most} strings (it has {len(value)})")
        return tuple(value)

    def rest(self) -> dict[str, Json] | None:
        """The fields nobody took, or `None`."""
        return self._left or None


def _all_text(values: Sequence[Json]) -> bool:
    return all(type(each) is str for each in values)
