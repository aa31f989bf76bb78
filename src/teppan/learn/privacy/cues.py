"""The words before a value that say what it is: `my phone is`, `número de`, `密码是`, `番号は`.

A pattern is made of a cue, a link and a value. Every repetition has a bound, so that a search takes
time in proportion to the text, whatever stands in it.
"""

from __future__ import annotations

import re

LATIN_START = r"(?<![A-Za-z0-9\u00c0-\u024f])"
LATIN_END = r"(?![A-Za-z0-9\u00c0-\u024f])"

LINK = (
    r"(?:[ \t]{0,2}(?:(?:is|was|are|reads|number|numbers|num|no|nr|nbr|es|era|ist|lautet|war|the|"
    r"an?|"
    r"el|la|los|der|die|das|del?|on|in|my|it's|im|am|number's|n[úu]mero|nummer|"
    r"code|id|wi-?fi)(?![A-Za-z0-9\u00c0-\u024f])\.?|[:=#>]|-(?=[ \t])|[nN][º°]|->|"
    r"是|为|為|は|が|も|の|号码|号碼|號碼|番号|编号|編號|号|ID|,)){0,5}[ \t]{0,3}"
)
"""What may stand between a cue and its value."""

TIGHT = r"[ \t]{0,3}(?:is|es|ist|lautet|war|was|=|:|#|是|为|為|は|->)[ \t]{0,3}(?:=|:)?[ \t]{0,2}"
"""A link that says outright that the value comes now."""


def cued(cues: str, value: str, *, link: str = LINK, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """The value, as group `v`, after one of the cues."""
    return re.compile(rf"(?:{cues}){link}(?P<v>{value})", flags)


def word(*words: str) -> str:
    """One of these whole words, as part of a pattern."""
    return f"{LATIN_START}(?:{'|'.join(words)})"


MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec|"
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|"
    "diciembre|ene|abr|ago|dic|"
    "januar|jänner|februar|märz|mai|juni|juli|oktober|dezember|okt|dez"
)

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[89]|20)\d\d"

DATE = (
    rf"(?:{_YEAR}[./-]\d{{1,2}}[./-]\d{{1,2}}|\d{{1,2}}[./-]\d{{1,2}}[./-](?:{_YEAR}|\d\d)"
    rf"|(?:{MONTHS})(?![a-zé])\.?[ ]{{1,2}}{_DAY}(?:st|nd|rd|th)?(?:,?[ ]{{1,2}}{_YEAR})?"
    rf"|{_DAY}(?:st|nd|rd|th|\.|º|°)?[ -]{{1,2}}(?:of[ ]|de[ ])?(?:{MONTHS})(?![a-zé])\.?"
    rf"(?:,?[ -]{{1,2}}(?:de[ ]|del[ ]|of[ ])?{_YEAR})?"
    r"|[MTSHR]\d{1,2}\.\d{1,2}\.\d{1,2}"
    r"|[〇零一二三四五六七八九]{2,4}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}[日号號]"
    rf"|(?:(?:明治|大正|昭和|平成|令和|民国)(?:\d{{1,2}}|元)年|{_YEAR}[ ]?年)[ ]?"
    r"(?:\d{1,2}[ ]?月(?:[ ]?\d{1,2}[ ]?[日号])?)?"
    r"|\d{1,2}[ ]?月[ ]?\d{1,2}[ ]?[日号])(?!\d)"
)
"""A date as people write it. One of figures, of words, of signs; the year may be missing."""
