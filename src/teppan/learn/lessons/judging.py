"""Which of two answers to a case is better, by what is known before anybody is asked.

    the rules of the business, by code ── the figures of what a person wrote ── the critic, twice

The critic reads both answers in both orders; where it changes its mind with the order, it said
nothing (Zheng et al., 2023, arXiv 2306.05685, section 3.4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.core.chat import say
from teppan.core.ids import content_hash
from teppan.learn.lessons.desk import Desk, Severity, Till, about, both
from teppan.learn.lessons.fencing import Fence, conversation, prompt
from teppan.learn.lessons.reading import SAME, pair_schema, read_best

if TYPE_CHECKING:
    from teppan.learn.asking import Asked
    from teppan.learn.lessons.past import Seen

WORTH: Mapping[str, float] = {"": 1.0, "low": 0.6, "medium": 0.25, "high": 0.0}
"""The most an answer is worth that breaks a rule of such severity."""
_GUARDED: Mapping[str, Severity] = {"replaced": "high", "noted": "low"}
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


class Judged(Struct, frozen=True):
    """How much better the answer with the lesson is, in [-1, 1]; `worst` the severity of a rule
    that only it breaks, `how` what judged."""

    difference: float
    worst: Severity = ""
    how: str = ""


async def judge(
    desk: Desk, till: Till, case: Seen, with_it: Asked, without: Asked
) -> Judged | None:
    """`None` when the critic could not be asked. Raises `Spent`."""
    one, other = with_it.text, without.text
    if one.split() == other.split():
        return Judged(0.0, how="the same words")
    breaks, broke = _broken(desk, case, with_it), _broken(desk, case, without)
    if WORTH[breaks] != WORTH[broke]:
        worst = breaks if WORTH[breaks] < WORTH[broke] else ""
        return Judged(WORTH[breaks] - WORTH[broke], worst, "rules")
    truth = case.heard.corrected or ""
    figures = _figures(truth)
    if figures:
        holds, held = figures <= _figures(one), figures <= _figures(other)
        if holds != held:
            return Judged(1.0 if holds else -1.0, how="truth")
    return await _critic(desk, till, case, one, other, truth)


def _broken(desk: Desk, case: Seen, asked: Asked) -> Severity:
    guarded = _GUARDED.get(asked.trace.guarded, "")
    return guarded or desk.breaks(case.request, asked.text)


def _figures(text: str) -> set[str]:
    return {each.replace(",", "") for each in _FIGURE.findall(text)}


async def _critic(
    desk: Desk, till: Till, case: Seen, one: str, other: str, truth: str
) -> Judged | None:
    """Scrubbed like a case: the critic sees no private words."""
    said = [each for each in case.request.messages if each.text.strip()]
    texts = desk.scrubber.texts([*(each.text for each in said), one, other, truth]).texts
    spoken = [say(each.role, text) for each, text in zip(said, texts, strict=False)]
    first, second, better = texts[len(said) :]
    facts = desk.facts(case.trace.asked)
    name = content_hash("\0".join([first, second, better, facts.prompt]).encode())[:16]
    critic = desk.roles(case.trace.asked).critic

    async def asked(flip: bool) -> str | None:
        key = f"lessons/{case.trace.id}/pair/{critic}/{name}/{'ba' if flip else 'ab'}"
        fence = Fence.of(key)
        labels = fence.labels[:2]
        shown = (second, first) if flip else (first, second)
        blocks = [
            fence.around("context", facts.prompt) if facts.prompt else "",
            fence.around("rules", facts.rules) if facts.rules else "",
            fence.around("conversation", conversation(spoken)),
            fence.around("truth", better) if better else "",
            *(
                fence.around("answer", text, label)
                for label, text in zip(labels, shown, strict=True)
            ),
            f"Compare the answers {labels[0]} and {labels[1]}. Reply with the JSON object only.",
        ]
        told = "\n\n".join(each for each in blocks if each)
        messages = [say("system", prompt("pair", fence)), say("user", told)]
        answer = await till.ask(critic, messages, key, about(case.trace), pair_schema(labels))
        if answer is None:
            return None
        names = ("without", "with") if flip else ("with", "without")
        return read_best(answer.text, dict(zip(labels, names, strict=True))) or SAME

    done = await both(asked(False), asked(True))
    if None in done:
        return None
    if done[0] != done[1] or done[0] == SAME:
        return Judged(0.0, how="critic")
    return Judged(1.0 if done[0] == "with" else -1.0, how="critic")
