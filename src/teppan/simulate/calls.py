"""When a persona calls a tool, and with which arguments.

A client that merely offers tools gets a call where a tool fits the question. Inside an agent
(`scene.py`) a persona does what a good model does: it calls what the question of the bank says
(`tool`, `arguments`, then what stands in `then`), repeats an open action once the customer agrees,
searches when it does not know, and of what the bank does not know it reads the tool and its
arguments out of the conversation; it asks for what is missing. In `arguments` of the bank a text
after `re:` stands for its newest match in the conversation: `{ code = "re:\\b[A-Z0-9]{6}\\b" }`.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from teppan.simulate import dice, reading
from teppan.simulate.fill import fill
from teppan.simulate.personas import Persona
from teppan.simulate.questions import Question, content_words
from teppan.simulate.scene import Scene, Wish, agrees, scene_of
from teppan.simulate.skill import World, told
from teppan.simulate.tempting import TRIES, own_words, temptation
from teppan.simulate.turn import Tool, ToolCall, Turn

_PROPER = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.]")
SEARCH = "search_knowledge"
_BACK = 4
"""Messages of a customer in which the tool is looked for when the newest names none."""
_VERBS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        stem: re.compile(words, re.IGNORECASE)
        for stem, words in {
            "cancel": r"\bcancel|取消|キャンセル",
            "change": r"\b(?:change|move|resched|postpone|cambiar|mover)|改|变更|変更",
            "book": r"\b(?:book(?! ?ing)|reserve|reservar|reserva\b)|预[订定]|订位|予約し",
            "availability": r"\b(?:free|available|availability|disponible|libre)\b"
            r"|有空|空いて|空き",
            "escalate": r"\b(?:manager|human|person|complain\w*|gerente|persona real)\b"
            r"|经理|真人|投诉|責任者|担当者|苦情",
            "quote": r"\b(?:quote|how much|price|total|cuánto|presupuesto)\b"
            r"|多少钱|报价|いくら|見積",
            "travel": r"\b(?:travel|miles?|millas?|distance)\b"
            r"|路费|英里|出張料|マイル",
            "menu": r"\b(?:menu|menú|serve|proteins?)\b|菜单|メニュー",
            "allergen": r"\b(?:allerg\w*|alergia\w*|al[eé]rgic\w*)\b|过敏|アレルギー",
        }.items()
    }
)
"""Words of customers for tools whose name begins with, or holds, such a stem."""


class Plan(NamedTuple):
    """Calls to make now, or what must be asked for first."""

    wishes: tuple[Wish, ...] = ()
    lacking: tuple[str, ...] = ()


def tool_calls(
    persona: Persona, turn: Turn, question: Question | None, world: World
) -> tuple[ToolCall, ...]:
    """The calls this turn asks for; none when no tool is offered, allowed or fits."""
    if not turn.tools or turn.tool_choice == "none":
        return ()
    scene = scene_of(turn)
    if scene.agent:
        wishes = planned(persona, turn, scene, question, world).wishes
    elif turn.messages[-1].role == "tool":
        return ()
    else:
        wishes = tuple(
            Wish(tool.name, fill(tool.schema, known, text=_topic(turn.question)))
            for tool in _chosen_tools(turn, question)
            for known in _argument_sets(turn, tool, question)
        )
    calls = tuple(
        ToolCall(
            dice.word(24, world.seed, turn.prompt, wish.tool, place),
            wish.tool,
            orjson.dumps(wish.arguments).decode(),
        )
        for place, wish in enumerate(wishes)
    )
    return calls if turn.parallel else calls[:1]


# --- inside an agent ---


def planned(
    persona: Persona, turn: Turn, scene: Scene, question: Question | None, world: World
) -> Plan:
    """What a persona does next inside an agent."""
    offered = {tool.name: tool for tool in turn.tools}
    lured = temptation(persona, turn, scene, world.seed)
    if lured is not None and scene.called(lured) < TRIES:
        return Plan((lured,))
    if scene.waiting and agrees(turn.question):
        wish = scene.waiting[0]
        return Plan((wish,) if wish.tool in offered and not scene.called(wish) else ())
    if question is not None:
        return _as_the_bank_says(persona, turn, scene, question, offered, world)
    return Plan() if scene.calls else _guessed(turn, scene)


def _as_the_bank_says(
    persona: Persona,
    turn: Turn,
    scene: Scene,
    question: Question,
    offered: Mapping[str, Tool],
    world: World,
) -> Plan:
    steps = question.calls
    done = len(scene.calls)
    if not steps:
        knows = question.knowable_from(told(turn))
        if knows or done or SEARCH not in offered:
            return Plan()
        return Plan((Wish(SEARCH, {"query": _topic(turn.question)}),))
    lazy = dice.unit(world.seed, persona.name, "tool", question.id) >= persona.tool_use
    if done >= len(steps) or (lazy and not done):
        return Plan()
    name, known = steps[done]
    if name not in offered:
        return Plan()
    schema = offered[name].schema
    everything = _texts(turn)
    known = {key: _looked_up(value, everything) for key, value in known.items()}
    known = reading.typed(schema, {key: value for key, value in known.items() if value is not None})
    lacking = reading.missing(schema, known)
    if lacking:
        said = [message.text for message in reversed(turn.messages) if message.role == "user"]
        read = reading.arguments(schema, said, everything, scene.today)
        known = {**{key: read[key] for key in lacking if key in read}, **known}
        lacking = reading.missing(schema, known)
    return Plan((), lacking) if lacking else Plan((Wish(name, known),))


def _looked_up(value: Any, texts: Sequence[str]) -> Any:
    """A value of the bank; after `re:` the newest match in the conversation."""
    if not isinstance(value, str) or not value.startswith("re:"):
        return value
    pattern = re.compile(value.removeprefix("re:"))
    for text in texts:
        found = list(pattern.finditer(text))
        if found:
            return next((group for group in found[-1].groups() if group), found[-1][0])
    return None


def _guessed(turn: Turn, scene: Scene) -> Plan:
    """The tool that the customer's words ask for, with what they say of its arguments."""
    earlier = [m.text for m in reversed(turn.messages) if m.role == "user"][1:]
    said = [own_words(text) for text in (turn.question, *earlier)]
    for back, text in enumerate(said[:_BACK]):
        tool = _best(turn.tools, text)
        if tool is None:
            continue
        known = reading.arguments(tool.schema, said, _texts(turn), scene.today)
        if back and not reading.arguments(tool.schema, said[:1], said[:1], scene.today):
            return Plan()  # the newest words have nothing to do with it
        lacking = reading.missing(tool.schema, known)
        return Plan((), lacking) if lacking else Plan((Wish(tool.name, known),))
    return Plan()


