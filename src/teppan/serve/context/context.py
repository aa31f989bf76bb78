"""A long conversation is sent short: system texts once, older turns told, the newest word for word.

    [system texts][summary + a user's turn][turns since, word for word][knowledge + the question]
     the same for ever  the same for many turns     grows at its end      new with each question

A client sends its whole history again with every turn. The summary of the first m messages is kept
under the hash of those messages and used for as long as what follows fits; only then the next one
is made, of the old one and the messages since. So most turns send the beginning of the turn before
unchanged, which is what a vendor's prompt cache pays for.

A part that fails leaves the conversation as it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Message
from teppan.core.errors import TeppanError
from teppan.core.ids import Scope
from teppan.core.trace import Shortened, Source
from teppan.cost.tokens import request_tokens
from teppan.knowledge import Chunk
from teppan.serve.context.blocks import before, has_block, knowledge_block
from teppan.serve.context.book import SummaryBook
from teppan.serve.context.cutting import Budget, fits, next_place, put_together, tail_of
from teppan.serve.context.history import SYSTEM, History, is_surely_short, take_apart
from teppan.serve.context.sentences import said_in
from teppan.serve.context.telling import tell
from teppan.serve.context.writing import Asks, NotUsable, with_forgotten, write
from teppan.store.summaries import Summary

_log = structlog.get_logger(__name__)

_ANSWER = 1024
"""Room left for an answer when the client names no limit; at most a quarter of the window."""
_FITS_ALWAYS = 1000
"""Tokens that are not worth a look at a model's window."""
_HEAVY = 4000
"""Tokens; more are summarised in a thread, so that others are answered meanwhile."""

