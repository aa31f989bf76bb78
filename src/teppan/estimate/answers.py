"""Reading the final answer out of a reply, in a form in which equal answers are equal strings.

Voting on exact answers (Wang et al. 2022, self-consistency, arXiv 2203.11171) stands or falls
with this step: a letter that is overlooked is a vote that is lost. Pure text work, no numpy.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Literal

from msgspec import Struct

AnswerKind = Literal["option", "number", "boolean", "json", "literal", "phrase", "open"]
"""How answers are compared; `open` answers are not compared as strings at all."""

_OPTION_LINE = re.compile(r"^[\s*\-]*\(?([A-P])[.):]\s+(\S.*?)\s*$", re.M)
_CODE = re.compile(r"^\s*(?:def |class |import |from \w+ import |assert )", re.M)
_NEXT_QUESTION = re.compile(r"\n\s*(?:#+\s*|\*\*)?(?:Question\b|Q:|Options:)")
_LETTER = r"\(?([A-P])\b(?![a-z'’])"
_OPENING = r"[*$(\[{`\"'\\]*(?:boxed\{|text\{)*"
_SAYS_LETTER = re.compile(
    r"(?i:answer)\s*(?:(?i:is|are|should be|would be|must be)|[:=])+\s*:?\s*(?i:the\s+)?"
    rf"(?i:option|choice|letter)?\s*(?:{_OPENING}){_LETTER}(?!,?\s+(?:and|or)\b)"
)
_OTHER_LETTERS = (
    re.compile(r"\\boxed\{\s*(?:\\text\{)?\s*\(?([A-P])\)?\s*\}"),
    re.compile(
        r"(?i:answer|option|choice|match|matches|closest[^.\n]{0,60}?|is|be|:)\s*"
        r"[*$`\"'\\]*\(([A-P])\)"
    ),
    re.compile(rf"\b(?i:option|choice)s?\s*(?:is|are|:)?\s*[*(`]*{_LETTER}"),
)
_LETTER_LINE = re.compile(r"^\W{0,4}([A-P])[.)](?:\s|$)", re.M)
_PLAIN_LETTER = re.compile(r"answer is \(?[A-P]\)?(?:[.\s]|$)")
_FIELD = re.compile(r"[\"'](?:final_?)?(?:answer|solution|result)[\"']\s*:\s*", re.I)
_MARKS = (
    re.compile(r"^#{4}\s*(.+?)\s*$", re.M),
    re.compile(
        r"(?i:\banswer)(?:\s+(?i:is|equals)|\s*[:=])[:\s]*\**\s*(.+?)\s*(?:\.\s|\.?$|\n)", re.M
    ),
)
_NUMBER = re.compile(r"[-+]?\$?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:e[-+]?\d+)?", re.I)
_FRACTION = re.compile(r"([-+]?\d+)\s*/\s*(\d+)")
_LATEX_FRACTION = re.compile(r"\\d?frac\{(-?\d+)\}\{(\d+)\}")
_TRUE = frozenset({"yes", "true", "correct"})
_FALSE = frozenset({"no", "false", "incorrect"})
_KINDS: Mapping[str, AnswerKind] = {
    "option": "option",
    "multiple_choice": "option",
    "number": "number",
    "math": "number",
    "boolean": "boolean",
    "yes_no": "boolean",
    "json": "json",
    "literal": "literal",
    "phrase": "phrase",
    "open": "open",
    "chat": "open",
    "writing": "open",
    "summary": "open",
}
_JSON_WORDS: Mapping[str, str] = {"true": "True", "false": "False", "null": "None"}
_EMPTY = "''"
_LONGEST_PHRASE = 80
_MOST = 0.6


class Answer(Struct, frozen=True):
    """The final answer of one reply.

    `value` is canonical (equal answers, equal strings), `None` when none could be read.
    `plain` is true when it stands there once, in the plain form a reader expects; such a reply
    speaks best for its cluster.
    """

    value: str | None
    plain: bool = True


def options_of(prompt: str) -> dict[str, str]:
    """The lettered options of a multiple-choice question: letter -> text, empty when none.

    Fewer than three, or none called A or B, are not options but an initial or a list.
    """
    found = {match.group(1): match.group(2) for match in _OPTION_LINE.finditer(prompt)}
    return found if len(found) >= 3 and "A" in found and "B" in found else {}


def has_code(prompt: str) -> bool:
    """Whether the prompt shows a piece of Python."""
    return _CODE.search(prompt) is not None


def read_answers(
    prompt: str, texts: Sequence[str], task_type: str | None = None
) -> tuple[AnswerKind, tuple[Answer, ...]]:
    """The final answer of each text, and how they are compared.

    The kind comes from `task_type` when it names one (mathematics with lettered options is still a
    choice of letters), from the options of the prompt, or from what most replies look like. When
    fewer than 60 % of the replies state an answer that can be read, the question is `open` and
    every value is `None`.
    """
    hint = _KINDS.get((task_type or "").lower())
    if hint == "open":
        return "open", tuple(Answer(None) for _ in texts)
    options = options_of(prompt)
    if options and hint in (None, "option", "number"):
        return "option", tuple(read_option(text, options) for text in texts)
    stated = [_stated(text) for text in texts]
    said = [each for each in stated if each is not None]
    if hint is None and len(said) < _MOST * max(1, len(texts)):
        return "open", tuple(Answer(None) for _ in texts)
    kind = hint or _kind_of(said, code=has_code(prompt))
    if kind == "number":
        return kind, tuple(
            _read_number(each, text) for each, text in zip(stated, texts, strict=True)
        )
    return kind, tuple(
        Answer(None) if each is None else Answer(canonical(each, kind)) for each in stated
    )


def read_option(text: str, options: Mapping[str, str]) -> Answer:
    """The option letter a reply settles on.

    The last plain statement wins ("... The previous reasoning was incorrect. The answer is
    (F)."), questions the model invents after its answer are cut off, and weaker forms (boxed,
    "closest is (C)", a line that begins with the letter) count when there is no plain one.
    """
    cut = _NEXT_QUESTION.search(text)
    if cut and _SAYS_LETTER.search(text, 0, cut.start()):
        text = text[: cut.start()]
    bare = text.strip().strip("()*.`\"' ")
    if bare in options:
        return Answer(bare)
    field = _stated_field(text)
    if field is not None and (letter := field.strip("()*. ")[:1]) in options:
        return Answer(letter)
    letters = [match.group(1) for match in _SAYS_LETTER.finditer(text)]
    letters = [letter for letter in letters if letter in options]
    if letters:
        return Answer(letters[-1], len(set(letters)) == 1 and bool(_PLAIN_LETTER.search(text)))
    for pattern in _OTHER_LETTERS:
        letters = [found for found in pattern.findall(text) if found in options]
        if letters:
            return Answer(letters[-1], plain=False)
    letters = [found for found in _LETTER_LINE.findall(text[-400:]) if found in options]
    return Answer(letters[-1], plain=False) if letters else Answer(None, plain=False)


def canonical(value: str, kind: AnswerKind) -> str | None:
    """The value in the form in which equal answers are equal strings; `None` when it has none."""
    if kind == "literal":
        return _canonical_literal(value.strip().strip("`")) or _EMPTY
    value = value.strip().strip("*`").strip()
    if not value:
        return None
    if kind == "number":
        return canonical_number(value)
    if kind == "boolean":
        word = re.sub(r"\W+", " ", value.lower()).split(" ")[0]
        return "yes" if word in _TRUE else "no" if word in _FALSE else None
    if kind == "json":
        return _canonical_json(value)
    return re.sub(r"[\s.]+$", "", re.sub(r"\s+", " ", value.lower()))


def canonical_number(value: str) -> str | None:
    """The number in a short text without sign of currency, thousands separators or unit.

    `$1,080.00` and `1080 dollars` are both `1080`; `3/4` is `0.75`; `None` without a number.
    """
    value = _LATEX_FRACTION.sub(r"\1/\2", value).replace("\\", "").replace("{,}", ",")
    fraction = _FRACTION.search(value)
    if fraction and int(fraction.group(2)):
        quotient = Decimal(fraction.group(1)) / Decimal(fraction.group(2))
        return _plain_decimal(round(quotient, 6))
    numbers = [text for text in _NUMBER.findall(value) if any(c.isdigit() for c in text)]
    if not numbers:
        return None
    try:
        return _plain_decimal(Decimal(numbers[-1].replace(",", "").replace("$", "")))
    except InvalidOperation:
        return None


def _plain_decimal(number: Decimal) -> str | None:
    if not number.is_finite() or abs(number.adjusted()) > 40:
        return None
    if number == number.to_integral_value():
        return str(int(number))
    return format(number.normalize(), "f")


def _read_number(stated: str | None, text: str) -> Answer:
    if stated is not None and (value := canonical_number(stated)) is not None:
        return Answer(value, plain="=" not in stated)  # a sum that is worked out is no plain number
    tail = text.rstrip()[-200:]
    return Answer(canonical_number(tail), plain=False)


def _stated(text: str) -> str | None:
    """The words a reply marks as its final answer, `None` when it marks none."""
    field = _stated_field(text)
    if field is not None:
        return field
    boxed = _boxed(text)
    if boxed is not None:
        return boxed
    for pattern in _MARKS:
        found = pattern.findall(text)
        if found:
            return str(found[-1])
    bare = text.strip()
    short = len(bare) <= _LONGEST_PHRASE and "\n" not in bare and len(bare.split()) <= 4
    return bare if bare and short else None


def _stated_field(text: str) -> str | None:
    """The value of the last JSON field named answer, solution or result, even in broken JSON."""
    fields = list(_FIELD.finditer(text))
    if not fields:
        return None
    rest = text[fields[-1].end() :]
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(rest)
    except (ValueError, RecursionError):
        line = rest.strip().split("\n", 1)[0].rstrip("}, ").strip()
        return line[1:-1] if len(line) > 1 and line[0] == line[-1] == '"' else line or None
    return value if isinstance(value, str) else json.dumps(value)


def _boxed(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed{")
    for place in range(begin, len(text)):
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            if depth == 0:
                return text[begin:place]
            depth -= 1
    return None


def _kind_of(values: Sequence[str], *, code: bool) -> AnswerKind:
    """What most of the stated answers look like; a question about code is about a literal."""
    if not values:
        return "phrase"
    looks = Counter(_look(value.strip()) for value in values)
    kind = looks.most_common(1)[0][0]
    return "literal" if code and kind != "json" else kind


def _look(value: str) -> AnswerKind:
    if value.lower().rstrip(".") in _TRUE | _FALSE:
        return "literal" if value in ("True", "False") else "boolean"
    if re.fullmatch(r"[-+]?[$€£]?\s*[\d,]*\.?\d+\s*(?:%|[A-Za-z ]{0,20})\.?", value):
        return "number"
    if value[:1] == "{" and '"' in value:
        return "json"
    if value[:1] in "[({'\"" or value in ("None", "null"):
        return "literal"
    return "phrase"


def _canonical_json(value: str) -> str | None:
    try:
        decoded = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return json.dumps(decoded, sort_keys=True, separators=(",", ":"))


def _canonical_literal(value: str) -> str:
    """A Python literal without its spelling.

    `"a"`, `'a'`, a bare `a` and `" a"` are equal, escapes stay as they are written, the entries
    of dictionaries and sets are sorted.
    """
    value = _JSON_WORDS.get(value, value).replace("\n", "\\n").replace("\t", "\\t")
    if value[:1] in "'\"" or value[-1:] in "'\"":
        return value.strip("'\"").strip().replace("\\'", "'").replace('\\"', '"')
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            decoded = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return value
    if isinstance(decoded, dict):
        return "{" + ", ".join(sorted(f"{k!r}: {v!r}" for k, v in decoded.items())) + "}"
    if isinstance(decoded, set):
        return "{" + ", ".join(sorted(map(repr, decoded))) + "}"
    return repr(decoded)
