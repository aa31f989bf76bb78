"""Which answers are kept: those that are whole, keep the rules, and somebody vouches for.

    whole       it was not cut, refused or left to a tool
    rules       the business's own, as code checks them; nobody had to be called
    critic      chose it, scored it high enough, found nothing made up in it
    confidence  the ensemble's own probability that it is right
    agreement   the share of the other members that say the same, where no critic judged
    reference   the right answer, where the task gives one: then it alone decides what is right
    language    it is in that of the task
    terms       whoever wrote a word of it lets it be learned from

What is not known does not count against an answer, but one that nothing vouches for is not kept
unless `unjudged` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from teppan.core.ids import content_hash
from teppan.core.signal import Terms
from teppan.core.trace import Trace
from teppan.core.verdict import NEEDS_IMPROVEMENT, Confidence, Verdict
from teppan.learn.distil import same
from teppan.learn.distil.tasks import Task
from teppan.learn.signals import TermsOf
from teppan.routing.language import Languages

if TYPE_CHECKING:
    from teppan.learn.coherence import Vectors

Kind = Literal[
    "cut",
    "refused",
    "rules",
    "critic",
    "confidence",
    "agreement",
    "reference",
    "language",
    "terms",
    "unjudged",
]
GUESSES = ("trust", "router")
"""Bases of a confidence that say what its model is worth, and nothing of this answer."""
_AUTHORS = ("aggregator", "translation")
"""Roles whose words are in an answer besides those of the model it is served as."""
_WORST: tuple[Terms, ...] = ("restricted", "unknown", "own", "free")


class Wanted(Struct, frozen=True, kw_only=True):
    """What an answer must be to be kept; each is the least, in [0, 1]."""

    confidence: float = 0.85
    agreement: float = 0.5
    critic: float = 0.7
    unjudged: bool = False
    terms: tuple[Terms, ...] = ("free", "own")

    @property
    def name(self) -> str:
        """Changes with any of it."""
        return content_hash(msgspec.json.encode(self))[:12]


class Judged(Struct, frozen=True):
    """Whether an answer is kept. `reasons` say why not, each with its kind; `sure` is how sure the
    ensemble is of it, `agreed` the share of the others that say the same, where that is known."""

    reasons: tuple[tuple[Kind, str], ...] = ()
    sure: float | None = None
    agreed: float | None = None
    terms: Terms = "unknown"

    @property
    def kept(self) -> bool:
        return not self.reasons


class Sieve:
    """Judges answers. `vectors` embed texts, for what says the same."""

    def __init__(
        self,
        wanted: Wanted,
        terms_of: TermsOf,
        languages: Languages,
        vectors: Vectors | None = None,
    ) -> None:
        self.wanted = wanted
        self._terms_of = terms_of
        self._languages = languages
        self._vectors = vectors

    def judge(self, task: Task, trace: Trace) -> Judged:
        """What is to be said of an answer; every reason, not only the first."""
        terms = worst([self._terms_of(each) for each in authors(trace)])
        reasons = [*_broken(trace)]
        if reasons:  # of what is not whole nothing else can be told
            return Judged(tuple(reasons), terms=terms)
        assert trace.answer is not None
        text = trace.answer.text
        agreed = self._agreed(task, trace)
        sure = _sure(trace.confidence)
        reasons += _ruled(trace)
        if task.reference:
            if not same.agrees(task.question, text, task.reference, self._vectors):
                reasons.append(("reference", "it does not say what the reference says"))
        else:
            reasons += self._vouched(trace, sure, agreed)
        reasons += self._fits(task, text)
        if terms not in self.wanted.terms:
            reasons.append(("terms", f"the terms of {', '.join(authors(trace))} are {terms}"))
        return Judged(tuple(reasons), sure, agreed, terms)

    def _vouched(
        self, trace: Trace, sure: float | None, agreed: float | None
    ) -> Iterator[tuple[Kind, str]]:
        wanted, verdict = self.wanted, _own(trace.verdict)
        if verdict is not None:
            yield from _criticised(verdict, wanted.critic)
        if sure is not None and sure < wanted.confidence:
            yield "confidence", f"the ensemble is only {sure:.2f} sure"
        if verdict is None and agreed is not None and agreed < wanted.agreement:
            yield "agreement", f"only {agreed:.0%} of the others say the same"
        if verdict is None and sure is None and agreed is None and not wanted.unjudged:
            yield "unjudged", "nothing vouches for it"

    def _agreed(self, task: Task, trace: Trace) -> float | None:
        """The share of the other members that say the same; `None` when there was no other."""
        assert trace.answer is not None
        others = [each.text for each in trace.replies if each.role not in ("critic", "judge")]
        text = trace.answer.text
        own = next((at for at, each in enumerate(others) if each.split() == text.split()), None)
        if own is not None:
            del others[own]
        if not others:
            return None
        return same.share(task.question, text, others, self._vectors)

    def _fits(self, task: Task, text: str) -> Iterator[tuple[Kind, str]]:
        guess = self._languages.guess(text)
        spoken = task.language or self._languages.guess(task.question).language
        if spoken and guess.clear and guess.language != spoken.partition("-")[0]:
            yield "language", f"it is in {guess.language} and not in {spoken}"


def authors(trace: Trace) -> tuple[str, ...]:
    """The models whose words an answer is: the one it is served as, and who wrote parts of it.

    An aggregator writes from what others proposed, so it is theirs too.
    """
    wrote = [call.model for call in trace.calls if call.outcome == "ok" and call.role in _AUTHORS]
    if any(call.role == "aggregator" for call in trace.calls):
        wrote += [each.model for each in trace.replies]
    return tuple(dict.fromkeys(each for each in (trace.served, *wrote) if each))


def worst(terms: Sequence[Terms]) -> Terms:
    """The terms that hold for words of several models."""
    return min(terms, key=_WORST.index) if terms else "unknown"


def _broken(trace: Trace) -> Iterator[tuple[Kind, str]]:
    if trace.status != "ok" or trace.answer is None:
        yield "cut", f"it is not whole ({trace.status})"
        return
    reason, message = trace.answer.finish_reason, trace.answer.message
    if reason in ("refusal", "content_filter") or message.refusal:
        yield "refused", "it was refused"
    elif reason != "stop":
        yield "cut", f"it was cut ({reason})"
    elif not trace.answer.text.strip():
        yield "cut", "it is empty"


def _ruled(trace: Trace) -> Iterator[tuple[Kind, str]]:
    if not trace.passed_rules:
        broken = ", ".join(dict.fromkeys(each.rule for each in trace.violations)) or trace.guarded
        yield "rules", f"it breaks rules ({broken})"
    if trace.escalated:
        yield "rules", "a person would have been called"


def _sure(confidence: Confidence | None) -> float | None:
    """How sure the ensemble is of this answer; `None` when it only knows who gave it."""
    if confidence is None or confidence.basis.startswith(GUESSES):
        return None
    return confidence.value


def _own(verdict: Verdict | None) -> Verdict | None:
    """The critic's own verdict: one that stands in for it says nothing."""
    return verdict if verdict is not None and verdict.fallback is None else None


def _criticised(verdict: Verdict, least: float) -> Iterator[tuple[Kind, str]]:
    if verdict.best == NEEDS_IMPROVEMENT:
        yield "critic", "the critic wanted another answer"
        return
    chosen = [each for each in verdict.judgements if each.label == verdict.best]
    for each in chosen:
        if each.score < least:
            yield "critic", f"the critic gave it {each.score:.2f}"
        if each.hallucinations:
            yield "critic", f"the critic found it made up: {each.hallucinations[0]}"
        if each.violations:
            yield "critic", f"the critic found it breaks: {each.violations[0]}"
    if verdict.consistent is False:
        yield "critic", "the critic chose otherwise in the other order"
