"""Agents of a pack: two files each, `agents/NAME.toml` and the prompt beside it, `agents/NAME.md`.

about = "takes, changes and cancels bookings"
intents = ["booking"]               what `agent/auto` sends here
knowledge = ["facts.md#Booking"]    documents or sections it may search; left out: all
tools = ["availability", "book"]    the only ones it can call
passes = ["complaint"]              agents it may pass a customer to
rules = ["true-prices"]             left out: all rules of the pack
steps = 6                           model calls for one turn at most
cost = 0.05                         dollars for one turn; no further step is begun above it
handover = ["failed", "limit"]      when a person is called, besides the pack's `[escalate]`

[answer]                            how each step is answered: a table as in `[models]`
strategy = "single"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from teppan.config.load import read_toml, told
from teppan.core.errors import ConfigError

Leaves = Literal["failed", "limit"]
"""`failed`: tools failed twice in one turn. `limit`: no step was left, or no money for one."""

PREFIX = "agent/"
"""Before an agent's name it is a model's."""
AUTO = "auto"
"""The name under which the intent chooses the agent."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SINGLE: Mapping[str, Any] = {"strategy": "single"}


class AgentFile(Struct, frozen=True, kw_only=True):
    """What the two files of an agent say. `knowledge` and `rules` are `None` for all of them;
    `cost` is in dollars, `answer` a table of a strategy."""

    name: str
    about: str
    prompt: str
    intents: tuple[str, ...] = ()
    knowledge: tuple[str, ...] | None = None
    tools: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    rules: tuple[str, ...] | None = None
    steps: int = 6
    cost: Decimal | None = None
    handover: frozenset[str] = frozenset()
    answer: Mapping[str, Any] = field(default_factory=lambda: dict(_SINGLE))

    @property
    def model(self) -> str:
        return f"{PREFIX}{self.name}"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    intents: list[str] = Field(default=[])
    knowledge: list[str] | None = None
    tools: list[str] = Field(default=[])
    passes: list[str] = Field(default=[])
    rules: list[str] | None = None
    steps: int = Field(6, ge=1, le=30)
    cost: Decimal | None = Field(None, gt=0)
    handover: list[Leaves] = Field(default=["failed", "limit"])
    answer: dict[str, Any] = Field(default=dict(_SINGLE))


def read_agents(
    folder: Path, words: Mapping[str, str], rules: Sequence[str]
) -> tuple[AgentFile, ...]:
    """The agents of a folder, by name. `words` are filled into prompts, `rules` are those there
    are. Raises `ConfigError` naming file and field."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise ConfigError(f"{folder}: there is no agent here; write `NAME.toml` and `NAME.md`")
    agents = tuple(_read(path, words, rules) for path in paths)
    _refuse_shared(folder, agents)
    _refuse_strangers(folder, agents)
    return agents


def _read(path: Path, words: Mapping[str, str], rules: Sequence[str]) -> AgentFile:
    if not _NAME.fullmatch(path.stem) or path.stem == AUTO:
        raise ConfigError(
            f"{path}: an agent's name is small letters, digits and `_`, and not `{AUTO}`"
        )
    try:
        found = _File.model_validate(read_toml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {told(error, tuple(_File.model_fields))}") from None
    strange = [each for each in found.rules or () if each not in rules]
    if strange:
        there = ", ".join(rules) or "none"
        raise ConfigError(f"{path}: rules: there is no rule `{strange[0]}`; there are: {there}")
    return AgentFile(
        name=path.stem,
        about=found.about,
        prompt=_prompt(path.with_suffix(".md"), words),
        intents=tuple(found.intents),
        knowledge=None if found.knowledge is None else tuple(found.knowledge),
        tools=tuple(dict.fromkeys(found.tools)),
        passes=tuple(dict.fromkeys(found.passes)),
        rules=None if found.rules is None else tuple(found.rules),
        steps=found.steps,
        cost=found.cost,
        handover=frozenset(found.handover),
        answer=found.answer,
    )


def _prompt(path: Path, words: Mapping[str, str]) -> str:
    try:
        text = path.read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{path}: the prompt cannot be read: {error.strerror}") from None
    if not text:
        raise ConfigError(f"{path}: the prompt is empty; say who the agent is and what it may do")
    for name, value in words.items():
        text = text.replace(name, value)
    return text


def _refuse_shared(folder: Path, agents: Sequence[AgentFile]) -> None:
    """An intent that two agents want would be sent to one of them by accident."""
    owners: dict[str, str] = {}
    for agent in agents:
        for intent in agent.intents:
            owner = owners.setdefault(intent, agent.name)
            if owner != agent.name:
                raise ConfigError(
                    f"{folder}: the intent `{intent}` belongs to `{owner}` and `{agent.name}`; "
                    "leave it to one of them"
                )


def _refuse_strangers(folder: Path, agents: Sequence[AgentFile]) -> None:
    names = {agent.name for agent in agents}
    for agent in agents:
        for other in agent.passes:
            if other not in names or other == agent.name:
                there = ", ".join(sorted(names - {agent.name}))
                raise ConfigError(
                    f"{folder / agent.name}.toml: passes: there is no other agent `{other}`; "
                    f"there are: {there}"
                )
