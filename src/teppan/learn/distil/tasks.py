"""A file of tasks -> what to ask, or every bad line by its number, before anything is paid.

    tasks.jsonl   {"question": "What do 12 adults pay?", "reference": "$660"}      one a line
    tasks.csv     a header of the same fields, then a task a row; `messages` as JSON
    tasks.txt     a question a line; blank lines and those that begin with `#` are skipped

A task has a `question` or `messages` that end with the user's. Optional: `id`, `intent`,
`language`, `system` (an instruction before the conversation) and `reference` (a right answer).
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Struct

from teppan.core.chat import Message, Role, Text, say
from teppan.core.errors import BadRequest
from teppan.core.ids import content_hash

FIELDS = ("question", "messages", "id", "intent", "language", "system", "reference")
ROLES = ("system", "user", "assistant")
LONGEST = 100_000
"""Letters of one text: more is a mistake, and dear."""
SHOWN = 10
"""Bad lines that are told one by one."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BAD = re.compile(r"[\x00\ud800-\udfff]")


class Task(Struct, frozen=True):
    """Something to ask. `line` is that of the file, 0 for what came from elsewhere; `made` says how
    it was made of the task `seed`, empty for one that was given. The last three say whose words it
    holds, where it was made of a conversation."""

    messages: tuple[Message, ...]
    id: str = ""
    intent: str = ""
    language: str = ""
    reference: str = ""
    line: int = 0
    made: str = ""
    seed: str = ""
    trace_id: str = ""
    episode: str | None = None
    user: str | None = None

    @property
    def question(self) -> str:
        return self.messages[-1].text

    @property
    def content(self) -> str:
        """Names what is asked: the same words, the same name."""
        said = [(each.role, each.text) for each in self.messages]
        return content_hash(msgspec.json.encode(said))

    @property
    def name(self) -> str:
        """What a person knows it by."""
        return self.id or (f"line {self.line}" if self.line else self.content[:12])


class Problem(Struct, frozen=True):
    """What is wrong in a line, and how to mend it."""

    line: int
    field: str
    told: str
    remedy: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", `{self.field}`" if self.field else "")
        return f"{where}: {self.told}; {self.remedy}"


class BadTasks(BadRequest):
    """The tasks cannot be read."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        shown = "\n".join(f"  {each}" for each in problems[:SHOWN])
        more = len(problems) - SHOWN
        told = f"{name} has {len(problems)} mistakes, and nothing was asked:\n{shown}"
        super().__init__(told + (f"\n  and {more} more" if more > 0 else ""))


class _Wrong(Exception):
    def __init__(self, field: str, told: str, remedy: str) -> None:
        self.field, self.told, self.remedy = field, told, remedy


Row = tuple[int, object]


def load_tasks(path: Path) -> list[Task]:
    """Reads a file by its ending. Raises `BadRequest` for one that cannot be opened, `BadTasks`
    with every bad line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadRequest(f"{path}: cannot be read: {error.strerror}") from None
    return read_tasks(data, path.suffix.lower(), str(path))


def read_tasks(data: bytes, ending: str, name: str = "the list") -> list[Task]:
    """The tasks of a list; `ending` (`.jsonl`, `.csv`) says what it is. Raises `BadTasks`."""
    problems: list[Problem] = []
    tasks: list[Task] = []
    ids: dict[str, int] = {}
    rows = _csv if ending == ".csv" else _jsonl if ending in (".jsonl", ".ndjson") else _plain
    for line, given in rows(data):
        try:
            if isinstance(given, _Wrong):
                raise given
            task = _task(line, given)
            if task.id and (before := ids.setdefault(task.id, line)) != line:
                remedy = "give each its own, or none"
                raise _Wrong("id", f"`{task.id[:40]}` is also that of line {before}", remedy)
            tasks.append(task)
        except _Wrong as wrong:
            problems.append(Problem(line, wrong.field, wrong.told, wrong.remedy))
    if problems:
        raise BadTasks(name, problems)
    if not tasks:
        raise BadRequest(f"{name} holds no task: write one a line")
    return tasks


def _plain(data: bytes) -> Iterator[Row]:
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        text = _decoded(raw)
        if isinstance(text, _Wrong):
            yield number, text
        elif text.strip() and not text.lstrip().startswith("#"):
            yield number, {"question": text.strip()}


def _jsonl(data: bytes) -> Iterator[Row]:
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError) as error:
            yield number, _Wrong("", f"it is no JSON ({error})", "write one object a line")
            continue
        yield number, {"question": value} if isinstance(value, str) else value


