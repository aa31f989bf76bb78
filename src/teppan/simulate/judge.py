"""A persona as critic: it reads what a real critic would read, and is wrong at a stated rate.

Answers are found in the prompt as fenced blocks whose tag begins with answer, reply, candidate
or response and carries an id (`<answer id="K7"> ... </answer>`, `<answer-x1 id="A"> ...
</answer-x1>`); the question as the last thing the user said inside `<conversation> ...
</conversation>`, as `<question> ... </question>`, or as the last user message.

A critic can tell right from wrong only where its prompt holds what the question needs to be
answered; it then errs at `judge_error` (more in a language it is weak in, half where the facts of
the answer stand in the prompt word for word). Where it was not told, the prompt's words are all it
goes by. It advises what it would have answered itself where that is right, else nothing in
particular. Its errors are correlated with the fleet's: a critic believes what others believe. Every
draw depends on the text of an answer, never on its place, except the position bias itself.
"""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from teppan.simulate import arithmetic, dice
from teppan.simulate.calls import SEARCH
from teppan.simulate.fill import PerAnswer, Share, fill
from teppan.simulate.personas import Persona
from teppan.simulate.questions import Question, content_words, normalise
from teppan.simulate.skill import BLOCK, World, is_right, misjudges, told
from teppan.simulate.turn import Turn

_ASKED = re.compile(
    r"<((?:question|conversation)[-_:.\w]*)[^<>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE
)
_SPEAKER = re.compile(r"^(?:user|customer|human)\s*:\s*", re.MULTILINE | re.IGNORECASE)
_INJECTION = re.compile(
    r"ignore (all|any|the|previous)|disregard|(choose|pick|select|prefer) (me|this (answer|one))"
    r"|(this|mine) is the best|best answer is|score (of )?10|system:|you must (choose|pick|select)",
    re.IGNORECASE,
)
_CALLED = re.compile(r"^\[calls the tool ([\w-]+) with ", re.MULTILINE)
"""How an answer that calls a tool is shown to a critic."""
_REDO = "NEEDS_IMPROVEMENT"
_FORBIDDEN = "must not say"


class Block(NamedTuple):
    """One fenced answer."""

    label: str
    text: str


class Opinion(NamedTuple):
    """What the critic thinks of one answer: `quality` in [0, 1]."""

    label: str
    text: str
    quality: float
    issues: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the critic takes the answer for right."""
        return self.quality >= 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """The critic's mind before it is written into whatever schema was asked for."""

    best: str
    opinions: tuple[Opinion, ...]
    consensus: float
    level: str
    improvement: str

    @property
    def chosen(self) -> Opinion:
        """The opinion on the best answer, or on the least bad one."""
        named = (opinion for opinion in self.opinions if opinion.label == self.best)
        return next(named, max(self.opinions, key=lambda opinion: opinion.quality))


def answer_blocks(prompt: str) -> tuple[Block, ...]:
    """The fenced answers of a critic's prompt, in order."""
    found = BLOCK.finditer(prompt)
    return tuple(Block(match["label"], match["text"].strip()) for match in found)


def asked_question(turn: Turn) -> str:
    """What is judged: the fenced question, else the last user message without the answers."""
    match = _ASKED.search(turn.prompt)
    if match is None:
        return BLOCK.sub("", turn.question).strip()
    return _SPEAKER.split(match.group(2))[-1].strip()


def judge(persona: Persona, turn: Turn, world: World) -> Verdict:
    """Judge every fenced answer of the prompt; there must be at least one."""
    blocks = answer_blocks(turn.prompt)
    asked = asked_question(turn)
    question = world.bank.find(asked) or world.bank.find_within(asked)
    context = normalise(told(turn))
    if question is not None and question.knowable_from(context):
        opinions = _checked(persona, question, turn, blocks, world)
    else:
        opinions = tuple(_guessed(persona, asked, one, context, world) for one in blocks)
    best = _best(persona, opinions, blocks, (world.seed, normalise(asked)))
    consensus, level = _agreement(opinions)
    advice = "Answer directly and check every figure."
    if question is not None and is_right(persona, question, turn, world):
        advice = f"Correct the answer: {question.right[0]}"
    return Verdict(best, opinions, consensus, level, advice if best == _REDO else "")


def _checked(
    persona: Persona, question: Question, turn: Turn, blocks: tuple[Block, ...], world: World
) -> tuple[Opinion, ...]:
    """Opinions on answers to a question whose facts the critic was told."""
    error = persona.error_as_judge(question.language, question.grounded_by(told(turn)))
    sure = is_right(persona, question, turn, world)
    made = []
    for block in blocks:
        said = normalise(block.text)
        right = _does_right(question, block.text)
        if misjudges(persona, question, said, error, world):
            right = not right
        issues = () if right else _issues(question, block.text, sure)
        level = 0.85 if right else 0.15
        spread = 0.13 * dice.unit(world.seed, persona.name, "judge", question.id, said)
        made.append(Opinion(block.label, block.text, level + spread, issues))
    return tuple(made)


def _does_right(question: Question, text: str) -> bool:
    """Whether an answer is right, or calls what the question calls for."""
    called = _CALLED.findall(text)
    if not called:
        return question.is_right(text)
    wanted = [name for name, _ in question.calls] or [SEARCH]
    return all(name in wanted for name in called)


