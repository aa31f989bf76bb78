"""What a persona tells the customer after its tools have answered.

It says what the tools said: a right phrasing of the question where each of its amounts stands in
the results, else the results. What must be agreed to is asked, and so is what is missing.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import orjson

from teppan.simulate import dice
from teppan.simulate.questions import Question, normalise
from teppan.simulate.scene import Scene
from teppan.simulate.turn import Message, Turn

_AMOUNT = re.compile(
    r"[$€] ?(\d[\d.,]*)|(\d[\d.,]*) ?(?:€|euros?|dollars?|d[oó]lares|美元|美金|ドル|元|块|刀)"
)
_ASK: Mapping[str, str] = MappingProxyType(
    {
        "en": "{told} Shall I go ahead?",
        "es": "{told} ¿Lo confirmo?",
        "de": "{told} Passt das so?",
        "zh": "{told} 可以吗？",
        "ja": "{told} よろしいでしょうか。",
    }
)
_LACKS: Mapping[str, str] = MappingProxyType(
    {
        "en": "Gladly. I still need: {names}.",
        "es": "Con gusto. Todavía necesito: {names}.",
        "de": "Gern. Ich brauche noch: {names}.",
        "zh": "好的，我还需要：{names}。",
        "ja": "承知しました。次のことを教えてください：{names}。",
    }
)
_TOLD: Mapping[str, str] = MappingProxyType(
    {
        "en": "According to the tools: {told}.",
        "es": "Según nuestros datos: {told}.",
        "de": "Nach unseren Angaben: {told}.",
        "zh": "根据我们的资料：{told}。",
        "ja": "こちらの情報では：{told}。",
    }
)
_WORDS = ("say", "sentence", "text", "told", "message")
"""Fields of a result that hold words for the customer."""
_KANA, _HAN = re.compile(r"[\u3040-\u30ff]"), re.compile(r"[\u4e00-\u9fff]")
_SPANISH = re.compile(
    r"[¿¡ñ]|\b(?:que|para|por|el|los|una|quiero|somos|gracias|hola)\b", re.IGNORECASE
)
_GERMAN = re.compile(
    r"[äöß]|\b(?:ich|und|der|das|nicht|bitte|ist|wie|für|ein|eine|kein|danke|hallo)\b",
    re.IGNORECASE,
)


def language_of(turn: Turn, question: Question | None) -> str:
    """The customer's language: the question's, else what the words look like."""
    if question is not None:
        return question.language
    for pattern, language in ((_KANA, "ja"), (_HAN, "zh"), (_SPANISH, "es"), (_GERMAN, "de")):
        if pattern.search(turn.question):
            return language
    return "en"


def asked_for(lacking: Sequence[str], language: str) -> str:
    """A question for what a tool still needs."""
    names = ", ".join(name.replace("_", " ") for name in lacking)
    return _LACKS.get(language, _LACKS["en"]).format(names=names)


def tool_answer(
    turn: Turn, question: Question | None, scene: Scene, draw: Sequence[object]
) -> str | None:
    """The answer that uses the results of the tools; None when there are none, or when they are
    pieces of documents, which are there to be understood."""
    if turn.messages[-1].role != "tool":
        return None
    results = scene.results
    if scene.agent and all(_is_pieces(result) for result in results):
        return None
    language = language_of(turn, question) if scene.agent else "en"
    if scene.proposed:
        return _ASK.get(language, _ASK["en"]).format(told=scene.proposed)
    if question is not None and scene.agent:
        fitting = _fitting(question, results, turn.question)
        if fitting:
            return str(dice.pick(fitting, *draw, "phrase"))
    told = "; ".join(
        _readable(result.text, result.tool_name or "the tool", scene.agent) for result in results
    )
    return (
        told
        if told.endswith((".", "。", "!"))
        else _TOLD.get(language, _TOLD["en"]).format(told=told)
    )


def _fitting(question: Question, results: Sequence[Message], asked: str) -> list[str]:
    """The right phrasings that say nothing but what the tools said."""
    given = amounts("\n".join(result.text for result in results))
    known = given | amounts(asked)
    fitting = [each for each in question.right if amounts(each) <= known]
    telling = [each for each in fitting if amounts(each) & given]
    return telling if given else fitting


def amounts(text: str) -> set[float]:
    """The amounts of money a text states; `1.300,50 €` and `€1,300.50` are one."""
    return {_value(one or other) for one, other in _AMOUNT.findall(normalise(text))}


def _value(written: str) -> float:
    plain = re.sub(r"[.,](?=\d{3}(?!\d))", "", written.strip(".,"))
    return float(plain.replace(",", "."))


def _is_pieces(result: Message) -> bool:
    try:
        value = orjson.loads(result.text)
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, list) and all(
        isinstance(one, dict) and "source" in one for one in value
    )


def _readable(result: str, name: str, agent: bool) -> str:
    try:
        value = orjson.loads(result)
    except orjson.JSONDecodeError:
        return result.strip() if agent else f"{name} says: {result.strip()}"
    if isinstance(value, dict):
        if agent:
            words = next((str(value[key]) for key in _WORDS if value.get(key)), "")
            if words:
                return words
        told = ", ".join(f"{key} {item}" for key, item in value.items())
    else:
        told = str(value)
    return told if agent else f"{name} says: {told}"
