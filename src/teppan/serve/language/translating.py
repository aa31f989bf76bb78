"""Translations: asked of a model through the journey's own call, checked in code, made once.

    text ── kept out ── known? ── asked ── checked ── remembered
                                    └── once more, told what was lost ── else `NotTranslated`

A translation in which a number, an amount, a code, an address or a told name is not what it was is
never used. Those of the last texts are in memory, all are in the store, by tenant. Two that need
the same at once share one making.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from teppan.core.chat import ChatRequest, say
from teppan.core.clock import Clock
from teppan.core.errors import StoreError, TeppanError
from teppan.core.ids import Scope, content_hash
from teppan.core.reply import Reply
from teppan.core.trace import CallRole
from teppan.cost.tokens import estimate
from teppan.routing.language import Languages
from teppan.serve.language.keeping import Kept, keep_out, lost
from teppan.serve.language.names import title
from teppan.serve.strategies.fence import Fence
from teppan.store.translations import Translation

_log = structlog.get_logger(__name__)

_PROMPT = Path(__file__).parent / "prompts" / "translate.md"

ROLE: CallRole = "translation"
LONGEST = 8_000
"""Letters of a text that is translated."""
REMEMBERED = 4_000
"""Translations in memory; one is about half a kilobyte."""
_THOUGHT = 1_000
"""Tokens that a model may think before it writes."""
_GROWS = 3
"""A translation has at most so many times the tokens of the text, and a few."""
_AGAIN = "Your translation was not usable: {wrong}. Translate it again, with every mark and number."


class Asks(Protocol):
    """How a model is reached: what a strategy's `Call` can do, of it only this."""

    async def ask(self, model: str, request: ChatRequest, role: CallRole) -> Reply: ...

    def random(self) -> float: ...


class NotTranslated(Exception):
    """There is no translation that may be used; the message says why."""


class KeptByStore(Protocol):
    """The store's translations."""

    async def find(self, scope: Scope, name: str) -> Translation | None: ...

    async def keep(self, scope: Scope, made: Translation) -> Translation: ...


class Book:
    """The translations that are known. `kept` is None where no words may be stored."""

    def __init__(self, kept: KeptByStore | None, clock: Clock) -> None:
        self._kept = kept
        self._clock = clock
        self._near: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._making: dict[tuple[str, str], asyncio.Future[str | None]] = {}

    def remembered(self, scope: Scope, name: str) -> str | None:
        """The one of this name, if it is in memory."""
        found = self._near.get((scope.tenant, name))
        if found is not None:
            self._near.move_to_end((scope.tenant, name))
        return found

    async def find(self, scope: Scope, name: str) -> str | None:
        """The one of this name, if it is known at all."""
        found = self.remembered(scope, name)
        if found is None and self._kept is not None:
            try:
                known = await self._kept.find(scope, name)
            except StoreError as error:
                _log.warning("language.translations_not_read", reason=error.message)
                return None
            if known is not None:
                found = known.text
                self._remember(scope, name, found)
        return found

    async def keep(self, scope: Scope, made: Translation) -> str:
        """The text that holds for this name from now on."""
        text = made.text
        if self._kept is not None:
            try:
                stamped = msgspec.structs.replace(made, at=self._clock.now())
                text = (await self._kept.keep(scope, stamped)).text
            except StoreError as error:
                _log.warning("language.translation_not_kept", reason=error.message)
        self._remember(scope, made.name, text)
        return text

    async def make(
        self, scope: Scope, name: str, making: Callable[[], Awaitable[Translation]]
    ) -> str:
        """The one of this name: known, being made by somebody else, or made now."""
        place = (scope.tenant, name)
        while True:
            known = await self.find(scope, name)
            if known is not None:
                return known
            running = self._making.get(place)
            if running is None:
                break
            shared = await asyncio.shield(running)
            if shared is not None:
                return shared
        mine: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._making[place] = mine
        text: str | None = None
        try:
            text = await self.keep(scope, await making())
        finally:
            del self._making[place]
            mine.set_result(text)
        return text

    def _remember(self, scope: Scope, name: str, text: str) -> None:
        self._near[(scope.tenant, name)] = text
        while len(self._near) > REMEMBERED:
            self._near.popitem(last=False)


