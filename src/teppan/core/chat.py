"""The words of a conversation, in no vendor's dialect.

Everything past the HTTP edge speaks these types. They keep what a dialect cannot say
elsewhere (`extra`), so that a translation there and back loses nothing.

    ChatRequest ── messages ── Message ── parts ── Text | Image | Media
                                                      | Reasoning | ToolCall | ToolResult
    Completion  ── choices  ── Choice  ── message
    Delta       =  Started | TextDelta | ReasoningDelta | ToolDelta | RefusalDelta
                   | PartAdded | Finished | UsageSeen

A stream is a sequence of deltas; `fold.py` makes a `Completion` of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

Json = Any
"""A decoded JSON value that Teppan carries but does not interpret."""

Role = Literal["system", "developer", "user", "assistant", "tool"]

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal"]

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


CHAT_DIALECT = "openai_chat"
RESPONSES_DIALECT = "openai_responses"
MESSAGES_DIALECT = "anthropic"
"""The wire formats Teppan also serves, by the names of their dialects in `providers/`."""


# --- parts of a message ----------------------------------------------------------------------


class Text(Struct, frozen=True, tag="text"):
    """Words. `extra` holds what the dialect hung on the part (`cache_control`, `annotations`)."""

    text: str
    extra: Mapping[str, Json] | None = None


class Image(Struct, frozen=True, tag="image"):
    """A picture, as an `https:` or `data:` address."""

    url: str
    detail: str | None = None
    extra: Mapping[str, Json] | None = None


class Media(Struct, frozen=True, tag="media"):
    """Audio, files and what else only its own dialect (`dialect`) understands; kept verbatim."""

    dialect: str
    raw: Mapping[str, Json]


class Reasoning(Struct, frozen=True, tag="reasoning"):
    """What a model thought before it answered.

    `signature` and `encrypted` are the vendor's proof and must return unchanged in the next
    turn; `dialect` says whose proof it is, because another vendor refuses it.
    """

    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    id: str | None = None
    dialect: str | None = None


class ToolCall(Struct, frozen=True, tag="tool_call"):
    """A function the model wants called; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str
    signature: str | None = None
    extra: Mapping[str, Json] | None = None


class ToolResult(Struct, frozen=True, tag="tool_result"):
    """What a called function gave back."""

    call_id: str
    parts: tuple[Text | Image | Media, ...]
    is_error: bool = False
    name: str | None = None
    extra: Mapping[str, Json] | None = None


Part = Text | Image | Media | Reasoning | ToolCall | ToolResult


class Message(Struct, frozen=True):
    """One turn. Tool results travel in a message of role `tool`."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    refusal: str | None = None
    extra: Mapping[str, Json] | None = None

    @property
    def text(self) -> str:
        """All the words of the message, without reasoning and tools."""
        parts = self.parts
        if len(parts) == 1 and type(parts[0]) is Text:
            return parts[0].text
        return "".join(part.text for part in parts if isinstance(part, Text))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


def say(role: Role, text: str) -> Message:
    """A message of plain words."""
    return Message(role, (Text(text),))


# --- the request -----------------------------------------------------------------------------


class Tool(Struct, frozen=True):
    """A function the model may call; `raw` is set instead for a vendor's built-in tools."""

    name: str
    description: str | None = None
    parameters: Mapping[str, Json] | None = None
    strict: bool | None = None
    extra: Mapping[str, Json] | None = None
    raw: Mapping[str, Json] | None = None
    dialect: str | None = None


class ToolChoice(Struct, frozen=True):
    """`auto`, `none`, `required`, or `named` with the one tool that must be called."""

    mode: Literal["auto", "none", "required", "named"]
    name: str | None = None


class ResponseFormat(Struct, frozen=True):
    """What the answer must be: any JSON object, or JSON valid for `schema`."""

    kind: Literal["json_object", "json_schema"]
    name: str | None = None
    schema: Mapping[str, Json] | None = None
    strict: bool | None = None
    description: str | None = None


