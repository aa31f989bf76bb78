"""Counting tokens and remembering prompt prefixes, the way a vendor's bill shows them.

The count is an estimate (four characters of UTF-8 to a token): the simulator's own tokenizer, and
the truth for its own `usage`.
"""

from collections import OrderedDict
from typing import NamedTuple

import orjson

from teppan.simulate import dice
from teppan.simulate.turn import Turn

_PER_IMAGE = 85
_PER_MESSAGE = 4
_BLOCK = 128


def count(text: str) -> int:
    """Tokens of a text: a quarter of its UTF-8 bytes, rounded up."""
    return (len(text.encode("utf-8", "surrogatepass")) + 3) // 4


def prompt_text(turn: Turn) -> str:
    """What the vendor bills as prompt: tools first, then every message."""
    parts = [orjson.dumps(tool.schema).decode() + tool.description for tool in turn.tools]
    for message in turn.messages:
        parts.append(f"{message.role}: {message.text}")
        parts.extend(call.name + call.arguments for call in message.tool_calls)
    return "\n".join(parts)


def prompt_tokens(turn: Turn) -> int:
    """Tokens of the whole prompt, images included."""
    overhead = _PER_MESSAGE * len(turn.messages) + _PER_IMAGE * turn.images
    return count(prompt_text(turn)) + overhead


class CacheUse(NamedTuple):
    """Tokens read from and written to the prompt cache by one request."""

    read: int
    written: int


class PrefixMemory:
    """The prompt prefixes a vendor has seen, in blocks of 128 tokens; the oldest go first."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._capacity = capacity

    def look(self, account: str, text: str, minimum: int) -> CacheUse:
        """How much of the text was seen before; remembers it. A `minimum` of 0 caches nothing."""
        total = count(text)
        if not minimum or total < minimum:
            return CacheUse(0, 0)
        width = _BLOCK * 4
        read, hit, key = 0, True, dice.number(account)
        for start in range(0, len(text) - width + 1, width):
            key = dice.number(key, text[start : start + width])
            hit = hit and key in self._seen
            read += _BLOCK if hit else 0
            self._seen[key] = None
            self._seen.move_to_end(key)
        while len(self._seen) > self._capacity:
            self._seen.popitem(last=False)
        read = read if read >= minimum else 0
        blocks = len(text) // width * _BLOCK
        return CacheUse(read, max(0, min(blocks, total) - read))
