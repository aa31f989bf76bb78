"""Documents are cut where their own structure lets them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.knowledge import chunks

MENU = """\
Intro line.

# Menu

Everything is cooked before you.

## Prices

| dish | price |
| --- | --- |
| chicken | $55 |
| lobster | $65 |
| tofu | $50 |

## Extras
- Noodles are $4 more,
  for each person.
- Gyoza is $15 a dozen.

Ending
------
The end.
"""


def test_each_piece_knows_the_headings_above_it() -> None:
    found = chunks(MENU, "menu.md")
    assert [each.path for each in found] == [
        (),
        ("Menu",),
        ("Menu", "Prices"),
        ("Menu", "Extras"),
        ("Menu", "Ending"),
    ]
    assert found[2].told.startswith("[menu.md › Menu › Prices]\n| dish | price |")


def test_rows_and_items_stay_whole_and_a_parted_table_says_its_head_again() -> None:
    found = chunks(MENU, "menu.md", most=20)
    tables = [each.text for each in found if each.path[-1:] == ("Prices",)]
    assert len(tables) == 3
    for text, row in zip(tables, ["| chicken |", "| lobster |", "| tofu |"], strict=True):
        assert text.startswith("| dish | price |\n| --- | --- |\n")
        assert row in text
    items = [each.text for each in found if each.path[-1:] == ("Extras",)]
    assert items == ["- Noodles are $4 more,\n  for each person.", "- Gyoza is $15 a dozen."]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = " ".join(f"Sentence number {i} is here." for i in range(40))
    found = chunks(text, "a.txt", most=120)
    assert all(len(each.text) <= 120 and each.text.endswith("here.") for each in found)
    assert " ".join(each.text for each in found) == text


def test_a_text_in_a_script_without_spaces_is_cut_too() -> None:
    found = chunks("我们的厨师会来您家。" * 60, "a.txt", most=100)
    assert len(found) > 5
    assert all(len(each.text) <= 100 for each in found)


def test_a_heading_inside_code_is_none() -> None:
    found = chunks("# A\n```\n# not a heading\n```\n", "a.md")
    assert [(each.path, each.text) for each in found] == [(("A",), "```\n# not a heading\n```")]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["# A", "## B", "- item", "| a | b |", "word one.", "", "  x", "```"]))
)
def test_no_word_of_a_document_is_lost(lines: list[str]) -> None:
    found = chunks("\n".join(lines), "a.md", most=15)
    told = " ".join(f"{' '.join(each.path)} {each.text}" for each in found)
    for word in ("item", "word.", "x"):
        assert told.count(word) >= sum(word in line.split() for line in lines)


def test_a_comment_says_what_is_asked_and_is_no_text() -> None:
    text = (
        "# A\n<!-- a note -->\n<!-- asked:\nhow much?\n¿cuánto?\n# no heading\n-->\nWords.\n"
        "<!-- asked: one line -->\n## B\nMore.\n```\n<!-- kept -->\n```"
    )
    first, second = chunks(text, "a.md")
    assert first.text == "Words."
    assert first.asked == ("how much?", "¿cuánto?", "# no heading", "one line")
    assert (second.path, second.asked) == (("A", "B"), ())
    assert "<!-- kept -->" in second.text


def test_a_piece_has_its_name_from_its_words_and_its_place() -> None:
    ids = {
        chunks(text, source)[0].id
        for text in ("# A\nx", "# B\nx", "# A\ny", "# A\nx\n<!-- asked: z -->")
        for source in ("a.md", "b.md")
    }
    assert len(ids) == 8
    assert chunks("# A\nx", "a.md", version="2")[0].id in ids


def test_the_parts_of_a_piece_are_its_sentences_items_and_what_is_asked() -> None:
    piece = chunks("# P\n<!-- asked: how much -->\nOne. Two!\n\n- three\n- four", "a.md")[0]
    assert piece.parts() == ["P: One.", "P: Two!", "P: - three", "P: - four", "how much"]
