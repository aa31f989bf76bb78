"""Whether an answer keeps one check of a rule: a sentence that says what is wrong, or nothing.

amounts    every amount is a price or follows from prices and counts
minimum    an amount below the minimum stands beside it
surcharge  what costs more is not called free, and not left out of a quote
forbidden  a thing is not offered; that there is none may be said
promise    words are not said, unless denied
must_say   where a question asks for it, words are said
quantity   a number before a unit is one of the facts, or the customer's own
length     not more than so many characters
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from teppan.config.rules import Check, Price, Rulebook
from teppan.serve.guard import amounts as money_of
from teppan.serve.guard.amounts import Reckoning
from teppan.serve.guard.counting import Counted, Money, counted, number
from teppan.serve.guard.reading import read
from teppan.serve.guard.saying import denied_around, denies, mentions, said
from teppan.serve.guard.words import words

_SHOWN = 120


class Free(NamedTuple):
    """A clause that says that nothing is paid; `spoken` are the prices its sentence speaks of."""

    clause: str
    sentence: str
    spoken: frozenset[str]


class Case:
    """One question and answer, with all that checks ask about them, worked out once."""

    def __init__(
        self,
        book: Rulebook,
        money: Money,
        question: str,
        earlier: tuple[str, ...],
        answer: str,
        known: str = "",
    ) -> None:
        """`known` is what tools found out: its figures are facts."""
        self.book = book
        self.known = known
        self.money = money
        self.answer = read(answer)
        self.question = read(question[-8_000:])
        self.earlier = tuple(read(each[-4_000:]) for each in earlier)

    @cached_property
    def history(self) -> str:
        return "\n".join(each.text for each in self.earlier)

    @cached_property
    def counts(self) -> Counted:
        return counted(self.book, self.money, (self.question, *self.earlier), self.answer)

    @cached_property
    def reckoning(self) -> Reckoning:
        return money_of.reckon(
            self.book, self.counts, self.question.text, self.history, self.answer
        )

    @cached_property
    def free(self) -> list[Free]:
        """The clauses of the answer that say that nothing is paid."""
        found = []
        prices = self.book.prices.values()
        for clauses in self.answer.sentences:
            if not any(words().free.search(clause) for clause in clauses):
                continue
            sentence = ", ".join(clauses)
            spoken = frozenset(
                each.id for each in prices if each.about is not None and each.about.search(sentence)
            )
            found += [
                Free(clause, sentence, spoken)
                for clause in dict.fromkeys(clauses)
                if words().free.search(clause) and not _denies_free(clause)
            ]
        return found

    @cached_property
    def told(self) -> frozenset[Decimal]:
        """Amounts that the customer named."""
        return frozenset(self.money.found(f"{self.question.text}\n{self.history}"))

    @cached_property
    def found(self) -> frozenset[Decimal]:
        """Amounts that a tool worked out."""
        return frozenset(self.money.found(self.known))

    @cached_property
    def named(self) -> tuple[Decimal, ...]:
        return tuple(self.money.found(self.answer.text))


def check(case: Case, wanted: Check) -> str | None:
    """What is wrong, in a few words, or `None`."""
    return KINDS[wanted.kind](case, wanted)


def _amounts(case: Case, wanted: Check) -> str | None:
    if not case.named:
        return None
    told = case.told
    if wanted.echo is not None and wanted.echo.search(case.question.text):
        told |= frozenset(case.counts.bare)  # `my budget is 700`
    found = money_of.unexplained(
        case.book,
        case.money,
        case.reckoning,
        case.answer,
        case.question.text,
        told,
        wanted.echo,
    )
    found = [each for each in found if each.value not in case.found]
    if not found:
        return None
    values = ", ".join(dict.fromkeys(_written(case, each.value) for each in found))
    return f"{values} follows from no fact: {_shown(found[0].sentence)}"


def _minimum(case: Case, wanted: Check) -> str | None:
    least = [case.book.prices[name].amount for name in wanted.prices]
    bases = case.reckoning.bases - case.found
    low = [each for each in case.named if each in bases and each < min(least)]
    if not low or any(each >= min(least) for each in case.named):
        return None
    below, minimum = _written(case, low[0]), _written(case, least[0])
    return f"{below} is below the minimum of {minimum}, which is not named"


def _surcharge(case: Case, wanted: Check) -> str | None:
    for name in wanted.prices:
        price = case.book.prices[name]
        told = _called_free(case, price, wanted.unless) or _left_out(case, price)
        if told is not None:
            return told
    return None


def _called_free(case: Case, price: Price, unless: re.Pattern[str] | None) -> str | None:
    """A clause that says nothing is paid for what costs something."""
    if price.about is None or not case.free:
        return None
    if price.beyond and not any(case.reckoning.due[price.id]):
        return None
    if price.free is not None and price.free.search(case.question.text):
        return None
    asked = price.about.search(case.question.text) is not None
    alone = asked and len(case.answer.sentences) == 1
    for free in case.free:
        if unless is not None and unless.search(free.sentence):
            continue
        bare = alone and free.spoken <= {price.id}
        if not (bare or price.about.search(free.clause)):
            continue
        if not _excused(price, free.clause, free.sentence):
            return f"{price.id} is not free: {_shown(free.sentence)}"
    return None


def _denies_free(clause: str) -> bool:
    """`not included`, `not free`: a denial that is no part of the words for free."""
    return denies(words().free.sub(" ", clause))


def _excused(price: Price, clause: str, sentence: str) -> bool:
    """Under these words it is right that nothing is paid."""
    if price.free is not None and price.free.search(clause):
        return True
    limit = f"{price.beyond.normalize():f}"
    return bool(price.beyond) and re.search(rf"(?<!\d){limit}(?!\d)", sentence) is not None


def _left_out(case: Case, price: Price) -> str | None:
    """A quote for what was asked for together with this, that does not hold it."""
    if price.about is None or price.base or not case.named:
        return None
    if price.about.search(case.question.text) is None:
        return None
    reckoning = case.reckoning
    with_it = reckoning.listed[price.id] | reckoning.with_price.get(price.id, frozenset())
    due = reckoning.due[price.id]
    if price.beyond and not any(due):
        return None
    totals = [each for each in case.named if each in reckoning.bases - case.found]
    if not totals or any(each in with_it for each in case.named):
        return None
    return f"{price.id} ({_written(case, price.amount)}) is asked for and not in the quote"


def _forbidden(case: Case, wanted: Check) -> str | None:
    assert wanted.words is not None
    if not _is_asked(case, wanted):
        return None
    for sentence, stance in mentions(case.answer, wanted.words, wanted.unless):
        if stance == "offers":
            return f"it offers what may not be offered: {_shown(sentence)}"
    if wanted.words.search(case.question.text) and not wanted.words.search(case.answer.text):
        return _assented(case)
    return None


def _assented(case: Case) -> str | None:
    """`Yes, of course we can bring it`: the thing stands in the question, the yes in the answer."""
    first = case.answer.sentences[0] if case.answer.sentences else ()
    if first and YES.match(first[0]) and not any(denies(clause) for clause in first):
        return f"it says yes to what may not be offered: {_shown(', '.join(first))}"
    return None


def _promise(case: Case, wanted: Check) -> str | None:
    assert wanted.words is not None
    if not _is_asked(case, wanted):
        return None
    found = said(case.answer, wanted.words, wanted.unless)
    return f"it says what may not be said: {_shown(found)}" if found is not None else None


def _must_say(case: Case, wanted: Check) -> str | None:
    assert wanted.words is not None
    if not _is_asked(case, wanted):
        return None
    if wanted.unless is not None and wanted.unless.search(case.question.text):
        return None
    if said(case.answer, wanted.words) is not None:
        return None
    return "it leaves out what must be said"


def _is_asked(case: Case, wanted: Check) -> bool:
    """Whether the question is of the kind this is about: it says so, and does not deny it."""
    if wanted.asked is None:
        return True
    for clauses in case.question.sentences:
        for clause in clauses:
            if wanted.asked.search(clause) and not denied_around(clause, wanted.asked):
                return True
    return False


def _quantity(case: Case, wanted: Check) -> str | None:
    """A number before the unit must be allowed, or stand in what the customer said."""
    assert wanted.words is not None
    about = wanted.asked
    known = f"{case.question.text}\n{case.history}\n{case.known}"
    for clauses in case.answer.sentences:
        sentence = ", ".join(clauses)
        if about is not None and not (about.search(sentence) or about.search(case.question.text)):
            continue
        if wanted.unless is not None and wanted.unless.search(sentence):
            continue
        text = case.money.without(sentence)
        for found in _MEASURED.finditer(text):
            if wanted.words.match(text, found.end()) is None:
                continue
            value = number(found.group(1))
            excused = value in wanted.allowed or _stands_in(value, known)
            if not excused and not denies(text):
                return f"{value:f} is no figure of the facts: {_shown(sentence)}"
    return None


_MEASURED = re.compile(r"(?<![0-9A-Za-z.,$])(\d+(?:[.,]\d+)?)[ -]?")


def _stands_in(value: Decimal, text: str) -> bool:
    return any(number(each.group()) == value for each in re.finditer(r"\d+(?:[.,]\d+)?", text))


def _length(case: Case, wanted: Check) -> str | None:
    size = len(case.answer.text)
    return f"it has {size} characters, {wanted.most} are enough" if size > wanted.most else None


def _written(case: Case, value: Decimal) -> str:
    sign = case.book.money[0] if case.book.money else ""
    return f"{sign}{value:,f}"


def _shown(text: str) -> str:
    return f"`{text if len(text) <= _SHOWN else text[:_SHOWN] + '...'}`"


YES = re.compile(
    r"(?:yes|sure|of course|certainly|absolutely|s[ií]|claro|por supuesto|ja|klar|nat[uü]rlich"
    r"|selbstverst[aä]ndlich|gern(?:e)?|是的?|有的?|可以的?|当然|没问题|はい|ええ|もちろん)(?![a-záéíóúñäöüß])",
    re.IGNORECASE,
)

KINDS: Mapping[str, Callable[[Case, Check], str | None]] = {
    "amounts": _amounts,
    "minimum": _minimum,
    "surcharge": _surcharge,
    "forbidden": _forbidden,
    "promise": _promise,
    "must_say": _must_say,
    "quantity": _quantity,
    "length": _length,
}
