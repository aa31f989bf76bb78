"""The language a conversation is held in, decided over all that the customer said.

    a wish ("en español, por favor")         holds until another wish, or until the customer has
                                             twice spoken something else than before and wished
    a clear message in another language      changes it
    a short, unclear or quoted one           keeps it

What is quoted or pasted is not the customer's: lines behind `>`, longer texts in quotation marks,
what follows the head of a forwarded mail. Where paragraphs are of several languages, the one the
conversation is held in stays; the first one decides at its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest
from teppan.routing.language import Guess, Languages, quiet
from teppan.serve.language.names import names

MESSAGES, LETTERS = 24, 2_000
"""Messages of the customer that are looked at, the newest of them; letters of each."""
TWICE = 2
"""Clear messages in a third language that end a wish."""

_QUOTED = re.compile(
    r"```.*?(?:```|\Z)|^[ \t]*>[^\n]*$"
    r"|\"[^\"\n]{20,}\"|“[^”]{20,}”|«[^»]{20,}»|「[^」]{10,}」|『[^』]{10,}』|‘[^’\n]{20,}’"
    r"|^(?:-{2,} ?(?:original|forwarded)|(?:from|de|发件人|寄件者|差出人)\s*[:：][^\n]*@).*\Z",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\n\s*\n")


class Tongue(Struct, frozen=True):
    """The language of a conversation. `spoken` is what a wish was spoken in, and `others` how many
    clear messages since were in neither; both empty without a wish."""

    language: str
    spoken: str = ""
    others: int = 0


def language_of(request: ChatRequest, languages: Languages, before: Tongue | None = None) -> Tongue:
    """The language to answer a request in, one of those expected.

    `request` is what the client sent. `before` is what was decided for its conversation earlier; it
    counts where the client sends only the newest message.
    """
    said = [each.text for each in request.messages if each.role == "user" and each.text.strip()]
    if request.asked is not None and said:
        said[-1] = request.asked
    tongue = before if len(said) <= 1 else None
    for text in said[-MESSAGES:]:
        tongue = heard(text[:LETTERS], languages, tongue)
    return tongue or Tongue(languages.expected[0])


def heard(text: str, languages: Languages, before: Tongue | None) -> Tongue | None:
    """What one more message makes of a conversation's language; None while nothing was told."""
    own = own_words(text)
    wished = wish(own, languages.expected)
    here = spoken(own, languages, before.language if before else None)
    if wished is not None:
        if here.clear or before is None:
            return Tongue(wished, here.language or wished)
        return Tongue(wished, before.spoken or before.language)
    if before is None:
        return Tongue(here.language) if here.language is not None else None
    if not here.clear or here.language in (None, before.language) or quiet(own):
        return before
    assert here.language is not None
    if not before.spoken:
        return Tongue(here.language)
    if here.language == before.spoken:
        return before
    return (
        replace(before, others=before.others + 1)
        if before.others + 1 < TWICE
        else Tongue(here.language)
    )


def own_words(text: str) -> str:
    """The text without what is quoted or pasted in it."""
    return _QUOTED.sub(" ", text)


def spoken(own: str, languages: Languages, held: str | None) -> Guess:
    """The language of the customer's own words."""
    paragraphs = [each for each in _PARAGRAPH.split(own) if each.strip()]
    if len(paragraphs) < 2:
        return languages.guess(own)
    guesses = [languages.guess(each) for each in paragraphs]
    clear = [each for each in guesses if each.clear]
    if len({each.language for each in clear}) < 2:
        return clear[0] if clear else languages.guess(own)
    return next((each for each in clear if each.language == held), clear[0])


def wish(text: str, expected: Sequence[str]) -> str | None:
    """The language a customer asks to be answered in, if it is one of those expected.

    "Do your chefs speak Spanish?" and "how do you say it in Spanish" wish for nothing.
    """
    if len(text) > LETTERS:
        return None
    found: tuple[int, str] | None = None
    for language in expected:
        pattern = _wishing(language)
        if pattern is None:
            continue
        for match in pattern.finditer(text):
            if found is None or match.end() > found[0]:
                found = (match.end(), language)
    return found[1] if found else None


@cache
def _wishing(language: str) -> re.Pattern[str] | None:
    known = names().get(language)
    if known is None:
        return None
    name = rf"(?:{'|'.join(known.called)})"
    ends = r"\s*(?:[.!?。！？,，]|$)"
    asks_en = r"(?:answer|reply|respond|write|talk|continue|switch|explain|tell me|speak to me)"
    asks_es = (
        r"(?:resp[oó]nd[ea]\w*|contest[ea]\w*|escr[ií]b\w*|h[aá]bl[ae]\w*|hablemos|d[ií]game|dime"
        r"|respuesta|responder(?:me)?|contestar(?:me)?|escribir(?:me)?|hablar|seguimos|sigamos)"
    )
    ways = (
        rf"\b(?:in|en|auf)\s+{name}\b[,]?\s*(?:please|pls|plz|por favor|bitte)",
        rf"(?:please|pls|plz|por favor)[,]?\s+(?:in|en)\s+{name}\b",
        rf"(?:^|[.!?]\s+|^(?:no|sorry|hi|hola|hello)[,.]?\s+)(?:in|en)\s+{name}\b{ends}",
        rf"^\s*{name}{ends}$",
        rf"\b{name}\b,?\s+(?:please|pls|plz|only|por favor|bitte)",
        rf"(?<!\w)(?<!do you )(?<!they ){asks_en}\b[^.?!\n]{{0,24}}\b(?:in|to)\s+{name}\b",
        rf"\b(?:can|could|may) (?:we|you|i)\b(?:[^.?!\n]{{0,24}})\bin {name}\b\s*(?:\?|please|$)",
        rf"\bi (?:only|just) (?:speak|understand|read) {name}\b",
        rf"\bs[oó]lo hablo {name}\b",
        rf"\b{asks_es}\b[^.?!¿¡\n]{{0,24}}\ben\s+{name}\b",
        rf"(?:[请請]|麻[烦煩]|能不能|可不可以|可以|我[们們])[^。，！？\n]{{0,6}}[用讲講说說]{name}",
        rf"[用讲講说說]{name}\s*(?:回[答复覆]|答[复覆]|[回说說聊讲講写寫]|交流|沟通|溝通|吧|可以[吗嗎])",
        rf"{name}で\s*(?:お願い|おねがい|返[事信]|回答|答え|書い|対応|話し(?:て|たい|ましょう)|説明|教えて|いい|よろしく)",
    )
    return re.compile("|".join(ways), re.IGNORECASE | re.MULTILINE)
