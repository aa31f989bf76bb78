"""The items of a response's output."""

from __future__ import annotations

from teppan.core.chat import (
    RESPONSES_DIALECT,
    Image,
    Json,
    Media,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
)
from teppan.server.proof import call_id, seal

Item = dict[str, Json]


def output(message: Message, response_id: str) -> list[Item]:
    """All items of a whole answer: words that follow each other share one message."""
    items: list[Item] = []
    for part in message.parts:
        if isinstance(part, Text):
            _speak(items, response_id)["content"].append(text_part(part.text, part))
            continue
        item = whole(part, item_id(response_id, len(items)))
        if item is not None:
            items.append(item)
    if message.refusal:
        spoken = _speak(items, response_id)
        spoken["content"].append({"type": "refusal", "refusal": message.refusal})
    return items


def whole(part: Part, id: str) -> Item | None:
    """The item of a part that is none of words."""
    if isinstance(part, ToolCall):
        return call(id, part)
    if isinstance(part, Reasoning):
        return reasoning(id, part)
    if isinstance(part, Media) and part.dialect == RESPONSES_DIALECT:
        return dict(part.raw)
    if isinstance(part, Image) and part.url.startswith("data:"):
        data = part.url.partition(",")[2]
        return {
            "id": f"ig_{id}",
            "type": "image_generation_call",
            "status": "completed",
            "result": data,
        }
    return None


def item_id(response_id: str, number: int) -> str:
    """What the ids of an item are made from; the kind of item is put before it."""
    return f"{response_id.removeprefix('resp_')}_{number}"


def spoken(id: str, status: str) -> Item:
    """A message without words yet."""
    return {
        "id": f"msg_{id}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [],
    }


def text_part(text: str, part: Text | None = None) -> Item:
    notes = (part.extra or {}).get("annotations") if part else None
    kept = notes if type(notes) is list else []
    return {"type": "output_text", "text": text, "annotations": kept, "logprobs": []}


def call(id: str, part: ToolCall, status: str = "completed") -> Item:
    if part.extra and part.extra.get("type") == "custom":
        return {
            "id": f"ctc_{id}",
            "type": "custom_tool_call",
            "call_id": call_id(part),
            "name": part.name,
            "input": part.arguments,
        }
    return {
        "id": f"fc_{id}",
        "type": "function_call",
        "status": status,
        "call_id": call_id(part),
        "name": part.name,
        "arguments": part.arguments,
    }


def reasoning(id: str, part: Reasoning) -> Item:
    """A thought; the proof of another format travels sealed."""
    own = part.dialect == RESPONSES_DIALECT
    item: Item = {
        "id": (part.id if own else None) or f"rs_{id}",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": part.text}] if part.text else [],
    }
    proof = part.encrypted if own else seal(part)
    if proof:
        item["encrypted_content"] = proof
    return item


def _speak(items: list[Item], response_id: str) -> Item:
    """The message to add words to: the last item, or a new one."""
    if not items or items[-1]["type"] != "message":
        items.append(spoken(item_id(response_id, len(items)), "completed"))
    return items[-1]
