"""What a client may tell Teppan itself, beside its question.

In the body, `"teppan": {"task_type": "code", "episode": "...", "include": ["replies", "sources"]}`,
or in the headers `x-teppan-task-type` and `x-teppan-episode`. What it asks of the cache stands in
the header `Cache-Control` or in `"teppan": {"cache": {...}}`. None of it travels to a vendor.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from teppan.core.chat import CacheWish, ChatRequest, Json
from teppan.core.errors import BadRequest
from teppan.server.fields import Fields, bad

INCLUDED = ("replies", "sources", "tools")
MAX_NAME = 200
MAX_SECONDS = 366 * 86_400


class Options(NamedTuple):
    task_type: str | None = None
    episode: str | None = None
    include: tuple[str, ...] = ()
    cache: CacheWish | None = None

    def onto(self, request: ChatRequest) -> ChatRequest:
        """The request with these options."""
        if self.task_type is None and self.episode is None and self.cache is None:
            return request
        return msgspec.structs.replace(
            request, task_type=self.task_type, episode=self.episode, cache=self.cache
        )


NOTHING = Options()


def take(body: dict[str, Json], headers: dict[bytes, bytes]) -> Options:
    """The options of this request; `teppan` is taken out of the body."""
    given = body.pop("teppan", None)
    task = headers.get(b"x-teppan-task-type")
    episode = headers.get(b"x-teppan-episode")
    control = headers.get(b"cache-control")
    if given is None and task is None and episode is None and control is None:
        return NOTHING
    if given is not None and type(given) is not dict:
        bad("teppan", "an object", given)
    fields = Fields(given or {}, "teppan")
    include = fields.texts("include", 10)
    options = Options(
        _name(fields.text("task_type") or _header(task), "task_type"),
        _name(fields.text("episode") or _header(episode), "episode"),
        tuple(each for each in INCLUDED if each in include),
        _wish(fields.raw("cache"), _controlled(control)),
    )
    unknown = [*(each for each in include if each not in INCLUDED), *(fields.rest() or ())]
    if unknown:
        raise BadRequest(f"`teppan` has no option `{unknown[0][:60]}`", param="teppan")
    return options


def _controlled(header: bytes | None) -> CacheWish | None:
    """The directives of `Cache-Control` that a request may give (RFC 9111, 5.2.1)."""
    read = store = True
    only, max_age = False, None
    for directive in (header or b"").decode("latin-1").lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name == "no-store":
            read = store = False
        elif name == "no-cache":
            read = False
        elif name == "only-if-cached":
            only = True
        elif name == "max-age":
            seconds = value.strip('" ')
            max_age = float(seconds) if seconds.isdigit() else 0.0  # unreadable is stale
    wish = CacheWish(read=read, store=store, only=only, max_age=max_age)
    return None if wish == CacheWish() else wish


def _wish(given: Json, controlled: CacheWish | None) -> CacheWish | None:
    """What the body asks of the cache; what it does not mention is as the header says."""
    if given is None:
        return controlled
    wish = controlled or CacheWish()
    if type(given) is bool:
        return msgspec.structs.replace(wish, read=given, store=given)
    if type(given) is not dict:
        bad("teppan.cache", "true, false or an object", given)
    fields = Fields(given, "teppan.cache")
    said: dict[str, bool | float | None] = {
        name: fields.flag(name) for name in ("read", "store", "only", "force", "semantic")
    }
    said |= {name: fields.number(name, 0, MAX_SECONDS) for name in ("max_age", "ttl")}
    unknown = fields.rest()
    if unknown:
        name = next(iter(unknown))
        raise BadRequest(f"`teppan.cache` has no option `{name[:60]}`", param="teppan.cache")
    changes = {name: value for name, value in said.items() if value is not None}
    return msgspec.structs.replace(wish, **changes)


def _header(value: bytes | None) -> str | None:
    return value.decode("latin-1") if value else None


def _name(value: str | None, name: str) -> str | None:
    if value is not None and (len(value) > MAX_NAME or not value.isprintable()):
        bad(f"teppan.{name}", f"at most {MAX_NAME} printable characters")
    return value
