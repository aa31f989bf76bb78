"""Whether a text offers, denies or only names a thing; whether what was denied is taken back.

A clause that names the thing decides by itself where it denies or affirms. A bare one (`Caviar, I'm
sorry, is not on our menu`; `bread, salad, caviar`) is decided by its sentence. After a denial, a
turn and an offer (`but we can get it for you`) the denial does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from teppan.serve.guard.reading import Reading
from teppan.serve.guard.words import words

Stance = Literal["offers", "denies", "names"]


def denies(text: str) -> bool:
    """Whether a clause or sentence denies something, idioms left out."""
    known = words()
    return known.denials.search(known.idioms.sub(" ", text)) is not None


def affirms(text: str) -> bool:
    return words().affirms.search(text) is not None


def mentions(
    reading: Reading, thing: re.Pattern[str], unless: re.Pattern[str] | None = None
) -> Iterator[tuple[str, Stance]]:
    """Each sentence that names the thing, and what it says of it."""
    denied_before = False
    for place, clauses in enumerate(reading.sentences):
        sentence = ", ".join(clauses)
        if denied_before and _taken_back(clauses, first=True):
            yield sentence, "offers"
        denied_before = False
        if thing.search(sentence) is None or (unless is not None and unless.search(sentence)):
            continue
        following = reading.sentences[place + 1] if place + 1 < len(reading.sentences) else ()
        stance = _of_sentence(clauses, thing, following)
        denied_before = stance == "denies"
        yield sentence, stance


def _of_sentence(
    clauses: Sequence[str], thing: re.Pattern[str], following: Sequence[str]
) -> Stance:
    """What a sentence that names the thing says of it; the worst of its clauses counts."""
    stances: list[Stance] = []
    for place, clause in enumerate(clauses):
        if thing.search(clause) is None:
            continue
        if denies(clause):
            stances.append("offers" if _taken_back(clauses[place + 1 :]) else "denies")
        elif words().topics.search(clause):
            stances.append(_of_topic(clauses[place + 1 :], following))
        elif affirms(clause):
            stances.append("offers")
        else:
            stances.append(_of_bare(clauses, place))
    if not stances:  # the thing's name is cut by a comma
        return "denies" if any(denies(clause) for clause in clauses) else "offers"
    for stance in ("offers", "denies"):
        if stance in stances:
            return "offers" if stance == "offers" else "denies"
    return "names"


def _of_topic(rest: Sequence[str], following: Sequence[str]) -> Stance:
    for clause in (*rest, *following[:2]):
        if denies(clause):
            return "denies"
        if re.match(
            r"(?:yes|s[ií]\b|of course|sure|ja\b|nat[uü]rlich|是的|有的|当然|はい|もちろん)",
            clause,
            re.IGNORECASE,
        ):
            return "offers"
    return "names"


def _of_bare(clauses: Sequence[str], place: int) -> Stance:
    """A clause of no verb belongs to the one before it, or after it."""
    for near in (*reversed(clauses[:place]), *clauses[place + 1 :]):
        if denies(near):
            return "denies"
        if affirms(near):
            return "offers"
    return "offers"


def _taken_back(clauses: Sequence[str], *, first: bool = False) -> bool:
    known = words()
    turned = False
    for place, clause in enumerate(clauses):
        if first and place and not turned:
            return False
        turned = turned or known.turns.match(clause) is not None
        if turned and known.taken_back.search(clause) and not denies(clause):
            return True
    return False


def said(
    reading: Reading, wanted: re.Pattern[str], unless: re.Pattern[str] | None = None
) -> str | None:
    """The first sentence that says the wanted words without denying them, or `None`."""
    for clauses in reading.sentences:
        sentence = ", ".join(clauses)
        if wanted.search(sentence) is None or (unless is not None and unless.search(sentence)):
            continue
        for clause in clauses:
            if wanted.search(clause) and not denied_around(clause, wanted):
                return sentence
        if not any(wanted.search(clause) for clause in clauses) and not denies(sentence):
            return sentence
    return None


def denied_around(clause: str, wanted: re.Pattern[str]) -> bool:
    """Whether a clause denies the words it holds; a denial inside the words is theirs."""
    return denies(wanted.sub(" ", words().idioms.sub(" ", clause)))
