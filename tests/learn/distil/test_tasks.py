"""A list of tasks is read whole or refused whole, every bad line by its number and remedy."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.errors import BadRequest
from teppan.learn.distil.tasks import BadTasks, Task, load_tasks, read_tasks

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=80)
questions = texts.filter(lambda text: bool(text.strip()))


def test_the_three_kinds_of_file_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("What do 12 adults pay?\n\n# a note\nDo you come to Davis?\n")
    (tmp_path / "b.jsonl").write_text(
        '{"question": "What do 12 adults pay?"}\n"Do you come to Davis?"\n'
    )
    (tmp_path / "c.csv").write_text("question\nWhat do 12 adults pay?\nDo you come to Davis?\n")
    read = [[each.question for each in load_tasks(path)] for path in sorted(tmp_path.iterdir())]
    assert read == [["What do 12 adults pay?", "Do you come to Davis?"]] * 3
    assert [each.line for each in load_tasks(tmp_path / "a.txt")] == [1, 4]


def test_a_conversation_keeps_its_turns_and_its_instruction() -> None:
    (task,) = read_tasks(
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": "Hello"},
                    {"role": "assistant", "content": "Hi!"},
                    {"role": "user", "content": "And the price?"},
                ],
                "system": "Be short.",
                "id": 7,
                "intent": "pricing",
                "language": "en",
                "reference": "$55",
            }
        ).encode(),
        ".jsonl",
    )
    assert [each.role for each in task.messages] == ["system", "user", "assistant", "user"]
    assert (task.id, task.name, task.question) == ("7", "7", "And the price?")
    assert (task.intent, task.language, task.reference) == ("pricing", "en", "$55")


@pytest.mark.parametrize(
    ("line", "field", "told", "remedy"),
    [
        ("{", "", "no JSON", "one object a line"),
        ("[1]", "", "neither an object nor a text", "question"),
        ("{}", "question", "missing", "`question` or `messages`"),
        ('{"question": ""}', "question", "empty", "leave the field out"),
        ('{"question": 4}', "question", "no text", "quotes"),
        ('{"question": "a", "messages": []}', "question", "beside", "either"),
        ('{"messages": []}', "messages", "no list", "role"),
        ('{"messages": [{"role": "tool", "content": "a"}]}', "messages[0]", "role", "user"),
        ('{"messages": [{"role": "user"}]}', "messages[0]", "just", "content"),
        (
            '{"messages": [{"role": "assistant", "content": "a"}]}',
            "messages",
            "not the user's",
            "end with",
        ),
        ('{"question": "a", "langauge": "en"}', "langauge", "no such field", "`language`"),
        ('{"question": "a", "language": "English"}', "language", "no code", "pt-BR"),
        ('{"question": "a\\u0000"}', "question", "letter 2", "take it out"),
        ('{"question": "a", "id": true}', "id", "no text", "quotes"),
    ],
)
def test_a_bad_line_is_named_with_field_and_remedy(
    line: str, field: str, told: str, remedy: str
) -> None:
    with pytest.raises(BadTasks) as refused:
        read_tasks(f'"fine"\n\n{line}\n"fine too"\n'.encode(), ".jsonl")
    (problem,) = refused.value.problems
    assert (problem.line, problem.field) == (3, field)
    assert told in problem.told
    assert remedy in problem.remedy
    assert f"line 3, `{field}`" in str(refused.value) or not field


def test_every_bad_line_is_told_of_and_an_id_stands_once() -> None:
    lines = ['{"question": "a", "id": "x"}', '{"question": "b", "id": "x"}', *["{"] * 20]
    with pytest.raises(BadTasks) as refused:
        read_tasks("\n".join(lines).encode(), ".jsonl")
    assert len(refused.value.problems) == 21
    assert "also that of line 1" in refused.value.problems[0].told
    assert "and 11 more" in refused.value.message


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"price\n12\n", "neither `question` nor `messages`"),
        (b"question\na,b\n", "2 columns and the header 1"),
        (b"question,messages\n,{\n", "no JSON"),
        (b'question\n"a\n', "no CSV"),
        (b"question\n\xff\n", "no UTF-8"),
    ],
)
def test_a_bad_table_is_told_what_is_wrong(data: bytes, told: str) -> None:
    with pytest.raises((BadTasks, BadRequest)) as refused:
        read_tasks(data, ".csv")
    assert told in str(refused.value)


def test_a_list_without_tasks_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="holds no task"):
        read_tasks(b"# nothing\n", ".txt")
    with pytest.raises(BadRequest, match="cannot be read"):
        load_tasks(tmp_path / "none.txt")


@given(st.lists(st.fixed_dictionaries({"question": questions}, optional={"intent": questions})))
def test_what_is_written_as_json_lines_or_csv_is_read_as_it_was(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    wanted = [(row["question"].strip(), (row.get("intent") or "").strip()) for row in rows]
    lines = "\n".join(json.dumps(row) for row in rows)
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, ["question", "intent"], quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    for data, ending in ((lines, ".jsonl"), (table.getvalue(), ".csv")):
        read = read_tasks(data.encode("utf-8"), ending)
        assert [(each.question, each.intent) for each in read] == wanted


@given(st.binary(max_size=200), st.sampled_from([".jsonl", ".csv", ".txt"]))
def test_whatever_a_file_holds_it_is_read_or_refused_by_line(data: bytes, ending: str) -> None:
    refused: BadRequest | None = None
    tasks: list[Task] = []
    try:
        tasks = read_tasks(data, ending)
    except BadRequest as error:
        refused = error
    if isinstance(refused, BadTasks):
        assert all(each.line >= 1 and each.told and each.remedy for each in refused.problems)
    elif refused is not None:
        assert "no task" in refused.message
    else:
        assert all(each.question.strip() for each in tasks)


@given(questions, questions)
def test_a_task_is_named_by_what_is_asked(one: str, other: str) -> None:
    first, second = (
        read_tasks(json.dumps({"question": each}).encode(), ".jsonl")[0] for each in (one, other)
    )
    assert (first.content == second.content) == (one.strip() == other.strip())
