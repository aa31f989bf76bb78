"""The Python files of a pack are loaded once, as one package, or refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from teppan.core.errors import ConfigError
from teppan.serve.agents.loading import load, tables_of
from teppan.serve.agents.tools import tools_of

TOOLS = """
from teppan import tool
from .shelf import PARTS

@tool
def parts(kind: str) -> list[str]:
    '''What there is.'''
    return PARTS

def not_a_tool() -> None: ...
"""


def test_files_of_a_pack_import_each_other(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(TOOLS)
    (tmp_path / "shelf.py").write_text("PARTS = ['chain']")
    found = tools_of(load(tmp_path / "tools.py"))
    assert list(found) == ["parts"]
    assert found["parts"].description == "What there is."
    assert load(tmp_path / "tools.py") is load(tmp_path / "tools.py")


def test_two_packs_have_nothing_in_common(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tools.py").write_text(f"NAME = '{name}'")
    assert load(tmp_path / "one" / "tools.py").NAME == "one"
    assert load(tmp_path / "two" / "tools.py").NAME == "two"


@pytest.mark.parametrize(
    ("text", "says"),
    [("1/0", "ZeroDivisionError"), ("def", "SyntaxError"), ("raise SystemExit(3)", "SystemExit")],
)
def test_a_file_that_cannot_be_loaded_is_named_with_the_reason(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "tools.py").write_text(text)
    with pytest.raises(ConfigError, match=rf"tools\.py.*{says}"):
        load(tmp_path / "tools.py")


def test_tables_are_described_or_refused(tmp_path: Path) -> None:
    (tmp_path / "tables.py").write_text("metadata = 7")
    with pytest.raises(ConfigError, match="metadata"):
        tables_of(tmp_path / "tables.py")
