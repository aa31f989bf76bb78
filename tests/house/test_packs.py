"""A business is in its pack and nowhere else: the code knows no trade, and every pack is whole."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pytest

from teppan.config.agents import _File as agent_file
from teppan.config.mcp import _Server as mcp_file
from teppan.config.pack import Pack, load_pack
from teppan.config.pack import _PackFile as pack_file
from teppan.core.chat import ChatRequest, say
from teppan.core.tool import Talk, tool
from teppan.routing.intent import UNKNOWN
from teppan.routing.language import Languages
from teppan.serve.agents.builtin import ESCALATE, SEARCH
from teppan.serve.agents.loading import load, tables_of
from teppan.serve.agents.mcp.naming import wire_names
from teppan.serve.agents.tools import tools_of
from teppan.serve.guard.guard import Guard
from teppan.simulate.questions import Bank, load_bank

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "teppan"
PACKS = tuple(sorted(path.parent for path in (ROOT / "packs").glob("*/pack.toml")))

TRADE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "myhibachi": (
            "hibachi", "sacramento", "wagyu", "lobster", "filet", "gyoza", "edamame", "yum yum",
            "scallop", "langosta", "龙虾", "餃子", "lead_nurturing",
        ),
        "bicycles": (
            "bicycle", "e-bike", "radhaus", "freiburg", "puncture", "helmet", "fahrrad",
            "pedelec", "derestrict", "carbon", "repair_price", "rental_price", "free_times",
        ),
    }
)  # fmt: skip
"""Words of each business: its names, what it sells, what only its tools are called. Word lists of
whole languages (`small_words.toml`, `lexicon.toml`, `cues.toml`) know everyday words of any trade:
menu, chicken, allergy; those are not meant."""

NAMES_THE_EXAMPLE: Mapping[str, str] = MappingProxyType(
    {
        "cli/demo": "shows the example pack, and says where it is",
        "simulate": "plays the customers and models of the example",
        "config/template.toml": "the path of the example, in a comment",
        "learn/privacy/names.toml": "words that are no person's name, dishes among them",
    }
)
"""Where the example pack or its trade may be named, and why."""

CAUGHT: Mapping[str, float] = MappingProxyType({"bicycles": 0.75, "myhibachi": 0.5})
"""Wrong phrasings of its own bank that a pack's rules catch in code, at least. The rest is for the
critic: no rule can know a wrong opening hour."""

each_pack = pytest.mark.parametrize("folder", PACKS, ids=lambda path: path.name)


@cache
def pack_at(folder: Path) -> Pack:
    return load_pack(folder)


@cache
def bank_of(folder: Path) -> Bank:
    return load_bank(folder)


def files_of(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".toml", ".md")]


def test_every_pack_has_said_which_words_are_its_own() -> None:
    assert set(TRADE) == set(CAUGHT) == {folder.name for folder in PACKS}


@each_pack
def test_the_words_of_a_trade_are_those_its_pack_uses(folder: Path) -> None:
    told = "\n".join(path.read_text("utf-8") for path in files_of(folder)).lower()
    told += "".join(path.stem for path in files_of(folder))
    unused = [word for word in TRADE[folder.name] if word not in told]
    assert unused == []


@each_pack
def test_no_word_of_a_trade_stands_in_the_code(folder: Path) -> None:
    found = [
        f"{path.relative_to(SOURCE)}: {word}"
        for path in files_of(SOURCE)
        if not path.relative_to(SOURCE).as_posix().startswith(tuple(NAMES_THE_EXAMPLE))
        for word in (folder.name, *TRADE[folder.name])
        if word in path.read_text("utf-8").lower()
    ]
    assert found == []


@pytest.mark.parametrize("place", sorted(NAMES_THE_EXAMPLE))
def test_a_place_that_may_name_the_example_is_there(place: str) -> None:
    assert (SOURCE / place).exists()


@each_pack
def test_agents_name_only_what_there_is_and_leave_no_tool_without_one(folder: Path) -> None:
    pack = pack_at(folder)
    own = tools_of(load(pack.tools)) if pack.tools else {}
    named = {tool for agent in pack.agents for tool in agent.tools}
    assert named - {SEARCH, ESCALATE, *wire_names(pack.mcp)} == set(own)
    assert all(tool.description for tool in own.values())
    assert pack.tables is None or tables_of(pack.tables).tables


@each_pack
def test_every_intent_has_an_agent_and_examples(folder: Path) -> None:
    pack = pack_at(folder)
    if pack.agents:
        owned = {intent for agent in pack.agents for intent in agent.intents}
        assert owned == {intent for _, intent in pack.intents} - {UNKNOWN}


@each_pack
def test_a_question_of_the_bank_teaches_no_intent(folder: Path) -> None:
    asked = {text.lower() for question in bank_of(folder) for text in question.phrasings}
    assert [text for text, _ in pack_at(folder).intents if text.lower() in asked] == []


@each_pack
def test_tools_of_the_bank_take_what_it_calls_them_with(folder: Path) -> None:
    pack = pack_at(folder)
    own = tools_of(load(pack.tools)) if pack.tools else {}
    for question in bank_of(folder):
        for name, arguments in question.calls:
            assert name in {*own, SEARCH, ESCALATE}, question.id
            if name in own:
                known = set(own[name].schema["properties"])
                assert set(arguments) <= known, question.id


@each_pack
def test_right_answers_keep_the_rules_and_wrong_ones_are_caught(folder: Path) -> None:
    pack, bank = pack_at(folder), bank_of(folder)
    guard = Guard(pack.book, Languages(pack.languages), lambda: 0.5)
    broken, caught = [], []
    for question in bank:
        request = ChatRequest(model="pack", messages=(say("user", question.text),))
        for answer in question.right:
            found = guard.check(request, answer).violations
            broken += [f"{question.id}: {answer}: {each.found}" for each in found]
        caught += [bool(guard.check(request, each).violations) for each in question.wrong]
    share = sum(caught) / len(caught)
    print(f"\n{folder.name}: {len(bank)} questions, {sum(caught)} of {len(caught)} wrong caught")
    assert broken == []
    assert share >= CAUGHT[folder.name], f"{share:.3f} of the wrong answers are caught"


def keys_of(page: str, heading: str) -> set[str]:
    """The names in the first column of the tables under a heading."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_key_of_a_pack_has_its_row_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "packs.md").read_text("utf-8")
    of_tool = set(inspect.signature(tool).parameters) - {"function"}
    assert keys_of(page, "pack.toml") == set(pack_file.model_fields)
    assert keys_of(page, "agents/NAME.toml") == set(agent_file.model_fields)
    assert keys_of(page, "[mcp.NAME]") == set(mcp_file.model_fields)
    assert keys_of(page, "tools.py") == of_tool | set(Talk.__struct_fields__)


