"""What an author of a pack gets wrong is said at the start: file, field and what to write."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from teppan.build import open_house
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError

PACK = Path(__file__).parents[2] / "packs" / "bicycles"


async def mistake(folder: Path, file: str, old: str, new: str) -> str:
    """What is said at the start when `old` in a file of the pack were `new`."""
    shop = folder / "shop"
    shutil.copytree(PACK, shop, ignore=shutil.ignore_patterns("__pycache__"))
    text = (shop / file).read_text("utf-8")
    assert old in text
    (shop / file).write_text(text.replace(old, new, 1), "utf-8")
    settings = Settings(
        store={"url": f"sqlite:///{folder / 'teppan.db'}", "durability": "process"},
        gateway={"pack": str(shop)},
        providers={"openai": {"url": "http://127.0.0.1:1", "keys": (), "models": ("small",)}},
    )
    with pytest.raises(ConfigError) as raised:
        async with open_house(settings):
            pass
    return raised.value.message


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("pack.toml", "facts = ", "fact = ", "pack.toml: `fact`: .* did you mean `facts`"),
        ("pack.toml", '"en", "de"', '"english"', r"pack.toml: `languages.0`"),
        ("pack.toml", '"tools.py"', '"tool.py"', "tool.py: no such file"),
        ("pack.toml", '= "support"', '= "suport"', "no prompt `suport`; there are: support"),
        ("agents/front.toml", "steps", "step", "front.toml: `step`: .* did you mean `steps`"),
        ("agents/rental.toml", '["rental"]', '["rent"]', "rental.toml: intents: .* `rent`; .*faq"),
        ("agents/rental.toml", "#Rental", "#Rent", "rental.toml: knowledge: .* `Rent`; .*Repairs"),
        ("agents/rental.toml", "steps", 'rules = ["x"]\nsteps', "no rule `x`; there are: true-"),
        (
            "tools.py",
            '    """Cancels an appointment."""\n',
            "",
            "`cancel_appointment`: .*docstring",
        ),
        ("tools.py", "@tool\ndef free_times", "def free_times", "`free_times` .* lacks `@tool`"),
        ("tools.py", "def free_times", "def escalate", "`escalate`: every pack has one"),
        ("tools.py", "days: Days", "days", r"tools.py: tool `rental_price`: argument `days` needs"),
        (
            "tools.py",
            "def told_of_cancelling(talk: Talk, code: Code, phone: Phone)",
            "def told_of_cancelling(talk: Talk, code: Code)",
            "`cancel_appointment`: its `confirm` takes other arguments",
        ),
        ("bicycle_prices.py", "= 3, 15", "= 3, x", r"NameError.* \(bicycle_prices.py, line \d+\)"),
    ],
)
async def test_a_mistake_is_named_with_its_place_and_what_would_be_right(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    told = await mistake(tmp_path, file, old, new)
    assert re.search(said, told), told


async def test_an_empty_prompt_is_no_prompt(tmp_path: Path) -> None:
    prompt = (PACK / "agents" / "front.md").read_text("utf-8")
    told = await mistake(tmp_path, "agents/front.md", prompt, "\n")
    assert "front.md: the prompt is empty" in told


async def test_a_folder_without_a_pack_is_none(tmp_path: Path) -> None:
    settings = Settings(gateway={"pack": str(tmp_path)})
    with pytest.raises(ConfigError, match=r"a pack is a folder with a `pack.toml` in it"):
        async with open_house(settings):
            pass
