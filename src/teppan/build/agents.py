"""A pack's agents -> virtual models `agent/NAME`, and who sends `agent/auto` to which of them."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from teppan.build.routing import Routing
from teppan.build.steps import open_escalator, open_rules
from teppan.build.virtual import virtual
from teppan.config.agents import AgentFile
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError
from teppan.core.ids import new_id
from teppan.core.money import micros
from teppan.core.tool import Talk
from teppan.routing.intent import Intents
from teppan.routing.language import Languages
from teppan.serve import steps
from teppan.serve.agents.actions import Actions
from teppan.serve.agents.agent import AgentStrategy
from teppan.serve.agents.builtin import (
    ESCALATE,
    SEARCH,
    CallPerson,
    Knowledge,
    PassOn,
    People,
    SearchKnowledge,
)
from teppan.serve.agents.loading import load, tables_of
from teppan.serve.agents.mcp import McpTools
from teppan.serve.agents.mcp.naming import wire_names
from teppan.serve.agents.outside import Outside
from teppan.serve.agents.reception import ANY, AnyAgent, Reception
from teppan.serve.agents.tools import Tool, tools_of
from teppan.serve.agents.turn import Agent
from teppan.serve.language import language_of
from teppan.serve.lineup import Lineup
from teppan.serve.models import Virtual
from teppan.serve.strategies.base import Case
from teppan.store.pack_tables import PackTables
from teppan.store.store import Store

SMALL_TALK = ("small_talk", "faq")
"""Intents whose agent also gets what has no intent of its own."""


class Staff(Struct, frozen=True):
    """The agents of a pack as models, and the steps that know them: `reception` serves
    `agent/auto`, `rules` are over all answers of the pack, `alone` are the same where nobody can be
    called, `within` is what an agent may know."""

    models: tuple[Virtual, ...] = ()
    rules: steps.Rules = steps.Unruled()
    alone: steps.Rules = steps.Unruled()
    within: Mapping[str, tuple[str, ...]] = {}
    reception: steps.Reception = steps.Straight()
    tables: PackTables | None = None
    mcp: McpTools | None = None
    actions: Actions | None = None

    async def close(self) -> None:
        """Before the store: what was agreed to is brought to its end first."""
        if self.actions is not None:
            await self.actions.drain()
        if self.mcp is not None:
            await self.mcp.close()
        if self.tables is not None:
            self.tables.close()


def open_staff(
    settings: Settings,
    pack: Pack | None,
    store: Store,
    known: Knowledge,
    languages: Languages,
    intents: Intents | None,
    makers: tuple[Lineup, Routing],
) -> Staff:
    """Raises `ConfigError` for a tool that does not exist or cannot be described."""
    if pack is None:
        return Staff()
    people = open_escalator(pack, store, languages)
    if not pack.agents:
        rules = open_rules(pack, people, languages, {})
        return Staff(rules=rules, alone=rules.alone())
    own = _own_tools(pack)
    tables = open_tables(settings, pack)
    mcp = McpTools(pack.mcp, pack.folder, os.environ) if pack.mcp else None
    outer = frozenset(wire_names(pack.mcp))
    outside = Outside(mcp, outer) if mcp else None
    actions = Actions(store.actions, new_id)
    talker = partial(_talk, pack, zone_of(pack), languages, tables)
    models = []
    for each in pack.agents:
        agent = Agent(
            name=each.name,
            tools=(*_tools(pack, each, own, known, people), *_passing(pack, each)),
            outside=tuple(name for name in each.tools if name in outer),
            steps=each.steps,
            cost=None if each.cost is None else micros(each.cost),
            handover=each.handover,
        )
        name = each.model
        inner = virtual(name, each.answer, makers[0], pack.constitution, makers[1])
        strategy = AgentStrategy(agent, inner.strategy, actions, talker, people, outside)
        models.append(Virtual(name, strategy, name, each.about, inner.asks))
    names = [each.name for each in pack.agents]
    desks = {intent: each.name for each in pack.agents for intent in each.intents}
    otherwise = next((desks[each] for each in SMALL_TALK if each in desks), names[0])
    intent_of = intents.of if intents else (lambda text: ("", 0.0))
    reception = Reception(intent_of, desks, otherwise, actions)
    only = {each.model: each.rules for each in pack.agents if each.rules is not None}
    asks = tuple(each.name for each in models)
    about = "sends each question to the agent it belongs to"
    models.append(Virtual(ANY, AnyAgent(reception), None, about, asks))
    rules = open_rules(pack, people, languages, only)
    return Staff(
        tuple(models),
        rules,
        rules.alone(),
        {each.model: each.knowledge for each in pack.agents if each.knowledge is not None},
        reception,
        tables,
        mcp,
        actions,
    )


def zone_of(pack: Pack) -> ZoneInfo:
    try:
        return ZoneInfo(pack.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(
            f"{pack.folder / 'pack.toml'}: timezone: there is no time zone `{pack.timezone}`; "
            "write one such as America/New_York"
        ) from None


def open_tables(settings: Settings, pack: Pack) -> PackTables | None:
    if pack.tables is None:
        return None
    url, durability = settings.store.url, settings.store.durability
    return PackTables(url, pack.name, tables_of(pack.tables), durability=durability)


def _own_tools(pack: Pack) -> Mapping[str, Tool]:
    """The tools of the pack's file. Raises `ConfigError` for one under a name of ours."""
    if pack.tools is None:
        return {}
    own = tools_of(load(pack.tools))
    for name in (SEARCH, ESCALATE):
        if name in own:
            raise ConfigError(f"{pack.tools}: tool `{name}`: every pack has one; use another name")
    return own


def _tools(
    pack: Pack, agent: AgentFile, own: Mapping[str, Tool], known: Knowledge, people: People
) -> tuple[Tool, ...]:
    found: list[Tool] = []
    for name in agent.tools:
        if name == SEARCH:
            found.append(SearchKnowledge(known, agent.knowledge))
        elif name == ESCALATE:
            found.append(CallPerson(people))
        elif name in own:
            found.append(own[name])
        elif name not in wire_names(pack.mcp):
            there = ", ".join(sorted([*own, *wire_names(pack.mcp), SEARCH, ESCALATE]))
            unmarked = pack.tools is not None and callable(getattr(load(pack.tools), name, None))
            raise ConfigError(
                f"agents/{agent.name}.toml: tools: there is no tool `{name}` in "
                f"{pack.tools or 'the pack, which names no `tools`'}"
                f"{': the function of that name lacks `@tool`' if unmarked else ''}; "
                f"there are: {there}"
            )
    return tuple(found)


def _passing(pack: Pack, agent: AgentFile) -> tuple[Tool, ...]:
    """The tool that passes a customer on, where the agent may."""
    others = {each.name: each.about for each in pack.agents if each.name in agent.passes}
    return (PassOn(others),) if others else ()


def _talk(
    pack: Pack, zone: dt.tzinfo, languages: Languages, tables: PackTables | None, case: Case
) -> Talk:
    request = case.request
    return Talk(
        tenant=case.scope.tenant,
        now=dt.datetime.fromtimestamp(case.clock.now(), zone),
        key=case.id,
        tables=tables.tables if tables is not None else _no_tables,
        folder=pack.folder,
        user=request.user,
        episode=request.episode,
        trace_id=case.id,
        language=language_of(request, languages).language,
    )


def _no_tables() -> AbstractContextManager[Any]:
    raise ConfigError("a tool asks for tables, but `pack.toml` names no `tables`")
