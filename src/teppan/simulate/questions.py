"""The question bank: what customers ask, and how an answer is known to be right.

A bank is one or more TOML files (a pack keeps them in `conversations/*.toml`), each a list of:

    [[question]]
    id = "price-adult"                       # unique
    text = "How much do you charge per adult?"
    variants = ["What does it cost for one grown-up?"]   # optional: other ways to ask it
    patterns = ['price .* adult']            # optional: regular expressions that recognise it
    intent = "pricing"
    task_type = "support"                    # persona skill is looked up by this word
    language = "en"                          # optional, default "en"
    must = ["$55", 're:per (adult|person)']  # every fact a right answer holds
    must_not = ["$45"]                       # anything a right answer never says
    right = ["It is $55 per adult.", "Adults are $55 each."]      # several phrasings
    wrong = ["It is $45 per adult.", "Adults are $65 each."]      # plausible mistakes
    tool = "get_quote"                       # optional: the tool this question calls for
    arguments = { guests = 10 }              # optional: all arguments of that call
    then = [{ tool = "book", arguments = {} }]   # optional: what is called after it, in order
    needs = ["$55"]                          # optional: what nobody can know who was not told it
    rows = [{ guests = "10", total = "$550" }]   # optional: one question of each row

A fact is plain text, looked for without regard to case, spacing or thousands separators (and
`$55` is not found in `$550`), or a regular expression after `re:`. `needs` are facts that must
stand in the prompt or the conversation: a persona that was not told them answers wrong. With
`rows`, `{guests}` stands for a row's `guests` everywhere, also in the id, which tells the
rows apart; `arguments = { guests = "{guests}" }` is a number. `right` and `wrong` must not be
empty. Loading checks that each `right` phrasing passes the question's own facts and that each
`wrong` one fails them.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

_WORD = re.compile(r"\w+")
_HAN = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f"
_RUN = re.compile(rf"[{_HAN}]+|[^{_HAN}]+")
_IS_HAN = re.compile(rf"[{_HAN}]")
_SEPARATOR = re.compile(r"(?<=\d),(?=\d{3})")
_STOP_WORDS = frozenset(
    "a an and are at be by can could do does for from have how i if in is it me my of on or our "
    "please tell the there this to us was we what when where which will with would you your".split()
)
_ALIKE = 0.6


class BankError(ValueError):
    """A question bank that cannot be used; the message says which file, question and field."""


@lru_cache(maxsize=1024)
def normalise(text: str) -> str:
    """Fold case, width, spacing, quotes and thousands separators."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(_SEPARATOR.sub("", folded).split())


def content_words(text: str) -> frozenset[str]:
    """The words that carry the meaning, without a plural s; of a script that has no spaces between
    words, every two letters that stand side by side.
    """
    words = (word for word in _split(normalise(text)) if word not in _STOP_WORDS)
    return frozenset(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)


