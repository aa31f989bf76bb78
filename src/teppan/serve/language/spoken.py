"""A strategy whose answer is in the customer's language.

    heard ── told which language ── inner strategy ── looked at ─┬─ theirs or unclear ──> as it is
                                                                 └─ another ── translated

Where the model that is asked by the client is weak in the language, the whole strategy works in the
pivot language: the question is translated before, its answer after. Where only some members are
weak, each of them is asked so, and the strategy sees the answers of all in the customer's language.

A live answer is watched over its first words only: held back until they tell a language, which is a
dozen tokens, and then either sent on as it comes or, in a wrong language, read to its end and
translated. What cannot be translated is given as it is, and says so in the reason and the log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import structlog
from msgspec.structs import replace

from teppan.core.chat import (
    ChatRequest,
    Completion,
    Delta,
    Finished,
    Message,
    Part,
    PartAdded,
    RefusalDelta,
    Text,
    TextDelta,
    ToolDelta,
)
from teppan.core.fold import fold, unfold
from teppan.core.reply import LiveReply, Outcome, Reply
from teppan.core.trace import CallRole
from teppan.serve.answer import whole
from teppan.serve.language.hearing import own_words
from teppan.serve.language.interpreter import Interpreter
from teppan.serve.language.keeping import names_in
from teppan.serve.language.names import title
from teppan.serve.language.translating import NotTranslated, Translator
from teppan.serve.strategies.base import Call, Case, Strategy

_log = structlog.get_logger(__name__)

ANSWERS: frozenset[CallRole] = frozenset(
    ("single", "fallback", "member", "teacher", "student", "proposer", "sample")
)
"""Roles whose answer a customer may read; the others judge, and read what was written."""
ENOUGH, SURELY = 80, 24
"""Letters after which a live answer is taken for what it seems; from which it may be stopped."""
_EAST, _DENSE = 0x2E80, 3
"""Signs of the east, and how many letters one of them is as good as."""


class Spoken:
    """`inner`, in the customer's language. Built once, used by many requests at once."""

    def __init__(self, inner: Strategy, interpreter: Interpreter) -> None:
        self.inner = inner
        self.name = inner.name
        self._interpreter = interpreter

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """Raises what `inner` raises, and nothing of its own."""
        ear, case = self._interpreter, call.case
        if len(ear.languages.expected) == 1 or request.response_format is not None:
            return await self.inner.run(request, call)
        language = ear.hear(case.request, case.scope).language
        told = ear.told(request, case.request, language)
        speech = Speech(ear, language, call)
        if ear.weak(request.model, language):
            return await self._pivoted(request, speech)
        any_weak = bool(ear.policy.weak.get(language)) and language != ear.pivot
        outcome = await self.inner.run(told, _Between(call, speech) if any_weak else call)
        if ear.translator is None:
            return _noticed(outcome, speech)
        if isinstance(outcome.reply, Reply):
            return await speech.theirs(outcome)
        if told is request:  # nothing of another language was ever said: not worth a wait
            return outcome
        return replace(outcome, reply=Watched(outcome.reply, speech))

    async def _pivoted(self, request: ChatRequest, speech: Speech) -> Outcome:
        """The strategy at work in the pivot language."""
        ear, case = self._interpreter, speech.call.case
        try:
            ready = await speech.in_pivot(request)
        except NotTranslated as error:
            _log.warning("language.question_not_translated", to=ear.pivot, reason=str(error))
            told = ear.told(request, case.request, speech.language)
            return await speech.theirs(await _whole(self.inner, told, speech.call))
        ready = ear.told(ready, case.request, ear.pivot)
        return await speech.theirs(await _whole(self.inner, ready, speech.call))