def _issues(question: Question, text: str, sure: bool) -> tuple[str, ...]:
    """What is wrong with an answer; only who is `sure` of the right one can name what it lacks."""
    forbidden = question.forbidden(text)
    lacks = [f"lacks the fact {fact}" for fact in question.missing(text)]
    issues = (*(f"{_FORBIDDEN} {fact}" for fact in forbidden), *(lacks if sure else ()))
    return issues or ("a fact seems wrong",)


def _guessed(persona: Persona, asked: str, block: Block, context: str, world: World) -> Opinion:
    """An opinion without knowing the answer: sums are worked out, else the prompt's words count."""
    said = normalise(block.text)
    draw = (world.seed, persona.name, "judge", normalise(asked), said)
    value = arithmetic.solve(asked)
    if value is None:
        words = content_words(said)
        share = len(words & content_words(context)) / len(words) if words else 0.0
        return Opinion(block.label, block.text, 0.5 + 0.3 * share + 0.1 * dice.unit(*draw), ())
    right = arithmetic.shown(value) in said
    if dice.unit(*draw, "error") < persona.judge_error:
        right = not right
    issues = () if right else ("the sum is wrong",)
    return Opinion(
        block.label, block.text, (0.85 if right else 0.15) + 0.13 * dice.unit(*draw), issues
    )


def _best(
    persona: Persona,
    opinions: tuple[Opinion, ...],
    blocks: tuple[Block, ...],
    names: tuple[object, ...],
) -> str:
    for block in blocks:
        tempted = dice.unit(persona.name, "gullible", *names, block.text) < persona.gullibility
        if tempted and _INJECTION.search(block.text):
            return block.label
    order = "|".join(block.text for block in blocks)
    if dice.unit(persona.name, "position", *names, order) < persona.position_bias:
        return blocks[0].label
    best = max(opinions, key=lambda opinion: opinion.quality)
    return best.label if best.good else _REDO


def _agreement(opinions: tuple[Opinion, ...]) -> tuple[float, str]:
    pairs = [(a, b) for i, a in enumerate(opinions) for b in opinions[i + 1 :]]
    if not pairs:
        return 1.0, "high"
    alike = [1.0 if a.good and b.good else _overlap(a.text, b.text) for a, b in pairs]
    score = sum(alike) / len(alike)
    if any(a.good != b.good for a, b in pairs):
        return score, "conflicting" if score < 0.5 else "medium"
    return score, "high" if score >= 0.75 else "low"


def _overlap(left: str, right: str) -> float:
    one, other = content_words(left), content_words(right)
    return len(one & other) / len(one | other) if one | other else 1.0


def as_json(verdict: Verdict, schema: dict[str, Any]) -> Any:
    """Write the verdict into the schema that was asked for."""
    return fill(schema, _hints(verdict), text="none")


def _hints(verdict: Verdict) -> dict[str, object]:
    chosen = verdict.chosen
    improvement = verdict.improvement if verdict.best == _REDO else ""
    scores = {opinion.label: Share(opinion.quality) for opinion in verdict.opinions}
    rows = [_row(opinion) for opinion in verdict.opinions]
    return {
        **dict.fromkeys(
            ("responses", "answers", "replies", "scores", "judgements"), PerAnswer(scores, rows)
        ),
        **dict.fromkeys(
            ("best", "winner", "choice", "preferred", "verdict", "selected"), verdict.best
        ),
        **dict.fromkeys(("score", "quality", "rating"), Share(chosen.quality)),
        **dict.fromkeys(
            ("consensus_score", "agreement_score", "consensus"), Share(verdict.consensus)
        ),
        **dict.fromkeys(("agreement", "agreement_level"), verdict.level),
        **dict.fromkeys(("confidence", "certainty"), Share(0.5 + abs(chosen.quality - 0.5))),
        **dict.fromkeys(
            ("reason", "reasoning", "explanation", "rationale", "comment"),
            "; ".join(chosen.issues) or "it states the facts",
        ),
        **dict.fromkeys(
            ("recommended_improvement", "improvement", "suggestion", "feedback"), improvement
        ),
        **dict.fromkeys(("right", "correct", "acceptable", "passed", "is_correct"), chosen.good),
        **dict.fromkeys(("rule_violations", "violations"), _remarks(verdict, _FORBIDDEN)),
        "hallucinations": _remarks(verdict, _FORBIDDEN),
        "issues": _remarks(verdict, ""),
        "ranking": sorted(scores, key=lambda label: -scores[label]),
    }


def _row(opinion: Opinion) -> dict[str, object]:
    broken = [text for text in opinion.issues if text.startswith(_FORBIDDEN)]
    return {
        **_named(opinion.label),
        **dict.fromkeys(("score", "quality", "rating"), Share(opinion.quality)),
        "issues": list(opinion.issues),
        "hallucinations": broken,
        "rule_violations": broken,
        "reason": "; ".join(opinion.issues) or "it states the facts",
    }


def _remarks(verdict: Verdict, beginning: str) -> PerAnswer:
    kept = {
        opinion.label: [text for text in opinion.issues if text.startswith(beginning)]
        for opinion in verdict.opinions
    }
    names = ("text", "issue", "description", "quote", "claim", "rule", "reason", "problem")
    rows = [
        {**_named(label), **dict.fromkeys(names, text), "issues": [text]}
        for label, texts in kept.items()
        for text in texts
    ]
    return PerAnswer(kept, rows)


def _named(label: str) -> dict[str, str]:
    return dict.fromkeys(("id", "label", "answer", "reply", "response", "candidate"), label)