class CacheWish(Struct, frozen=True, kw_only=True):
    """What a client asks of the cache for this one request.

    `read` and `store` say whether a remembered answer may be given and this one remembered;
    `only` asks for a remembered answer or none. `max_age` is the oldest it may be and `ttl` how
    long this one is kept, in seconds. `force` remembers what is not by itself (hot, several
    choices). `semantic` says whether a question that means the same will do; `None` leaves that to
    the settings.
    """

    read: bool = True
    store: bool = True
    only: bool = False
    max_age: float | None = None
    ttl: float | None = None
    force: bool = False
    semantic: bool | None = None


class ChatRequest(Struct, frozen=True, kw_only=True):
    """A question to a model, real or virtual.

    `extra` holds the fields of the client's body that Teppan has no word for; they reach an
    upstream of the same dialect (`dialect`) untouched, and never steer the gateway itself.
    `None` always means "the client did not say". `asked` is set where the gateway has put words of
    its own (a summary, knowledge) before those of the last user message: it keeps the latter alone.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    n: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    effort: Effort | None = None
    thinking_budget: int | None = None
    user: str | None = None
    metadata: Mapping[str, Json] | None = None
    stream: bool = False
    include_usage: bool = False
    task_type: str | None = None
    episode: str | None = None
    dialect: str = CHAT_DIALECT
    extra: Mapping[str, Json] | None = None
    asked: str | None = None
    cache: CacheWish | None = None

    @property
    def question(self) -> str:
        """The words of the last user message, or the empty string."""
        if self.asked is not None:
            return self.asked
        for message in reversed(self.messages):
            if message.role == "user":
                return message.text
        return ""


# --- the answer ------------------------------------------------------------------------------


class Usage(Struct, frozen=True):
    """Tokens a vendor says it counted.

    `input` includes `cached` (read from the vendor's prompt cache) and `cache_written`;
    `output` includes `reasoning`. `estimated` is true when the vendor said nothing and the
    numbers are ours.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.cache_written + other.cache_written,
            self.reasoning + other.reasoning,
            self.estimated or other.estimated,
        )


class Choice(Struct, frozen=True):
    message: Message
    finish_reason: FinishReason
    index: int = 0
    logprobs: Json = None
    stop_sequence: str | None = None


class Completion(Struct, frozen=True):
    """A whole answer. `model` is the name the vendor returned, `extra` its other fields."""

    model: str
    choices: tuple[Choice, ...]
    usage: Usage | None = None
    id: str = ""
    extra: Mapping[str, Json] | None = None

    @property
    def message(self) -> Message:
        return self.choices[0].message

    @property
    def text(self) -> str:
        return self.choices[0].message.text

    @property
    def finish_reason(self) -> FinishReason:
        return self.choices[0].finish_reason


class Embeddings(Struct, frozen=True):
    """Vectors in the order of the texts."""

    model: str
    vectors: tuple[tuple[float, ...], ...]
    usage: Usage


# --- the answer, piece by piece --------------------------------------------------------------


class Started(Struct, frozen=True):
    """The vendor began to answer."""

    model: str = ""
    id: str = ""
    extra: Mapping[str, Json] | None = None


class TextDelta(Struct, frozen=True):
    text: str
    choice: int = 0
    logprobs: Json = None


class ReasoningDelta(Struct, frozen=True):
    """A piece of thought; `signature`, `encrypted` and `id` each come whole in one delta."""

    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    id: str | None = None
    dialect: str | None = None
    choice: int = 0


class ToolDelta(Struct, frozen=True):
    """A piece of tool call number `index`; `id`, `name` and `extra` come with its first piece."""

    index: int
    arguments: str = ""
    id: str | None = None
    name: str | None = None
    signature: str | None = None
    choice: int = 0
    extra: Mapping[str, Json] | None = None


class RefusalDelta(Struct, frozen=True):
    text: str
    choice: int = 0


class PartAdded(Struct, frozen=True):
    """A whole part that does not come in pieces (an image, a vendor's own kind)."""

    part: Part
    choice: int = 0


class Finished(Struct, frozen=True):
    """A choice is complete: the vendor said why it stopped."""

    reason: FinishReason
    choice: int = 0
    stop_sequence: str | None = None


class UsageSeen(Struct, frozen=True):
    """The vendor's count so far; the last one holds."""

    usage: Usage


Delta = (
    Started
    | TextDelta
    | ReasoningDelta
    | ToolDelta
    | RefusalDelta
    | PartAdded
    | Finished
    | UsageSeen
)
