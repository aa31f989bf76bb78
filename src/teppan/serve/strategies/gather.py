"""Ask several models side by side, and stop as soon as enough is known.

Every task that was started has ended when `gather` returns, also when it raises or is cancelled:
stragglers are cancelled and awaited, so nothing leaks and each of them is billed for what it used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest
from teppan.core.errors import ContentFiltered, ProviderBadAnswer, ProviderTimeout, TeppanError
from teppan.core.reply import Reply
from teppan.core.trace import CallRole
from teppan.serve.strategies.base import Call


class Ask(Struct, frozen=True):
    """One question to one model."""

    model: str
    request: ChatRequest
    role: CallRole = "member"


class Failure(Struct, frozen=True):
    """A model that did not answer, and why."""

    model: str
    error: TeppanError


class Gathered(Struct, frozen=True):
    """What has come in so far; every tuple is in the order of the asks.

    `replies`, `failures` and `pending` hold the position of the ask beside the thing itself:
    one model may be asked several times.
    """

    replies: tuple[tuple[int, Reply], ...]
    failures: tuple[tuple[int, Failure], ...] = ()
    pending: tuple[int, ...] = ()

    @property
    def asked(self) -> int:
        return len(self.replies) + len(self.failures) + len(self.pending)

    @property
    def answers(self) -> tuple[Reply, ...]:
        return tuple(reply for _, reply in self.replies)

    @property
    def causes(self) -> tuple[TeppanError, ...]:
        return tuple(failure.error for _, failure in self.failures)


Enough = Callable[[Gathered], Awaitable[bool]]
"""Whether what has come in decides the outcome, so that the rest need not be waited for."""


async def all_of_them(_: Gathered) -> bool:
    """Never enough: wait for every model."""
    return False


async def gather(
    call: Call,
    asks: Sequence[Ask],
    *,
    timeout: float | None = None,
    enough: Enough = all_of_them,
) -> Gathered:
    """The replies and failures of `asks`, in their order; `pending` are those cancelled.

    `timeout` is in seconds and for each model. A model that fails is a `Failure`; only what is
    not a `TeppanError` (a defect) is raised.
    """
    tasks = [asyncio.create_task(_reply_of(call, ask, timeout)) for ask in asks]
    waiting = set(tasks)
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            gathered = _sorted_out(asks, tasks)
            if waiting and any(not _failed(task) for task in done) and await enough(gathered):
                break
        return _sorted_out(asks, tasks)
    finally:
        await _cancel(tasks)


async def _reply_of(call: Call, ask: Ask, timeout: float | None) -> Reply | TeppanError:
    try:
        async with asyncio.timeout(timeout) as clock:
            return usable(await call.ask(ask.model, ask.request, ask.role))
    except TimeoutError:
        if not clock.expired():
            raise
        return ProviderTimeout(
            f"{ask.model} did not answer within {timeout:g} s", clock="total", model=ask.model
        )
    except TeppanError as error:
        return error


def usable(reply: Reply) -> Reply:
    """The reply, when it can be compared and served.

    Raises `ContentFiltered` or `ProviderBadAnswer` for one that a filter cut or that says nothing:
    it must neither vote nor win.
    """
    if not reply.completion.choices:
        raise ProviderBadAnswer(f"{reply.model} answered without a choice", model=reply.model)
    choice = reply.completion.choices[0]
    if choice.finish_reason == "content_filter":
        raise ContentFiltered(f"{reply.model}: the answer was filtered", model=reply.model)
    if not (choice.message.text.strip() or choice.message.tool_calls or choice.message.refusal):
        raise ProviderBadAnswer(f"{reply.model} answered nothing", model=reply.model)
    return reply


def _failed(task: asyncio.Task[Reply | TeppanError]) -> bool:
    return isinstance(task.result(), TeppanError)


def _sorted_out(
    asks: Sequence[Ask], tasks: Sequence[asyncio.Task[Reply | TeppanError]]
) -> Gathered:
    replies: list[tuple[int, Reply]] = []
    failures: list[tuple[int, Failure]] = []
    pending: list[int] = []
    for index, (ask, task) in enumerate(zip(asks, tasks, strict=True)):
        if not task.done():
            pending.append(index)
            continue
        result = task.result()
        if isinstance(result, Reply):
            replies.append((index, replace(result, model=ask.model, role=ask.role)))
        else:
            failures.append((index, Failure(ask.model, result)))
    return Gathered(tuple(replies), tuple(failures), tuple(pending))


async def _cancel(tasks: Sequence[asyncio.Task[Reply | TeppanError]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
