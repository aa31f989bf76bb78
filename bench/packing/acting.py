"""What the pack's agents do with the questions: who is asked, which tools, and whether they are
exact."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from packing.asking import Served
from packing.reckoning import Reckoner, drawn
from teppan.config.pack import Pack
from teppan.core.tool import Talk
from teppan.serve.agents.loading import load
from teppan.serve.agents.tools import PackTool, tools_of
from teppan.simulate.questions import normalise
from teppan.simulate.telling import amounts

MODEL = "agent/auto"


def pack_tools(pack: Pack) -> dict[str, PackTool]:
    return tools_of(load(pack.tools)) if pack.tools else {}


def acted(pack: Pack, served: Sequence[Served]) -> dict[str, Any]:
    """The figures of all questions, asked of `agent/auto`."""
    reckoner = Reckoner(pack.book)
    wanting = [each for each in served if each.asked.question.tool]
    calling = [each for each in wanting if _ran(each)]
    runs = [run for each in served for run in each.tools if run.status == "ok"]
    checks = [
        reckoner.exact(run.tool, json.loads(run.arguments), run.result)
        for run in runs
        if run.tool in ("quote", "travel_fee")
    ]
    inexact = [each for each in calling if not _exact(each, reckoner)]
    return {
        "questions": len(served),
        "want_a_tool": len(wanting),
        "called_it": len(calling),
        "asked_an_agent_without_it": sum(not _has(pack, each) for each in wanting),
        "tool_answers_exact": len(calling) - len(inexact),
        "inexact": [
            (each.asked.question.id, each.text, [run.result for run in each.tools])
            for each in inexact[:5]
        ],
        "results_reckoned": sum(check is not None for check in checks),
        "results_exact": sum(check is True for check in checks),
        "status": _counted([run.status for each in served for run in each.tools]),
        "tools": _counted([run.tool for each in served for run in each.tools]),
        "routing": routing(pack, served),
    }


def routing(pack: Pack, served: Sequence[Served]) -> dict[str, Any]:
    """Whether the agent of the question's intent was asked, where one has that intent."""
    desks = {intent: each.name for each in pack.agents for intent in each.intents}
    by: dict[str, list[bool]] = defaultdict(list)
    other: dict[str, int] = defaultdict(int)
    for each in served:
        question = each.asked.question
        if question.intent not in desks:
            other[question.intent] += 1
            continue
        right = each.agent == desks[question.intent]
        for name in ("all", f"language {question.language}", f"intent {question.intent}"):
            by[name].append(right)
    return {
        "by": {name: [sum(rights), len(rights)] for name, rights in sorted(by.items())},
        "intents_without_an_agent": dict(other),
    }


async def swept(pack: Pack, count: int) -> dict[str, Any]:
    """The pack's tools themselves, with arguments drawn at random."""
    tools, reckoner = pack_tools(pack), Reckoner(pack.book)
    wrong: list[Any] = []
    exact = refused = 0
    for name, arguments in drawn(count):
        if name not in tools:
            continue
        now = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
        talk = Talk(tenant="t", now=now, key="k", tables=_none, folder=pack.folder)
        ran = await tools[name].run(json.dumps(arguments), talk, None)  # type: ignore[arg-type]
        if ran.status != "ok":
            refused += 1
        elif reckoner.exact(name, arguments, ran.result):
            exact += 1
        else:
            wrong.append((name, arguments, ran.result))
    return {"calls": count, "exact": exact, "refused": refused, "wrong": wrong[:3]}


def _none() -> Any:
    raise AssertionError("a quote needs no tables")


def _ran(served: Served) -> bool:
    return any(
        run.tool == served.asked.question.tool and run.status == "ok" for run in served.tools
    )


def _exact(served: Served, reckoner: Reckoner) -> bool:
    """What was served states the question's facts, every amount in it was in the question or came
    from the tool, and the tool's amount is the one reckoned here."""
    question = served.asked.question
    runs = [run for run in served.tools if run.tool == question.tool and run.status == "ok"]
    given = amounts(" ".join([question.text, *(run.result for run in served.tools)]))
    return (
        not question.missing(served.text)
        and not question.forbidden(served.text)
        and amounts(normalise(served.text)) <= given
        and all(
            reckoner.exact(run.tool, json.loads(run.arguments), run.result) is not False
            for run in runs
        )
    )


def _has(pack: Pack, served: Served) -> bool:
    tools = {each.name: each.tools for each in pack.agents}
    return served.asked.question.tool in tools.get(served.agent, ())


def _counted(names: Sequence[str]) -> Mapping[str, int]:
    found: dict[str, int] = defaultdict(int)
    for name in names:
        found[name] += 1
    return dict(sorted(found.items()))