def _csv(data: bytes) -> Iterator[Row]:
    text = _decoded(data.removeprefix(b"\xef\xbb\xbf"))
    if isinstance(text, _Wrong):
        yield 1, text
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    begin = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield begin, _Wrong("", f"it is no CSV ({error})", 'write a quote inside as `""`')
            return
        line, begin = begin, reader.line_num + 1
        if row is None:
            return
        if not header:
            header = [each.strip() for each in row]
            if not {"question", "messages"} & set(header):
                told = "the header names neither `question` nor `messages`"
                yield line, _Wrong("", told, "begin with a line such as `question,reference`")
                return
        elif len(row) > len(header):
            told = f"it has {len(row)} columns and the header {len(header)}"
            yield line, _Wrong("", told, "put quotes around a text with commas")
        elif any(each.strip() for each in row):
            yield line, _cells(header, row)


def _cells(header: list[str], row: list[str]) -> object:
    """The row's cells that are not empty, by name; `messages` as what its JSON says."""
    given: dict[str, Any] = {k: v for k, v in zip(header, row, strict=False) if v.strip()}
    if "messages" in given:
        try:
            given["messages"] = msgspec.json.decode(given["messages"])
        except (msgspec.DecodeError, RecursionError) as error:
            return _Wrong("messages", f"it is no JSON ({error})", "write a list of messages")
    return given


def _decoded(raw: bytes) -> str | _Wrong:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _Wrong("", f"byte {error.start + 1} is no UTF-8", "save the file as UTF-8")


def _task(line: int, given: object) -> Task:
    if not isinstance(given, dict):
        raise _Wrong("", "it is neither an object nor a text", 'write {"question": "..."}')
    for field in given:
        if field not in FIELDS:
            near = difflib.get_close_matches(str(field), FIELDS, n=1)
            remedy = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(FIELDS)}"
            raise _Wrong(str(field)[:40], "there is no such field", remedy)
    given = {field: value for field, value in given.items() if value is not None}
    if ("question" in given) == ("messages" in given):
        both = "question" in given
        told = "it is there beside `messages`" if both else "it is missing"
        raise _Wrong("question", told, "give either `question` or `messages`")
    said = _messages(given["messages"]) if "messages" in given else [_asked(given)]
    if "system" in given:
        said.insert(0, say("system", _text("system", given["system"])))
    language = _text("language", given["language"]) if "language" in given else ""
    if language and not _LANGUAGE.fullmatch(language):
        raise _Wrong("language", f"`{language[:20]}` is no code", "write it as `en` or `pt-BR`")
    return Task(
        tuple(said),
        id=_id(given.get("id", "")),
        intent=_text("intent", given["intent"]) if "intent" in given else "",
        language=language,
        reference=_text("reference", given["reference"]) if "reference" in given else "",
        line=line,
    )


def _asked(given: Mapping[str, Any]) -> Message:
    return say("user", _text("question", given["question"]))


def _messages(given: object) -> list[Message]:
    remedy = 'write [{"role": "user", "content": "..."}]'
    if not isinstance(given, list) or not given:
        raise _Wrong("messages", "it is no list of messages", remedy)
    said = []
    for number, each in enumerate(given):
        field = f"messages[{number}]"
        if not isinstance(each, dict) or set(each) != {"role", "content"}:
            raise _Wrong(field, "it has not just `role` and `content`", remedy)
        if each["role"] not in ROLES:
            raise _Wrong(field, "its role is not known", f"there are: {', '.join(ROLES)}")
        text = _text(field, each["content"])
        said.append(Message(cast("Role", each["role"]), (Text(text),)))
    if said[-1].role != "user":
        raise _Wrong("messages", "the last one is not the user's", "end with what is asked")
    return said


def _id(given: object) -> str:
    """A number is a name too: exports of tables have them."""
    return str(given) if type(given) is int else _text("id", given) if given != "" else ""


def _text(field: str, given: object) -> str:
    if not isinstance(given, str):
        raise _Wrong(field, "it is no text", "put it in quotes")
    if not given.strip():
        raise _Wrong(field, "it is empty", "write something, or leave the field out")
    if len(given) > LONGEST:
        raise _Wrong(field, f"it has {len(given):,} letters", f"at most {LONGEST:,} are asked")
    if (bad := _BAD.search(given)) is not None:
        raise _Wrong(field, f"letter {bad.start() + 1} is no text", "take it out")
    return given.strip() if field != "system" else given
