"""What messages say, cut into sentences short enough to be kept or left out one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import Image, Media, Message, Part, Text, ToolCall, ToolResult
from teppan.cost.tokens import estimate
from teppan.serve.context.cues import length, without_preamble

_LONG, _ENDLESS = 22, 80
"""Tokens of a sentence that is cut at its commas, and of a clause that is cut between words."""
_LOOKED_AT, _IN_ALL, _AT_LEAST = 16_000, 160_000, 400
"""Letters that are looked at: of one message, of all together when that is more, and of each then
all the same. Three quarters are from its begin, the rest its end."""
_LEAVES = 40
"""Values that are read out of one result."""
_STOPS = " .。,，;；!！"
_SHORT_ANSWER = 8
"""Words of an answer that does not stand alone: its question is kept with it."""
_LONGEST_QUESTION = 18

_END = re.compile(r"(?<=[.!?…])[\"”»)']*\s+(?=[\w\"“„«¿¡(*$€£-])|(?<=[。！？；])|\n+")
_NO_END = re.compile(
    r"(?:\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Ave|Nr|No|Str|Sr|Sra|Srta|ca|bzw|inkl|evtl|approx|vs|etc"
    r"|z\.B|u\.a|p\.m|a\.m|e\.g|i\.e))\.$"
)
_ORDINAL = re.compile(r"\b\d{1,2}\.$")
_AFTER_ORDINAL = re.compile(
    r"(?:Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Geburtstag|Hochzeit|Stock|Etage)|[a-zäöü]"
)
_CLAUSE = re.compile(
    r"(?<=[,;:])\s+|(?<=[，；])|\s+[–—]\s+|\s+(?=(?:and|but|y|pero|und|aber|et|mais) )"
)
_TAKES_BACK = re.compile(
    r"(?:and |und |y |et )?(?:not|no|nicht|kein|instead|rather|statt|sondern|sino|en vez|en lugar"
    r"|pas|au lieu|non|não|em vez)\b|而不是|不是|而非|ではなく",
    re.IGNORECASE,
)
"""A clause that takes back what stands before it stays with it."""
_MARKUP = re.compile(r"^\s*(?:[-*+•>#]+|\d{1,2}[.)])\s+|\*\*|__|`+")


class Said(Struct, frozen=True):
    """A turn, by whom. `texts` are said to people, `data` by programs; `answers` is the question
    the turn before it ended with."""

    speaker: str
    texts: tuple[str, ...]
    data: tuple[str, ...] = ()
    answers: str = ""


def said_in(messages: Sequence[Message], before: Message | None = None) -> list[Said]:
    """What was said in messages; `before` is the one that came before them."""
    turns: list[Said] = []
    names: dict[str, str] = {}
    last = _question_of(before)
    most = _LOOKED_AT
    if sum(len(text) for message in messages for text in _texts(message)) > _IN_ALL:
        most = max(_AT_LEAST, min(_LOOKED_AT, _IN_ALL // len(messages)))
    for message in messages:
        clipped = _clipped(message, most)
        turns += _turns_of(clipped, last if message.role == "user" else "", names)
        last = _question_of(clipped)
    return turns


def sentences(turn: Said) -> list[str]:
    """Its sentences, long ones cut into clauses, a customer's without polite beginnings."""
    found = [piece for text in turn.texts for piece in split(text)]
    short = sum(map(length, found)) <= _SHORT_ANSWER
    if turn.answers and found and short and not found[-1].endswith(("?", "？")):
        found = [f"({turn.answers}) {' '.join(found)}"]
    elif turn.speaker == "user":
        found = [without_preamble(piece) for piece in found]
    return [*(piece.rstrip(_STOPS) for piece in found if piece.strip(_STOPS)), *turn.data]


def split(text: str) -> list[str]:
    """The sentences and clauses of a text, without marks of layout."""
    return [piece for sentence in _whole(text) for piece in _clauses(sentence)]


def _texts(message: Message) -> Iterator[str]:
    for part in message.parts:
        if isinstance(part, Text):
            yield part.text
        elif isinstance(part, ToolResult):
            yield from (inner.text for inner in part.parts if isinstance(inner, Text))


def _clipped(message: Message, most: int) -> Message:
    """The message with no text of more than so many letters."""
    if all(len(text) <= most for text in _texts(message)):
        return message

    def clip(part: Any) -> Any:
        if isinstance(part, ToolResult):
            return replace(part, parts=tuple(clip(inner) for inner in part.parts))
        if isinstance(part, Text) and len(part.text) > most:
            return Text(f"{part.text[: most * 3 // 4]}\n{part.text[-(most // 4) :]}")
        return part

    return replace(message, parts=tuple(clip(part) for part in message.parts))


