"""Who says calmly that an answer was wrong is heard; who asks about what is wrong is not."""

from __future__ import annotations

import pytest

from teppan.learn.objections import objects

OBJECTIONS = [
    ("en", "Hm, that’s not right, is it?"),
    ("en", "You didn't answer my question. What about children?"),
    ("en", "I was told something different."),
    ("en", "No, once more: what do adults pay?"),
    ("es", "Eso no es correcto."),
    ("es", "No respondió mi pregunta."),
    ("de", "Das stimmt so nicht."),
    ("de", "Das beantwortet meine Frage nicht."),
    ("zh", "不对，网站上写的不一样。"),
    ("zh", "答非所问"),
    ("ja", "それは違うと思います。"),
    ("ja", "質問に答えていません。"),
]
OTHERS = [
    ("en", "Great, thank you!"),
    ("en", "What happens if the address is wrong?"),
    ("en", "Is that right next to the park?"),
    ("es", "¿Y para los niños?"),
    ("es", "Perfecto, gracias."),
    ("de", "Stimmt, danke!"),
    ("zh", "六十块，对不对？"),
    ("zh", "清真的吗？"),
    ("ja", "何が違いますか。"),
    ("ja", "ありがとうございます。"),
    ("xx", "That's not right."),
]


@pytest.mark.parametrize(("language", "text"), OBJECTIONS)
def test_an_objection_is_heard(language: str, text: str) -> None:
    assert objects(text, language)


@pytest.mark.parametrize(("language", "text"), OTHERS)
def test_other_words_are_none(language: str, text: str) -> None:
    assert not objects(text, language)
