"""What is proposed must be shown with its figures before anybody can agree to it."""

from __future__ import annotations

import pytest

from teppan.serve.agents.stating import figures, states, tells

TOLD = "Reserve December 12, 2026 at 6 pm for Ann, ann@example.com: 20 adults, $1,100. Code XGBARU."


def test_figures_are_amounts_years_codes_and_addresses() -> None:
    assert figures(TOLD) == {"2026", "1100", "XGBARU", "ann@example.com"}
    assert figures("Shall I go ahead, OK? It is $5.") == {"5"}


@pytest.mark.parametrize(
    "answer",
    [
        TOLD,
        "El 12 de diciembre de 2026 para Ann@Example.com: $1100, código XGBARU. ¿Está bien?",
        "XGBARU：2026年12月12日、合計１,１００ドル、ann@example.com でよろしいですか？",
    ],
)
def test_the_words_and_the_language_are_free(answer: str) -> None:
    assert states(answer, TOLD)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Shall I book it?",
        TOLD.replace("$1,100", "$100"),
        TOLD.replace("$1,100", "$11,100"),
        TOLD.replace("2026", "2027"),
        TOLD.replace("XGBARU", "XGBARUX"),
        TOLD.replace("ann@", "anna@"),
    ],
)
def test_a_figure_that_is_missing_or_another_is_noticed(answer: str) -> None:
    assert not states(answer, TOLD)


def test_an_answer_that_tells_it_all_may_write_the_hour_otherwise() -> None:
    assert tells(TOLD, TOLD)
    assert tells(TOLD.replace("6 pm", "18:00"), TOLD)
    assert tells("Shall I really call the plumber for Ann?", "call the plumber")


@pytest.mark.parametrize(
    ("answer", "proposal"),
    [
        (TOLD.replace("12,", "19,"), TOLD),
        (TOLD.replace("20 adults", "25 adults"), TOLD),
        ("It is $550. Shall I?", "call the plumber"),
    ],
)
def test_another_day_or_count_is_noticed_and_a_proposal_without_figures(
    answer: str, proposal: str
) -> None:
    assert not tells(answer, proposal)


def test_a_decimal_comma_and_a_sign_behind_are_read() -> None:
    assert figures("Das macht 48,50 € am 3. Mai.") == {"48.50"}
    assert not states("Das macht 48,50 €.", "Zusammen 38,50 €")
    assert states("It is €38.50 in all.", "Zusammen 38,50 €")
