"""What replies say, in a form in which equal answers are equal strings.

a tool call        the name and the arguments, whatever their order and spacing
JSON was asked     the value, whatever its order and spacing
an exact answer    the number, option or literal it comes to (`estimate/answers.py`), also
                   inside JSON, when the task type says that there is one
anything else      no key: only its meaning can be compared
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from msgspec import Struct

from teppan.core.chat import ChatRequest, Json
from teppan.core.reply import Reply
from teppan.estimate.answers import AnswerKind, read_answers
from teppan.serve.strategies.ballot import Ballot

_EXACT: tuple[AnswerKind, ...] = ("option", "number", "boolean", "literal", "phrase")

Placed = Sequence[tuple[int, Reply]]
"""Replies, each with its number among those asked."""


class Saying(Struct, frozen=True):
    """What each reply says, by its place.

    `keys` are the replies that can be compared exactly, `vague` those that only meaning can
    compare, `unread` those of which no answer could be read where the others have one. `plain`
    state their answer plainly. `final` is true when later replies cannot change all this.
    """

    keys: Mapping[int, str]
    vague: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    plain: frozenset[int] = frozenset()
    final: bool = True


class Counted(Struct, frozen=True):
    """A counted vote, with how the replies were read."""

    ballot: Ballot
    saying: Saying


def what_they_say(replies: Placed, request: ChatRequest, pending: int) -> Saying:
    """How to compare these replies; `pending` is how many more may come."""
    keys = {place: key for place, reply in replies if (key := fixed_key(reply, request))}
    texts = [(place, reply.text) for place, reply in replies if place not in keys]
    if not texts:
        return Saying(keys)
    written = [text for _, text in texts]
    kind, answers = read_answers(request.question, written, request.task_type)
    if kind == "open" or all(answer.value is None for answer in answers):
        final = pending == 0 or _stays_open(request, written, pending)
        return Saying(keys, vague=tuple(place for place, _ in texts), final=final)
    read = {place: answer for (place, _), answer in zip(texts, answers, strict=True)}
    return Saying(
        {**keys, **{at: f"{kind}: {each.value}" for at, each in read.items() if each.value}},
        unread=tuple(at for at, each in read.items() if not each.value),
        plain=frozenset(at for at, each in read.items() if each.value and each.plain),
        final=pending == 0 or _given(request) == kind,
    )


def _given(request: ChatRequest) -> AnswerKind:
    """How the request alone, by its task type or its options, says that answers are compared."""
    return read_answers(request.question, (), request.task_type)[0]


def _stays_open(request: ChatRequest, texts: Sequence[str], pending: int) -> bool:
    """Whether the question stays open even if every reply to come states an exact answer."""
    kind, _ = read_answers(request.question, [*texts, *["1"] * pending], request.task_type)
    return kind == "open"


def fixed_key(reply: Reply, request: ChatRequest) -> str | None:
    """The key of a tool call, a refusal or JSON that was asked for; None for other texts."""
    message = reply.completion.message
    if message.tool_calls:
        calls = (
            f"{call.name}({canonical(call.arguments or '{}') or call.arguments})"
            for call in message.tool_calls
        )
        return "tools: " + "; ".join(sorted(calls))
    if message.refusal and not message.text.strip():
        return "refusal"
    if request.response_format is None or _given(request) in _EXACT:
        return None
    form = canonical(message.text)
    return None if form is None else f"json: {form}"


def canonical(text: str) -> str | None:
    """JSON in one spelling: keys sorted, no spaces, whole numbers without a point; else None."""
    try:
        value = orjson.loads(text)
    except ValueError:
        return None
    return orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS).decode()


def _plain(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value
