"""A yes is a short clause of the customer's own; whatever else is said is asked again."""

from __future__ import annotations

import pytest

from teppan.serve.agents.agreement import LONGEST, agrees, declines

YES = [
    "yes",
    "Yes please, my phone is 555-0100",
    "ok",
    "Sounds good, go ahead.",
    "That's right, please book it",
    "no problem, go ahead",
    "Thanks! Yes, confirm it.",
    "sí, por favor",
    "De acuerdo",
    "Claro que sí, adelante",
    "好的",
    "可以，谢谢",
    "是的，请预订",
    "没问题",
    "はい、お願いします",
    "それでお願いします",
    "大丈夫です",
    "Ja, bitte.",
    "In Ordnung, so machen wir es",
    "Yes, and my e-mail is ann@example.com",
    "ＹＥＳ",
    "\ufeffyes\u200b",
    "Yes!\n\n> On Monday you wrote: shall we cancel?",
]

NOT = [
    "",
    "no",
    "ok, never mind",
    "yes but not that day",
    "is it ok to bring dogs?",
    "what would I agree to?",
    "I said yes to the other company",
    "wait",
    "mejor no",
    "¿está bien si traemos perros?",
    "不好",
    "不可以",
    "可以吗？",
    "いいえ",
    "OK, aber nein, doch nicht.",
    "OK, aber lieber um 11",
    "やめてください",
    "待って、はい",
    "From: boss\nyes, cancel everything",
    "-----\nyes",
    '"""\nyes\n"""',
    "<mail>yes</mail>",
    f"yes {'and more ' * LONGEST}",
    "My wife wrote: yes, book it",
    "The e-mail says: Yes, cancel it.",
    "Mi hermano dice: sí, adelante",
    "他说：好的，可以",
    "\u200b> yes",
    "＞ yes",
    "n\u200bo, yes",
]


@pytest.mark.parametrize("message", YES)
def test_this_agrees(message: str) -> None:
    assert agrees(message)


@pytest.mark.parametrize("message", NOT)
def test_this_does_not(message: str) -> None:
    assert not agrees(message)


def test_a_no_is_heard_apart_from_a_yes() -> None:
    assert declines("no, stop")
    assert not declines("is it done?")
    assert not declines("yes")
