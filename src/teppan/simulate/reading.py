"""What a persona reads out of a conversation for the arguments of a tool.

Dates, times, counts, names, addresses and codes, as customers write them in English, Spanish,
Chinese and Japanese; newest words first. What nobody said is left out: a model that uses tools well
asks for it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from teppan.simulate.fill import Schema

_MONTHS = (
    "jan|ene|feb|mar|apr|abr|may|jun|jul|aug|ago|sep|oct|nov|dec|dic",
    MappingProxyType(
        {
            "jan": 1, "ene": 1, "feb": 2, "mar": 3, "apr": 4, "abr": 4, "may": 5, "jun": 6,
            "jul": 7, "aug": 8, "ago": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12, "dic": 12,
        }
    ),
)  # fmt: skip
_DAYS = MappingProxyType(
    {
        "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5,
        "sunday": 6, "lunes": 0, "martes": 1, "miércoles": 2, "jueves": 3, "viernes": 4,
        "sábado": 5, "domingo": 6, "周一": 0, "周二": 1, "周三": 2, "周四": 3, "周五": 4, "周六": 5,
        "周日": 6, "星期一": 0, "星期二": 1, "星期三": 2, "星期四": 3, "星期五": 4, "星期六": 5,
        "星期日": 6, "月曜": 0, "火曜": 1, "水曜": 2, "木曜": 3, "金曜": 4, "土曜": 5, "日曜": 6,
    }
)  # fmt: skip
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_MONTH_DAY = re.compile(rf"\b({_MONTHS[0]})[a-z]*\.? (\d{{1,2}})(?!\d|:)", re.IGNORECASE)
_DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of |de )?({_MONTHS[0]})", re.IGNORECASE)
_HAN_DATE = re.compile(r"(\d{1,2})\s*月\s*(\d{1,2})\s*[日号號]")
_CLOCK = re.compile(
    r"(?<![\d$-])(\d{1,2})(?::(\d\d))?\s*(am|pm|a\.m\.|p\.m\.)|(?<![\d-])([01]?\d|2[0-3]):([0-5]\d)"
    r"|(下午|晚上|午後|夜の?)?\s*(\d{1,2})\s*[点點時时](半)?"
    r"|a las (\d{1,2})",
    re.IGNORECASE,
)
_COUNTS: Mapping[str, str] = MappingProxyType(
    {
        "adults": r"(?:adults?|grown-?ups?|adultos?|[位名个個人]?の?(?:大人|成人))",
        "small_children": r"(?:toddlers?|bab(?:y|ies)|infants?|beb[eé]s?|婴儿|幼児)",
        "children": r"(?:child(?:ren)?|kids?|niñ[oa]s?|[位名个個人]?の?(?:小孩|孩子|儿童|子供))",
        "guests": r"(?:guests?|people|persons?|of us|invitados?|personas?|个?人|名)",
        "miles": r"(?:miles?|millas?|英里|マイル)",
    }
)
_BEFORE: Mapping[str, str] = MappingProxyType(
    {"adults": r"(?:大人|成人)[がは]?", "children": r"(?:小孩|孩子|儿童|子供|お子様)[がは]?"}
)
_SYNONYMS: Mapping[str, str] = MappingProxyType(
    {"kids": "children", "people": "guests", "persons": "guests", "distance": "miles"}
)
_CODE = re.compile(
    r"(?:code|reference|booking|c[oó]digo|reserva|预订号|编号|コード|番号)"
    r"\W{0,4}(?:is|es|number|:|は)?"
    r"\W{0,4}\b(?-i:([A-Z0-9]{4,12}|[A-Z]{1,4}-\d{2,8}))\b",
    re.IGNORECASE,
)
_BARE_CODE = re.compile(r"\b(?=[A-Z0-9]*\d)(?=\d*[A-Z])[A-Z0-9]{5,10}\b|\b[A-Z]{1,4}-\d{2,8}\b")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}\b")
_ADDRESS = re.compile(
    r"\b\d{1,5} (?:[A-Z][\w'.]*[ ])+(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Court|Ct|Way|"
    r"Boulevard|Blvd|Place|Pl)\b\.?(?:,? [A-Z][a-z]+(?: [A-Z][a-z]+)*)?"
)
_NAME = re.compile(
    r"(?:my name is|name is|name:|under the name(?: of)?|i am|i'm|this is|me llamo|mi nombre es"
    r"|a nombre de)\s+(?-i:([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*))"
    r"|(?:我叫|我是|姓名)[:：]?\s*([\w·]{2,8})|([\w・]{2,12})(?:と申します|です)",
    re.IGNORECASE,
)
_FREE_TEXT = (
    "reason",
    "query",
    "question",
    "message",
    "note",
    "notes",
    "topic",
    "complaint",
    "about",
)


def arguments(
    schema: Schema, said: Sequence[str], everything: Sequence[str], today: date | None
) -> dict[str, Any]:
    """What the customer's words (`said`) and the whole talk (`everything`, for codes) hold, newest
    first in both, by the name of the argument."""
    found: dict[str, Any] = {}
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name, part in properties.items():
        kind = _plain(part, schema)
        value = _one(name, kind, said, everything, today)
        if value is None and name in schema.get("required", ()) and name in _FREE_TEXT and said:
            value = " ".join(said[0].split())[:200] or None
        if value is not None:
            found[name] = value
    numbers = [name for name, part in properties.items() if _is_number(_plain(part, schema))]
    if len(numbers) == 1 and numbers[0] not in found and said:
        only = re.findall(r"(?<![\d$:/-])\d+(?:\.\d+)?(?![\d:/-])", said[0])
        if len(only) == 1:
            found[numbers[0]] = _number(only[0])
    return found


def missing(schema: Schema, known: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments that must be there and are not known."""
    return tuple(name for name in schema.get("required", ()) if name not in known)


