"""A text as somebody else would type it; what it asks stays the same."""

from __future__ import annotations

import random
import re

HOW = ("same", "case", "slip", "slips", "polite")
_BEFORE = {
    "en": ("Hi, ", "Hello! ", "Good morning, ", "Quick question: ", "Hey team, "),
    "es": ("Hola, ", "Buenos días, ", "Buenas tardes, "),
    "de": ("Hallo, ", "Guten Tag, "),
    "zh": ("你好，", "您好，", "请问，"),
    "ja": ("こんにちは、", "すみません、"),
}
_AFTER = {
    "en": (" Thanks!", " Thank you.", " please", ""),
    "es": (" Gracias.", " por favor", ""),
    "de": (" Danke!", " bitte", ""),
    "zh": ("谢谢。", ""),
    "ja": ("お願いします。", ""),
}
_INSIDE = {
    "en": ("We met your chef at the fair last month and my wife loved it. ", " Let me know soon."),
    "es": ("Los vimos en la feria el mes pasado y nos encantó. ", " Espero su respuesta."),
    "de": ("Wir waren letzten Monat bei Ihnen und es hat uns gefallen. ", " Bis bald."),
    "zh": ("上个月我们在展会上见过你们，非常喜欢。", "期待回复。"),
    "ja": ("先月イベントで拝見してとても気に入りました。", "お返事お待ちしています。"),
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def copied(text: str, how: str, language: str, chance: random.Random) -> str:
    language = language if language in _BEFORE else "en"
    if how == "case":
        text = chance.choice((text.lower(), text.upper(), re.sub(r"[?!]|[.,](?!\d)", "", text)))
        return f"  {text} "
    if how == "slip":
        return slipped(text, chance)
    if how == "slips":
        return slipped(slipped(text, chance), chance)
    if how == "polite":
        after = chance.choice(_AFTER[language])
        return chance.choice(_BEFORE[language]) + text + after
    if how == "inside":
        before, after = _INSIDE[language]
        return before + text + after
    return text


def slipped(text: str, chance: random.Random) -> str:
    """One letter of a word of five and more is dropped, doubled, or swapped with the next; figures
    and scripts without such words stay."""
    words = [found for found in re.finditer(r"[^\W\d_]{5,}", text) if found[0].isascii()]
    if not words:
        return text
    found = chance.choice(words)
    at = chance.randrange(found.start() + 1, found.end() - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + chance.choice(_LETTERS) + text[at + 1 :]