class Speech:
    """Translations of one request, through its own call."""

    def __init__(self, interpreter: Interpreter, language: str, call: Call) -> None:
        self.ear = interpreter
        self.language = language
        self.call = call
        self.failed: str | None = None
        case: Case = call.case
        self._scope = case.scope
        said = [each.text for each in case.request.messages if each.role == "user"]
        self._names = names_in(said)

    def strange(self, text: str) -> str | None:
        """The language of an answer, if it is clearly not the customer's."""
        here = self.ear.languages.guess(own_words(text))
        return here.language if here.clear and here.language != self.language else None

    async def in_pivot(self, request: ChatRequest) -> ChatRequest:
        """The request as a model that is weak in the language reads it. Raises `NotTranslated`.

        Only the newest message is asked for: older ones were the newest once, and answers that
        were translated are known in the language they were made in.
        """
        messages = list(request.messages)
        last = max((at for at, each in enumerate(messages) if each.role == "user"), default=-1)
        for at, message in enumerate(messages):
            if message.role in ("user", "assistant"):
                parts = [await self._part(part, newest=at == last) for part in message.parts]
                messages[at] = replace(message, parts=tuple(parts))
        ready = replace(request, messages=tuple(messages))
        if request.asked is None:
            return ready
        asked = await self._part(Text(request.asked), newest=True)
        assert isinstance(asked, Text)
        return replace(ready, asked=asked.text)

    async def _part(self, part: Part, *, newest: bool) -> Part:
        if not isinstance(part, Text):
            return part
        here, pivot = self.ear.languages.guess(part.text).language, self.ear.pivot
        if here in (None, pivot):
            return part
        assert here is not None
        if not newest:
            known = await self._translator().find(part.text, here, pivot, self._scope, self._names)
            return part if known is None else replace(part, text=known)
        return replace(part, text=await self._say(part.text, here, pivot))

    async def theirs(self, outcome: Outcome) -> Outcome:
        """The outcome with its whole reply in the customer's language, or saying why it is not."""
        assert isinstance(outcome.reply, Reply)
        completion, failed = await self.completed(outcome.reply.completion)
        failed = failed or self.failed
        if completion is not outcome.reply.completion:
            outcome = replace(outcome, reply=replace(outcome.reply, completion=completion))
        if failed is None:
            return outcome
        reason = f"{outcome.reason}; not in {title(self.language)}: {failed}"
        return replace(outcome, reason=reason)

    async def completed(self, completion: Completion) -> tuple[Completion, str | None]:
        """The answer in the customer's language, and why some of it could not be put into it."""
        choices, failed = [], None
        for choice in completion.choices:
            strange = self.strange(choice.message.text)
            if strange is None:
                choices.append(choice)
                continue
            try:
                message = await self._answer(choice.message, strange)
                choices.append(replace(choice, message=message, logprobs=None))
            except NotTranslated as error:
                failed = str(error)
                _log.warning("language.answer_not_translated", to=self.language, reason=failed)
                choices.append(choice)
        if all(new is old for new, old in zip(choices, completion.choices, strict=True)):
            return completion, failed
        return replace(completion, choices=tuple(choices)), failed

    async def _answer(self, message: Message, source: str) -> Message:
        """The message, its words in one text of the customer's language."""
        text = message.text
        made = await self._say(text, source, self.language)
        if source == self.ear.pivot:
            await self._translator().remember(
                made, self.language, text, source, self._scope, self._names
            )
        first = next(at for at, part in enumerate(message.parts) if isinstance(part, Text))
        rest = [part for part in message.parts if not isinstance(part, Text)]
        before = sum(not isinstance(part, Text) for part in message.parts[:first])
        return replace(message, parts=(*rest[:before], Text(made), *rest[before:]))

    async def _say(self, text: str, source: str, target: str) -> str:
        return await self._translator().translate(
            text, source, target, self._scope, self.call, self._names
        )

    def _translator(self) -> Translator:
        assert self.ear.translator is not None
        return self.ear.translator

    def weak(self, model: str) -> bool:
        return self.ear.weak(model, self.language)


class _Between:
    """The call of a strategy some of whose members are asked in the pivot language."""

    def __init__(self, call: Call, speech: Speech) -> None:
        self._call = call
        self._speech = speech

    async def ask(self, model: str, request: ChatRequest, role: CallRole) -> Reply:
        if role not in ANSWERS or not self._speech.weak(model):
            return await self._call.ask(model, request, role)
        try:
            ready = await self._speech.in_pivot(request)
        except NotTranslated as error:
            _log.warning("language.question_not_translated", model=model, reason=str(error))
            return await self._call.ask(model, request, role)
        ear = self._speech.ear
        ready = ear.told(ready, self._call.case.request, ear.pivot)
        reply = await self._call.ask(model, ready, role)
        completion, failed = await self._speech.completed(reply.completion)
        self._speech.failed = failed or self._speech.failed
        return replace(reply, completion=completion)

    async def serve(self, model: str, request: ChatRequest, role: CallRole) -> Reply | LiveReply:
        if role in ANSWERS and self._speech.weak(model):
            return await self.ask(model, replace(request, stream=False), role)
        return await self._call.serve(model, request, role)

    def trust(self, model: str, task_type: str | None) -> float:
        return self._call.trust(model, task_type)

    def state(self, name: str) -> Any:
        return self._call.state(name)

    def random(self) -> float:
        return self._call.random()

    @property
    def case(self) -> Case:
        return self._call.case


class Watched:
    """A live answer whose first words are looked at before the client reads them."""

    def __init__(self, live: LiveReply, speech: Speech) -> None:
        self.model = live.model
        self._live = live
        self._speech = speech

    async def deltas(self) -> AsyncIterator[Delta]:
        stream, held, text = self._live.deltas(), list[Delta](), ""
        async for delta in stream:
            held.append(delta)
            if isinstance(delta, TextDelta) and delta.choice == 0:
                text += delta.text
            wrong = self._wrong(text, delta)
            if wrong is None:
                continue
            if wrong:
                held += [each async for each in stream]
                completion, _ = await self._speech.completed(fold(held))
                held = list(unfold(completion))
            break
        for delta in held:
            yield delta
        async for delta in stream:
            yield delta

    async def aclose(self) -> None:
        await self._live.aclose()

    def _wrong(self, text: str, delta: Delta) -> bool | None:
        """Whether this is a wrong language; None while that cannot be told."""
        if isinstance(delta, ToolDelta | PartAdded | RefusalDelta):
            return False
        letters = sum(_DENSE if ord(each) > _EAST else 1 for each in text if each.isalpha())
        ended = isinstance(delta, Finished)
        if letters >= SURELY or ended:
            here = self._speech.ear.languages.guess(own_words(text))
            if here.clear or ended:
                return here.clear and here.language != self._speech.language
        return False if letters >= ENOUGH else None


def _noticed(outcome: Outcome, speech: Speech) -> Outcome:
    """The outcome, saying so where its answer is in another language and nobody translates."""
    if not isinstance(outcome.reply, Reply):
        return outcome
    strange = speech.strange(outcome.reply.text)
    if strange is None:
        return outcome
    told = f"it is in {title(strange)}, the customer's is {title(speech.language)}"
    _log.warning("language.answer_in_another", answer=strange, customer=speech.language)
    return replace(outcome, reason=f"{outcome.reason}; {told}")


async def _whole(inner: Strategy, request: ChatRequest, call: Call) -> Outcome:
    """The outcome with its reply read to the end."""
    outcome = await inner.run(replace(request, stream=False), call)
    if isinstance(outcome.reply, Reply):
        return outcome
    return replace(outcome, reply=await whole(outcome.reply))
