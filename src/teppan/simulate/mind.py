"""How a persona answers a turn.

A question of the bank is answered right with the persona's skill for its task type and language
(`skill.py`). The same seed, persona and question always give the same answer; with a temperature
above 0 each further sample may redraw, with the persona's `spread` times the temperature. What a
question `needs` must stand in the prompt or the conversation: no skill makes up for not having been
told.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from teppan.simulate import arithmetic, dice
from teppan.simulate.calls import planned, tool_calls
from teppan.simulate.fill import Share, fill
from teppan.simulate.judge import answer_blocks, as_json, judge
from teppan.simulate.personas import Persona
from teppan.simulate.questions import Question, content_words, normalise
from teppan.simulate.scene import scene_of
from teppan.simulate.skill import World as World
from teppan.simulate.skill import follows, luck, thinks_again
from teppan.simulate.skill import is_right as is_right
from teppan.simulate.telling import asked_for, language_of, tool_answer
from teppan.simulate.turn import Choice, Turn

_ECHO = re.compile(r"^(?:please )?(?:repeat after me|repeat|echo|say)\s*:?\s+(.+)$", re.I | re.S)
_GREETING = re.compile(r"^\s*(hi|hello|hey|good (morning|afternoon|evening))\b[\s!.,]*$", re.I)
_OPTION = re.compile(r"^\s*\(?([A-J])[).:]\s+(.+)$", re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_QUOTED = re.compile(r"[\"“](.+?)[\"”]")


class Style(NamedTuple):
    """How a persona dresses an English answer; the facts stay as they are."""

    openings: tuple[str, ...]
    closings: tuple[str, ...]


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "plain": Style(("",), ("",)),
        "brief": Style(("",), ("",)),
        "warm": Style(
            ("Thanks for asking! ", "Happy to help. ", "Great question! "),
            (" Let me know if anything else comes up!", " Just say the word if you need more.", ""),
        ),
        "formal": Style(
            ("Certainly. ", "Thank you for your enquiry. "),
            (" Please do not hesitate to ask further.", ""),
        ),
        "list": Style(("Here is what I know:\n- ",), ("",)),
    }
)


class Thought(NamedTuple):
    """An answer before dressing: its text, and the language it is in."""

    text: str
    language: str = "en"


def answer(persona: Persona, turn: Turn, world: World, sample: int) -> Choice:
    """One choice for the turn; `sample` counts the answers to the same question, from 0."""
    thinks = persona.reasoning and (turn.thinking or not persona.reasoning_on_request)
    reasoning = _reasoning(persona, turn) if thinks else ""
    blocks = answer_blocks(turn.prompt)
    structured = turn.schema is not None or turn.json_mode
    if blocks and structured:
        verdict = judge(persona, turn, world)
        value = as_json(verdict, turn.schema or {"type": "object"})
        return Choice(orjson.dumps(value).decode(), reasoning=reasoning)
    if blocks:
        chosen = judge(persona, turn, world).chosen
        if chosen.good:
            return Choice(chosen.text, reasoning=reasoning)
    question = world.bank.find(turn.question)
    calls = tool_calls(persona, turn, question, world)
    if calls:
        return Choice(None, "tool_calls", reasoning, calls)
    thought = _thought(persona, turn, question, world, sample)
    if structured:
        value = _structured(turn, question, thought)
        return Choice(orjson.dumps(value).decode(), reasoning=reasoning)
    return Choice(_dressed(persona, turn, thought, world.seed), reasoning=reasoning)


def _thought(
    persona: Persona, turn: Turn, question: Question | None, world: World, sample: int
) -> Thought:
    scene = scene_of(turn)
    draw = (world.seed, persona.name, question.id if question else normalise(turn.question))
    used = tool_answer(turn, question, scene, draw)
    if used is not None:
        return Thought(used, language_of(turn, question) if scene.agent else "en")
    if scene.agent and turn.tools:
        lacking = planned(persona, turn, scene, question, world).lacking
        if lacking:
            language = language_of(turn, question)
            return Thought(asked_for(lacking, language), language)
    if question is None:
        return Thought(_unknown(persona, turn, world, sample))
    again = sample if turn.temperature else 0
    if is_right(persona, question, turn, world, sample):
        return Thought(dice.pick(question.right, *draw, "phrase", again), question.language)
    if thinks_again(persona, question.id, turn, world):
        return Thought(dice.pick(question.wrong, *draw, "wrong", "again"), question.language)
    if follows(persona, question.id, world):
        return Thought(dice.pick(question.wrong, world.seed, question.id), question.language)
    return Thought(dice.pick(question.wrong, *draw, "wrong", again), question.language)


def _unknown(persona: Persona, turn: Turn, world: World, sample: int) -> str:
    """An answer where the bank knows nothing: echo, options, sums, then the prompt's words."""
    text = turn.question
    echo = _ECHO.match(text.strip())
    if echo:
        quoted = _QUOTED.search(echo.group(1))
        return quoted.group(1) if quoted else echo.group(1).strip()
    if _GREETING.match(text):
        return "Hello! How can I help you?"
    key = normalise(text)
    options = _OPTION.findall(text)
    if len(options) >= 2:
        return _multiple_choice(persona, turn, options, world, sample)
    value = arithmetic.solve(text)
    if value is not None:
        right = luck(persona, key, turn, world, sample) < persona.skill_for("math")
        slip = 0 if right else 1 + dice.number(world.seed, persona.name, key) % 9
        return f"The result is {arithmetic.shown(value + slip)}."
    found = _quoted_from_prompt(turn)
    if found:
        return found
    topic = " ".join(text.split())[:160] or "nothing"
    return f"This is a simulated answer to: {topic}"


