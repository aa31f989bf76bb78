"""The answer is in the customer's language: told, looked at, and translated where it must be."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from serve.conftest import Opening
from serve.language.conftest import LANGUAGES, TRANSLATOR, Hearing, calling, request
from teppan.core.chat import ChatRequest, Message, ResponseFormat, Text, TextDelta
from teppan.core.errors import ProviderOverloaded
from teppan.core.fold import fold
from teppan.core.ids import LOCAL
from teppan.core.reply import Outcome, Reply
from teppan.core.trace import Route
from teppan.routing.language import Languages
from teppan.serve.language import Interpreter, Spoken
from teppan.serve.models import Routed
from teppan.serve.strategies.scripted import Live, ScriptedCall
from teppan.serve.strategies.single import Single, SingleSettings

JAPANESE = "大人20名でいくらですか？"
SPANISH = "¿Cuánto cuesta para 20 adultos?"
IN_ENGLISH = "The total for your party is $1,100."


def single(model: str = "a/x") -> Single:
    return Single(SingleSettings(model=model))


async def run(ear: Interpreter, asked: ChatRequest, call: ScriptedCall) -> Outcome:
    return await Spoken(single(), ear).run(asked, call)


def text(outcome: Outcome) -> str:
    assert isinstance(outcome.reply, Reply)
    return outcome.reply.text


async def test_a_model_is_told_the_language_behind_its_prompt(hearing: Hearing) -> None:
    asked = request(SPANISH)
    call = calling(asked, {"a/x": "Son $1,100 para 20 adultos, con arroz."})
    await run(hearing(), asked, call)
    prompt, line, question = call.asked("a/x")[0].request.messages
    assert prompt.text == "You sell."
    assert "Spanish (español)" in line.text
    assert question.text == SPANISH


async def test_a_talk_in_the_first_language_is_sent_as_it_came(hearing: Hearing) -> None:
    asked = request("How much is it for 20 adults?")
    call = calling(asked, {"a/x": IN_ENGLISH})
    await run(hearing(), asked, call)
    assert call.asked("a/x")[0].request.messages == asked.messages


async def test_one_language_alone_needs_nothing() -> None:
    asked = request(SPANISH)
    call = calling(asked, {"a/x": IN_ENGLISH})
    outcome = await run(Interpreter(Languages(("en",))), asked, call)
    assert text(outcome) == IN_ENGLISH
    assert call.asked("a/x")[0].request is not None
    assert len(call.calls) == 1


async def test_an_answer_in_another_language_is_translated(hearing: Hearing) -> None:
    asked = request(SPANISH)
    call = calling(asked, {"a/x": IN_ENGLISH})
    outcome = await run(hearing(), asked, call)
    assert text(outcome) == "El total de su fiesta es $1,100, gracias."
    assert [each.role for each in call.calls] == ["single", "translation"]


async def test_a_right_or_unclear_answer_costs_nothing_more(hearing: Hearing) -> None:
    for answer in ("Son $1,100 para los 20 adultos.", "$1,100"):
        asked = request(SPANISH)
        call = calling(asked, {"a/x": answer})
        assert text(await run(hearing(), asked, call)) == answer
        assert len(call.calls) == 1


async def test_what_cannot_be_translated_is_given_and_says_so(hearing: Hearing) -> None:
    asked = request(SPANISH)
    call = calling(asked, {"a/x": IN_ENGLISH, TRANSLATOR: ProviderOverloaded("down")})
    outcome = await run(hearing(), asked, call)
    assert text(outcome) == IN_ENGLISH
    assert "not in Spanish (español)" in outcome.reason


async def test_without_a_translator_a_wrong_language_is_only_noticed() -> None:
    asked = request(SPANISH)
    call = calling(asked, {"a/x": IN_ENGLISH})
    outcome = await run(Interpreter(LANGUAGES), asked, call)
    assert text(outcome) == IN_ENGLISH
    assert "English" in outcome.reason


async def test_a_weak_model_is_asked_in_the_pivot_language(hearing: Hearing) -> None:
    asked = request(JAPANESE)
    call = calling(asked, {"a/x": "It is $1,100 for 20 adults, with rice."})
    outcome = await run(hearing(weak={"ja": ("m",)}), asked, call)
    assert call.asked("a/x")[0].request.question == "How much is it for 20 adults?"
    assert text(outcome) == "ご飯付きで、大人20名で$1,100です。"


async def test_the_next_turn_translates_only_what_is_new(hearing: Hearing) -> None:
    ear = hearing(weak={"ja": ("m",)})
    first = request(JAPANESE)
    script = {"a/x": "It is $1,100 for 20 adults, with rice."}
    answer = text(await run(ear, first, calling(first, script)))
    second = request(JAPANESE, answer, "子供はどうですか？")
    call = calling(second, {"a/x": "Children under 6 eat for free."})
    await run(ear, second, call)
    sent = [each.text for each in call.asked("a/x")[0].request.messages if each.role != "system"]
    assert sent == [
        "How much is it for 20 adults?",
        "It is $1,100 for 20 adults, with rice.",
        "What about the children?",
    ]
    assert len(call.asked(TRANSLATOR)) == 2


async def test_only_the_weak_member_is_asked_in_the_pivot_language(hearing: Hearing) -> None:
    asked = request(JAPANESE)
    call = calling(asked, {"a/x": "It is $1,100 for 20 adults, with rice."})
    outcome = await run(hearing(weak={"ja": ("a/*",)}), asked, call)
    assert call.asked("a/x")[0].request.question == "How much is it for 20 adults?"
    assert text(outcome) == "ご飯付きで、大人20名で$1,100です。"
    other = calling(asked, {"b/y": "大人20名で$1,100です。"})
    await Spoken(single("b/y"), hearing(weak={"ja": ("a/*",)})).run(asked, other)
    assert other.asked("b/y")[0].request.question == JAPANESE


async def test_a_question_that_cannot_be_translated_is_asked_as_it_is(hearing: Hearing) -> None:
    asked = request(JAPANESE)
    script = {"a/x": "大人20名で$1,100です。", TRANSLATOR: ProviderOverloaded("down")}
    call = calling(asked, script)
    outcome = await run(hearing(weak={"ja": ("*",)}), asked, call)
    assert call.asked("a/x")[0].request.question == JAPANESE
    assert text(outcome) == "大人20名で$1,100です。"


async def test_knowledge_before_the_question_stays_as_it_is(hearing: Hearing) -> None:
    asked = request(JAPANESE)
    block = "Adults are $55 each and children are $30, with rice."
    call = calling(asked, {"a/x": "It is $1,100 for 20 adults, with rice."})
    parts = Message("user", (Text(f"{block}\n\n"), Text(JAPANESE)))
    ready = replace(asked, messages=(asked.messages[0], parts), asked=JAPANESE)
    await run(hearing(weak={"ja": ("*",)}), ready, call)
    sent = call.asked("a/x")[0].request
    assert sent.question == "How much is it for 20 adults?"
    assert sent.messages[-1].text == f"{block}\n\nHow much is it for 20 adults?"


async def test_a_request_for_json_is_left_alone(hearing: Hearing) -> None:
    asked = replace(request(SPANISH), response_format=ResponseFormat("json_object"))
    call = calling(asked, {"a/x": '{"answer": "The total for your party is in the mail"}'})
    await run(hearing(), asked, call)
    assert call.asked("a/x")[0].request.messages == asked.messages
    assert len(call.calls) == 1


async def test_a_live_answer_in_the_right_language_stays_live(hearing: Hearing) -> None:
    asked = request(SPANISH, stream=True)
    answer = "Son $1,100 para los 20 adultos, con arroz y verduras."
    call = calling(asked, {"a/x": answer})
    outcome = await run(hearing(), asked, call)
    assert not isinstance(outcome.reply, Reply)
    deltas = [each async for each in outcome.reply.deltas()]
    assert fold(deltas).text == answer
    assert len(call.calls) == 1


async def test_a_live_answer_in_the_first_language_is_not_even_watched(hearing: Hearing) -> None:
    asked = request("How much is it for 20 adults?", stream=True)
    outcome = await run(hearing(), asked, calling(asked, {"a/x": IN_ENGLISH}))
    assert isinstance(outcome.reply, Live)


async def test_a_live_answer_in_a_wrong_language_is_translated_before_a_word_is_read(
    hearing: Hearing,
) -> None:
    asked = request(SPANISH, stream=True)
    outcome = await run(hearing(), asked, calling(asked, {"a/x": IN_ENGLISH}))
    assert not isinstance(outcome.reply, Reply)
    deltas = [each async for each in outcome.reply.deltas()]
    assert fold(deltas).text == "El total de su fiesta es $1,100, gracias."
    assert not any(isinstance(each, TextDelta) and "The total" in each.text for each in deltas)


@pytest.mark.parametrize("stream", [False, True])
async def test_translations_are_paid_for_and_stand_in_the_trace(
    opening: Opening, hearing: Hearing, stream: bool
) -> None:
    spanish = "El total de su fiesta es ⟦1⟧, gracias."
    setting = opening({"a": {"x": IN_ENGLISH}, "t": {"translator": spanish}})
    routed = Routed(Route("m", "single", "a test"), Spoken(single(), hearing()))
    asked = request(SPANISH, stream=stream, model="a/x")
    answer = await setting.gateway.answer(asked, LOCAL, routed=routed)
    if stream:
        assert fold([each async for each in answer.deltas()]).text.startswith("El total")
    (trace,) = setting.memory.traces
    assert [each.role for each in trace.calls] == ["single", "translation"]
    assert trace.answer is not None
    assert trace.answer.text == "El total de su fiesta es $1,100, gracias."
    rows = [call.cost for _, call in setting.memory.rows.values()]
    assert sum(each or 0 for each in rows) == trace.cost
