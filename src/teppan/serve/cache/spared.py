"""A cache is never in the way: whatever breaks in it is as if it were not there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
import structlog

from teppan.core.errors import TeppanError

BREAKS = (
    TeppanError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    ImportError,
    MemoryError,
    msgspec.MsgspecError,
)
"""What code raises that fails; everything but a cancellation and the end of the process."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


async def spared(work: Awaitable[T], otherwise: T, doing: str) -> T:
    """What `work` gives; `otherwise`, said in the log, when it breaks."""
    try:
        return await work
    except BREAKS as error:
        return _passed_by(error, otherwise, doing)


def spared_now(work: Callable[[], T], otherwise: T, doing: str) -> T:
    """The same of work that does not wait."""
    try:
        return work()
    except BREAKS as error:
        return _passed_by(error, otherwise, doing)


def _passed_by(error: BaseException, otherwise: T, doing: str) -> T:
    reason = error.message if isinstance(error, TeppanError) else repr(error)
    log.warning("the cache failed and was passed by", doing=doing, reason=reason)
    return otherwise
