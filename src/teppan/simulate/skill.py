"""Whether a persona gets a question right: skill, what it was told, and luck.

Luck is drawn per question: with probability sqrt(correlation) a persona shares the fleet's luck,
else it has its own, so that two personas of equal skill have errors correlated by `correlation`.
Of what stands in a prompt, other models' fenced answers are not what a persona was told: it cannot
know which of them are right. Asked to think again (a fenced review or note on its draft), it draws
its luck anew with its `spread`: to the better or to the worse.
"""

import math
import re
from dataclasses import dataclass

from teppan.simulate import dice
from teppan.simulate.personas import Persona
from teppan.simulate.questions import Bank, Question
from teppan.simulate.turn import Turn

BLOCK = re.compile(
    r"<(?P<tag>(?:answer|reply|candidate|response)[-_:.\w]*)\s+(?:[^<>]*?\s)?"
    r"(?:id|label|name)\s*=\s*[\"']?(?P<label>[^\"'<>\s]+)[\"']?[^<>]*>"
    r"(?P<text>.*?)</(?P=tag)\s*>",
    re.DOTALL | re.IGNORECASE,
)
"""An answer of another model, fenced, with the name it goes by."""


_AGAIN = re.compile(r"<(review|note)(?:-[\w-]+)?>.*?</\1", re.DOTALL)
"""What was wrong with a draft, fenced."""


@dataclass(frozen=True, slots=True)
class World:
    """What all personas share: the bank, the seed of all luck, and how alike their errors are."""

    bank: Bank
    seed: int = 1
    correlation: float = 0.3


def told(turn: Turn) -> str:
    """All that the turn says, without the answers of others."""
    return BLOCK.sub("", turn.prompt)


def is_right(
    persona: Persona, question: Question, turn: Turn, world: World, sample: int = 0
) -> bool:
    """Whether the persona gets the question right this time; never without being told what it
    needs to know.
    """
    context = told(turn)
    if not question.knowable_from(context):
        return False
    grounded = question.grounded_by(context)
    if question.intent in persona.mistakes and not grounded:
        return False
    skill = persona.skill_for(question.task_type, question.language)
    if grounded:
        skill += (1.0 - skill) * persona.grounding
    return luck(persona, question.id, turn, world, sample) < skill


def luck(persona: Persona, key: str, turn: Turn, world: World, sample: int) -> float:
    """A number in [0, 1); low is lucky. A temperature lets a later sample draw again."""
    temperature = min(1.0, turn.temperature or 0.0)
    draw = (world.seed, persona.name, key)
    if thinks_again(persona, key, turn, world):
        return dice.unit(*draw, "luck", "again")
    if sample and dice.unit(*draw, "again", sample) < persona.spread * temperature:
        return dice.unit(*draw, "luck", sample)
    if follows(persona, key, world):
        return dice.unit(world.seed, "luck", key)
    return dice.unit(*draw, "luck")


def thinks_again(persona: Persona, key: str, turn: Turn, world: World) -> bool:
    """Whether the persona was told that its draft will not do, and changes its mind over it."""
    asked = _AGAIN.search(turn.prompt) is not None
    return asked and dice.unit(world.seed, persona.name, key, "thinks again") < persona.spread


def follows(persona: Persona, key: str, world: World) -> bool:
    """Whether the persona shares the fleet's luck, and its wrong answer."""
    return dice.unit(world.seed, persona.name, key, "follows") < math.sqrt(world.correlation)


def misjudges(
    persona: Persona, question: Question, answer: str, error: float, world: World
) -> bool:
    """Whether a critic takes this answer for the opposite of what it is, at the rate `error`.

    A critic that shares the fleet's luck errs on the questions that are hard for all, and there
    about every answer alike; else each answer is a draw of its own.
    """
    if follows(persona, question.id, world):
        return dice.unit(world.seed, "luck", question.id) >= 1.0 - error
    return dice.unit(world.seed, persona.name, "judge", question.id, answer, "error") < error