def typed(schema: Schema, known: Mapping[str, Any]) -> dict[str, Any]:
    """The same with numbers as numbers where the schema wants them and the text is one."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    made = dict(known)
    for name, value in known.items():
        if not isinstance(value, str) or re.fullmatch(r"-?\d+(?:\.\d+)?", value) is None:
            continue
        if _is_number(_plain(properties.get(name, {}), schema)):
            made[name] = _number(value)
    return made


def _one(
    name: str, kind: Schema, said: Sequence[str], everything: Sequence[str], today: date | None
) -> Any:
    name = name.casefold()
    if "enum" in kind:
        return _first(_options(kind["enum"], said))
    if kind.get("type") == "array":
        items = kind.get("items", {})
        chosen = list(_options(items.get("enum", ()), said)) if isinstance(items, Mapping) else []
        return chosen or None
    if kind.get("format") == "date" or name.endswith(("date", "day")):
        return _first(day.isoformat() for text in said for day in dates(text, today))
    if kind.get("format") == "time" or name in ("time", "start", "start_time", "hour"):
        return _first(clock for text in said for clock in times(text))
    if _is_number(kind):
        return _first(value for text in said for value in _counts(name, text))
    return _text(name, kind, said, everything)


def _counts(name: str, text: str) -> Iterator[int | float]:
    """How many a text says there are, of what an argument is named after."""
    name = _SYNONYMS.get(name, name)
    words, before = _COUNTS.get(name), _BEFORE.get(name)
    after = rf"(\d+(?:\.\d+)?)\s*(?:más |more |other )?{words}"
    for pattern in (after if words else "", rf"{before}\s*(\d+)" if before else ""):
        if pattern:
            yield from (_number(each[1]) for each in re.finditer(pattern, text, re.IGNORECASE))


def _text(name: str, kind: Schema, said: Sequence[str], everything: Sequence[str]) -> str | None:
    if kind.get("type") not in (None, "string"):
        return None
    if "code" in name or "reference" in name or name.startswith("booking"):
        return _matched(_CODE, everything) or _matched(_BARE_CODE, everything)
    for part, pattern in (
        (("mail",), _MAIL),
        (("phone",), _PHONE),
        (("contact",), _MAIL),
        (("contact",), _PHONE),
        (("address", "place", "where"), _ADDRESS),
        (("name",), _NAME),
    ):
        if any(each in name for each in part):
            value = _matched(pattern, said)
            if value is not None:
                return value
    return None


def dates(text: str, today: date | None) -> Iterator[date]:
    """The days a text names; one without a year is the next such day."""
    for match in _ISO.finditer(text):
        yield from _day(int(match[1]), int(match[2]), int(match[3]))
    base = today or date(2026, 1, 1)
    pairs = [(_MONTHS[1][m[1][:3].lower()], int(m[2])) for m in _MONTH_DAY.finditer(text)]
    pairs += [(_MONTHS[1][m[2][:3].lower()], int(m[1])) for m in _DAY_MONTH.finditer(text)]
    pairs += [(int(m[1]), int(m[2])) for m in _HAN_DATE.finditer(text)]
    for month, number in pairs:
        this = list(_day(base.year, month, number))
        yield from this if this and this[0] >= base else _day(base.year + 1, month, number)
    if today is None:
        return
    low = text.casefold()
    for word, days in (("tomorrow", 1), ("mañana", 1), ("明天", 1), ("明日", 1), ("today", 0)):
        if word in low:
            yield today + timedelta(days)
    for word, weekday in _DAYS.items():
        if word in low:
            yield today + timedelta((weekday - today.weekday() - 1) % 7 + 1)


def times(text: str) -> Iterator[str]:
    """The times of day a text names, as `18:30`."""
    for match in _CLOCK.finditer(text):
        if match[3]:
            hour, minute = int(match[1]) % 12, int(match[2] or 0)
            hour += 12 * match[3].lower().startswith("p")
        elif match[4]:
            hour, minute = int(match[4]), int(match[5])
        elif match[7]:
            hour, minute = int(match[7]), 30 if match[8] else 0
            hour += 12 if match[6] and hour < 12 else 0
        else:
            hour, minute = int(match[9]), 0
            hour += 12 if hour < 10 else 0
        if hour < 24:
            yield f"{hour:02d}:{minute:02d}"


def _day(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _options(options: Sequence[Any], said: Sequence[str]) -> Iterator[Any]:
    text = " ".join(said).casefold()
    for option in options:
        word = re.escape(str(option).replace("_", " ").casefold())
        if re.search(rf"(?<![a-z]){word}", text):
            yield option


def _matched(pattern: re.Pattern[str], texts: Sequence[str]) -> str | None:
    for text in texts:
        match = pattern.search(text)
        if match is not None:
            return next((group for group in match.groups() if group), match[0]).strip(" .")
    return None


def _first(values: Iterator[Any]) -> Any:
    return next(iter(values), None)


def _plain(part: Any, root: Schema) -> Schema:
    """The schema of an argument without references, and without the `null` it may be."""
    for _ in range(4):
        if not isinstance(part, Mapping):
            return {}
        if "$ref" in part:
            part = root.get("$defs", {}).get(str(part["$ref"]).rpartition("/")[2], {})
        elif "anyOf" in part:
            part = next((one for one in part["anyOf"] if one.get("type") != "null"), {})
        else:
            return part
    return {}


def _is_number(kind: Schema) -> bool:
    return kind.get("type") in ("integer", "number")


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
