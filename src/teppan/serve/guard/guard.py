"""Keeps the rules of a business: a step between the strategy and the answer.

    outcome ── check ── kept ────────────────────────────────────> served
                 └─ broken ── asked again, with the rule and the draft
                                 ├─ kept ──────────────────────────> served   (regenerated)
                                 ├─ only minor rules are broken ───> served   (noted)
                                 └─ broken ── the safe answer ─────> served   (replaced)

A live reply is read to its end first: nothing of an answer is told before it is checked. Of two
writings that break only rules of low severity the better one is served, since "it does not
apologise" is no reason to give no answer. When the rules themselves fail (a defect, a text too long
to look at), the answer is served where no rule of high severity could be checked for, and is
replaced where one could not: the log says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace

from teppan.config.rules import Rule, Rulebook
from teppan.core.chat import ChatRequest, Choice, Completion, Message, Text, say
from teppan.core.errors import TeppanError
from teppan.core.reply import Outcome, Reply
from teppan.core.verdict import Violation
from teppan.routing.language import Languages
from teppan.serve.answer import whole
from teppan.serve.guard.checks import Case, check
from teppan.serve.guard.counting import Money
from teppan.serve.guard.reading import TooLong
from teppan.serve.language.hearing import language_of
from teppan.serve.strategies.fence import Fence

log = structlog.get_logger(__name__)

Again = Callable[[ChatRequest], Awaitable[Outcome]]
"""The strategy, asked anew."""

QUALITY: Mapping[str, float] = {"high": 0.0, "medium": 0.25, "low": 0.6}
"""The most that an answer is worth that broke a rule of such severity."""

KEPT = 0.75
"""What an answer is worth of which only is known that it breaks no rule."""

DEFECTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a defect of ours, or of a pack, looks like: it must not take the answer down."""
_RANK = {"low": 0, "medium": 1, "high": 2}
LONG = 2_000
"""Characters of a text that is read aside; up to there it takes some milliseconds."""
_EARLIER = 12
"""Messages of the customer that counts and names are looked for in, besides the last."""
SAFE = "I want to be sure about this and pass it on to our team."
"""The safe answer of a pack that names none."""
BY_RULES = "rules"
"""The model that is named for the safe answer."""

_NOTE = """Your draft of an answer to the message below breaks rules of the business. It was not \
sent.

The draft:
{draft}

What is wrong with it:
{wrong}

Write the answer to the message below again, so that it keeps these rules. Write it to the \
customer, in the customer's language; do not speak of the draft, of rules or of this note."""


class Found(Struct, frozen=True):
    """What a look at one answer gave; `failed` are rules that could not be checked."""

    violations: tuple[Violation, ...] = ()
    failed: tuple[Rule, ...] = ()

    @property
    def worst(self) -> int:
        """Rank of the worst, -1 for none; a rule that could not be checked counts when high."""
        ranks = [_RANK[each.severity] for each in self.violations]
        ranks += [2 for each in self.failed if each.severity == "high"]
        return max(ranks, default=-1)


