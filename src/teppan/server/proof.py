"""Carries one vendor's proof of thought through another format, and back.

A reasoning model wants its signature or encrypted thought returned in the next turn. The
client only returns what its own format has a field for; so a foreign proof travels sealed in
the field of the format's own proof, and the signature of a tool call in the call's id.
"""

from __future__ import annotations

import base64

import msgspec

from teppan.core.chat import Reasoning, ToolCall

_SEAL = "teppan:"
_SIGNED = "__signed__"


class _Sealed(msgspec.Struct, array_like=True):
    dialect: str | None
    signature: str | None
    encrypted: str | None
    id: str | None


def seal(thought: Reasoning) -> str:
    """The proof of a thought as one string; empty when it has none."""
    if not (thought.signature or thought.encrypted):
        return ""
    sealed = _Sealed(thought.dialect, thought.signature, thought.encrypted, thought.id)
    return _SEAL + base64.urlsafe_b64encode(msgspec.json.encode(sealed)).decode()


def unseal(text: str, proof: str) -> Reasoning | None:
    """The thought behind a sealed proof; None when the proof was not sealed by us."""
    if not proof.startswith(_SEAL):
        return None
    try:
        raw = base64.urlsafe_b64decode(proof.removeprefix(_SEAL))
        sealed = msgspec.json.decode(raw, type=_Sealed)
    except (ValueError, msgspec.MsgspecError):
        return None
    return Reasoning(text, sealed.signature, sealed.encrypted, sealed.id, sealed.dialect)


def signed_id(id: str, signature: str | None) -> str:
    """The id of a tool call, its signature behind it."""
    return f"{id}{_SIGNED}{signature}" if signature else id


def plain_id(id: str) -> str:
    return id.partition(_SIGNED)[0]


def signature(call_id: str) -> str | None:
    """The signature behind the id of a tool call that came back."""
    return call_id.partition(_SIGNED)[2] or None


def call_id(call: ToolCall) -> str:
    return signed_id(call.id, call.signature)
