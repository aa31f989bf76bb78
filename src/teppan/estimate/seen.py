"""What is known of an answer before it is sent, as figures and marks.

    trace ── seen_of ──> Seen ── features ──> figures {name: number}, marks {"task=pricing", ...}

`Seen` has no field for anything that is known only later: what came of the answer, what people
said, what the customer wrote next, how long a stream took or what it cost. A figure that is not
known of an answer (no vote was held, no log probabilities were asked for) is left out, and the
predictor has a weight for its being away; it is never zero. Whether a person was called is left out
too: it is a part of what an answer is scored by.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from teppan.core.chat import Completion, FinishReason, Json, Message
from teppan.core.trace import CacheStatus, Said, Trace
from teppan.core.verdict import Confidence, Evidence, GuardStatus, Verdict
from teppan.estimate.answers import read_answers
from teppan.estimate.voters import question_of

LOOKED_AT = 6_000
"""Characters of a text that are looked at."""
BUCKETS = 4096
"""Into so many numbers the words of questions are hashed: a fitted state holds nobody's words."""
_WORDS = 60
"""Different words of a question that are looked at."""

PREDICTED = "predictor"
"""What a confidence rests on that is a prediction."""
INSTEAD_OF = "instead of"
"""Where a cascade notes in its evidence what it would have gone by."""

_WORD = re.compile(r"[^\W_]+")
_DENSE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{2,}")
_FIGURE = re.compile(r"\d[\d.,]*\d|\d")
_ENDED = re.compile(r"[.!?)`\"*:\]}。！？」]\s*$")
_HEDGE = re.compile(
    r"\b(?:might|maybe|perhaps|probably|possibly|roughly|approximately|i think|i believe|i guess|"
    r"not sure|unclear|it depends|typically|usually|should be|seems|assum\w*|closest|none of|"
    r"quizás?|tal vez|creo que|supongo|probablemente|depende|"
    r"vielleicht|vermutlich|wahrscheinlich|ich glaube|ungefähr|"
    r"peut-être|probablement|je crois|environ)\b"
    r"|可能|也许|大概|大约|应该是|不确定|かもしれ|おそらく|たぶん|と思い|くらい",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\b(?:sorry|cannot|can't|can not|unable|as an ai|do(?:es)? not have (?:information|access)|"
    r"don't have|don't know|contact us|lo siento|no puedo|no tengo|no sé|leider|kann ich nicht|"
    r"weiß ich nicht|désolé|je ne peux pas)\b"
    r"|抱歉|无法|不能|不知道|申し訳|できません|わかりません",
    re.IGNORECASE,
)
_MOST = 4
"""Hedges beyond this many say nothing more."""

Figures = dict[str, float]


class Seen(Struct, frozen=True, kw_only=True):
    """One answer and all that is known of it when it could still be held back.

    `question` are the words of the customer, `said` all of the conversation, `text` the answer that
    would be served and `model` whose words it is. `others` is what the other members of an ensemble
    said. `probabilities` are the log probabilities of its tokens.
    `intent` and `language` are empty where nobody names them. `tools` are how calls of tools ended.
    """

    question: str
    text: str
    model: str
    strategy: str = ""
    said: str = ""
    turns: int = 0
    task_type: str | None = None
    intent: str = ""
    language: str = ""
    others: tuple[str, ...] = ()
    share: float | None = None
    confidence: Confidence | None = None
    verdict: Verdict | None = None
    guarded: GuardStatus = ""
    broken: int = 0
    cache: CacheStatus = "off"
    similarity: float | None = None
    sources: int | None = None
    tools: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    finish: FinishReason = "stop"


def seen_of(trace: Trace, *, intent: str = "", language: str = "") -> Seen | None:
    """What was known of a trace's answer before it was sent; `None` without words."""
    request, answer = trace.request, trace.answer
    if request is None or answer is None or not answer.choices:
        return None
    remembered, context = trace.remembered, trace.context
    return Seen(
        question=request.question,
        text=answer.text,
        model=trace.served,
        strategy=trace.strategy,
        said=conversation(request.messages),
        turns=sum(1 for each in request.messages if each.role == "user"),
        task_type=request.task_type,
        intent=intent,
        language=trace.language or language,
        others=_others(trace.replies, answer.text),
        share=_share(trace.evidence),
        confidence=_stated(trace),
        verdict=trace.verdict,
        guarded=trace.guarded,
        broken=len(trace.violations),
        cache=trace.cache,
        similarity=remembered.similarity if remembered else None,
        sources=len(context.sources) if context else None,
        tools=tuple(each.status for each in trace.tools),
        probabilities=probabilities_of(answer),
        finish=answer.finish_reason,
    )


def features(seen: Seen) -> tuple[Figures, list[str]]:
    """The figures by name, without those that are not known, and the marks.

    A mark is one of many that exclude each other (`model=a/b`), two of them together
    (`model=a/b & task=menu`) or the number of a hashed word of the question (`word=17`).
    """
    text, question = seen.text[:LOOKED_AT], seen.question[:LOOKED_AT]
    words, asked = _bag(text), _bag(question)
    kind = question_of(question, seen.task_type)
    figures: Figures = {
        "question length": math.log1p(len(question)),
        "question marks": float(min(3, question.count("?") + question.count("？"))),
        "question figures": math.log1p(len(_FIGURE.findall(question))),
        "turns": math.log1p(seen.turns),
        "length": math.log(len(seen.text) + 20),
        "lines": math.log1p(text.count("\n")),
        "hedges": float(sum(1 for _ in zip(_HEDGE.finditer(text), range(_MOST), strict=False))),
        "refusal": 1.0 if _REFUSAL.search(text[:300]) else 0.0,
        "cut": 0.0 if _ENDED.search(seen.text[-20:]) else 1.0,
        "figures": math.log1p(len(_FIGURE.findall(text))),
        "new figures": math.log1p(_new_figures(text, seen.said)),
        "on topic": len(words & asked) / (len(asked) + 1),
        **{f"trait {at}": each for at, each in enumerate(kind.traits)},
    }
    figures.update(_of_members(seen, words))
    figures.update(_of_final_answers(seen))
    figures.update(_of_judgements(seen))
    figures.update(_of_surroundings(seen))
    return figures, _marks(seen, kind.kind, asked)


def probabilities_of(answer: Completion) -> tuple[float, ...]:
    """The log probabilities of an answer's tokens, where the client asked for them."""
    told: Json = answer.choices[0].logprobs
    rows = told.get("content") if isinstance(told, Mapping) else None
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes):
        return ()
    found = (_number(each.get("logprob")) if isinstance(each, Mapping) else None for each in rows)
    return tuple(each for each in found if each is not None)


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def conversation(messages: Sequence[Message]) -> str:
    """All that was said, and what tools gave; not what the gateway told the model."""
    return "\n".join(each.text for each in messages if each.role in ("user", "assistant", "tool"))


