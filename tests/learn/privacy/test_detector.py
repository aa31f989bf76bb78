"""What is private is found in every form it is written in, and the words of a business are not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from teppan.core.errors import ConfigError
from teppan.learn.privacy import phones
from teppan.learn.privacy.detector import PatternDetector
from teppan.learn.privacy.spans import Span, settled

DETECTOR = PatternDetector()


def found(text: str, *languages: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in DETECTOR.find(text, languages)]


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("write to ann.lee+x@mail.example.org.", ("email", "ann.lee+x@mail.example.org")),
        ("ann at example dot com", ("email", "ann at example dot com")),
        ("info (at) müller.example", ("email", "info (at) müller.example")),
        ("邮箱是xiaoming@example.cn。", ("email", "xiaoming@example.cn")),
        ("call (415) 555-0132 today", ("phone", "(415) 555-0132")),
        ("Brazil: +55 11 91234-5678", ("phone", "+55 11 91234-5678")),
        ("携帯は０９０－８７６５－４３２１", ("phone", "０９０－８７６５－４３２１")),
        ("pay with 4111 1111 1111 1111", ("card", "4111 1111 1111 1111")),
        ("card ending in 4242", ("card", "4242")),
        ("to DE89 3704 0044 0532 0130 00", ("account", "DE89 3704 0044 0532 0130 00")),
        ("SSN 536-22-8471", ("id", "536-22-8471")),
        ("mi DNI 48291735S", ("id", "48291735S")),
        ("身份证号11010519491231002X", ("id", "11010519491231002X")),
        ("マイナンバーは123456789018です", ("id", "123456789018")),
        ("CPF 841.206.375-90", ("id", "841.206.375-90")),
        ("booking code MH-7K2Q9", ("code", "MH-7K2Q9")),
        ("from 203.0.113.45", ("ip", "203.0.113.45")),
        ("host 2001:db8::42 is down", ("ip", "2001:db8::42")),
        ("my password is Tr0ub4dor&3.", ("secret", "Tr0ub4dor&3")),
        ("see https://bob:s3cret@files.example.com", ("secret", "bob:s3cret")),
        ("I was born on March 3, 1985", ("birth", "March 3, 1985")),
        ("昭和60年5月3日生まれです", ("birth", "昭和60年5月3日")),
        ("on Telegram: @ann_lee", ("handle", "@ann_lee")),
        ("at 27 Oak St Apt 4B, please", ("address", "27 Oak St Apt 4B")),
        ("in der Goethestraße 12, 10623 Berlin", ("address", "Goethestraße 12, 10623 Berlin")),
        ("我住在上海市世纪大道100号", ("address", "上海市世纪大道100号")),
        ("my name is jorge ramirez and we are 5", ("name", "jorge ramirez")),
        ("Mr. O'Hara will pay", ("name", "O'Hara")),
        ("王先生会付款", ("name", "王")),
        ("田中太郎と申します", ("name", "田中太郎")),
        ("Thanks,\nFiona McAllister", ("name", "Fiona McAllister")),
    ],
)
def test_a_private_word_is_found(text: str, private: tuple[str, str]) -> None:
    assert found(text) == [private]


@pytest.mark.parametrize(
    "text",
    [
        "Adults are $55 and kids $30, so the total is $1,250.00.",
        "Saturday, June 14, 2026 at 6:30 pm, or 2026-07-04",
        "Filet Mignon for 12 at My Hibachi, 25 miles from Fremont",
        "The birthday party starts at 5 pm on May 3.",
        "Is your password policy public? What is the code of conduct?",
        "I'm Vegan. May I pay in April? Will that work?",
        "4111111111111112 fails the check, and so does part 12345678A",
        "Python 3.11.4, release 10.2.0.1, http://127.0.0.1:8080",
        "Soy vegetariano. Buenos Días, ¿van a San José?",
        "我是素食者，生日派对是5月3日，总共1250美元。",
        "ベジタリアンです。お客様の誕生日パーティーは5月3日です。",
        "Ich bin Vegetarier. Wir kommen am Samstag um 18:30 Uhr.",
    ],
)
def test_the_words_of_a_business_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_name_that_was_told_is_found_again_in_parts() -> None:
    text = "My name is Zora Quill. Is Quill on the list? Zora has the key, Quillian not."
    assert [value for _, value in found(text)] == ["Zora Quill", "Quill", "Zora"]


def test_kinds_can_be_left_alone() -> None:
    detector = PatternDetector(without=("code",))
    assert detector.find("booking code MH-7K2Q9") == []


def test_a_region_lets_its_numbers_come_without_a_country_code() -> None:
    plain, polish = PatternDetector(), PatternDetector(regions=("PL",))
    assert plain.find("zadzwoń 0048 601 234 567 albo", ("en",)) != []
    assert [span.kind for span in polish.find("tel +48 601 234 567", ("en",))] == ["phone"]


def test_without_the_telephone_data_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(phones, "import_module", missing)
    with pytest.raises(ConfigError, match="pip install phonenumbers"):
        PatternDetector()


def test_the_surest_span_wins_and_what_is_left_of_another_stays_private() -> None:
    text = "Ann Lee, 27 Oak"
    spans = [Span(0, 15, "address", 0.5), Span(0, 7, "name", 0.9)]
    assert settled(spans, text) == [Span(0, 7, "name", 0.9), Span(9, 15, "address", 0.5)]


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(), max_size=80) | st.text("Ann 1-+@.:/王田は[]_号丁目", max_size=80))
@example("\ud800\u200b@\u0000 1-1-1")
def test_any_text_is_read_and_its_spans_are_in_it(text: str) -> None:
    spans = DETECTOR.find(text)
    assert spans == sorted(spans)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@pytest.mark.parametrize(
    "unit", ["1 ", "a@", "Ann Lee, ", "路1号", "田中", "(1", "my name is ", "a."]
)
def test_a_hostile_text_of_many_letters_ends(unit: str) -> None:
    DETECTOR.find(unit * (8_000 // len(unit)))
