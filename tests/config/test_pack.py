"""A pack is files; prompts are filled from them, and nothing outside the folder is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from teppan.config.pack import load_pack
from teppan.core.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "packs" / "myhibachi"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def test_the_example_pack_fills_its_prompt_with_facts_and_rules() -> None:
    pack = load_pack(EXAMPLE)
    assert "$550" in pack.prompts["support"]
    assert "[no-wagyu]" in pack.prompts["support"]
    assert "{" not in pack.prompts["support"]


def test_changing_a_word_changes_the_version(tmp_path: Path) -> None:
    toml = 'name = "p"\nfacts = "facts.md"\n[prompts]\nmain = "main.md"'
    one = load_pack(write(tmp_path, pack_toml=toml, facts_md="one", main_md="{facts}"))
    two = load_pack(write(tmp_path, facts_md="two"))
    assert one.version != two.version
    assert two.prompts["main"] == "two"


def test_a_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    inner = tmp_path / "inner"
    inner.mkdir()
    write(inner, pack_toml='name = "p"\nfacts = "../secret"')
    with pytest.raises(ConfigError, match="outside the pack"):
        load_pack(inner)


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`nmae`"):
        load_pack(write(tmp_path, pack_toml='name = "p"\nnmae = "q"'))


def test_knowledge_files_are_named_or_matched_each_once(tmp_path: Path) -> None:
    (tmp_path / "knowledge").mkdir()
    write(tmp_path, facts_md="facts", pack_toml='name = "p"\nknowledge = ["facts.md", "**/*.md"]')
    (tmp_path / "knowledge" / "menu.md").write_text("# Menu\n\nTofu")
    known = load_pack(tmp_path).knowledge
    assert [(each.name, each.text) for each in known] == [
        ("facts.md", "facts"),
        ("knowledge/menu.md", "# Menu\n\nTofu"),
    ]


def test_changing_a_word_of_the_knowledge_changes_the_version(tmp_path: Path) -> None:
    write(tmp_path, pack_toml='name = "p"\nknowledge = ["facts.md"]', facts_md="one")
    one = load_pack(tmp_path)
    two = load_pack(write(tmp_path, facts_md="two"))
    assert one.version != two.version


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("../*.md", "outside the pack"),
        ("/etc/*.conf", "outside the pack"),
        ("missing.md", "names no file"),
        ("none/*.md", "names no file"),
        ("inner/../../*.md", "outside the pack"),
    ],
)
def test_knowledge_outside_the_folder_or_missing_is_refused(
    tmp_path: Path, pattern: str, told: str
) -> None:
    (tmp_path / "secret.md").write_text("x")
    inner = tmp_path / "pack"
    inner.mkdir()
    write(inner, pack_toml=f'name = "p"\nknowledge = ["{pattern}"]')
    with pytest.raises(ConfigError, match=told):
        load_pack(inner)


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("x")
    inner = tmp_path / "pack"
    inner.mkdir()
    (inner / "link.md").symlink_to(tmp_path / "secret.md")
    write(inner, pack_toml='name = "p"\nknowledge = ["*.md"]')
    with pytest.raises(ConfigError, match="outside the pack"):
        load_pack(inner)
