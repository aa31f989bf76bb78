"""What a router sees: language, mood and marks of a question, really read from its words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.core.chat import ChatRequest, Tool, ToolChoice, say
from teppan.routing.features import Features, Reader, count_words
from teppan.routing.language import Languages
from teppan.routing.lexicon import shipped
from teppan.routing.rules import Rules, Weights
from teppan.routing.sentiment import sentiment

LANGUAGES = Languages()
LANGUAGES.load()


def features(text: str, *before: str, **fields: object) -> Features:
    messages = [say("user", each) for each in (*before, text)]
    request = ChatRequest(model="m", messages=tuple(messages), **fields)
    return Reader(LANGUAGES).of(request)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How much is it for ten people?", "en"),
        ("ok", "en"),
        ("12345", "en"),
        ("Hola, ¿cuánto cuesta?", "es"),
        ("Precio?", "es"),
        ("Nos gustaría saber si pueden venir a nuestra casa el sábado", "es"),
        ("十个人多少钱？", "zh"),
        ("10人でいくらですか？", "ja"),
    ],
)
def test_the_language_is_told_of_short_and_long_texts(text: str, language: str) -> None:
    assert LANGUAGES.of(text) == language


def test_only_languages_that_are_expected_are_told() -> None:
    assert Languages(["es", "en"]).of("十个人多少钱？") == "es"
    assert Languages(["en"]).of("Hola, ¿cuánto cuesta?") == "en"
    french = "Nous voudrions savoir combien coûte un repas pour dix personnes"
    both = Languages(["en", "fr"])
    both.load()
    assert both.of(french) == "fr"


def test_words_decide_until_the_classifier_is_there() -> None:
    languages = Languages(["en", "es"])
    assert languages.of("¿Cuánto cuesta la cena para veinte personas en mi casa?") == "es"
    assert languages.of("How much is a dinner for twenty people at our house?") == "en"


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [
        ("en", "The food was delicious, thank you!", "The food was terrible and cold."),
        ("en", "I love it 😍", "I am very disappointed 😡"),
        ("es", "La comida estaba deliciosa, gracias", "La comida estaba horrible y fría"),
        ("zh", "谢谢，菜很好吃", "服务太差了，我非常失望"),
        ("ja", "とても美味しかったです。ありがとう", "最悪です。シェフが来ませんでした"),
    ],
)
def test_moods_are_told_apart_in_every_language(language: str, good: str, bad: str) -> None:
    assert sentiment(good, language) > 0.6
    assert sentiment(bad, language) < 0.3


@pytest.mark.parametrize(
    ("language", "plain", "negated"),
    [
        ("en", "I am happy with the food", "I am not happy with the food"),
        ("es", "La comida estaba buena", "La comida no estaba buena"),
        ("zh", "菜好吃", "菜不好吃"),
        ("ja", "料理が美味しかった", "料理が美味しくなかった"),
    ],
)
def test_a_negation_turns_a_mood_round(language: str, plain: str, negated: str) -> None:
    assert sentiment(plain, language) > 0.5 > sentiment(negated, language)


def test_what_stands_before_a_mood_makes_it_stronger_or_weaker() -> None:
    moods = [sentiment(f"It was {word}bad", "en") for word in ("very ", "", "slightly ")]
    assert moods == sorted(moods)
    assert sentiment("It was good but late and cold", "en") < 0.5


def test_a_question_without_a_word_of_mood_is_neutral() -> None:
    assert sentiment("How much is it per adult?", "en") == 0.5


@settings(max_examples=60)
@given(st.text(max_size=200), st.sampled_from(sorted(shipped())))
def test_any_text_has_a_mood_between_0_and_1(text: str, language: str) -> None:
    assert 0.0 <= sentiment(text, language) <= 1.0


def test_signs_of_scripts_without_spaces_count_as_parts_of_words() -> None:
    assert count_words("two words") == 2
    assert 3 <= count_words("十个人多少钱") <= 6


def test_a_score_is_the_weighed_sum_of_its_parts_and_the_reason_says_them() -> None:
    judged = Rules().judge(features("Can you check availability and book Saturday?"))
    assert judged.level == "SIMPLE"
    assert judged.score == pytest.approx(sum(judged.parts.values()))
    assert judged.parts["tool_keywords"] == pytest.approx(0.2)
    assert '"availability", "book"' in judged.reason


def test_two_marks_of_a_hard_question_or_an_unhappy_customer_decide_alone() -> None:
    hard = Rules().judge(features("Compare both and recommend one"))
    assert (hard.level, hard.override is not None) == ("COMPLEX", True)
    angry = Rules().judge(features("The food was awful and the chef rude"))
    assert angry.level == "COMPLEX"
    assert "unhappy" in angry.reason


def test_a_long_question_late_in_a_conversation_is_harder_than_a_first_one() -> None:
    long = "and then " * 90 + "book it and check the weather"
    assert Rules().judge(features(long, *["hello"] * 8)).level == "MEDIUM"
    assert Rules().judge(features("book it")).level == "SIMPLE"


@settings(max_examples=60)
@given(
    st.floats(0, 1), st.integers(0, 500), st.integers(0, 30), st.integers(0, 4), st.integers(0, 4)
)
def test_more_of_anything_never_makes_a_question_simpler(
    mood: float, words: int, turns: int, hard: int, tools: int
) -> None:
    def score(**changes: object) -> float:
        base = {"sentiment": mood, "words": words, "turns": turns} | changes
        return (
            Rules()
            .judge(
                Features(
                    language="en", complex_words=("x",) * hard, tool_words=("y",) * tools, **base
                )
            )
            .score
        )

    assert score() <= score(words=words + 10)
    assert score() <= score(turns=turns + 1)
    assert score() <= score(sentiment=mood / 2)
    assert 0.0 <= score() <= 1.0


def test_weights_count_by_their_proportions() -> None:
    some = features("Can you book it?")
    doubled = Weights(0.3, 0.6, 0.4, 0.4, 0.3)
    assert Rules(doubled).judge(some).score == pytest.approx(Rules().judge(some).score)
    assert Rules(Weights(0, 0, 1, 0, 0)).judge(some).score == 0.5


def test_own_words_replace_those_shipped() -> None:
    reader = Reader(LANGUAGES, complex_words={"en": ["teriyaki*"]}, tool_words={"en": ["fetch"]})
    request = ChatRequest(model="m", messages=(say("user", "Compare teriyakis and fetch one"),))
    assert reader.of(request).complex_words == ("teriyakis",)
    assert reader.of(request).tool_words == ("fetch",)


def test_tools_are_needed_when_they_are_offered_and_spoken_of_or_must_be_called() -> None:
    tools = (Tool(name="weather"),)
    assert features("What is the weather?", tools=tools).needs_tools
    assert not features("What is the weather?").needs_tools
    assert not features("Do you bring the grill?", tools=tools).needs_tools
    must = ToolChoice("required")
    assert features("Do you bring the grill?", tools=tools, tool_choice=must).needs_tools
    never = ToolChoice("none")
    assert not features("What is the weather?", tools=tools, tool_choice=never).needs_tools
