"""What models have said already in one step of a job, so that a killed step pays for none again."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Protocol

import msgspec
from msgspec import Struct

from teppan.core.chat import ChatRequest
from teppan.core.ids import Scope, content_hash
from teppan.core.reply import Reply
from teppan.core.trace import ModelCall
from teppan.store.paid import NOBODY, About, Claim, Waiting


class Kept(Protocol):
    """`store/paid.py` has it."""

    async def begin(
        self, scope: Scope, key: str, about: About = NOBODY
    ) -> bytes | Claim | Waiting: ...

    async def finish(self, scope: Scope, claim: Claim, body: bytes) -> bool: ...

    async def abandon(self, scope: Scope, claim: Claim) -> None: ...

    async def note(self, scope: Scope, claim: Claim, name: str, body: bytes) -> None: ...

    async def noted(self, scope: Scope, claim: Claim, name: str) -> bytes | None: ...


class Bought(Struct, frozen=True):
    """What a model answered, and its rows of the ledger."""

    reply: Reply
    calls: tuple[ModelCall, ...]


_bought = msgspec.json.Decoder(Bought).decode


class Memory:
    """What the models asked in one step of a job have said so far.

    `random` draws the same for a step whenever it is taken, so that a prompt made of replies in a
    drawn order is the same question again.
    """

    def __init__(self, kept: Kept, scope: Scope, claim: Claim) -> None:
        self._kept = kept
        self._scope = scope
        self._claim = claim
        self._asked: Counter[str] = Counter()
        self.random = Random(claim.key).random

    def name(self, model: str, request: ChatRequest) -> str:
        """The same question to the same model has another name each time it is asked in a step."""
        digest = content_hash(msgspec.json.encode(request))
        self._asked[f"{model}/{digest}"] += 1
        return f"{model}/{digest}/{self._asked[f'{model}/{digest}']}"

    async def recall(self, name: str) -> Bought | None:
        body = await self._kept.noted(self._scope, self._claim, name)
        return None if body is None else _bought(body)

    async def keep(self, name: str, bought: Bought) -> None:
        await self._kept.note(self._scope, self._claim, name, msgspec.json.encode(bought))
