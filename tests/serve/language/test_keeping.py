"""Numbers, amounts, codes, addresses and names come out of a translation as they went in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.serve.language.keeping import keep_out, lost, names_in


@pytest.mark.parametrize(
    "token",
    [
        "$1,286.50",
        "€55",
        "MH-2047",
        "ana.lopez@example.com",
        "https://teppan.example/menu?day=2",
        "(916) 555-0134",
        "Maria Gonzalez",
        "[2]",
    ],
)
def test_it_is_kept_out_of_the_translation(token: str) -> None:
    kept = keep_out(f"Please note {token}, thank you.", ["Maria Gonzalez"])
    assert kept.kept == (token,)
    assert kept.back("Tenga en cuenta ⟦1⟧, gracias.") == f"Tenga en cuenta {token}, gracias."


@pytest.mark.parametrize("translated", ["gracias", "⟦1⟧ ⟦1⟧", "⟦2⟧", "⟦1⟧ ⟦2⟧", "⟦1⟧ y ⟦", "⟦１⟧"])
def test_a_lost_doubled_or_new_mark_is_seen(translated: str) -> None:
    assert keep_out("It is $55.").back(translated) is None


@given(
    st.text(max_size=200), st.lists(st.from_regex(r"[A-Z][a-z]{2,9}", fullmatch=True), max_size=3)
)
def test_what_is_not_changed_comes_back_as_it_was(text: str, names: list[str]) -> None:
    kept = keep_out(text, names)
    back = kept.back(kept.text)
    assert back == text or (back is None and ("⟦" in text or "⟧" in text or not kept.kept))


@given(st.integers(3, 9_999), st.integers(3, 9_999))
def test_a_changed_number_is_always_seen(one: int, other: int) -> None:
    wrong = lost(f"We are {one} guests.", f"Somos {other} invitados.")
    assert (wrong is None) == (one == other)


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        ("For 20 guests at 3 pm on May 5", "5月5日15時に20名様"),
        ("twenty guests", "20名"),
        ("二十位客人", "20 guests"),
        ("２０名です", "We are 20"),
        ("1万円", "10,000 yen"),
        ("1,100 guests", "1.100 invitados"),
        ("12 kids", "doce niños"),
        ("August 3rd", "8月3日"),
        ("8月3日", "August 3"),
        ("15:30", "3:30 pm"),
        ("a dozen", "12"),
        ("1 adult", "un adulto"),
    ],
)
def test_the_same_number_may_be_written_otherwise(text: str, translated: str) -> None:
    assert lost(text, translated) is None


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        ("For 20 guests", "30名様"),
        ("For 20 guests", "お客様"),
        ("children under 5 are free", "niños gratis"),
        ("free for children", "gratis para niños menores de 5"),
        ("at 3 pm", "a las 16"),
        ("1万円", "1,000 yen"),
        ("2 kids", "niños"),
    ],
)
def test_another_number_is_seen(text: str, translated: str) -> None:
    assert lost(text, translated) is not None


def test_names_are_those_that_were_told() -> None:
    said = [
        "Hi, my name is Maria Gonzalez and I'm Sorry",
        "我叫王小明。",
        "田中と申します",
        "soy Luis de la Cruz",
    ]
    assert set(names_in(said)) == {"Maria Gonzalez", "王小明", "田中", "Luis de la Cruz"}
    assert names_in(["I'm looking for a chef", "This is The Best", "soy alérgica"]) == ()
