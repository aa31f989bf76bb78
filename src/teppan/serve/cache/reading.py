"""What a question says, as far as its words tell: figures, units, dates, names, denial, parts.

`read` is made once for each text and kept beside it, so that a guard only compares. It knows
English best, Spanish, Chinese and Japanese in part (`lexicon.toml`); of other languages it sees
the figures, the names, and every single word.
"""

from __future__ import annotations

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence

from msgspec import Struct

from teppan.serve.cache.lexicon import Lexicon, bare, lexicon

_TOKEN = re.compile(
    r"https?://\S+|[\w.+-]+@[\w-]+\.[\w.]+"  # addresses
    r"|[$€£¥₹%]|°[CcFf]"
    r"|[-−]?\d+(?:[.,:/-]\d+)*(?:[^\W\d_\u3040-\u9fff]+)?"  # 1,100  10:30  06/03  1.2.3  5pm
    r"|[\u3040-\u30ff\u3400-\u9fff]"  # signs of scripts without spaces, one by one
    r"|[^\W_\u3040-\u9fff]+(?:[’'][^\W\d_]+)*[+#]*"
    r"|[.!?;:。！？\n]"
)
_ENDS = frozenset(".!?;:。！？\n")
_MONEY = frozenset("$€£¥₹")
_NUMBER = re.compile(r"([-−]?)(\d+(?:[.,:/-]\d+)*)(.*)", re.DOTALL)
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")
_CODE = re.compile(r"[`{}<>\\]|==|=>|->|::|\w\(|^\s{2,}\S+.*[;:]$", re.MULTILINE)
_COUNTERS = frozenset("个個位人名点點月日号天小时時分秒年岁歳元块度次份张張件杯条只週周星台本枚")
_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {"两": 2, "兩": 2}
_TENS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_SHORT = {"n't": "not", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would"}
_PRONOUN_ONE = frozenset(
    "this that the which new another no any old other wrong each every".split()
)
HALVES = frozenset(("am", "pm"))
ONE = "one"
"""The word, which is a number or almost an article."""
REMEMBERED = 20_000
"""Readings in memory; one takes some kilobytes."""
LOUD = 0.7
"""A text with a larger share of capitals is shouted: they name nothing."""


class Figure(Struct, frozen=True, order=True):
    """A number a text states, plainly written, and the word it counts."""

    value: str
    of: str = ""


class Reading(Struct, frozen=True):
    """`key` are the words without courtesy: texts of one key are one question.

    `words` are those of the key as (form, stem) with stop words marked by an empty stem; `names`
    and `codes` are case-folded; `roles` are (preposition, what follows it).
    """

    key: str
    words: tuple[tuple[str, str], ...]
    figures: tuple[Figure, ...]
    units: frozenset[str]
    spans: frozenset[str]
    times: frozenset[str]
    negative: bool
    poles: frozenset[tuple[int, int]]
    names: frozenset[str]
    codes: frozenset[str]
    roles: frozenset[tuple[str, str]]
    language: str
    literal: str | None
    """The text itself when it holds code, where case and signs matter."""

    @property
    def content(self) -> tuple[str, ...]:
        return tuple(stem for _, stem in self.words if stem)


class Readings:
    """Those of the texts that were read last; an entry is compared again and again."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Reading] = OrderedDict()

    def of(self, text: str) -> Reading:
        reading = self._known.get(text)
        if reading is None:
            reading = self._known[text] = read(text)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return reading


def read(text: str) -> Reading:
    """All that the guards compare of one text; about 50 microseconds for a short question."""
    known = lexicon()
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").strip()
    sentences = _sentences(plain)
    names, codes = _names(sentences, known), set[str]()
    folded = [_expanded([token.casefold() for token in each], known) for each in sentences]
    kept = _without_courtesy(folded, known)
    figures: list[Figure] = []
    marks = _Marks(set(), set(), set(), codes)
    words: list[str] = []
    for sentence in kept:
        words += _figured(sentence, known, figures, marks)
    spaceless = "".join(words)
    poles = {pole for word in words for pole in known.poles.get(word, ())}
    for found in known.signs.findall(spaceless) if not spaceless.isascii() else ():
        marks.add(found, known)
        poles.update(known.poles.get(found, ()))
    return Reading(
        key=" ".join(words),
        words=tuple((word, _stem(word, known)) for word in words),
        figures=tuple(figures),
        units=frozenset(marks.units),
        spans=frozenset(marks.spans),
        times=frozenset(marks.times),
        negative=_negative(words, spaceless, known),
        poles=frozenset(poles),
        names=frozenset(names),
        codes=frozenset(codes),
        roles=_roles(words, known),
        language=_language(words, known),
        literal=plain if _CODE.search(plain) else None,
    )


class _Marks(Struct):
    """What is collected while a text is gone through."""

    units: set[str]
    spans: set[str]
    times: set[str]
    codes: set[str]

    def add(self, word: str, known: Lexicon) -> str:
        """Takes the word where it belongs; gives the name of what it means."""
        for names, kept in (
            (known.units, self.units),
            (known.spans, self.spans),
            (known.times, self.times),
        ):
            if word in names:
                kept.add(names[word])
                return names[word]
        if "@" in word or "//" in word or (any(map(str.isdigit, word)) and not word.isdigit()):
            self.codes.add(word)
        return word


def _sentences(text: str) -> list[list[str]]:
    sentences: list[list[str]] = [[]]
    sign = ""  # of money: it is written before the number and read after it
    for token in _TOKEN.findall(text):
        if token in _ENDS:
            sentences.append([])
        elif token in _MONEY:
            sign = token
        else:
            sentences[-1] += [token, sign] if sign else [token]
            sign = ""
    sentences[-1] += [sign] if sign else []
    return [each for each in sentences if each]


def _names(sentences: Sequence[Sequence[str]], known: Lexicon) -> set[str]:
    """Capitalised words inside sentences, unless everything is shouted."""
    letters = [sign for each in sentences for token in each for sign in token if sign.isalpha()]
    if sum(sign.isupper() for sign in letters) > LOUD * len(letters):
        return set()
    return {
        word
        for sentence in sentences
        for token in sentence[1:]
        if token[:1].isupper()
        for word in (token.casefold().removesuffix("'s"),)
        if word not in known.stop and word not in known.fillers and "'" not in word
    }


def _expanded(tokens: Sequence[str], known: Lexicon) -> list[str]:
    """Contractions in full: `can't` is `can not`, `what's` is `what`."""
    found: list[str] = []
    for word in tokens:
        if word in ("cannot", "can't", "cant"):
            found += ["can", "not"]
            continue
        if word in known.contracted:
            found += [word[:-2], "not"]
            continue
        for short, full in _SHORT.items():
            if word.endswith(short) and len(word) > len(short):
                found += [word.removesuffix(short), full]
                break
        else:
            found.append(word.removesuffix("'s").replace("'", ""))
    return [word for word in found if word]


def _without_courtesy(sentences: list[list[str]], known: Lexicon) -> list[list[str]]:
    """The sentences that say something, without greetings and thanks; all, when none does."""
    kept = []
    for sentence in sentences:
        words = _trimmed(sentence, known)
        if any(word not in known.fillers for word in words):
            kept.append(words)
    return kept or sentences


def _trimmed(words: list[str], known: Lexicon) -> list[str]:
    rest = words
    for _ in range(4):
        for phrase in known.openings:
            after = rest[len(phrase) :]
            if after and tuple(rest[: len(phrase)]) == phrase and not _needed(phrase, after):
                rest = after
                break
        else:
            break
    for phrase in known.closings:
        if len(phrase) < len(rest) and tuple(rest[-len(phrase) :]) == phrase:
            rest = rest[: -len(phrase)]
            break
    return rest


def _needed(phrase: tuple[str, ...], after: Sequence[str]) -> bool:
    """`Hi, there are` begins with the greeting `hi`, not `hi there`."""
    return phrase[-1] == "there" and after[0] in ("is", "are", "was", "were", "will", "have")


def _figured(
    words: Sequence[str], known: Lexicon, figures: list[Figure], marks: _Marks
) -> list[str]:
    """The words, numbers plainly written; collects figures, units, times and codes on the way."""
    found: list[str] = []
    pending: list[str] = []  # values that wait for the word they count
    at = 0
    while at < len(words):
        word = words[at]
        value, used, suffix = _value(words, at, known)
        at += used
        if value is not None:
            pending.append(value)
            found.append(value)
            if not suffix:
                continue
            word = suffix
        meant = marks.add(word, known)
        found.append(meant)
        if pending and word not in known.stop:
            figures += [Figure(each, _stem(meant, known)) for each in pending]
            pending.clear()
    figures += [Figure(each) for each in pending]
    return found


def _value(words: Sequence[str], at: int, known: Lexicon) -> tuple[str | None, int, str]:
    """The number that begins here, how many words it takes, and what is written onto it."""
    word = words[at]
    if (match := _NUMBER.fullmatch(word)) is not None:
        sign, digits, suffix = match.groups()
        if suffix in ("st", "nd", "rd", "th"):
            return f"#{digits}", 1, ""
        written = not suffix or suffix in known.units or suffix in known.spans or suffix in HALVES
        if written:
            return ("-" if sign else "") + _plain(digits), 1, suffix
        return None, 1, ""
    if word in known.fractions:
        return known.fractions[word], 1, ""
    if word in _DIGITS or word in _TENS:
        return _han_value(words, at)
    if word not in known.numbers:
        if word == "one" and _counts(words, at):
            return ONE, 1, ""
        return None, 1, ""
    total, part, used = 0.0, 0.0, 0
    while at + used < len(words):
        each = words[at + used]
        if used and each in ("and", "y") and words[at + used + 1 : at + used + 2]:
            if words[at + used + 1] not in known.numbers:
                break
            used += 1
            continue
        if each not in known.numbers:
            break
        value = float(known.numbers[each] if known.numbers[each] != "zero" else 0)
        if value >= 100 and (part or value in (100, 1000, 1e6, 1e9)):
            part = max(part, 1.0) * value
            if value >= 1000:
                total, part = total + part, 0.0
        else:
            part += value
        used += 1
    return f"{total + part:.0f}", used, ""


def _counts(words: Sequence[str], at: int) -> bool:
    """Whether this `one` is a number: it stands before what it counts, not for it."""
    before = words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    return bool(after) and before not in _PRONOUN_ONE and after not in ("of", "day", "is", "was")


def _han_value(words: Sequence[str], at: int) -> tuple[str | None, int, str]:
    """A number in Han signs, when something is counted by it."""
    used = 0
    while at + used < len(words) and (words[at + used] in _DIGITS or words[at + used] in _TENS):
        used += 1
    after = words[at + used] if at + used < len(words) else ""
    if after not in _COUNTERS and used < 2:
        return None, 1, ""
    total, digit = 0, 0
    for sign in words[at : at + used]:
        if sign in _TENS:
            total, digit = total + max(digit, 1) * _TENS[sign], 0
        else:
            digit = digit * 10 + _DIGITS[sign]
    return str(total + digit), used, ""


def _plain(digits: str) -> str:
    """`1,100.50` is `1100.5`; times, dates and versions stay as they are."""
    whole = _THOUSANDS.sub("", digits)
    if re.fullmatch(r"\d+", whole):
        return whole.lstrip("0") or "0"
    if re.fullmatch(r"\d+\.\d+", whole):
        kept, _, rest = whole.partition(".")
        rest = rest.rstrip("0")
        return f"{kept.lstrip('0') or '0'}{'.' if rest else ''}{rest}"
    return whole


def _negative(words: Sequence[str], spaceless: str, known: Lexicon) -> bool:
    """Whether the matter is denied, not only the speaker's knowledge of it; twice is not at all."""
    rest, at = [], 0
    while at < len(words):
        for phrase in known.idioms:
            if tuple(words[at : at + len(phrase)]) == phrase:
                at += len(phrase)
                break
        else:
            rest.append(words[at])
            at += 1
    if any(word in known.negation for word in rest):
        return True
    return not spaceless.isascii() and known.negating_signs.search(spaceless) is not None


def _roles(words: Sequence[str], known: Lexicon) -> frozenset[tuple[str, str]]:
    found = set()
    for at, word in enumerate(words):
        if word in known.roles:
            filler = next((each for each in words[at + 1 : at + 4] if each not in known.stop), "")
            if filler:
                found.add((word, _stem(filler, known)))
    return frozenset(found)


def _language(words: Sequence[str], known: Lexicon) -> str:
    """The script, or the language whose small words there are most of; empty when none is."""
    text = "".join(words)
    if not text.isascii():
        for name, low, high in (
            ("ja", "\u3040", "\u30ff"),
            ("zh", "\u3400", "\u9fff"),
            ("ko", "\uac00", "\ud7af"),
            ("ru", "\u0400", "\u04ff"),
            ("ar", "\u0600", "\u06ff"),
            ("th", "\u0e00", "\u0e7f"),
            ("hi", "\u0900", "\u097f"),
            ("el", "\u0370", "\u03ff"),
        ):
            if sum(low <= sign <= high for sign in text) * 5 > len(text):
                return name
    votes = {name: sum(word in small for word in words) for name, small in known.languages.items()}
    best = max(votes, key=lambda name: votes[name])
    second = max(value for name, value in votes.items() if name != best)
    return best if votes[best] >= 2 and votes[best] > second else ""


def _stem(word: str, known: Lexicon) -> str:
    """The word without its ending, by the name of its synonyms; empty for words of no content."""
    if word in known.stop or word in known.fillers:
        return ""
    meant = known.synonyms.get(word)
    if meant is not None:
        return meant
    stem = word if word[:1].isdigit() else bare(word)
    return known.synonyms.get(stem, stem)