def _others(replies: Sequence[Said], served: str) -> tuple[str, ...]:
    """What the other members said: all of their texts but one that is the answer itself."""
    texts = [each.text for each in replies]
    if served in texts:
        texts.remove(served)
    return tuple(texts)


def _stated(trace: Trace) -> Confidence | None:
    """The confidence that was stated; where a cascade went by predictions, the one it would have
    stated without: a prediction must not learn from itself."""
    told: Json = (trace.evidence or {}).get(INSTEAD_OF)
    if isinstance(told, Mapping) and (value := _number(told.get("value"))) is not None:
        return Confidence(value, str(told.get("basis")), value)
    sure = trace.confidence
    return None if sure is None or sure.basis == PREDICTED else sure


def _share(evidence: Evidence | None) -> float | None:
    return _number((evidence or {}).get("share"))


def _of_members(seen: Seen, words: frozenset[str]) -> Figures:
    """How the other members of an ensemble agree, by their words; nothing where nobody else was
    asked."""
    if not seen.others:
        return {}
    bags = [_bag(each[:LOOKED_AT]) for each in seen.others]
    alike = [len(words & each) / (len(words | each) or 1) for each in bags]
    figures = [_figures(each) for each in seen.others]
    own = _figures(seen.text)
    return {
        "members": math.log(len(seen.others) + 1),
        "alike": sum(alike) / len(alike),
        "most alike": max(alike),
        "same figures": sum(each == own for each in figures) / len(figures),
        "same words": sum(each.split() == seen.text.split() for each in seen.others) / len(bags),
    }


