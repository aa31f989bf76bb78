"""Every setting, verb, strategy and error stands in the docs, as the code has it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from teppan.serve.strategies.registry import STRATEGIES

DOCS = Path(__file__).parents[2] / "docs"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["settings.md", "cli.md", "errors.md"])
def test_a_generated_page_is_what_the_code_says_now(name: str) -> None:
    written = (DOCS / "reference" / name).read_text("utf-8")
    assert written == generator().PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_strategy_has_its_heading(name: str) -> None:
    page = (DOCS / "reference" / "strategies.md").read_text("utf-8")
    assert f"## {name}" in page or f"## `{name}`" in page


def test_every_link_of_the_pages_leads_somewhere() -> None:
    import re

    for page in [DOCS.parent / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
