"""A response before it is sent: status, headers, timed frames, its ending. Faults edit plans."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from teppan.core.clock import Clock
from teppan.simulate.wire import LAST_CHUNK, Exchange, chunk, head

Ending = Literal["finish", "close", "reset", "hang"]


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes that leave together, after a wait in seconds."""

    data: bytes
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One response.

    `stream` bodies are chunked, others have a Content-Length of `length` bytes (None: the sum of
    the frames). `head_bytes` cuts the head itself. `split` writes at most so many bytes at a time,
    each after `split_wait` seconds. `ending` is what happens after the last frame.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    frames: Iterable[Frame]
    stream: bool = False
    wait: float = 0.0
    length: int | None = None
    ending: Ending = "finish"
    head_bytes: int | None = None
    split: int = 0
    split_wait: float = 0.0

    @property
    def body(self) -> bytes:
        """All frames as one; only for bodies that end."""
        return b"".join(frame.data for frame in self.frames)

    def with_body(self, body: bytes, *, length: int | None = None) -> "Plan":
        """The same response with another body in one frame."""
        return replace(self, frames=(Frame(body),), length=length)

    def with_header(self, name: str, value: str) -> "Plan":
        """The same response with one header added or replaced."""
        kept = tuple((key, old) for key, old in self.headers if key != name)
        return replace(self, headers=(*kept, (name, value)))

    def edited(self, edit: Callable[[Iterable[Frame]], Iterable[Frame]]) -> "Plan":
        """The same response with its frames passed through `edit`, its declared length kept."""
        if self.stream:
            return replace(self, frames=edit(self.frames))
        frames = tuple(self.frames)
        length = sum(len(frame.data) for frame in frames) if self.length is None else self.length
        return replace(self, frames=edit(frames), length=length)


def first_bytes(frames: Iterable[Frame], count: int) -> Iterator[Frame]:
    """The frames up to `count` bytes of body."""
    for frame in frames:
        if count <= 0:
            return
        yield replace(frame, data=frame.data[:count])
        count -= len(frame.data)


async def play(plan: Plan, exchange: Exchange, clock: Clock) -> None:
    """Send the response, faults and all; raises `ConnectionResetError` when the client leaves."""
    if plan.wait:
        await clock.sleep(plan.wait)
    headers = list(plan.headers)
    frames: Iterable[Frame] = plan.frames
    if plan.stream:
        headers.append(("transfer-encoding", "chunked"))
    else:
        frames = tuple(frames) if plan.length is None else frames
        length = plan.length
        if length is None:
            length = sum(len(frame.data) for frame in frames)
        headers.append(("content-length", str(length)))
    top = head(plan.status, headers)[: plan.head_bytes]
    if not plan.stream and plan.ending == "finish" and not plan.split and plan.head_bytes is None:
        frames = tuple(frames)
        if not any(frame.wait for frame in frames):
            await exchange.write(top + b"".join(frame.data for frame in frames))
            return
    await _write(plan, exchange, clock, top)
    for frame in frames if plan.head_bytes is None else ():
        if frame.wait:
            await clock.sleep(frame.wait)
        await _write(plan, exchange, clock, chunk(frame.data) if plan.stream else frame.data)
    await _end(plan, exchange)


async def _write(plan: Plan, exchange: Exchange, clock: Clock, data: bytes) -> None:
    if not plan.split:
        await exchange.write(data)
        return
    for start in range(0, len(data), plan.split):
        await exchange.write(data[start : start + plan.split])
        await clock.sleep(plan.split_wait)


async def _end(plan: Plan, exchange: Exchange) -> None:
    if plan.ending == "finish":
        if plan.stream:
            await exchange.write(LAST_CHUNK)
    elif plan.ending == "close":
        exchange.close()
    elif plan.ending == "reset":
        exchange.reset()
    else:
        await exchange.wait_until_gone()
