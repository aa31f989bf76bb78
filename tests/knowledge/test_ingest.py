"""Files become text with their structure; what is made to hurt is refused."""

from __future__ import annotations

import io
import sys
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.core.errors import BadRequest, BodyTooLarge, ConfigError, TeppanError
from teppan.knowledge import chunks
from teppan.knowledge.ingest import Limits, read
from teppan.knowledge.ingest.html import from_html
from teppan.knowledge.ingest.tables import from_table

PAGE = """<!doctype html><html><head><title>Menu</title><style>p{}</style>
<script>alert("no")</script></head>
<body><nav><a href="/">Home</a></nav><h2>Prices</h2><p>An adult is <b>$55</b>.<br>Tax is extra.</p>
<ul><li>Tofu<li>Salmon <em>fresh</em></ul>
<table><tr><th>dish<th>price<tr><td>lobster<td>$10 | more</table>
<p style="display: none">unseen</p><div hidden>unseen too</div><template>unseen</template>
<pre># not a heading
  code</pre><p># not a heading either</p><p>&lt;!-- asked: no --&gt;</p></body></html>"""


def test_a_page_keeps_its_structure_and_loses_what_nobody_sees() -> None:
    assert from_html(PAGE).split("\n\n") == [
        "# Menu",
        "## Prices",
        "An adult is $55.\nTax is extra.",
        "- Tofu\n- Salmon fresh",
        "| dish | price |\n| --- | --- |\n| lobster | $10 / more |",
        "```\n# not a heading\n  code\n```",
        "\\# not a heading either",
        "\\<!-- asked: no -->",
    ]
    found = chunks(from_html(PAGE), "menu.html")
    assert {each.path for each in found} == {("Menu", "Prices")}
    assert all(each.asked == () for each in found)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<li>",
                "<table>",
                "<td>",
                "</table>",
                "<ul>",
                "<pre>",
                "</pre>",
                "<script>",
                "</script>",
                "word ",
                "<h1>",
            ]
        )
    )
)
def test_any_page_is_read(tags: list[str]) -> None:
    from_html("".join(tags))


def test_a_table_is_read_whatever_parts_its_columns() -> None:
    wanted = "| dish | price |\n| --- | --- |\n| lobster, large | $10 |"
    for text in ('dish,price\n"lobster, large",$10\n', "dish;price\nlobster, large;$10\n;\n"):
        assert from_table("menu.csv", text) == wanted
    assert from_table("menu.tsv", "dish\tprice\nlobster, large\t$10") == wanted


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.md", "\ufeff# Café\r\nA\x00B\u202e C\u200b".encode(), "# Café\nAB C"),
        ("a.txt", "héllo".encode("utf-16"), "héllo"),
        ("A.TXT", "e\u0301".encode(), "é"),
    ],
)
def test_text_comes_without_marks_and_hidden_letters(name: str, data: bytes, text: str) -> None:
    assert read(name, data).text == text


@pytest.mark.parametrize(
    ("name", "data", "error", "says"),
    [
        ("a.exe", b"MZ", BadRequest, "kind of file"),
        ("a", b"words", BadRequest, "kind of file"),
        ("a.md", b"\xff\x00\xfe", BadRequest, "UTF-8"),
        ("a.md", b" \n\x00 ", BadRequest, "no text"),
        ("a.md", b"x" * 2001, BodyTooLarge, "megabytes"),
        ("a.md", b"x" * 1500, BodyTooLarge, "letters"),
        ("a.html", b"<script>only</script>", BadRequest, "no text"),
        ("a.csv", b'a,"b\nc', BadRequest, "table"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_reason(
    name: str, data: bytes, error: type[TeppanError], says: str
) -> None:
    with pytest.raises(error, match=says):
        read(name, data, Limits(bytes=2000, letters=1000))


def pdf(*pages: str) -> bytes:
    """A PDF of one line a page, written by hand."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for page in pages:
        stream = f"BT /F1 12 Tf 72 720 Td ({page}) Tj ET"
        number = len(objects) + 1
        kids.append(f"{number} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {number + 1} 0 R "
            "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
            ">> >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    told, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(told))
        told += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return (
        told
        + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
        + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\n".encode()
        + f"startxref\n{len(told)}\n%%EOF".encode()
    )


def test_a_pdf_is_read_page_by_page() -> None:
    pytest.importorskip("pypdf")
    text = read("menu.pdf", pdf("Adults are $55.", "", "No wagyu.")).text
    assert text == "# Page 1\n\nAdults are $55.\n\n# Page 3\n\nNo wagyu."


def saved(document: Any) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_a_word_document_keeps_headings_lists_and_tables_in_place() -> None:
    docx = pytest.importorskip("docx")
    made = docx.Document()
    made.add_heading("Prices", 1)
    made.add_paragraph("Adults are $55.")
    table = made.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ["dish", "price", "lobster", "$10"], strict=True):
        cell.text = text
    made.add_paragraph("Tofu", style="List Bullet")
    text = read("menu.docx", saved(made)).text
    table = "| dish | price |\n| --- | --- |\n| lobster | $10 |"
    assert text == f"# Prices\n\nAdults are $55.\n\n{table}\n\n- Tofu"


def test_a_workbook_is_a_table_for_each_sheet() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Fees"
    for row in (["miles", "fee"], [30, 0], [None, None], [40, 20]):
        book.active.append(row)
    text = read("fees.xlsx", saved(book)).text
    assert text == "# Fees\n\n| miles | fee |\n| --- | --- |\n| 30 | 0 |\n| 40 | 20 |"


def test_slides_have_their_titles_as_headings() -> None:
    pptx = pytest.importorskip("pptx")
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Show"
    slide.placeholders[1].text = "90 minutes"
    assert read("show.pptx", saved(deck)).text == "# Show\n\n90 minutes"


def bomb() -> bytes:
    """An office file of a few kilobytes that would unpack to 300 megabytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", bytes(300 << 20))
    return file.getvalue()


@pytest.mark.parametrize(
    ("package", "name", "data", "says"),
    [
        ("docx", "a.docx", b"PK\x03\x04 not really", "no office file"),
        ("openpyxl", "a.xlsx", bomb(), "packed from more"),
        ("docx", "a.docx", pdf("x"), "no office file"),
        ("pypdf", "a.pdf", b"%PDF-1.7\n" + b"\xff" * 500, "cannot be read"),
        ("pypdf", "a.pdf", pdf("x" * 3000), "letters"),
    ],
)
def test_a_damaged_or_malicious_file_is_refused_with_a_reason(
    package: str, name: str, data: bytes, says: str
) -> None:
    pytest.importorskip(package)
    with pytest.raises((BadRequest, BodyTooLarge), match=says):
        read(name, data, Limits(letters=2000))


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"teppan\[documents\]"):
        read("a.pdf", pdf("x"))
