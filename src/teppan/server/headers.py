"""What the response headers say about an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from teppan.core.money import MICROS_PER_DOLLAR, Micros
from teppan.server.allowance import allowance_headers
from teppan.server.header import Header

if TYPE_CHECKING:
    from teppan.serve.answer import Facts

MESSAGES_VERSION = b"anthropic-version"
"""The request header by which clients of the messages format are known."""

JSON_TYPE: Header = (b"content-type", b"application/json")
STREAM_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)

MAX_REASON = 300
"""Characters of a routing reason in a header; the trace has all of it."""

_TOKEN = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


def answer_headers(facts: Facts, request_id: str, seconds: float, *, final: bool) -> list[Header]:
    """The headers of an answer; of a stream only what is known before it (`final` is false)."""
    headers = [
        *named(request_id),
        (b"x-teppan-trace-id", facts.trace_id.encode()),
        (b"x-teppan-strategy", safe(facts.strategy)),
        (b"x-teppan-release", safe(facts.release)),
        (b"x-teppan-cache", safe(facts.cache)),
        (b"openai-processing-ms", b"%d" % (seconds * 1000)),
    ]
    if facts.model:
        headers.append((b"x-teppan-model", safe(facts.model)))
    if facts.dropped:
        headers.append((b"x-teppan-dropped", safe(", ".join(facts.dropped))))
    if facts.confidence is not None:
        headers.append((b"x-teppan-confidence", b"%.3f" % facts.confidence.value))
    if facts.allowance is not None:
        headers += allowance_headers(facts.allowance)
    headers += spared_headers(facts)
    if final:
        headers.append((b"x-teppan-attempts", b"%d" % facts.attempts))
        headers.append((b"x-teppan-cost", cost(facts.cost).encode()))
        headers.append((b"x-teppan-overhead-ms", b"%.2f" % (facts.overhead * 1000)))
        if facts.cost is not None:
            headers.append((b"x-teppan-cost-micros", b"%d" % facts.cost))
    return headers


def spared_headers(facts: Facts) -> list[Header]:
    """Why this model, which answer was remembered, which rules were broken, who was called, which
    tools were used, and how much shorter what was sent became."""
    headers: list[Header] = []
    if facts.route:
        headers.append((b"x-teppan-route", safe(facts.route[:MAX_REASON])))
    remembered, context = facts.remembered, facts.context
    if remembered is not None:
        headers.append((b"age", b"%d" % remembered.age))
        headers.append((b"x-teppan-cache-source", safe(remembered.source)))
        if remembered.similarity is not None:
            headers.append((b"x-teppan-cache-similarity", b"%.4f" % remembered.similarity))
    for name, told in (
        (b"x-teppan-violations", ", ".join(facts.violations)),
        (b"x-teppan-guarded", facts.guarded),
        (b"x-teppan-escalated", ", ".join(facts.escalated)),
        (b"x-teppan-tools", tools(facts)),
    ):
        if told:
            headers.append((name, safe(told)))
    if context is not None:
        headers.append((b"x-teppan-tokens-before", b"%d" % context.before))
        headers.append((b"x-teppan-tokens-after", b"%d" % context.after))
        if context.sources:
            ids = ", ".join(each.id for each in context.sources)
            headers.append((b"x-teppan-sources", safe(ids)))
    return headers


def named(request_id: str) -> list[Header]:
    """The request id under both names that official clients read it by."""
    value = request_id.encode()
    return [(b"x-request-id", value), (b"request-id", value)]


def trailer(facts: Facts) -> str:
    """What a stream's headers could not know yet, as one comment line at its end."""
    told = [
        f"model={facts.model}",
        f"strategy={facts.strategy}",
        f"attempts={facts.attempts}",
        f"cost={cost(facts.cost)}",
        f"overhead-ms={facts.overhead * 1000:.2f}",
        f"cache={facts.cache}",
    ]
    if facts.confidence is not None:
        told.append(f"confidence={facts.confidence.value:.3f}")
    if facts.violations:
        told.append(f"violations={','.join(facts.violations)}")
    if facts.escalated:
        told.append(f"escalated={','.join(facts.escalated)}")
    if facts.tools:
        used = safe(tools(facts)).decode()
        told.append(f"tools={used.replace(', ', ',').replace(' ', ':')}")
    if facts.dropped:
        told.append(f"dropped={','.join(facts.dropped)}")
    return "teppan " + " ".join(told)


def tools(facts: Facts) -> str:
    """`quote ok, book proposed`: what an agent called, and how each call ended."""
    return ", ".join(f"{each.tool} {each.status}" for each in facts.tools[:20])


def cost(amount: Micros | None) -> str:
    """US dollars as a plain decimal number, or `unknown`."""
    if amount is None:
        return "unknown"
    whole, rest = divmod(amount, MICROS_PER_DOLLAR)
    return f"{whole}.{rest:06d}"


def client_request_id(presented: bytes | None) -> str | None:
    """The client's own request id when it is a harmless token."""
    if presented is None or _TOKEN.fullmatch(presented) is None:
        return None
    return presented.decode()


def safe(text: str) -> bytes:
    """A header value: printable ASCII, whatever a name holds."""
    if text.isascii() and text.isprintable():
        return text.encode()
    return "".join(sign if sign.isprintable() else "?" for sign in text).encode("ascii", "replace")
