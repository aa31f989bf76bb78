"""Where people live: streets with their numbers, towns with their postal codes, by country.

Latin addresses are patterns. Those in Chinese and Japanese are found by their number (`88号`,
`1丁目2-3`) and read from there to the left as far as names of places go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from teppan.learn.privacy.cues import LINK, MONTHS, cued, word
from teppan.learn.privacy.spans import Span

_UP = r"[A-ZÀ-ÖØ-Þ]"
_NAME = rf"{_UP}[\w'.-]{{0,24}}"
_SMALL = r"(?:de|del|de la|de los|de las|la|las|los|el|y|der|dem|den|am|an|von|du|des|da|do|dos)"
_NAMES = (
    rf"(?:\d{{1,2}}[ ](?=de[ ]))?(?:(?:{_SMALL}[ ]){{0,2}}{_NAME}[ ]){{0,4}}(?:{_SMALL}[ ])"
    rf"{{0,2}}{_NAME}"
)

_TYPES = (
    "St|Street|Ave|Avenue|Blvd|Boulevard|Rd|Road|Dr|Drive|Ln|Lane|Ct|Court|Pl|Place|Ter|Terrace|"
    "Way|"
    "Cir|Circle|Pkwy|Parkway|Hwy|Highway|Sq|Square|Loop|Trail|Trl|Alley|Row|Crescent|Close|Mews|"
    "Walk|"
    "Point|Pt|Plaza|Path|Run|Commons"
)
_STATES = (
    "A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|"
    "T[NX]|UT|V[TA]|W[AVIY]"
)
_UNIT = (
    r"(?:,?[ \n]{1,2}(?:(?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm|Bldg)\.?[ ]?#?[ ]?|#[ ]?)"
    r"\w{1,6})?"
)
_US = (
    rf"{_NAME}(?:[ ]{_NAME}){{0,3}},?[ ]{{1,2}}(?:{_STATES})\.?[ ]{{1,2}}\d{{5}}(?:-\d{{4}})?(?!\d)"
)
_UK = r"[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}(?![A-Za-z0-9])"
_TOWN = rf"(?:,?[ ]?\n?[ ]?,?[ ]?(?:{_US}|(?:{_NAME},?[ ]){{1,2}}{_UK}|{_UK}))?"

_ENGLISH = re.compile(
    rf"(?<![\w$#./-])(?:(?:Unit|Flat|Apt\.?|Suite)[ ]\w{{1,5}},[ ])?\d{{1,6}}[A-Za-z]?[ ]"
    rf"(?:(?:[NSEW]|North|South|East|West)\.?[ ])?(?:(?:{_NAME}|\d{{1,3}}(?:st|nd|rd|th))[ ])"
    rf"{{1,4}}?"
    rf"(?:{_TYPES})(?:\.|\b)(?:[ ](?:[NSEW]|NE|NW|SE|SW)\b)?{_UNIT}{_TOWN}"
)
_TOWN_ALONE = re.compile(rf"(?<![\w]){_US}")
_UK_ALONE = re.compile(rf"(?<![A-Za-z0-9-]){_UK}")
_BOX = re.compile(
    rf"(?<!\w)(?:P\.?[ ]?O\.?[ ]?Box|Apartado(?: de Correos)?|Postfach)[ ]\d{{1,7}}{_TOWN}",
    re.IGNORECASE,
)
_SPOKEN = cued(
    word(r"address(?: is|:)", "located at", "live at", "living at", "venue is", "we are at"),
    rf"\d{{1,6}}[ ](?:[a-z0-9'.-]{{1,20}}[ ]){{1,4}}?(?:{_TYPES})(?![a-z]){_UNIT}",
    link=LINK,
)

_SPANISH_TAIL = (
    rf"(?:,?[ ](?:\d{{1,2}}[ ]?[º°ª.](?:[ ]?(?:[A-Z]|izq|der|dcha)\b\.?)?|(?:piso|puerta|int\.?|"
    rf"depto\.?|"
    rf"apto\.?|local|esc\.?)[ ]\w{{1,5}}|(?:Col\.?|Colonia|Barrio|Urb\.?)[ ]{_NAMES}|"
    rf"(?:C\.?P\.?[ ]?)?\d{{5}}(?:[ ]{_NAMES})?|(?<=, ){_NAMES}(?=[,.\n]|$))){{0,5}}"
)
_SPANISH = re.compile(
    r"(?<!\w)(?i:calle|c/|cl\.|avenida|avda\.?|av\.|paseo|plaza|pza\.|carrera|cra\.|calzada|"
    r"camino|ronda|"
    rf"travesía|bulevar|callejón|carretera|diagonal|transversal|rua|via|viale|corso|piazza)[ "
    rf"]{_NAMES}"
    rf"(?:,?[ ](?:n[º°.]|núm\.?|no\.|#)?[ ]?\d{{1,5}}[A-Za-z]?(?![\d:])(?:[ ]?-[ ]?\d{{1,4}})?"
    rf"){_SPANISH_TAIL}"
)
_COLOMBIAN = re.compile(
    r"(?<!\w)(?i:calle|carrera|cra\.|cl\.|diagonal|transversal)[ ]\d{1,3}[A-Za-z]?[ ]?(?:#|"
    r"[nN][oº°]\.?)[ ]?\d{1,3}[A-Za-z]?"
    rf"(?:[ ]?-[ ]?\d{{1,3}})?(?:,[ ]{_NAMES})?"
)

_PLACE = rf"(?:,?[ ]\n?(?:D-|A-|CH-)?\d{{4,5}}[ ]{_NAME}(?:[ ](?:am|an der|im)[ ]{_NAME})?)?"
_GERMAN = re.compile(
    rf"(?<!\w){_UP}[\w-]{{1,30}}(?:(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|ufer|damm|"
    rf"chaussee|markt)"
    rf"|-?(?:[ -](?:Straße|Str\.|Weg|Platz|Allee)))[ ]\d{{1,4}}[ ]?[a-z]?(?![\w:]){_PLACE}"
)
_GERMAN_AT = re.compile(
    rf"(?<!\w)(?:Am|An der|An den|Im|In der|In den|Auf der|Auf dem|Zum|Zur|Unter den|Hinter der)"
    rf"(?:[ ](?!(?i:{MONTHS})\b){_UP}[a-zäöüß]{{2,20}}){{1,2}}[ ]\d{{1,3}}[ ]?[a-z]?(?![\w.:,]\d|"
    rf"[ ]?(?:Uhr|Personen|Gäste))"
    rf"(?![\w:]){_PLACE}"
)
_WEEKDAY = re.compile(r"(?:Mon|Diens|Donners|Frei|Sams|Sonn)tag|Mittwoch|Abend|Morgen|Alter|Jahr")
_FRENCH = re.compile(
    rf"(?<!\w)\d{{1,4}}(?:[ ]?(?:bis|ter))?,?[ ](?i:rue|avenue|boulevard|place|impasse|allée|"
    rf"chemin|quai)[ ]"
    rf"{_NAMES}(?:,?[ ]\d{{5}}[ ]{_NAMES})?"
)

_POSTCODE = (
    cued(
        word("zip(?: ?code)?", "postal code", "post ?code", r"c\.?p\.?", "código postal", "plz",
             "postleitzahl"),
        r"(?:\d{4,5}(?:-\d{3,4})?(?!\d)|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})",
    ),
    cued("邮编|郵編|邮政编码|郵遞區號|郵便番号", r"〒?\d{3}-?\d{3,4}(?!\d)"),
    re.compile(r"(?P<v>〒[ ]?\d{3}-?\d{4})(?!\d)"),
)  # fmt: skip

_LATIN = (
    _ENGLISH, _BOX, _SPOKEN, _TOWN_ALONE, _UK_ALONE, _COLOMBIAN, _SPANISH, _GERMAN, _GERMAN_AT,
    _FRENCH, *_POSTCODE,
)  # fmt: skip

_HAN = "\u3400-\u9fff々〇"
_CHINESE = re.compile(
    r"(?:[路街道巷弄]|胡同|[一二三四五六七八九十]段)[ ]?\d{1,5}(?:-\d{1,4})?[号號弄巷]"
    rf"(?:之\d{{1,3}})?(?:(?:[ ]?[A-Za-z]?\d{{1,4}}|[{_HAN}]{{1,8}}?|[A-Z])"
    r"(?:号楼|楼|栋|幢|座|单元|室|号|號|层|院|大厦|广场|小区|花园|樓)){0,4}"
)
_CHINESE_LEFT = re.compile(rf"[{_HAN}0-9]{{1,30}}$")
_CHINESE_VERBS = re.compile(
    r".*(?:住在|搬到|送到|寄到|寄给|请来|位于|就在|地址|地点|[在是到送去来址于请为给])"
)
_JAPANESE = re.compile(
    rf"[{_HAN}ァ-ヶー]\d{{1,3}}(?:丁目(?:\d{{1,4}}(?:番地?の?|-)?(?:\d{{1,4}}号?)?(?:-\d{{1,4}})?)?"
    r"|番地(?:の\d{1,4})?|(?:-\d{1,4}){1,3}|の\d{1,3}の\d{1,3})"
    rf"(?:[ ]?[{_HAN}ァ-ヶーA-Za-z]{{2,16}}[ ]?\d{{1,4}}(?:号室|階|F|号))?"
)
_JAPANESE_LEFT = re.compile(rf"(?:〒[ ]?\d{{3}}-?\d{{4}}[ ]{{0,2}})?[{_HAN}ァ-ヶーのノ]{{1,30}}$")
_PLACES = re.compile(r"[都道府県市区町村郡]|丁目")
_LEFT = 44


def matches(text: str) -> Iterator[Span]:
    """Addresses and postal codes, in a text of one form of digits (`plain.py`)."""
    for pattern in _LATIN:
        group = "v" if "v" in pattern.groupindex else 0
        for found in pattern.finditer(text):
            if pattern is _GERMAN_AT and _WEEKDAY.search(found[0]):
                continue
            start = found.start(group)
            yield Span(start, start + len(found[group].rstrip(".")), "address", 0.93)
    if text.isascii():
        return
    yield from _leftward(text, _CHINESE, _CHINESE_LEFT, _CHINESE_VERBS, None)
    yield from _leftward(text, _JAPANESE, _JAPANESE_LEFT, None, _PLACES)


def _leftward(
    text: str,
    anchor: re.Pattern[str],
    left: re.Pattern[str],
    verbs: re.Pattern[str] | None,
    needed: re.Pattern[str] | None,
) -> Iterator[Span]:
    """From the number of a house to the left, as far as the names of places go."""
    for found in anchor.finditer(text):
        begin = found.start() + 1
        before = left.search(text, max(0, begin - _LEFT), begin)
        start = before.start() if before else found.start()
        verb = verbs.match(text, start, found.start()) if verbs else None
        start = verb.end() if verb else start
        if needed is None or needed.search(text, start, found.end()):
            yield Span(start, found.end(), "address", 0.93)
