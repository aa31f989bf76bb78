"""A trace and what became of it -> a scored example, with every reason for which it may not train.

    served answer, liked ─────────────> chosen; what other members said differently is rejected
    served answer, corrected ─────────> the correction is chosen, the answer rejected
    served answer, rejected in review ─> what was suggested is chosen, and may not train
    shadow answer beside the served ──> chosen is the teacher's, rejected the student's where worse

An example is kept from `collect` on and may train from `train` on. Nothing is thrown away silently:
what is blocked says why, in words a person can act on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.ids import content_hash
from teppan.core.signal import Provenance, Score, Signal, Terms
from teppan.core.trace import Said, Trace
from teppan.learn.scoring import Heard

CLEARLY = 0.2
"""How much worse a critic must find an answer for it to be an example of what not to say."""

TermsOf = Callable[[str], Terms]
"""What the vendor of `provider/model` allows to be trained on its words."""


class Filters(Struct, frozen=True, kw_only=True):
    """What an example must be. `train` and `collect` are qualities; `rating` is the mean rating
    from which an answer without a good outcome counts as liked (0.75 is 4 of 5 stars); `outcomes`
    are the good ones. `known` is the share of a score that must rest on evidence."""

    collect: float = 0.7
    train: float = 0.9
    rating: float = 0.75
    outcomes: tuple[str, ...] = ("booking", "resolved")
    known: float = 0.3
    terms: tuple[Terms, ...] = ("free", "own")


def signal_of(
    heard: Heard,
    score: Score,
    terms_of: TermsOf,
    filters: Filters | None = None,
    *,
    intent: str = "",
) -> Signal | None:
    """The example a trace makes; `None` where there is nothing to learn from: no words, no whole
    answer, or a quality below what is collected that nobody corrected."""
    wanted, trace = filters or Filters(), heard.trace
    if trace.request is None or trace.answer is None or trace.status != "ok":
        return None
    if trace.remembered is not None or not trace.answer.text.strip():
        return None
    chosen, provenance = chosen_of(heard, trace.answer.text, terms_of)
    corrected = chosen != trace.answer.text
    if score.value < wanted.collect and not corrected:
        return None
    return Signal(
        id=f"sig_{content_hash(trace.id.encode())[:26]}",
        tenant=trace.tenant,
        trace_id=trace.id,
        episode=trace.episode,
        user=trace.request.user,
        messages=trace.request.messages,
        chosen=chosen,
        rejected=rejected(trace, chosen, corrected=corrected),
        truth=chosen if heard.approved else heard.corrected,
        score=score,
        verdict=trace.verdict,
        outcomes=dict(heard.outcomes),
        task_type=trace.task_type,
        intent=intent,
        language=trace.language,
        agreed=agreed(trace.replies, trace.answer.text),
        rated=bool(heard.ratings),
        cost=trace.cost,
        provenance=provenance,
        blocked=tuple(reasons(heard, score, provenance, wanted, corrected=corrected)),
        at=trace.started,
    )


def chosen_of(heard: Heard, answer: str, terms_of: TermsOf) -> tuple[str, Provenance]:
    """The answer to learn, and where it comes from: what a person wrote is free to use; what a
    reviewer approved is the model's own; of what they rejected the suggestion is another model's.
    """
    trace, seen, text = heard.trace, heard.reviewed, (heard.corrected or "").strip()
    made = Provenance(trace.served, terms_of(trace.served), trace.release, trace.strategy)
    if heard.approved:
        return answer, replace(made, source="review")
    if text and text != answer.strip():
        edited = seen is not None and seen.decision == "edited"
        return heard.corrected or "", replace(
            made, terms="free", source="review" if edited else "correction"
        )
    if seen is not None and seen.decision == "rejected" and seen.suggestion.strip():
        terms = terms_of(seen.suggester)
        return seen.suggestion, replace(made, model=seen.suggester, terms=terms, source="review")
    return answer, made


def reasons(
    heard: Heard, score: Score, provenance: Provenance, wanted: Filters, *, corrected: bool
) -> list[str]:
    """Why an example may not train, each in a few words; nothing where it may."""
    found, trace = [], heard.trace
    if provenance.terms not in wanted.terms:
        found.append(f"the terms of {provenance.model} are {provenance.terms}")
    if heard.reviewed is not None and heard.reviewed.decision == "rejected":
        if provenance.source == "review":
            found.append("a reviewer rejected the answer, and nobody approved what was suggested")
        elif not corrected:
            found.append("a reviewer rejected it")
    if corrected:
        return found
    if score.value < wanted.train:
        found.append(f"quality {score.value:.2f} is below {wanted.train:.2f}")
    if score.known < wanted.known:
        found.append(f"only {score.known:.0%} of its score is known")
    if not trace.passed_rules:
        found.append(f"its rules are not kept ({trace.guarded})")
    if trace.escalated and not heard.approved:
        found.append("a person was called")
    if not heard.approved and not liked(heard, wanted):
        found.append("no good outcome, and no rating good enough")
    return found


def liked(heard: Heard, wanted: Filters) -> bool:
    """Whether somebody or something says that the answer was good."""
    if any(heard.outcomes.get(each, 0.0) > 0 for each in wanted.outcomes):
        return True
    ratings = heard.ratings
    return bool(ratings) and sum(ratings) / len(ratings) >= wanted.rating


def rejected(trace: Trace, chosen: str, *, corrected: bool) -> tuple[str, ...]:
    """Answers the chosen one was preferred to: what a person corrected, and those of members whom
    the critic found worse."""
    found = [trace.answer.text] if corrected and trace.answer is not None else []
    if not corrected:
        found += _worse(trace)
    return tuple(dict.fromkeys(text for text in found if text.strip() and not _same(text, chosen)))


def _worse(trace: Trace) -> list[str]:
    """The members' answers that the critic found clearly worse than the one it chose."""
    verdict, evidence = trace.verdict, trace.evidence or {}
    labels: Mapping[str, str] = evidence.get("labels") or {}
    if verdict is None or verdict.fallback is not None or not labels:
        return []
    scores = {each.label: each.score for each in verdict.judgements}
    best = scores.get(verdict.best)
    if best is None:
        return []
    worse = {labels.get(name) for name, score in scores.items() if score <= best - CLEARLY}
    return [each.text for each in trace.replies if each.model in worse]


def agreed(replies: Sequence[Said], served: str) -> float | None:
    """The share of members that said the same as the answer, word for word but for spacing."""
    if len(replies) < 2:
        return None
    return sum(_same(each.text, served) for each in replies) / len(replies)


def terms_by(table: Mapping[str, Terms]) -> TermsOf:
    """Terms by provider, or by `provider/model` where that says more."""

    def of(model: str) -> Terms:
        provider = model.partition("/")[0]
        return table.get(model) or table.get(provider) or "unknown"

    return of


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()
