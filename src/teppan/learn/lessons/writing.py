"""Cases -> lessons: the critic writes, others reflect, what may stay becomes a candidate.

    case ── scrubbed ── critic ── rule ── looked at ──┬─ like one there is: evidence for that one
                          └─ teacher, student         └─ new: a candidate, to be tried

Every step has a name made of its trace, so a night that is cut and run again asks nothing twice; a
case is looked at once, and what was written of it is kept also where nothing came of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import Message, say
from teppan.core.ids import Scope, content_hash
from teppan.learn.lessons.desk import Desk, Report, Roles, Spent, Till, about, both, quiet
from teppan.learn.lessons.fencing import Fence, conversation, prompt
from teppan.learn.lessons.finding import Case, find
from teppan.learn.lessons.reading import (
    THOUGHT,
    Wrote,
    read_thought,
    read_written,
    written_schema,
)
from teppan.learn.lessons.screen import plain, refused
from teppan.store.lesson_rows import Lesson, Reflection, Source, Written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAY = 86_400.0
ANSWERS = 4
"""Answers of one case that the critic reads."""


class WrittenDown(Struct, frozen=True, kw_only=True):
    """What one run saw and made. `again` calls had been paid for before; `finished` is false when
    the night's money was spent before all cases were looked at."""

    answers: int = 0
    cases: int = 0
    lessons: int = 0
    evidence: int = 0
    refused: int = 0
    calls: int = 0
    again: int = 0
    spent: int = 0
    finished: bool = True


class Told(Struct, frozen=True):
    """A case without private words."""

    messages: tuple[Message, ...]
    question: str
    answers: tuple[str, ...]
    truth: str
    became: str


async def find_and_write(
    desk: Desk, scope: Scope, since: float, until: float, report: Report = quiet
) -> WrittenDown:
    """Looks for interesting answers of the time, or of the last days, and writes what they teach.

    May be cut anywhere and run again. Raises `StoreError` and what says that the settings are wrong
    (`ModelNotFound`); a vendor that fails leaves its case for the next night.
    """
    since = min(since, until - desk.policy.days * DAY)
    cases, answers = await find(desk, scope, since, until)
    till, counts = Till(desk, scope), {"lessons": 0, "evidence": 0, "refused": 0}
    done, finished = 0, True
    for done, case in enumerate(cases, 1):
        report(done - 1, len(cases), f"lesson from a case that was {case.kind}")
        try:
            became = await _look(desk, scope, till, case)
        except Spent:
            done, finished = done - 1, False
            break
        if became:
            counts[became] += 1
    report(done, len(cases), "lessons written")
    return WrittenDown(
        answers=answers,
        cases=done,
        calls=till.calls,
        again=till.again,
        spent=till.spent,
        finished=finished,
        **counts,
    )


async def _look(desk: Desk, scope: Scope, till: Till, case: Case) -> str:
    """What became of a case: `lessons`, `evidence`, `refused`, or nothing yet. Raises `Spent`."""
    trace = case.seen.trace
    roles, told = desk.roles(trace.asked), scrubbed(desk, case)
    wrote = await _write(desk, till, case, roles, told)
    if wrote is None:
        return ""
    why = _why_not(desk, trace.asked, wrote)
    reflections = () if why else await _reflect(desk, till, case, roles, told, wrote)
    written = _judged(desk, case, roles, told, wrote, why, reflections)
    source = Source(
        trace_id=trace.id,
        episode=trace.episode,
        user=trace.request.user if trace.request else None,
        kind=case.kind,
        at=desk.now(),
        written=written,
    )
    return await _keep(desk, scope, case, source)


def scrubbed(desk: Desk, case: Case) -> Told:
    """The case, with one name for each person in all its texts."""
    seen = case.seen
    said = [each for each in seen.request.messages if each.text.strip()]
    others = [each.text for each in seen.trace.replies if each.text.strip()]
    answers = list(dict.fromkeys([seen.answer, *others]))[:ANSWERS]
    truth = seen.heard.corrected or ""
    after = " / ".join(seen.heard.after[:1])
    texts = desk.scrubber.texts([*(each.text for each in said), *answers, truth, after]).texts
    spoken, rest = texts[: len(said)], texts[len(said) :]
    messages = tuple(say(one.role, text) for one, text in zip(said, spoken, strict=True))
    asked = [each.text for each in messages if each.role == "user"]
    return Told(
        messages,
        plain(asked[-1]) if asked else "",
        tuple(rest[: len(answers)]),
        rest[len(answers)],
        _became(case, rest[len(answers) + 1]),
    )


def _became(case: Case, after: str) -> str:
    """What is known of the answer afterwards, in words."""
    seen = case.seen
    lines = [f"It was looked at because it was: {case.kind}."]
    lines += [f"It broke the rule {each.rule}: {each.found}." for each in seen.trace.violations]
    if seen.heard.ratings:
        mean = sum(seen.heard.ratings) / len(seen.heard.ratings)
        lines.append(f"Customers rated it {mean:.2f} of 1.")
    for name, value in seen.heard.outcomes.items():
        lines.append(f"Outcome {name}: {value:g}.")
    if after:
        lines.append(f"The customer then said: {after}")
    verdict = seen.trace.verdict
    if verdict is not None and verdict.reason:
        lines.append(f"A critic said of it: {verdict.reason}")
    return "\n".join(lines)


