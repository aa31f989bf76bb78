"""What similarity cannot see: two questions near to each other whose answers differ.

"For 10 guests" and "for 20 guests" are one text to an embedder. Each guard compares one thing in
two `Reading`s and must find it equal; the first that does not is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher

from teppan.serve.cache.lexicon import lexicon
from teppan.serve.cache.reading import ONE, Figure, Reading

FRAME = 0.6
"""Of two texts that share this much word by word, a differing word is what is asked about."""
SPACELESS = frozenset(("zh", "ja", "th"))


def differ(one: Reading, other: Reading) -> str | None:
    """Which guard keeps these two questions apart; `None` when none does."""
    if one.literal is not None or other.literal is not None:
        return None if one.literal == other.literal else "code"
    for name, guard in GUARDS.items():
        if guard(one, other):
            return name
    return None


def _language(one: Reading, other: Reading) -> bool:
    return bool(one.language and other.language and one.language != other.language)


def _figures(one: Reading, other: Reading) -> bool:
    """Other numbers, or the same counting other things. The word `one` may be an article."""
    if one.figures == other.figures:
        return False
    here, there = _as_digits(one.figures), _as_digits(other.figures)
    if _values(here) != _values(there):
        return _values(_without_one(one.figures)) != _values(_without_one(other.figures))
    if len(here) < 2 or sorted(here) == sorted(there):
        return False
    in_order = [each.value for each in here] == [each.value for each in there]
    return not in_order or Counter(each.of for each in here) == Counter(each.of for each in there)


def _values(figures: Iterable[Figure]) -> Counter[str]:
    return Counter(each.value for each in figures)


def _as_digits(figures: Iterable[Figure]) -> list[Figure]:
    return [Figure("1", each.of) if each.value == ONE else each for each in figures]


def _without_one(figures: Iterable[Figure]) -> list[Figure]:
    return [each for each in figures if each.value != ONE]


def _units(one: Reading, other: Reading) -> bool:
    return one.units != other.units


def _times(one: Reading, other: Reading) -> bool:
    """Both name a time and not the same one. A time that only one names is for the frame."""
    return any(
        here and there and here != there
        for here, there in ((one.times, other.times), (one.spans, other.spans))
    )


def _negation(one: Reading, other: Reading) -> bool:
    return one.negative != other.negative


def _opposites(one: Reading, other: Reading) -> bool:
    """On some axis both take a side, and not the same one."""
    if one.poles == other.poles:
        return False
    here, there = _sides(one), _sides(other)
    return any(here[axis] != there[axis] for axis in here.keys() & there.keys())


def _sides(reading: Reading) -> dict[int, set[int]]:
    sides: dict[int, set[int]] = {}
    for axis, group in reading.poles:
        sides.setdefault(axis, set()).add(group)
    return sides


def _names(one: Reading, other: Reading) -> bool:
    """A name in one that is nowhere in the other, however it is written there."""
    return not (_known_names(one) <= _forms(other) and _known_names(other) <= _forms(one))


def _known_names(reading: Reading) -> set[str]:
    stems = dict(reading.words)
    return {stems.get(name) or name for name in reading.names if name in stems}


def _forms(reading: Reading) -> set[str]:
    return {stem or form for form, stem in reading.words}


def _codes(one: Reading, other: Reading) -> bool:
    return one.codes != other.codes


def _roles(one: Reading, other: Reading) -> bool:
    """From here to there, or from there to here: two things that have changed their parts."""
    here, there = dict(one.roles), dict(other.roles)
    generic = lexicon().generic
    return any(
        here[word] != there[word]
        and here[word] in other.content
        and there[word] in one.content
        and not generic & {here[word], there[word]}
        for word in here.keys() & there.keys()
    )


def _order(one: Reading, other: Reading) -> bool:
    """All the same words in another order: who does what to whom has changed."""
    if one.key == other.key:
        return False
    if one.language in SPACELESS:
        return Counter(one.content) == Counter(other.content) and one.content != other.content
    here, there = [form for form, _ in one.words], [form for form, _ in other.words]
    return Counter(here) == Counter(there)


def _frame(one: Reading, other: Reading) -> bool:
    """One frame, and a telling word that only one of the texts has."""
    here = [stem or form for form, stem in one.words]
    there = [stem or form for form, stem in other.words]
    matcher = SequenceMatcher(None, here, there, autojunk=False)
    if matcher.real_quick_ratio() < FRAME or matcher.quick_ratio() < FRAME:
        return False
    return matcher.ratio() >= FRAME and bool(telling(one, other))


def telling(one: Reading, other: Reading) -> set[str]:
    """Words that only one of the texts has and that are not just wording."""
    return (set(one.content) ^ set(other.content)) - lexicon().generic


Guard = Callable[[Reading, Reading], bool]

GUARDS: dict[str, Guard] = {
    "language": _language,
    "figures": _figures,
    "units": _units,
    "times": _times,
    "negation": _negation,
    "opposites": _opposites,
    "names": _names,
    "codes": _codes,
    "roles": _roles,
    "order": _order,
    "frame": _frame,
}