class Translator:
    """Translates by `model`, real or virtual, within `patience` seconds each time it is asked."""

    def __init__(self, model: str, book: Book, languages: Languages, patience: float) -> None:
        self.model = model
        self.book = book
        self._languages = languages
        self._patience = patience

    def known(
        self, text: str, source: str, target: str, scope: Scope, names: Sequence[str] = ()
    ) -> str | None:
        """The translation, if it is in memory; nobody is asked."""
        kept = keep_out(text.strip(), names)
        found = self.book.remembered(scope, self._name(kept.text, source, target))
        return kept.back(found) if found is not None else None

    async def find(
        self, text: str, source: str, target: str, scope: Scope, names: Sequence[str] = ()
    ) -> str | None:
        """The translation, if it is known at all; nobody is asked."""
        kept = keep_out(text.strip(), names)
        found = await self.book.find(scope, self._name(kept.text, source, target))
        return kept.back(found) if found is not None else None

    async def translate(
        self,
        text: str,
        source: str,
        target: str,
        scope: Scope,
        call: Asks,
        names: Sequence[str] = (),
    ) -> str:
        """The text in another language. Raises `NotTranslated`.

        What is remembered is the text with its marks: the same sentence with another amount or name
        is not asked for again.
        """
        bare = text.strip()
        if len(bare) > LONGEST:
            raise NotTranslated(f"the text has {len(bare)} letters; {LONGEST} are translated")
        kept = keep_out(bare, names)
        name = self._name(kept.text, source, target)

        async def making() -> Translation:
            made = await self._asked(kept, source, target, call)
            return Translation(name, source, target, made, self.model)

        made = kept.back(await self.book.make(scope, name, making))
        if made is None:
            raise NotTranslated("a remembered translation does not fit")
        before = text[: len(text) - len(text.lstrip())]
        return before + made + text[len(text.rstrip()) :]

    async def remember(
        self,
        text: str,
        source: str,
        translated: str,
        target: str,
        scope: Scope,
        names: Sequence[str] = (),
    ) -> None:
        """The way back: an answer that was translated is known in the language it was made in."""
        kept, there = keep_out(text.strip(), names), keep_out(translated.strip(), names)
        if sorted(kept.kept) != sorted(there.kept) or len(set(kept.kept)) < len(kept.kept):
            return
        numbers = {each: place for place, each in enumerate(kept.kept, start=1)}
        marked = there.text
        for place, each in enumerate(there.kept, start=1):
            marked = marked.replace(f"⟦{place}⟧", f"⟦ {numbers[each]}⟧")
        name = self._name(kept.text, source, target)
        made = Translation(name, source, target, marked.replace("⟦ ", "⟦"), self.model)
        await self.book.keep(scope, made)

    async def _asked(self, kept: Kept, source: str, target: str, call: Asks) -> str:
        """A translation with its marks, that may be used. Raises `NotTranslated`."""
        mark = Fence.draw(call.random)
        asked = say("user", mark.around("text", kept.text.replace("</text-", "‹/text-")))
        request = ChatRequest(
            model=self.model,
            messages=(say("system", _prompt(source, target)), asked),
            max_tokens=_GROWS * estimate(kept.text) + _THOUGHT,
            temperature=0.0,
        )
        wrong = ""
        for _ in range(2):
            text = await self._once(request, call)
            told = self._wrong(kept, text, target)
            if told is None:
                return text.strip()
            wrong = told
            again = (say("assistant", text), say("user", _AGAIN.format(wrong=wrong)))
            request = msgspec.structs.replace(request, messages=(*request.messages[:2], *again))
        raise NotTranslated(wrong)

    async def _once(self, request: ChatRequest, call: Asks) -> str:
        try:
            async with asyncio.timeout(self._patience):
                reply = await call.ask(self.model, request, ROLE)
        except TeppanError as error:
            raise NotTranslated(error.message) from error
        except TimeoutError:
            raise NotTranslated(f"it took more than {self._patience:g} seconds") from None
        if reply.completion.finish_reason != "stop":
            raise NotTranslated(f"it ended with `{reply.completion.finish_reason}`")
        return reply.text

    def _wrong(self, kept: Kept, text: str, target: str) -> str | None:
        """Why a translation may not be used; None when it may."""
        if not text.strip():
            return "it is empty"
        if kept.back(text) is None:
            return "a mark is missing or changed"
        if "text-" in text and "<" in text:
            return "it repeats the marks around the text"
        if estimate(text) > _GROWS * estimate(kept.text) + 40:
            return "it is much longer than the text"
        here = self._languages.guess(text)
        if here.clear and here.language != target:
            return f"it is not in {title(target)}"
        numbers = lost(kept.text, text)
        return f"the number {numbers}" if numbers else None

    def _name(self, text: str, source: str, target: str) -> str:
        return content_hash(msgspec.json.encode([text, source, target, self.model]))


def _prompt(source: str, target: str) -> str:
    return _words().replace("{source}", title(source)).replace("{target}", title(target))


@cache
def _words() -> str:
    return _PROMPT.read_text("utf-8")
