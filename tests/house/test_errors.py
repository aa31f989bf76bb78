"""Every error has one HTTP status, one exit code, a place in the drawing and a default message."""

from __future__ import annotations

import inspect
import re

import pytest

from teppan.core import errors

TREE = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, errors.TeppanError)
]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_an_error_has_a_status_an_exit_code_and_a_message(kind: type[errors.TeppanError]) -> None:
    error = kind()
    assert 400 <= error.status < 600
    assert 1 <= error.exit_code < 64
    assert re.fullmatch(r"[a-z_]+", error.code)
    assert error.message


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_the_drawing_shows_the_error_with_its_numbers(kind: type[errors.TeppanError]) -> None:
    if kind is errors.TeppanError:
        return
    row = re.search(rf"─ {kind.__name__}\s+(\d+)\s+(\d+)\s", errors.__doc__ or "")
    assert row, f"{kind.__name__} is missing from the tree at the top of core/errors.py"
    assert (int(row[1]), int(row[2])) == (kind.status, kind.exit_code)