def _split(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        if _IS_HAN.search(word) is None:
            yield word
            continue
        for run in _RUN.findall(word):
            if _IS_HAN.match(run) and len(run) > 1:
                yield from (run[place : place + 2] for place in range(len(run) - 1))
            else:
                yield run


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact, as a pattern over normalised text."""

    source: str
    pattern: re.Pattern[str]

    @classmethod
    def read(cls, source: str) -> "Fact":
        """Build from a line of the bank; raises `re.error` for a bad expression."""
        if source.startswith("re:"):
            return cls(source, re.compile(source[3:], re.IGNORECASE))
        plain = normalise(source)
        before = r"(?<!\d)(?<!\d\.)" if plain[:1].isdigit() else ""
        after = r"(?!\d|\.\d*[1-9])" if plain[-1:].isdigit() else ""
        return cls(source, re.compile(before + re.escape(plain) + after))

    def found_in(self, text: str) -> bool:
        """Whether the text states the fact; `text` must be normalised."""
        return self.pattern.search(text) is not None


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its known answer; see the module's text for the fields."""

    id: str
    text: str
    intent: str
    task_type: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    must: tuple[Fact, ...]
    must_not: tuple[Fact, ...] = ()
    variants: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    language: str = "en"
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    needs: tuple[Fact, ...] = ()
    then: tuple[tuple[str, dict[str, Any]], ...] = ()

    @property
    def calls(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """The tools it calls for with their arguments, one after the other."""
        return ((self.tool, self.arguments), *self.then) if self.tool else ()

    @property
    def phrasings(self) -> tuple[str, ...]:
        """The text and its variants."""
        return (self.text, *self.variants)

    def missing(self, answer: str) -> tuple[str, ...]:
        """The facts that the answer should state and does not."""
        said = normalise(answer)
        return tuple(fact.source for fact in self.must if not fact.found_in(said))

    def forbidden(self, answer: str) -> tuple[str, ...]:
        """The things the answer says and must not."""
        said = normalise(answer)
        return tuple(fact.source for fact in self.must_not if fact.found_in(said))

    def is_right(self, answer: str) -> bool:
        """Whether the answer states every fact and nothing forbidden."""
        return not self.missing(answer) and not self.forbidden(answer)

    def grounded_by(self, text: str) -> bool:
        """Whether the text (a system prompt, say) holds every fact of the right answer."""
        return bool(self.must) and not self.missing(text)

    def knowable_from(self, text: str) -> bool:
        """Whether the text holds what nobody can know who was not told it."""
        if not self.needs:
            return True
        told = normalise(text)
        return all(fact.found_in(told) for fact in self.needs)


class Bank:
    """Questions that can be found by what a customer typed."""

    def __init__(self, questions: Iterable[Question] = ()) -> None:
        self.questions = tuple(questions)
        self.by_id = {question.id: question for question in self.questions}
        self._exact: dict[str, Question] = {}
        self._phrasings: list[tuple[frozenset[str], Question]] = []
        for question in self.questions:
            for phrasing in question.phrasings:
                self._exact.setdefault(normalise(phrasing), question)
                self._phrasings.append((content_words(phrasing), question))

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions)

    def __len__(self) -> int:
        return len(self.questions)

    def find(self, text: str) -> Question | None:
        """The question a text asks: by its words, by pattern, then by the share of common words."""
        exact = self._exact.get(normalise(text))
        if exact is not None:
            return exact
        for question in self.questions:
            if any(pattern.search(text) for pattern in question.patterns):
                return question
        return self._most_alike(content_words(text))

    def find_within(self, text: str) -> Question | None:
        """The question asked somewhere inside a longer text, the last where there are several."""
        whole = normalise(text)
        held = [(whole.rfind(phrase), question) for phrase, question in self._exact.items()]
        places = [(place, question) for place, question in held if place >= 0]
        if places:
            return max(places, key=lambda item: item[0])[1]
        lines = (self.find(line) for line in reversed(text.splitlines()) if line.strip())
        return next((question for question in lines if question is not None), None)

    def _most_alike(self, words: frozenset[str]) -> Question | None:
        best, best_share = None, 0.0
        for phrase, question in self._phrasings:
            either = len(words | phrase)
            share = len(words & phrase) / either if either else 0.0
            if share > best_share:
                best, best_share = question, share
        return best if best_share >= _ALIKE else None


def load_bank(*paths: Path) -> Bank:
    """Read banks from files, or from every `*.toml` of folders (of `conversations/` in a pack).

    Raises `BankError` for a file that cannot be read, a question that lacks a field, repeats an id
    or contradicts its own facts.
    """
    files = [file for path in paths for file in bank_files(path)]
    questions: dict[str, Question] = {}
    for file in files:
        try:
            tables = tomllib.loads(file.read_text("utf-8")).get("question", [])
        except (OSError, ValueError) as error:
            raise BankError(f"{file.name}: {error}") from error
        for table in (row for each in tables for row in rows_of(file.name, each)):
            question = _read_question(file.name, table)
            if question.id in questions:
                raise BankError(f"{file.name}: question {question.id!r} appears twice")
            questions[question.id] = question
    return Bank(questions.values())


def bank_files(path: Path) -> list[Path]:
    """The files of a bank: one, or every `*.toml` of a folder, of `conversations/` in a pack."""
    if not path.is_dir():
        return [path]
    inner = path / "conversations"
    return sorted((inner if inner.is_dir() else path).glob("*.toml"))


def rows_of(file: str, table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The table once for each of its rows, with `{name}` replaced; itself when it has none."""
    rows = table.pop("rows", None)
    if rows is None:
        yield table
        return
    for row in rows:
        if not isinstance(row, dict):
            raise BankError(f"{file}: {table.get('id')!r}: `rows` must be a list of tables")
        made = {key: _put_in(value, row) for key, value in table.items()}
        if "arguments" in made:
            made["arguments"] = _counted(made["arguments"], table["arguments"])
        yield made


def _counted(made: Any, written: Any) -> Any:
    """Arguments of a row: a number where nothing but `{guests}` was written for one."""
    if isinstance(made, dict):
        return {key: _counted(value, written[key]) for key, value in made.items()}
    alone = isinstance(written, str) and re.fullmatch(r"\{\w+\}", written)
    return int(made) if alone and str(made).isdecimal() else made


def _put_in(value: Any, row: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_put_in(one, row) for one in value]
    if isinstance(value, dict):
        return {key: _put_in(one, row) for key, one in value.items()}
    if isinstance(value, str):
        for name, told in row.items():
            value = value.replace(f"{{{name}}}", str(told))
    return value


def _read_question(file: str, table: dict[str, Any]) -> Question:
    name = table.get("id", "without id")
    lacking = [key for key in ("id", "text", "right", "wrong") if not table.get(key)]
    if lacking:
        raise BankError(f"{file}: question {name!r} lacks {', '.join(lacking)}")
    try:
        question = Question(
            id=str(table["id"]),
            text=str(table["text"]),
            intent=str(table.get("intent", "")),
            task_type=str(table.get("task_type", "chat")),
            right=tuple(table["right"]),
            wrong=tuple(table["wrong"]),
            must=tuple(map(Fact.read, table.get("must", ()))),
            must_not=tuple(map(Fact.read, table.get("must_not", ()))),
            variants=tuple(table.get("variants", ())),
            patterns=tuple(re.compile(text, re.IGNORECASE) for text in table.get("patterns", ())),
            language=str(table.get("language", "en")),
            tool=str(table.get("tool", "")),
            arguments=dict(table.get("arguments", {})),
            needs=tuple(map(Fact.read, table.get("needs", ()))),
            then=tuple(
                (str(row["tool"]), dict(row.get("arguments", {}))) for row in table.get("then", ())
            ),
        )
    except re.error as error:
        raise BankError(f"{file}: question {name!r}: bad expression {error.pattern!r}") from error
    _check_facts(file, question)
    return question


def _check_facts(file: str, question: Question) -> None:
    if not question.must and not question.must_not:
        raise BankError(f"{file}: question {question.id!r} has neither must nor must_not")
    for answer in question.right:
        if not question.is_right(answer):
            fault = (*question.missing(answer), *question.forbidden(answer))
            raise BankError(
                f"{file}: question {question.id!r}: right answer fails {fault}: {answer!r}"
            )
    for answer in question.wrong:
        if question.is_right(answer):
            raise BankError(f"{file}: question {question.id!r}: wrong answer passes: {answer!r}")
