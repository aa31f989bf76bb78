"""How often the simulated critics are wrong: as stated, and counted on the bank's own answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from packing.asking import Asked
from teppan.simulate.personas import Cast, Persona
from teppan.simulate.questions import Bank, normalise
from teppan.simulate.skill import World, misjudges


def critics(
    cast: Cast, asked: Sequence[Asked], prompt: str, names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """For each critic that was asked: its stated rate, and by language what it comes to here."""
    found = {}
    for name in names:
        persona = cast.find(*name.split("/", 1))
        if persona is not None:
            found[name] = {"stated": persona.judge_error, **_counted(persona, asked, prompt)}
    return found


def _counted(persona: Persona, asked: Sequence[Asked], prompt: str) -> dict[str, Any]:
    """Over every right and wrong answer of the bank, a thousand seeds spread over them."""
    rates: dict[str, list[float]] = {}
    wrong: dict[str, list[bool]] = {}
    for one in asked:
        question = one.question
        told = "\n".join([prompt, *(each.text for each in one.messages)])
        error = persona.error_as_judge(question.language, question.grounded_by(told))
        for seed in range(20):
            world = World(Bank(), seed)
            for answer in (*question.right, *question.wrong):
                rates.setdefault(question.language, []).append(error)
                wrong.setdefault(question.language, []).append(
                    misjudges(persona, question, normalise(answer), error, world)
                )
    return {
        "by_language": {
            language: {
                "expected": round(sum(rates[language]) / len(rates[language]), 4),
                "counted": round(sum(wrong[language]) / len(wrong[language]), 4),
            }
            for language in sorted(rates)
        }
    }
