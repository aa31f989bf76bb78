"""What a client may tell Teppan itself, beside its question.

In the body, `"teppan": {"task_type": "code", "episode": "...", "include": ["replies"]}`, or in
the headers `x-teppan-task-type` and `x-teppan-episode`. None of it travels to a vendor.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from teppan.core.chat import ChatRequest, Json
from teppan.core.errors import BadRequest
from teppan.server.fields import Fields, bad

MAX_NAME = 200


class Options(NamedTuple):
    task_type: str | None = None
    episode: str | None = None
    replies: bool = False

    def onto(self, request: ChatRequest) -> ChatRequest:
        """The request with these options."""
        if self.task_type is None and self.episode is None:
            return request
        return msgspec.structs.replace(request, task_type=self.task_type, episode=self.episode)


NOTHING = Options()


def take(body: dict[str, Json], headers: dict[bytes, bytes]) -> Options:
    """The options of this request; `teppan` is taken out of the body."""
    given = body.pop("teppan", None)
    task = headers.get(b"x-teppan-task-type")
    episode = headers.get(b"x-teppan-episode")
    if given is None and task is None and episode is None:
        return NOTHING
    if given is not None and type(given) is not dict:
        bad("teppan", "an object", given)
    fields = Fields(given or {}, "teppan")
    include = fields.texts("include", 10)
    options = Options(
        _name(fields.text("task_type") or _header(task), "task_type"),
        _name(fields.text("episode") or _header(episode), "episode"),
        "replies" in include,
    )
    unknown = [*(each for each in include if each != "replies"), *(fields.rest() or ())]
    if unknown:
        raise BadRequest(f"`teppan` has no option `{unknown[0][:60]}`", param="teppan")
    return options


def _header(value: bytes | None) -> str | None:
    return value.decode("latin-1") if value else None


def _name(value: str | None, name: str) -> str | None:
    if value is not None and (len(value) > MAX_NAME or not value.isprintable()):
        bad(f"teppan.{name}", f"at most {MAX_NAME} printable characters")
    return value