def _best(tools: Sequence[Tool], text: str) -> Tool | None:
    """The tool whose stem the text has a word for; the first stem of the list wins."""
    for stem, words in _VERBS.items():
        if not words.search(text):
            continue
        named = [tool for tool in tools if stem in _CAMEL.sub(" ", tool.name).casefold().split()]
        named += [tool for tool in tools if tool.name.casefold().startswith(stem)]
        if named:
            return named[0]
    return None


def _texts(turn: Turn) -> list[str]:
    """The conversation without its instructions, newest first."""
    return [message.text for message in reversed(turn.messages) if message.role != "system"]


# --- any other client ---


def _chosen_tools(turn: Turn, question: Question | None) -> list[Tool]:
    by_name = {tool.name: tool for tool in turn.tools}
    if turn.tool_choice.startswith("name:"):
        named = by_name.get(turn.tool_choice.removeprefix("name:"))
        return [named] if named else []
    if question is not None and question.tool:
        return [by_name[question.tool]] if question.tool in by_name else []
    words = content_words(turn.question)
    fitting = [tool for tool in turn.tools if _fits(tool, words)]
    if not fitting and turn.tool_choice == "required":
        return [turn.tools[0]]
    return fitting


def _fits(tool: Tool, words: frozenset[str]) -> bool:
    name = content_words(_CAMEL.sub(" ", tool.name)) - {"get", "set", "find", "fetch", "lookup"}
    described = content_words(tool.description)
    return bool(words & name) or len(words & described) >= 2


def _argument_sets(turn: Turn, tool: Tool, question: Question | None) -> list[dict[str, Any]]:
    """What is known of the arguments: one set, or one per name when the question lists several."""
    known = reading.typed(tool.schema, question.arguments) if question else {}
    properties: Mapping[str, Any] = tool.schema.get("properties", {})
    dates = _DATE.findall(turn.question)
    numbers = _NUMBER.findall(_DATE.sub("", turn.question))
    text_names = []
    for name, part in properties.items():
        kind = part.get("type") if isinstance(part, Mapping) else None
        if name in known:
            continue
        if kind in ("integer", "number") and numbers:
            number = numbers.pop(0)
            known[name] = int(number) if number.isdigit() else float(number)
        elif "date" in name.casefold() and dates:
            known[name] = dates[0]
        elif kind == "string" and "enum" not in part:
            text_names.append(name)
    proper = list(dict.fromkeys(_PROPER.findall(turn.question)))
    if text_names and proper:
        return [{**known, text_names[0]: name} for name in proper]
    return [known]


def _topic(question: str) -> str:
    return " ".join(question.split())[:60] or "simulated"