FAILURES = (
    TeppanError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a strange conversation may come to grief on here; the answer must not."""

Windows = Callable[[str], int | None]
"""How many tokens a model, real or virtual, takes; `None` when nobody knows."""


def unknown(model: str) -> None:
    """No window is known."""


class ContextPolicy(Struct, frozen=True):
    """The settings of section `context`."""

    apply: Literal["virtual", "all", "off"] = "virtual"
    tokens: int = 500
    share: float = 0.45
    most: int = 4000
    keep_last: int = 5
    summary_model: str | None = None
    knowledge_chunks: int = 3
    cite: bool = False


class Knowledge(Protocol):
    """What the business knows."""

    async def pieces(
        self, scope: Scope, question: str, most: int, within: Sequence[str] | None = None
    ) -> list[Chunk]:
        """The pieces that bear on a question of this tenant, best first; none when nothing does.

        `within` are the documents and sections that may be looked in; all without it.
        """


Prepare = Callable[[ChatRequest, Scope, Any, Sequence[str] | None], Awaitable[None]]
"""`prepare(request, scope, call, within)`."""


class _Short(Struct, frozen=True):
    """What is sent, how many old messages a summary tells, and the tokens before, if counted."""

    messages: tuple[Message, ...]
    told: int = 0
    before: int = 0


class Context:
    def __init__(
        self,
        policy: ContextPolicy,
        book: SummaryBook,
        knowledge: Knowledge | None = None,
        windows: Windows = unknown,
        within: Mapping[str, Sequence[str]] = {},
        prepare: Prepare | None = None,
    ) -> None:
        """`within` names what a model may know where it may not know everything; `prepare` is
        awaited before the knowledge is searched, with the call that pays for what it takes."""
        self._prepare = prepare
        self.policy = policy
        self._within = within
        self._book = book
        self._knowledge = knowledge
        self._windows = windows

    async def shorten(
        self,
        request: ChatRequest,
        scope: Scope,
        call: Asks,
        *,
        virtual: bool,
    ) -> tuple[ChatRequest, Shortened | None]:
        """The request to send and what became of it; the same object and `None` when nothing did.

        `call` reaches the model that writes summaries. Never raises, except when cancelled.
        """
        try:
            return await self._told(request, scope, call, virtual)
        except FAILURES as error:
            reason = error.message if isinstance(error, TeppanError) else type(error).__name__
            _log.warning("context.left_as_it_is", reason=reason)
            return request, None

    async def _told(
        self, request: ChatRequest, scope: Scope, call: Asks, virtual: bool
    ) -> tuple[ChatRequest, Shortened | None]:
        if has_block(request.messages):
            return request, None
        short, pieces = _Short(request.messages), list[Chunk]()
        if {"virtual": virtual, "all": True, "off": False}[self.policy.apply]:
            short = await self._short(request, scope, call)
        messages = short.messages
        if virtual:
            if self._prepare is not None and self.policy.knowledge_chunks:
                await self._prepare(request, scope, call, self._within.get(request.model))
            pieces = await self._pieces(request, messages, scope)
        if pieces:
            messages = self._knowing(messages, pieces)
        if messages is request.messages:
            return request, None
        sent = replace(request, messages=messages)
        if sent.question != request.question:
            sent = replace(sent, asked=request.question)
        before = short.before or request_tokens(request)
        sources = tuple(Source(each.id, each.source, each.path, each.version) for each in pieces)
        after = request_tokens(sent)
        return sent, Shortened(before, after, short.told, len(pieces), sources)

    # --- what was said before -----------------------------------------------------------------

    async def _short(self, request: ChatRequest, scope: Scope, call: Asks) -> _Short:
        """The messages to send: the very same when they are few enough or nothing can be done."""
        messages, untouched = request.messages, _Short(request.messages)
        if is_surely_short(messages, min(self.policy.tokens, _FITS_ALWAYS)):
            return untouched
        history = take_apart(messages)
        fixed = request_tokens(replace(request, messages=history.head))
        budget = self._budget(request, history, fixed)
        if history.weight() + history.repeated <= budget.wanted or budget.room <= 0:
            return untouched
        place, summary = 0, ""
        if history.weight() > budget.wanted:
            found = await self._summary(history, scope, call, budget)
            if found is None:
                return untouched
            place, summary = found
        short = put_together(history, place, summary)
        before = fixed + history.weight() + history.repeated
        after = request_tokens(replace(request, messages=short))
        if short == messages or after > min(before, fixed + budget.room):
            return untouched
        return _Short(short, place, before)

    def _budget(self, request: ChatRequest, history: History, fixed: int) -> Budget:
        policy, room = self.policy, self._room(request) - fixed
        wanted = min(policy.share * history.weight(), policy.most)
        return Budget(round(min(max(policy.tokens, wanted), room)), room)

    async def _summary(
        self, history: History, scope: Scope, call: Asks, budget: Budget
    ) -> tuple[int, str] | None:
        """Where to cut and what to tell of the part before; `None` when no cut is enough."""
        names, keep = history.names(), self.policy.keep_last
        known_at = [names[place] for place in history.cuts(keep)]
        known = self._book.remembered(scope, known_at)
        if known is None or not fits(history, known, budget.wanted):
            known = await self._book.longest(scope, known_at)
        if known is not None and fits(history, known, budget.wanted):
            return known.messages, known.text
        place = next_place(history, known, budget, keep)
        if place is None or place == 0:
            return None if place is None else (0, "")
        if known is None or place != known.messages:
            squeezed = names[place] not in known_at
            same = await self._book.longest(scope, [names[place]]) if squeezed else None
            known = same or known
        if known is not None and place == known.messages:
            return place, known.text
        made = await self._book.make(
            scope,
            names[place],
            place,
            lambda: self._tell(
                history, known, place, call, budget.summary(tail_of(history, place))
            ),
        )
        return place, made.text

    async def _tell(
        self, history: History, known: Summary | None, place: int, call: Asks, most: int
    ) -> tuple[str, str]:
        """A new summary and the model that wrote it, or an empty name."""
        begin, old = (known.messages, known.text) if known else (0, "")
        said = said_in(history.talk[begin:place], history.talk[begin - 1] if begin else None)
        if history.weight(begin, place) > _HEAVY:
            extract = await asyncio.to_thread(tell, old, said, most)
        else:
            extract = tell(old, said, most)
        model = self.policy.summary_model
        if model is None:
            return extract, ""
        try:
            written = await write(call, model, old, said, most)
        except (TeppanError, NotUsable, TimeoutError) as error:
            reason = error.message if isinstance(error, TeppanError) else str(error) or "too slow"
            _log.warning("context.summary_from_sentences", model=model, reason=reason)
            return extract, ""
        return with_forgotten(written, extract, most), model

    # --- what is known ------------------------------------------------------------------------

    async def _pieces(
        self, request: ChatRequest, messages: tuple[Message, ...], scope: Scope
    ) -> list[Chunk]:
        """Pieces of knowledge for the question: none that the system says already, or that are too
        long for the model."""
        if self._knowledge is None or not self.policy.knowledge_chunks or not request.question:
            return []
        most = self.policy.knowledge_chunks
        within = self._within.get(request.model)
        found = await self._knowledge.pieces(scope, request.question, most, within)
        said = [_plain(each.text) for each in messages if each.role in SYSTEM]
        new = [piece for piece in found if not any(_plain(piece.text) in each for each in said)]
        room = self._room(request) if new else 0
        while new and self._tokens(request, messages, new) > room:
            new.pop()
        return new

    def _tokens(
        self, request: ChatRequest, messages: tuple[Message, ...], pieces: list[Chunk]
    ) -> int:
        return request_tokens(replace(request, messages=self._knowing(messages, pieces)))

    def _room(self, request: ChatRequest) -> float:
        """Tokens the model takes besides its answer; endless when nobody knows."""
        window = self._windows(request.model)
        if window is None:
            return float("inf")
        return window - (request.max_tokens or min(_ANSWER, window // 4))

    def _knowing(self, messages: tuple[Message, ...], pieces: list[Chunk]) -> tuple[Message, ...]:
        """The messages with knowledge before the words of the newest user message."""
        for place in range(len(messages) - 1, -1, -1):
            if messages[place].role == "user":
                knowing = before(messages[place], knowledge_block(pieces, self.policy.cite))
                return (*messages[:place], knowing, *messages[place + 1 :])
        return messages


def _plain(text: str) -> str:
    return " ".join(text.split())