def bakery_of(page: str, folder: Path) -> Path:
    """The pack that the how-to writes, step by step, as its reader has it at the end."""
    blocks: list[tuple[str, str]] = [
        (kind, text.strip() + "\n")
        for kind, text in re.findall(r"```(\w+)\n(.*?)```", page, re.DOTALL)
    ]

    def block(kind: str, begins: str) -> str:
        return next(text for each, text in blocks if each == kind and text.startswith(begins))

    front = 'about = "greets"\nintents = ["small_talk"]\ntools = ["search_knowledge"]\n'
    added = f'rules = "rules.toml"\n{block("toml", "intents =")}\n[prompts]'
    files = {
        "pack.toml": block("toml", 'name = "bakery"').replace("[prompts]", added),
        "facts.md": block("markdown", "# Facts"),
        "prompts/support.md": block("markdown", "You answer"),
        "rules.toml": block("toml", "[safe_answer]"),
        "intents.toml": block("toml", "bread ="),
        "tools.py": block("python", '"""What the agents'),
        "tables.py": block("python", "from sqlalchemy"),
        "agents/counter.toml": block("toml", 'about = "prices and orders"'),
        "agents/counter.md": block("markdown", "You sell"),
        "agents/front.toml": front,
        "agents/front.md": "You greet.",
        "conversations/bread.toml": block("toml", '[[question]]\nid = "rolls')
        + block("toml", '[[question]]\nid = "order"'),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def test_the_pack_of_the_how_to_is_whole(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "write-a-pack.md").read_text("utf-8")
    pack = load_pack(bakery_of(page, tmp_path))
    assert pack.tools is not None
    assert pack.tables is not None
    assert set(tools_of(load(pack.tools))) == {"price", "order"}
    assert set(tables_of(pack.tables).tables) == {"orders"}
    assert load(pack.tools).price("roll", 12) == {"total": "€7.20"}
    guard = Guard(pack.book, Languages(), lambda: 0.5)
    for question in load_bank(tmp_path):
        request = ChatRequest(model="pack", messages=(say("user", question.text),))
        assert not guard.check(request, question.right[0]).violations
        assert guard.check(request, question.wrong[0]).violations
