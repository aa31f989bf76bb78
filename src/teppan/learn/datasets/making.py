"""A signal -> a scrubbed example: what is private is taken out of all its texts at once.

The answers are scrubbed with their conversation, so that a name is the same placeholder in the
question and in the answer that repeats it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct, structs

from teppan.core.chat import ChatRequest, Choice, Completion, Message, Reasoning, Tool, say
from teppan.core.signal import Signal, Terms
from teppan.learn.datasets.examples import REVIEWED, SERVED, TRUTH, Example
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.signals import TermsOf

_encode = msgspec.json.Encoder(order="deterministic").encode


class Origin(Struct, frozen=True):
    """What a trace still tells of its signal: the tools that were offered, and who said what (the
    model by the text). `known` is false where the trace is no longer there."""

    tools: tuple[Tool, ...] = ()
    models: Mapping[str, str] = {}
    known: bool = False


NO_ORIGIN = Origin()


def needs_origin(signal: Signal) -> bool:
    """Whether the trace has to be looked at: for answers of others, or the tools that were
    called."""
    return bool(signal.rejected) or calls_tools(signal.messages)


def calls_tools(messages: Sequence[Message]) -> bool:
    return any(each.tool_calls for each in messages)


def digest_of(signal: Signal, fingerprint: str) -> str:
    """What an example depends on, in one word: made again only when this changes."""
    return hashlib.sha256(_encode(signal) + fingerprint.encode()).hexdigest()


def made(
    signal: Signal, origin: Origin, scrubber: Scrubber, terms_of: TermsOf, allowed: Sequence[Terms]
) -> Example:
    """The example of a signal. Terms are those of today, whatever they were when it was scored."""
    rejected = _permitted(signal, origin, terms_of, allowed)
    request = ChatRequest(
        model=signal.provenance.model,
        messages=tuple(_bare(each) for each in signal.messages),
        tools=origin.tools,
    )
    answers = (signal.chosen, *rejected)
    choices = tuple(
        Choice(say("assistant", text), "stop", index=place) for place, text in enumerate(answers)
    )
    scrubbed = scrubber.exchange(request, Completion(request.model, choices))
    texts = [] if scrubbed.completion is None else scrubbed.completion.choices
    chosen, *others = [each.message.text for each in texts]
    return Example(
        id=signal.id,
        messages=scrubbed.request.messages,
        chosen=chosen,
        rejected=tuple(dict.fromkeys(each for each in others if each.strip() and each != chosen)),
        tools=origin.tools if calls_tools(signal.messages) else (),
        quality=signal.quality,
        grade=grade_of(signal),
        task_type=signal.task_type or "",
        intent=signal.intent,
        language=signal.language,
        model=signal.provenance.model,
        terms=_terms(signal, terms_of),
        source=signal.provenance.source,
        conversation=conversation_of(signal),
        scrubbed={str(kind): many for kind, many in sorted(scrubbed.found.items())},
        at=signal.at,
    )


STRICT: tuple[Terms, ...] = ("free", "own", "restricted", "unknown")
"""Terms, the stricter ones behind."""


def grade_of(signal: Signal) -> int:
    """Who vouches for the answer."""
    if signal.truth is not None or signal.provenance.source == "correction":
        return TRUTH
    return REVIEWED if signal.provenance.source == "review" else SERVED


def conversation_of(signal: Signal) -> tuple[str, ...]:
    """Names shared by all turns of a conversation: its id, and a hash of how it began, for clients
    that name none send the whole conversation with every turn."""
    said = [each.text for each in signal.messages if each.role in ("user", "assistant")]
    # a corrected answer was another when it was served, and that is what the next turn repeats
    served = signal.rejected[:1] if signal.provenance.source == "correction" else ()
    begun = {" ".join("\0".join([*said, each][:2]).split()) for each in (signal.chosen, *served)}
    names = [f"start:{_short(each)}" for each in sorted(begun)]
    if signal.episode:
        names.append(f"episode:{_short(signal.episode)}")
    return tuple(names)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def _terms(signal: Signal, terms_of: TermsOf) -> Terms:
    """What a person wrote is the business's own; of the rest the stricter of what was allowed when
    it was kept (several may have written in it) and what is allowed today."""
    if signal.provenance.source == "correction":
        return "free"
    today = terms_of(signal.provenance.model)
    then = signal.provenance.terms if signal.provenance.source == "distilled" else today
    return max(today, then, key=STRICT.index)


def _permitted(
    signal: Signal, origin: Origin, terms_of: TermsOf, allowed: Sequence[Terms]
) -> list[str]:
    """The worse answers whose models may be learned from; not those whose model nobody knows."""
    models = dict(origin.models)
    if signal.provenance.source == "correction" and not origin.known and signal.rejected:
        models.setdefault(signal.rejected[0], signal.provenance.model)
    return [
        text for text in signal.rejected if text in models and terms_of(models[text]) in allowed
    ]


def _bare(message: Message) -> Message:
    """Without what a model thought: it is not what was said."""
    kept = tuple(part for part in message.parts if not isinstance(part, Reasoning))
    return structs.replace(message, parts=kept, extra=None)
