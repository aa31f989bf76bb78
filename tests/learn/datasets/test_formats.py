"""Every format passes its own rules, and every break of a documented rule is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings

from dataset_examples import examples
from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.formats import (
    alpaca,
    hosted_chat,
    hosted_preference,
    trl_dpo,
    trl_sft,
)

MODULES: dict[str, ModuleType] = {
    "openai": hosted_chat,
    "openai-dpo": hosted_preference,
    "trl-sft": trl_sft,
    "trl-dpo": trl_dpo,
    "alpaca": alpaca,
}
Record = dict[str, Any]
Break = Callable[[Record], None]


def messages_of(record: Record) -> list[Record]:
    """The conversation of a record, wherever its format has it."""
    found = record.get("messages") or record.get("prompt") or record["input"]["messages"]
    assert isinstance(found, list)
    return found


def outputs_of(record: Record) -> list[list[Record]]:
    names = ("completion", "chosen", "rejected", "preferred_output", "non_preferred_output")
    return [record[name] for name in names if name in record]


def put(path: list[Any], value: Any) -> Break:
    def work(record: Record) -> None:
        at: Any = record
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

    return work


def drop(name: str) -> Break:
    return lambda record: record.pop(name)


def in_messages(change: Callable[[list[Record]], None]) -> Break:
    return lambda record: change(messages_of(record))


SHARED: dict[str, Break] = {
    "an unknown field": put(["label"], "x"),
    "no messages": in_messages(lambda m: m.clear()),
    "a message that is no object": in_messages(lambda m: m.insert(0, "hello")),  # type: ignore[arg-type]
    "an unknown role": in_messages(lambda m: m[0].update(role="customer")),
    "no role": in_messages(lambda m: m[0].pop("role")),
    "content that is a number": in_messages(lambda m: m[0].update(content=7)),
    "an empty question": in_messages(lambda m: m.append({"role": "user", "content": " "})),
    "no content": in_messages(lambda m: m[0].pop("content")),
    "an unknown key": in_messages(lambda m: m[0].update(audio="x")),
    "a name with a space": in_messages(lambda m: m[0].update(name="Anna Smith")),
    "a weight on a question": in_messages(lambda m: m[0].update(weight=1)),
    "a call of a user": in_messages(
        lambda m: m.insert(0, {"role": "user", "content": "x", "tool_calls": [{}]})
    ),
    "an answer to no call": in_messages(
        lambda m: m.insert(0, {"role": "tool", "content": "x", "tool_call_id": "nothing"})
    ),
    "a tool that answers nothing named": in_messages(
        lambda m: m.insert(0, {"role": "tool", "content": "x"})
    ),
    "a call that nothing answers": in_messages(
        lambda m: m.insert(0, {"role": "assistant", "content": "", "tool_calls": [called("f")]})
    ),
}


def called(name: str, arguments: Any = "{}") -> Record:
    return {"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}


def act(call: Any) -> Break:
    """A whole turn with a call in it."""

    def work(messages: list[Record]) -> None:
        id = call.get("id", "c") if isinstance(call, dict) else "c"
        messages[:0] = [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "y", "tool_call_id": id},
        ]

    return in_messages(work)


CALLS: dict[str, Break] = {
    "a call of a tool that is not offered": act(called("unheard_of")),
    "arguments that are no JSON": act(called("free_table", "{day: 1}")),
    "arguments that are a list": act(called("free_table", "[1]")),
    "a call without a name": act(called("")),
    "a call without an id": act(called("free_table") | {"id": ""}),
    "a call of another type": act(called("free_table") | {"type": "code"}),
    "a call that is no object": act("free_table"),
}

OWN: dict[str, dict[str, Break]] = {
    "openai": {
        "no answer at the end": in_messages(lambda m: m.append({"role": "user", "content": "?"})),
        "a weight of a half": in_messages(lambda m: m[-1].update(weight=0.5)),
        "a weight that is true": in_messages(lambda m: m[-1].update(weight=True)),
        "a last answer that teaches nothing": in_messages(lambda m: m[-1].update(weight=0)),
        "an empty answer": in_messages(lambda m: m[-1].update(content="")),
        "tools that are no list": put(["tools"], {}),
        "a tool that is no function": put(["tools"], [{"type": "retrieval"}]),
        "a tool with a bad name": put(
            ["tools"], [{"type": "function", "function": {"name": "a b"}}]
        ),
        "parameters that are no schema": put(
            ["tools"], [{"type": "function", "function": {"name": "a", "parameters": []}}]
        ),
        "parallel calls that are a word": put(["parallel_tool_calls"], "yes"),
        "messages of another kind": put(["messages"], "hello"),
    },
    "openai-dpo": {
        "no input": drop("input"),
        "an input that is a list": put(["input"], []),
        "an unknown field of the input": put(["input", "model"], "x"),
        "no preferred output": drop("preferred_output"),
        "no output that is not preferred": drop("non_preferred_output"),
        "an output that is text": put(["preferred_output"], "hello"),
        "an empty output": put(["non_preferred_output"], []),
        "a user in an output": put(["preferred_output"], [{"role": "user", "content": "x"}]),
        "a system in an output": lambda r: r["preferred_output"].insert(
            0, {"role": "system", "content": "x"}
        ),
        "twice the same output": lambda r: r.update(non_preferred_output=r["preferred_output"]),
        "an answer in the input": in_messages(
            lambda m: m.append({"role": "assistant", "content": "x"})
        ),
    },
    "trl-sft": {
        "no prompt": drop("prompt"),
        "no completion": drop("completion"),
        "a prompt that is text": put(["prompt"], "hello"),
        "a completion that is text": put(["completion"], "hello"),
        "an empty completion": put(["completion"], []),
        "a user in the completion": put(["completion"], [{"role": "user", "content": "x"}]),
        "a prompt that ends with an answer": in_messages(
            lambda m: m.append({"role": "assistant", "content": "x"})
        ),
        "two types at once": put(["messages"], [{"role": "assistant", "content": "x"}]),
        "tools that are no JSON": put(["tools"], "[{"),
    },
    "trl-dpo": {
        "no prompt": drop("prompt"),
        "nothing chosen": drop("chosen"),
        "nothing rejected": drop("rejected"),
        "a choice that is text": put(["chosen"], "hello"),
        "twice the same": lambda r: r.update(rejected=r["chosen"]),
        "a user in what is rejected": put(["rejected"], [{"role": "user", "content": "x"}]),
        "a prompt that ends with an answer": in_messages(
            lambda m: m.append({"role": "assistant", "content": "x"})
        ),
    },
    "alpaca": {
        "an unknown field": put(["system"], "x"),
        "no instruction": drop("instruction"),
        "no input": drop("input"),
        "no output": drop("output"),
        "an empty instruction": put(["instruction"], "  "),
        "an empty output": put(["output"], ""),
        "an input that is null": put(["input"], None),
        "an output that is a list": put(["output"], ["x"]),
    },
}
BREAKS = [
    (name, what, work)
    for name in MODULES
    for what, work in (({} if name == "alpaca" else SHARED | CALLS) | OWN[name]).items()
]


@pytest.mark.parametrize("name", MODULES)
@given(example=examples())
@settings(max_examples=40, deadline=None)
def test_what_is_written_passes_its_rules(name: str, example: Example) -> None:
    module = MODULES[name]
    for record in module.records(example):
        assert list(module.faults(json.loads(json.dumps(record)))) == []


@pytest.mark.parametrize(
    ("name", "what", "work"), BREAKS, ids=[f"{name}: {what}" for name, what, _ in BREAKS]
)
@given(example=examples(tools=False))
@settings(max_examples=4, deadline=None)
def test_whatever_breaks_a_rule_is_refused_with_a_remedy(
    name: str, what: str, work: Break, example: Example
) -> None:
    module = MODULES[name]
    record = copy.deepcopy(next(iter(module.records(example))))
    work(record)
    faults = list(module.faults(record))
    assert faults, what
    assert all(field and told and remedy for field, told, remedy in faults)
