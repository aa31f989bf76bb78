"""What may become a lesson: a short plain rule, and nothing that a model or a customer slipped in.

A lesson is the words of a model about the words of strangers, and it is going to stand in prompts:
it is held to be hostile. What is looked for is easy to look for, so it errs to the safe side; what
passes is still only tried (`trying.py`), and still only advice (`knowledge/lessons.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from teppan.learn.privacy.detector import PLACEHOLDER
from teppan.learn.privacy.scrub import Scrubber

SHORTEST, LONGEST = 15, 280
"""Letters of a rule; in scripts without spaces a third of the shortest is enough."""
SENTENCES = 2
WORD = 40
"""Letters of a word from which it is no word; a third of that where words have no spaces."""

_LINK = re.compile(
    r"://|\bwww\.|\bmailto:|@|\b[\w-]+\.(?:com|net|org|io|ai|dev|app|info|biz|co|me|ly|gg|xyz|ru|cn"
    r"|de|uk|eu|us|shop|site|online|link|top|click)\b|\b\w+\.\w{2,6}/",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\blocalhost\b", re.IGNORECASE)
_CODE = re.compile(
    r"[`{}<>\\|=$^~*_]|\b\w+\([^)]*\)|\b(?:import|eval|exec|curl|wget|sudo|rm -|function|def|class"
    r"|script|select \w+ from|drop table|insert into|delete from|base64|javascript|payload)\b|#!"
    r"|--\w|\[\w*\]\(|&&|\b0x[0-9a-f]+",
    re.IGNORECASE,
)
_MONEY = re.compile(r"[$]\s?(?=\d)")
"""The one sign of code that a price needs."""
_ORDERS = re.compile(
    r"""
    \b(?:ignor(?:e|es|ing|iere?n?|a|ar|ez|er)|disregard\w*|forget(?:ting)?|overrid\w+|bypass\w*
      |circumvent\w*|supersed\w+|olvid\w+|vergiss|vergessen|missachte\w*|umgeh\w+|oubli\w+
      |desobed\w+|disobey\w*|violat\w+|break|skip|suspend|waive)\b
      .{0,40}\b(?:previous|prior|above|earlier|other|all|any|rules?|instructions?|guidelines?|polic\w+
      |prompts?|facts?|system|constraints?|restrictions?|safety|reglas?|instruccion\w+|regeln?
      |anweisung\w*|r[eè]gles?|consignes?|minimum|surcharge)\b
  | \b(?:rules?|instructions?|polic(?:y|ies)|guidelines?|restrictions?)\b.{0,30}
      \b(?:do(?:es)?\ not|don'?t|no\ longer|never)\ (?:apply|matter|count|hold)\b
  | \b(?:instead\ of|rather\ than|regardless\ of|in\ spite\ of|despite|even\ if|contrary\ to)\b
      .{0,30}\b(?:rules?|instructions?|polic(?:y|ies)|guidelines?|prompt|facts)\b
  | \byou\ are\ (?:now|no\ longer|a|an)\b | \bact\ as\b | \bpretend\w*\b | \brole-?play\w*\b
  | \b(?:developer|admin|debug|god|sudo)\ mode\b | \bjailbr\w+ | \bDAN\b
  | \b(?:system|assistant|user|developer)\s*: | \bsystem\ (?:prompt|message)\b | \bprompt\ inject\w+
  | \b(?:reveal|print|repeat|output|show|leak|disclose|share|quote)\b.{0,40}
      \b(?:prompt|instructions?|rules?|secrets?|keys?|passwords?|tokens?|credentials?|conversations?)\b
  | \b(?:new|updated|following|these)\ (?:instructions?|orders?|commands?)\b
  | \b(?:password|api\ key|credit\ card|social\ security|wire\ transfer|gift\ card|bitcoin|crypto)\b
  | \b(?:competitor|click|download|install|visit)\b
  | \b(?:lessons?|critic|grader|evaluator|judge|try-?out|score[sd]?)\b
  | 忽略|无视|無視|忘记|忘れ|不要遵守|从现在起|從現在起|系统提示|系統提示|扮演|指示に従わ|ルールを無
    """,
    re.IGNORECASE | re.VERBOSE,
)
_END = re.compile(r"[.!?。！？]+(?:\s|$|(?=[\u3040-\u9fff]))")
_DENSE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def plain(text: str) -> str:
    """One line, compatibility letters made plain: what the eye sees is what is looked at."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def refused(
    text: str,
    scrubber: Scrubber,
    *,
    known: str = "",
    misstates: Callable[[str], str] = lambda text: "",
) -> str:
    """Why a rule may not become a lesson, in a few words; empty when it may. Never raises.

    `text` is `plain`; `known` are the facts: a figure that stands nowhere in them is made up.
    """
    return (
        _form(text)
        or _hostile(text)
        or _private(text, scrubber)
        or _made_up(text, known)
        or misstates(text)
    )


def _form(text: str) -> str:
    if any(unicodedata.category(each) in ("Cc", "Cf", "Co", "Cn", "Cs") for each in text):
        return "it holds letters that cannot be seen"
    dense = bool(_DENSE.search(text))
    if len(text) < (SHORTEST // 3 if dense else SHORTEST):
        return "it is too short to be a rule"
    if len(text) > LONGEST:
        return f"it is longer than {LONGEST} letters"
    if len(_END.findall(text)) > SENTENCES:
        return "it is more than one rule"
    if not dense and any(len(word) > WORD for word in text.split()):
        return "it holds something that is no word"
    if text.isupper() or sum(each.isalpha() for each in text) < len(text) * 0.6:
        return "it is not written as a sentence"
    return ""


def _hostile(text: str) -> str:
    bare = _MONEY.sub("", text)
    for same in (bare, _folded(bare)):
        if _LINK.search(same) or _ADDRESS.search(same):
            return "it holds an address"
        if _CODE.search(same):
            return "it holds something like code"
        if _ORDERS.search(same):
            return "it gives an order that is no rule of answering"
    return ""


def _folded(text: str) -> str:
    """Without accents, and with look-alike letters of other scripts as the Latin ones."""
    bare = "".join(
        each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each)
    )
    return bare.translate(_LOOK_ALIKES)


_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁԛԝһАВЕКМНОРСТХІЈЅαοερτυνικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ01345",
    "aeopcyxijsdqwhABEKMHOPCTXIJSaoeptuvikABEZHIKMNOPTYXoieas",
)
"""Cyrillic and Greek letters, and figures, that stand for Latin letters where words are hidden."""


def _private(text: str, scrubber: Scrubber) -> str:
    if PLACEHOLDER.search(text):
        return "it speaks of one person"
    masked = scrubber.texts((text,))
    if masked.found:
        return f"it holds private words ({', '.join(sorted(masked.found))})"
    return ""


def _made_up(text: str, known: str) -> str:
    there = {_figure(each) for each in _NUMBER.findall(unicodedata.normalize("NFKC", known))}
    for each in _NUMBER.findall(text):
        if _figure(each) not in there:
            return f"the facts do not hold the figure {each}"
    return ""


def _figure(written: str) -> str:
    bare = written.replace(",", "")
    return bare.rstrip("0").rstrip(".") if "." in bare else bare