async def _write(desk: Desk, till: Till, case: Case, roles: Roles, told: Told) -> Wrote | None:
    """What the critic writes; `None` when no answer came. One without a rule cannot be read."""
    trace = case.seen.trace
    key = f"lessons/{trace.id}/write/{roles.critic}"
    fence, facts = Fence.of(key), desk.facts(trace.asked)
    labels = fence.labels[: len(told.answers)]
    blocks = [
        fence.around("context", facts.prompt) if facts.prompt else "",
        fence.around("rules", facts.rules) if facts.rules else "",
        fence.around("conversation", conversation(told.messages)),
        *(
            fence.around("answer", text, label)
            for label, text in zip(labels, told.answers, strict=True)
        ),
        fence.around("truth", told.truth) if told.truth else "",
        fence.around("question", told.became),
        f"The answer {labels[0]} was sent. Reply with the JSON object only.",
    ]
    messages = [say("system", prompt("write", fence)), say("user", _joined(blocks))]
    asked = await till.ask(roles.critic, messages, key, about(trace), written_schema(labels))
    if asked is None:
        return None
    names = {label: f"answer {at}" for at, label in enumerate(labels, 1)}
    return read_written(asked.text, names) or Wrote()


async def _reflect(
    desk: Desk, till: Till, case: Case, roles: Roles, told: Told, wrote: Wrote
) -> tuple[Reflection, ...]:
    """What teacher and student think of it, asked at once."""
    trace, facts = case.seen.trace, desk.facts(case.seen.trace.asked)

    async def one(model: str, part: str) -> Reflection | None:
        name = content_hash(wrote.rule.encode())[:12]
        key = f"lessons/{trace.id}/reflect/{part}/{model}/{name}"
        fence = Fence.of(key)
        lesson = f"{wrote.challenge}\n{wrote.mistake}\n{wrote.handling}\nRule: {wrote.rule}"
        blocks = [
            fence.around("context", facts.prompt) if facts.prompt else "",
            fence.around("rules", facts.rules) if facts.rules else "",
            fence.around("conversation", conversation(told.messages)),
            fence.around("answer", told.answers[0]),
            fence.around("lesson", lesson),
            "Reply with the JSON object only.",
        ]
        messages = [say("system", prompt("reflect", fence)), say("user", _joined(blocks))]
        asked = await till.ask(model, messages, key, about(trace), THOUGHT)
        thought = read_thought(asked.text) if asked is not None else None
        if thought is None:
            return None
        return Reflection(model, thought.agrees, thought.differently, thought.rule)

    parts = [(roles.teacher, "teacher"), (roles.student, "student")]
    done = await both(*(one(model, part) for model, part in parts if model))
    return tuple(each for each in done if each is not None)


def _why_not(desk: Desk, model: str, wrote: Wrote) -> str:
    """Why nothing becomes of what the critic wrote; empty where something may."""
    if not wrote.rule:
        return "nothing could be read"
    return _refused(desk, model, wrote.rule) if wrote.learned else "the critic found nothing"


def _refused(desk: Desk, model: str, rule: str) -> str:
    facts = desk.facts(model)
    known = f"{facts.prompt}\n{facts.rules}"
    return refused(rule, desk.scrubber, known=known, misstates=desk.misstates)


def _judged(
    desk: Desk,
    case: Case,
    roles: Roles,
    told: Told,
    wrote: Wrote,
    why: str,
    reflections: tuple[Reflection, ...],
) -> Written:
    """The written case with the rule that may stay: in the words of the first who agrees and whose
    own may stay, else the critic's. Where the critic's may not none may: who improves a poisonous
    rule may launder it."""
    model = case.seen.trace.asked
    better = (each.rule for each in reflections if each.agrees and each.rule)
    rule = "" if why else next((w for w in better if not _refused(desk, model, w)), wrote.rule)
    return Written(
        question=told.question[:600],
        challenge=wrote.challenge,
        better=wrote.better,
        reason=wrote.reason,
        mistake=wrote.mistake,
        handling=wrote.handling,
        said=wrote.rule,
        rule=rule,
        why=why,
        critic=roles.critic,
        reflections=reflections,
    )


async def _keep(desk: Desk, scope: Scope, case: Case, source: Source) -> str:
    """Keeps the case: as evidence for a lesson that says the same, else with a new one."""
    written, model = source.written, case.seen.trace.asked
    if not written.rule:
        await desk.lessons.keep(scope, source)
        return "refused"
    twin = await _twin(desk, scope, model, case.seen.intent, written.rule)
    if twin is not None:
        kept = await desk.lessons.keep(scope, _of(source, twin.id))
        return "evidence" if kept else ""
    now = desk.now()
    lesson = Lesson(
        id=f"les_{content_hash(f'{scope.tenant}/{model}/{source.trace_id}'.encode())[:16]}",
        model=model,
        rule=written.rule,
        origin=source.trace_id,
        intent=case.seen.intent,
        created=now,
        changed=now,
    )
    kept = await desk.lessons.keep(scope, _of(source, lesson.id), lesson)
    return "lessons" if kept else ""


def _of(source: Source, lesson: str) -> Source:
    return replace(source, lesson=lesson)


async def _twin(desk: Desk, scope: Scope, model: str, intent: str, rule: str) -> Lesson | None:
    """The lesson of this model that says the same, in the same words or in others; also one that
    was refused or retired: what does not help is not tried again under another name."""
    there = await desk.lessons.list(scope, model=model)
    there = [each for each in there if each.intent == intent]
    if not there:
        return None
    rows: NDArray[np.float32] = await desk.embedder.embed([rule, *(each.rule for each in there)])
    alike = rows[1:] @ rows[0]
    best = int(alike.argmax())
    return there[best] if float(alike[best]) >= desk.policy.same else None


def _joined(blocks: list[str]) -> str:
    return "\n\n".join(each for each in blocks if each)
