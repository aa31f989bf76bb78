"""An answer that was kept -> a scored example, as those of customers' conversations are.

Nobody has rated it, so how sure the ensemble is stands for its quality. Rejected are the answers
that contradict the kept one, and those the critic found clearly worse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from teppan.core.ids import content_hash
from teppan.core.signal import Provenance, Score, Signal
from teppan.core.trace import Trace
from teppan.learn.distil import same
from teppan.learn.distil.sieve import Judged
from teppan.learn.distil.tasks import Task
from teppan.learn.gathering import Spoken, heard_of
from teppan.learn.scoring import Heard
from teppan.learn.signals import rejected

IntentOf = Callable[[str], str]


class Scores(Protocol):
    def score(self, heard: Heard) -> Score: ...


def example(
    task: Task, trace: Trace, judged: Judged, scores: Scores, intent_of: IntentOf | None = None
) -> Signal:
    """The example that a kept answer makes. Its trace is that of the job which asked."""
    assert trace.answer is not None
    text, score = trace.answer.text, scores.score(heard_of(trace, None, Spoken()))
    intent = task.intent or (intent_of(task.question) if intent_of else "")
    return Signal(
        id=f"sig_{content_hash(trace.id.encode())[:26]}",
        tenant=trace.tenant,
        trace_id=trace.id,
        episode=task.episode,
        user=task.user,
        messages=task.messages,
        chosen=text,
        rejected=worse(task, trace),
        truth=task.reference or None,
        score=valued(score, judged, true=bool(task.reference)),
        verdict=trace.verdict,
        task_type=trace.task_type,
        intent=intent,
        language=task.language or trace.language,
        agreed=judged.agreed,
        cost=trace.cost,
        provenance=Provenance(
            trace.served, judged.terms, trace.release, trace.strategy, "distilled"
        ),
        at=trace.started,
    )


def worse(task: Task, trace: Trace) -> tuple[str, ...]:
    """The members' answers to which this one was preferred, each once."""
    assert trace.answer is not None
    text = trace.answer.text
    found = [each.text for each in trace.replies if same.against(task.question, text, each.text)]
    return tuple(dict.fromkeys([*rejected(trace, text, corrected=False), *found]))


def valued(score: Score, judged: Judged, *, true: bool) -> Score:
    """What a kept answer is worth: that it says what the reference says, else how sure the
    ensemble is of it; what else is known of it stays beside that. The caps of a score hold."""
    sure = 1.0 if true else judged.sure
    if sure is None:
        return score
    why = "it says what the reference says" if true else f"the ensemble is {sure:.2f} sure"
    value = min(sure, score.cap)
    return msgspec.structs.replace(score, value=value, cap=value, capped=score.capped or why)