def _of_final_answers(seen: Seen) -> Figures:
    """Where answers are exact (a number, an option): whether one stands there plainly, and how many
    of the other members say the same."""
    texts = [each[-LOOKED_AT:] for each in (seen.text, *seen.others)]
    kind, answers = read_answers(seen.question[:LOOKED_AT], texts, seen.task_type)
    if kind == "open":
        return {}
    own, others = answers[0], answers[1:]
    found = {"answer read": float(own.value is not None), "answer plain": float(own.plain)}
    if others and own.value is not None:
        same = sum(each.value == own.value for each in others)
        found["same answer"] = same / len(others)
        found["agreeing"] = math.log1p(same)
        found["against"] = math.log1p(len(others) - same)
    return found


def _of_judgements(seen: Seen) -> Figures:
    found: Figures = {"broken": float(min(3, seen.broken))}
    if seen.share is not None:
        found["share"] = seen.share
    sure, verdict = seen.confidence, seen.verdict
    if sure is not None and math.isfinite(sure.value):
        found[f"sure by {_basis(sure)}"] = _log_odds(sure.value)
    if verdict is not None and verdict.fallback is None:
        found["verdict"] = _log_odds(verdict.confidence)
        found["consensus"] = verdict.consensus_score
        chosen = [each for each in verdict.judgements if each.label == verdict.best]
        if chosen:
            found["judged"] = chosen[0].score
            found["issues"] = float(min(_MOST, len(chosen[0].issues)))
            found["made up"] = float(min(_MOST, len(chosen[0].hallucinations)))
    return found


def _of_surroundings(seen: Seen) -> Figures:
    found: Figures = {}
    if seen.similarity is not None and math.isfinite(seen.similarity):
        found["similarity"] = seen.similarity
    if seen.sources is not None:
        found["sources"] = math.log1p(seen.sources)
    if seen.tools:
        found["tools"] = math.log1p(len(seen.tools))
        good = sum(each in ("ok", "proposed", "confirmed") for each in seen.tools)
        found["tools that failed"] = 1.0 - good / len(seen.tools)
    if seen.probabilities:
        found["log probability"] = sum(seen.probabilities) / len(seen.probabilities)
        found["least log probability"] = max(-20.0, min(seen.probabilities))
    return found


def _marks(seen: Seen, kind: str, asked: frozenset[str]) -> list[str]:
    task, model = seen.task_type or "", seen.model
    marks = [
        f"model={model}",
        f"strategy={seen.strategy}",
        f"task={task}",
        f"intent={seen.intent}",
        f"language={seen.language}",
        f"kind={kind}",
        f"cache={seen.cache}",
        f"guarded={seen.guarded}",
        f"finish={seen.finish}",
        f"model={model} & task={task}",
        f"model={model} & intent={seen.intent}",
        f"model={model} & language={seen.language}",
        f"model={model} & kind={kind}",
        f"basis={_basis(seen.confidence) if seen.confidence else ''}",
    ]
    buckets = {zlib.crc32(word.encode()) % BUCKETS for word in sorted(asked)[:_WORDS]}
    return [*marks, *(f"word={each}" for each in sorted(buckets))]


def _basis(sure: Confidence) -> str:
    """`trust of the last model` and the like are all the trust in a model."""
    return "trust" if sure.basis.startswith("trust") else sure.basis


def _log_odds(share: float) -> float:
    share = min(0.99, max(0.01, share))
    return math.log(share / (1.0 - share))


def _new_figures(text: str, said: str) -> int:
    """How many different figures of the answer stand nowhere in the conversation."""
    plain = said.replace(",", "")
    return sum(each not in plain for each in _figures(text))


def _figures(text: str) -> frozenset[str]:
    found = _FIGURE.findall(text[:LOOKED_AT])
    return frozenset(each.replace(",", "").removesuffix(".00") for each in found)


def _bag(text: str) -> frozenset[str]:
    """The words of a text; of scripts without spaces every pair of letters."""
    low = text.lower()
    found = frozenset(_WORD.findall(low))
    return found | frozenset(_pairs(low)) if not low.isascii() else found


def _pairs(text: str) -> Iterator[str]:
    for run in _DENSE.findall(text):
        for at in range(len(run) - 1):
            yield run[at : at + 2]
