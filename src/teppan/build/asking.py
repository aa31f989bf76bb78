"""How the learning road asks the serving road: the one place where they meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from teppan.core.chat import ChatRequest, Json, Message, ResponseFormat
from teppan.core.ids import Scope
from teppan.learn.asking import NOBODY, About, Asked
from teppan.serve.backroom import Backroom


class Asking:
    """`learn.asking.Ask` by the backroom of a house."""

    def __init__(self, backroom: Backroom) -> None:
        self._backroom = backroom

    async def __call__(
        self,
        scope: Scope,
        model: str,
        messages: Sequence[Message],
        *,
        key: str,
        about: About = NOBODY,
        schema: Mapping[str, Json] | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Asked:
        wanted = None
        if schema is not None:
            wanted = ResponseFormat("json_schema", "answer", schema, strict=True)
        request = ChatRequest(
            model=model,
            messages=tuple(messages),
            temperature=temperature,
            max_tokens=max_tokens,
            response_format=wanted,
            user=about.user,
        )
        return Asked(*await self._backroom.ask(request, scope, key, about))
