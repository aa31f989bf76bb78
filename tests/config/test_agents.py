"""An agent is two files; what is wrong with them is said with file and field."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from teppan.config.agents import read_agents
from teppan.config.pack import load_pack
from teppan.core.errors import ConfigError

RULES = ("true-prices", "no-promises")


def write(folder: Path, name: str, table: str = "", prompt: str | None = "Be kind.") -> None:
    (folder / f"{name}.toml").write_text(table)
    if prompt is not None:
        (folder / f"{name}.md").write_text(prompt)


def test_an_agent_that_says_nothing_knows_everything_and_can_do_nothing(tmp_path: Path) -> None:
    write(tmp_path, "helper", prompt="Facts: {facts}")
    (agent,) = read_agents(tmp_path, {"{facts}": "two wheels"}, RULES)
    assert (agent.name, agent.model, agent.prompt) == (
        "helper",
        "agent/helper",
        "Facts: two wheels",
    )
    assert agent.knowledge is None
    assert agent.rules is None
    assert agent.tools == ()
    assert agent.answer == {"strategy": "single"}
    assert agent.handover == {"failed", "limit"}


def test_all_that_can_be_said(tmp_path: Path) -> None:
    write(
        tmp_path,
        "till",
        """
        about = "takes money"
        intents = ["pay"]
        knowledge = ["facts.md#Prices"]
        tools = ["pay", "pay", "escalate"]
        rules = ["true-prices"]
        steps = 3
        cost = 0.05
        handover = []
        [answer]
        strategy = "critic"
        """,
    )
    (agent,) = read_agents(tmp_path, {}, RULES)
    assert agent.tools == ("pay", "escalate")
    assert agent.knowledge == ("facts.md#Prices",)
    assert agent.cost == Decimal("0.05")
    assert agent.handover == frozenset()
    assert agent.answer == {"strategy": "critic"}


@pytest.mark.parametrize(
    ("name", "table", "says"),
    [
        ("till", "steps = 0", "steps"),
        ("till", "cost = -1", "cost"),
        ("till", "tool = ['pay']", "tool"),
        ("till", 'rules = ["unknown"]', "no rule `unknown`"),
        ("till", 'handover = ["sometimes"]', "handover"),
        ("auto", "", "not `auto`"),
        ("Till", "", "small letters"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, name: str, table: str, says: str) -> None:
    write(tmp_path, name, table)
    with pytest.raises(ConfigError, match=says):
        read_agents(tmp_path, {}, RULES)


def test_a_prompt_must_be_there(tmp_path: Path) -> None:
    write(tmp_path, "till", prompt=None)
    with pytest.raises(ConfigError, match=r"till\.md"):
        read_agents(tmp_path, {}, RULES)


def test_two_agents_cannot_want_the_same_intent(tmp_path: Path) -> None:
    write(tmp_path, "one", 'intents = ["pay"]')
    write(tmp_path, "two", 'intents = ["pay"]')
    with pytest.raises(ConfigError, match="`one` and `two`"):
        read_agents(tmp_path, {}, RULES)


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no agent"):
        read_agents(tmp_path, {}, RULES)


def test_a_customer_is_passed_only_to_agents_that_there_are(tmp_path: Path) -> None:
    write(tmp_path, "desk", 'passes = ["till"]')
    with pytest.raises(ConfigError, match="no other agent `till`"):
        read_agents(tmp_path, {}, RULES)
    write(tmp_path, "till", 'passes = ["desk"]')
    desk, till = read_agents(tmp_path, {}, RULES)
    assert (desk.passes, till.passes) == (("till",), ("desk",))


def test_whatever_an_agent_may_do_is_part_of_the_packs_version(tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text('name = "shop"\nagents = "agents"')
    (tmp_path / "agents").mkdir()
    write(tmp_path / "agents", "till", "steps = 3")
    first = load_pack(tmp_path).version
    write(tmp_path / "agents", "till", "steps = 4")
    assert load_pack(tmp_path).version != first
