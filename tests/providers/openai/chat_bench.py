"""What test_chat.py and test_chat_answers.py play with."""

from __future__ import annotations

from typing import Any

import orjson

from teppan.core.chat import (
    ChatRequest,
    Message,
    Tool,
    say,
)
from teppan.providers.base import Capabilities
from teppan.providers.openai.chat.dialect import ChatDialect

DIALECT = ChatDialect()
WEATHER = Tool("weather", "Tells the weather.", {"type": "object", "properties": {}}, True)


def sent(
    request: ChatRequest, capabilities: Capabilities | None = None, *, stream: bool = False
) -> dict[str, Any]:
    encoded = DIALECT.encode(request, "m", capabilities or Capabilities(), stream=stream)
    return orjson.loads(encoded.body)


def dropped(request: ChatRequest, capabilities: Capabilities) -> tuple[str, ...]:
    return DIALECT.encode(request, "m", capabilities, stream=False).dropped


def ask(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="v/m", messages=messages or (say("user", "hi"),), **fields)


def answer(message: dict[str, Any] | None = None, **fields: Any) -> bytes:
    whole = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 7,
        "model": "m-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello.", **(message or {})},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }
    return orjson.dumps({**whole, **fields})