class Guard:
    """Built once from a pack's rules. `chance` draws the mark of the note that asks again."""

    def __init__(
        self,
        book: Rulebook,
        languages: Languages,
        chance: Callable[[], float],
        fallback: str = "en",
        only: Mapping[str, Sequence[str]] = {},
    ) -> None:
        """`only` names the rules of models that keep some of them, not all."""
        self._book = book
        self._only = {
            model: tuple(rule for rule in book.rules if rule.id in names)
            for model, names in only.items()
        }
        self._languages = languages
        self._chance = chance
        self._fallback = fallback
        self._money = Money(book)
        self._texts = {rule.id: rule for rule in book.rules}
        self._active = any(rule.checks for rule in book.rules)

    def _rules(self, model: str) -> tuple[Rule, ...]:
        return self._only.get(model, self._book.rules)

    @property
    def active(self) -> bool:
        """Whether any rule is checked in code."""
        return self._active

    def check(
        self,
        request: ChatRequest,
        text: str,
        draft: int = 1,
        known: str = "",
        done: Collection[str] = (),
    ) -> Found:
        """The rules that an answer breaks. `known` is what tools found out for it: figures in
        there are facts. `done` are the tools that changed what they should: an answer may say so.
        """
        if not text.strip():
            return Found()
        rules = [each for each in self._rules(request.model) if not each.done_by & set(done)]
        try:
            said = (request.question, _earlier(request))
            case = Case(self._book, self._money, *said, text, known)
        except (TooLong, *DEFECTS) as error:
            log.warning("an answer could not be read by its rules", reason=str(error))
            return Found((), tuple(rule for rule in rules if rule.checks))
        violations: list[Violation] = []
        failed: list[Rule] = []
        for rule in rules:
            try:
                told = next((w for each in rule.checks if (w := check(case, each))), None)
            except DEFECTS as error:
                log.exception("a rule could not be checked", rule=rule.id, error=str(error))
                failed.append(rule)
                continue
            if told is not None:
                violations.append(Violation(rule.id, rule.severity, told, draft))
        return Found(tuple(violations), tuple(failed))

    async def keep(self, request: ChatRequest, outcome: Outcome, again: Again) -> Outcome:
        """The outcome to serve. Its reply is whole, `violations` and `guarded` are set; without a
        rule that is checked in code it is left as it is.

        Raises what reading a live reply raises; asking again may fail, then the first is judged.
        """
        if not self._active:
            return outcome
        first = await _whole(outcome)
        found = await self._look(request, first, 1)
        if found.worst < 0:
            if found.failed:
                return replace(first, guarded="unchecked")
            return replace(first, guarded="passed", qualities=_kept(first))
        best, best_found = first, found
        violations, qualities = found.violations, _lowered(first, found)
        second = await self._again(request, first, found, again) if found.violations else None
        if second is not None:
            kept = await self._look(request, second, 2)
            violations += kept.violations
            qualities = {**second.qualities, **_lowered(second, kept), **qualities}
            if kept.worst <= found.worst:
                best, best_found = second, kept
        told = replace(best, qualities=qualities, violations=violations)
        if best_found.worst < 0:
            return replace(told, guarded="unchecked" if best_found.failed else "regenerated")
        if best_found.worst == 0:
            return replace(told, guarded="noted")
        return self._replaced(request, told)

    async def _look(self, request: ChatRequest, outcome: Outcome, draft: int) -> Found:
        """The worst of an answer's choices counts; each rule once. A long text is read aside, so
        that others need not wait for it."""
        assert isinstance(outcome.reply, Reply)
        known = "\n".join(each.result for each in outcome.tools)
        done = {each.tool for each in outcome.tools if each.status == "confirmed"}
        looks = [
            await asyncio.to_thread(self.check, request, text, draft, known, done)
            if len(text) + len(known) > LONG
            else self.check(request, text, draft, known, done)
            for text in (choice.message.text for choice in outcome.reply.completion.choices)
        ]
        broken = {each.rule: each for look in looks for each in look.violations}
        failed = {each.id: each for look in looks for each in look.failed}
        return Found(tuple(broken.values()), tuple(failed.values()))

    async def _again(
        self, request: ChatRequest, first: Outcome, found: Found, again: Again
    ) -> Outcome | None:
        assert isinstance(first.reply, Reply)
        try:
            return await _whole(await again(self.noted(request, first.reply.text, found)))
        except TeppanError as error:
            log.warning("an answer that broke a rule could not be written again", reason=str(error))
            return None

    def noted(self, request: ChatRequest, draft: str, found: Found) -> ChatRequest:
        """The request with a note before its last message: the draft, and what is wrong with it."""
        wrong = "\n".join(self._wrong(each) for each in found.violations)
        mark = Fence.draw(self._chance)
        told = _NOTE.format(draft=mark.around("answer", draft), wrong=mark.around("rules", wrong))
        note = f"<note-{mark.number}>\n{told}\n</note-{mark.number}>"
        messages = list(request.messages)
        last = messages[-1] if messages else None
        if last is not None and last.role == "user":
            messages[-1] = replace(last, parts=(Text(f"{note}\n\n"), *last.parts))
        else:
            messages.append(say("user", note))
        return replace(request, messages=tuple(messages), asked=request.question, stream=False)

    def _wrong(self, broken: Violation) -> str:
        rule = self._texts[broken.rule]
        return f"- {rule.text} Here: {broken.found}. {rule.fix}".strip()

    def _replaced(self, request: ChatRequest, broken: Outcome) -> Outcome:
        assert isinstance(broken.reply, Reply)
        names = dict.fromkeys(each.rule for each in broken.violations)
        rules = ", ".join(names) or "rules that could not be checked"
        text = self.told(self._book.safe_answer, request, SAFE)
        log.warning("an answer was replaced by the safe one", rules=rules)
        return replace(
            broken,
            reply=with_text(broken.reply, text),
            reason=f"the safe answer, because of {rules}",
            confidence=None,
            guarded="replaced",
        )

    def told(self, texts: Mapping[str, str], request: ChatRequest, otherwise: str) -> str:
        """The text of a pack in the customer's language, else in the pack's first."""
        language = language_of(request, self._languages).language
        return texts.get(language) or texts.get(self._fallback) or otherwise


def with_text(reply: Reply, text: str, model: str = BY_RULES) -> Reply:
    """A reply of the gateway's own, in the place of another: its tokens and cost stay."""
    message = Message("assistant", (Text(text),))
    completion = Completion(
        model,
        (Choice(message, "stop"),),
        reply.completion.usage,
        reply.completion.id,
    )
    return replace(reply, model=model, completion=completion, confidence=None)


async def _whole(outcome: Outcome) -> Outcome:
    """The outcome with its reply read to the end."""
    if isinstance(outcome.reply, Reply):
        return outcome
    return replace(outcome, reply=await whole(outcome.reply))


def _earlier(request: ChatRequest) -> tuple[str, ...]:
    """The customer's messages before the last one, the newest first."""
    said = [each.text for each in request.messages if each.role == "user"]
    return tuple(reversed(said[:-1][-_EARLIER:]))


def _kept(outcome: Outcome) -> Mapping[str, float]:
    """Qualities, with what keeping the rules says of a model of which nothing else was learned: who
    breaks one loses trust, so who keeps them must be able to win it back."""
    assert isinstance(outcome.reply, Reply)
    return outcome.qualities or {outcome.reply.model: KEPT}


def _lowered(outcome: Outcome, found: Found) -> dict[str, float]:
    """Qualities, with the most that the model of a violating answer can be worth."""
    assert isinstance(outcome.reply, Reply)
    qualities = dict(outcome.qualities)
    if found.violations:
        most = min(QUALITY[each.severity] for each in found.violations)
        model = outcome.reply.model
        qualities[model] = min(qualities.get(model, 1.0), most)
    return qualities