def _whole(text: str) -> list[str]:
    found: list[str] = []
    for part in _END.split(text):
        clean = " ".join(_MARKUP.sub("", part).replace(" | ", "; ").split())
        if not clean:
            continue
        if found and _goes_on(found[-1], clean):
            found[-1] += f" {clean}"
        else:
            found.append(clean)
    return found


def _goes_on(before: str, after: str) -> bool:
    """Whether a full stop was none: after `Dr.`, or in `14. Juni`."""
    if _ORDINAL.search(before):
        return _AFTER_ORDINAL.match(after) is not None
    return _NO_END.search(before) is not None


def _turns_of(message: Message, answers: str, names: dict[str, str]) -> Iterator[Said]:
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    texts += [_shown(part) for part in message.parts if isinstance(part, Image | Media)]
    if message.refusal:
        texts.append(message.refusal)
    speaker = {"developer": "system"}.get(message.role, message.role)
    calls = message.tool_calls
    names.update((call.id, call.name) for call in calls)
    if any(texts) and speaker != "tool":
        yield Said(speaker, tuple(texts), answers=answers)
    elif any(texts):
        yield Said(_tool(""), (), tuple(piece for text in texts for piece in _read_data(text)))
    for call in calls:
        yield Said(_tool(call.name), (), (_called(call),))
    for part in message.parts:
        if isinstance(part, ToolResult):
            name = part.name or names.get(part.call_id, "")
            told = [piece for inner in part.parts for piece in _read_data(_shown(inner))]
            yield Said(_tool(name), (), tuple(told))


def _tool(name: str) -> str:
    clean = " ".join(re.sub(r"[:|\s]+", " ", name).split())[:60]
    return f"tool {clean}" if clean else "tool"


def _shown(part: Part) -> str:
    if isinstance(part, Text):
        return part.text
    return "[a picture]" if isinstance(part, Image) else "[a file]"


def _called(call: ToolCall) -> str:
    """`asked for guests=25, date=2026-06-14`."""
    leaves = list(_read_data(call.arguments))
    return f"asked for {', '.join(leaves)}"[:300] if leaves else "asked"


def _read_data(text: str) -> list[str]:
    """JSON as `name=value` pieces, anything else as sentences."""
    stripped = text.strip()
    if not stripped.startswith(("{", "[")):
        return split(text)
    try:
        value = msgspec.json.decode(stripped)
    except (msgspec.DecodeError, RecursionError):
        return split(text)
    found = []
    for name, leaf in _leaves(value, ""):
        found.append(f"{name}={leaf}" if name else leaf)
        if len(found) == _LEAVES:
            break
    return found


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, str(key)[:40])
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    elif value is not None and value != "":
        yield name, " ".join(str(value).split()).replace(" | ", "; ")[:160]


def _question_of(message: Message | None) -> str:
    """The question that a turn of the assistant ends with, or nothing."""
    if message is None or message.role != "assistant":
        return ""
    last = (_whole(message.text[-400:]) or [""])[-1]
    if not last.endswith(("?", "？")):
        return ""
    return last if length(last) <= _LONGEST_QUESTION else _clauses(last)[-1]


def _clauses(sentence: str) -> list[str]:
    """The sentence, or its clauses put together to pieces of bearable length."""
    if estimate(sentence) <= _LONG:
        return [sentence]
    pieces: list[str] = []
    for clause in _CLAUSE.split(sentence):
        for part in _stretches(clause):
            joined = _join(pieces[-1], part) if pieces else part
            if pieces and (_TAKES_BACK.match(part) or estimate(joined) <= _LONG):
                pieces[-1] = joined
            elif part:
                pieces.append(part)
    return pieces


def _join(one: str, other: str) -> str:
    """Two clauses beside each other, without a space where the script has none."""
    return f"{one}{other}" if one[-1:] > "\u2e80" else f"{one} {other}"


def _stretches(clause: str) -> Iterator[str]:
    """The clause, cut between words, or anywhere when it has none, where it is far too long."""
    if estimate(clause) <= _ENDLESS:
        yield clause
        return
    words = clause.split(" ") if clause.count(" ") > len(clause) / 60 else _runs(clause)
    begun: list[str] = []
    tokens = 0
    for word in (run for each in words for run in _runs(each)):
        tokens += estimate(word)
        if begun and tokens > _ENDLESS:
            yield " ".join(begun)
            begun, tokens = [], estimate(word)
        begun.append(word)
    yield " ".join(begun)


def _runs(word: str) -> list[str]:
    """A run of letters in bits of at most forty."""
    return [word[i : i + 40] for i in range(0, len(word), 40)] or [""]