def _multiple_choice(
    persona: Persona, turn: Turn, options: Sequence[tuple[str, str]], world: World, sample: int
) -> str:
    key = normalise(turn.question)
    solution = dice.pick(options, world.seed, "solution", key)
    if luck(persona, key, turn, world, sample) >= persona.skill_for("reasoning"):
        others = [option for option in options if option != solution]
        who = "fleet" if follows(persona, key, world) else persona.name
        solution = dice.pick(others, world.seed, who, "distractor", key)
    return f"The answer is ({solution[0]})."


def _quoted_from_prompt(turn: Turn) -> str:
    """The sentence of the system prompt that shares most words with the question."""
    asked = content_words(turn.question)
    best, best_shared = "", 1
    for message in turn.messages:
        if message.role != "system":
            continue
        for sentence in _SENTENCE.findall(message.text):
            shared = len(asked & content_words(sentence))
            if shared > best_shared:
                best, best_shared = sentence.strip(" -*#\t"), shared
    return best


def _structured(turn: Turn, question: Question | None, thought: Thought) -> Any:
    names = ("answer", "text", "reply", "response", "result", "content", "message", "summary")
    hints: dict[str, object] = dict.fromkeys(names, thought.text)
    value = arithmetic.solve(turn.question)
    if value is not None:
        number = re.search(r"-?\d+(?:\.\d+)?", thought.text)
        hints |= dict.fromkeys(
            ("answer", "result", "value"), float(number.group()) if number else 0
        )
    if question is not None:
        hints |= {"intent": question.intent, "category": question.intent, **question.arguments}
        hints |= {"task_type": question.task_type, "language": question.language}
    hints["confidence"] = Share(0.8)
    return fill(turn.schema or {"type": "object"}, hints, text=thought.text)


def _dressed(persona: Persona, turn: Turn, thought: Thought, seed: int) -> str:
    style = STYLES.get(persona.style, STYLES["plain"])
    text = thought.text
    if turn.images and persona.vision:
        text = f"{text} (I can see {turn.images} image{'s' * (turn.images > 1)}.)"
    if thought.language != "en" or _ECHO.match(turn.question.strip()):
        return text
    draw = (seed, persona.name, turn.question)
    return dice.pick(style.openings, *draw, 0) + text + dice.pick(style.closings, *draw, 1)


def _reasoning(persona: Persona, turn: Turn) -> str:
    topic = " ".join(turn.question.split())[:80]
    asked = f"Simulated reasoning of {persona.name}: the question is {topic!r};"
    return f"{asked} I check the facts, then answer."
