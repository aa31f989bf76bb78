"""Frequent questions with approved answers -> Markdown that a person reads, edits and adds.

Questions are grouped around leaders: each joins the leader it is most like, or becomes one; the
best rated come first. A group is told by its most typical question and the best answer to it, and
the other wordings become what people ask for it. Nothing is ever added by itself: what customers
write is data of strangers, and one wrong answer would be found by everybody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.core.errors import NotFound
from teppan.core.ids import Scope
from teppan.knowledge.search import Embed
from teppan.store.feedback import RATING, Feedback
from teppan.store.traces import Traces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GOOD = 0.75
"""An answer that people rated at least so is approved."""
ALIKE = 0.6
"""Two questions so alike ask the same."""
LONGEST = 300
"""Letters of a question that others may ask as well."""
WORDINGS = 8
"""Other wordings that are listed of one question."""

_PRIVATE = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\+?\d(?:[\s().-]*\d){6,}|https?://\S+")
"""Addresses and phone numbers. A person still has to look for names."""


class Approved(Struct, frozen=True):
    """A question whose answer people liked."""

    trace_id: str
    question: str
    answer: str
    rating: float


class Proposal(Struct, frozen=True):
    """One entry: how many asked it, how they rated the answers, and which traces say so."""

    question: str
    answer: str
    wordings: tuple[str, ...]
    count: int
    rating: float
    traces: tuple[str, ...]


async def approved(
    feedback: Feedback, traces: Traces, scope: Scope, since: float, rating: float = GOOD
) -> list[Approved]:
    """The tenant's answers that were rated well since an instant. Raises `StoreError`."""
    found = []
    for trace_id, value in sorted((await feedback.latest(scope, RATING, since=since)).items()):
        if value < rating:
            continue
        trace = await traces.get(scope, trace_id)
        if trace is None or trace.request is None or trace.answer is None:
            continue  # its words were not kept, or not for so long
        question, answer = plain(trace.request.question), trace.answer.text.strip()
        alone = sum(each.role == "user" for each in trace.request.messages) == 1
        if trace.status == "ok" and alone and answer and 0 < len(question) <= LONGEST:
            found.append(Approved(trace_id, question, answer, value))
    return found


async def propose(
    given: Sequence[Approved], embed: Embed, least: int = 2, alike: float = ALIKE
) -> list[Proposal]:
    """What was asked at least so often, the most frequent first."""
    if not given:
        return []
    ranked = sorted(given, key=lambda each: (-each.rating, each.trace_id))
    vectors = await embed([each.question for each in ranked])
    found = [
        _proposal([ranked[place] for place in places], vectors[places])
        for places in _groups(vectors, alike)
        if len(places) >= least
    ]
    return sorted(found, key=lambda each: (-each.count, each.question))


def _groups(vectors: NDArray[np.float32], alike: float) -> list[list[int]]:
    groups: list[list[int]] = []
    for place, vector in enumerate(vectors):
        likeness = [float(vectors[group[0]] @ vector) for group in groups]
        best = max(range(len(groups)), key=lambda each: likeness[each], default=-1)
        if best >= 0 and likeness[best] >= alike:
            groups[best].append(place)
        else:
            groups.append([place])
    return groups


def _proposal(group: Sequence[Approved], vectors: NDArray[np.float32]) -> Proposal:
    centre = vectors @ vectors.sum(axis=0)
    typical = max(range(len(group)), key=lambda place: (float(centre[place]), -place))
    best = max(group, key=lambda each: (each.rating, each is group[typical]))
    question = group[typical].question
    others = dict.fromkeys(each.question for each in group if each.question != question)
    return Proposal(
        question,
        best.answer,
        tuple(others)[:WORDINGS],
        len(group),
        sum(each.rating for each in group) / len(group),
        tuple(each.trace_id for each in group),
    )


def as_markdown(proposals: Sequence[Proposal], made: str) -> str:
    """A file to review. Raises `NotFound` when there is nothing to propose."""
    if not proposals:
        raise NotFound("no question was asked often enough with answers that were rated well")
    lines = [
        "# Frequent questions",
        "",
        "<!--",
        f"Proposed by `teppan knowledge propose` on {made} from rated answers. Read every line:",
        "customers wrote the questions, models the answers. Remove what is private or wrong, then",
        "`teppan knowledge add` this file. Comments are not sent to models.",
        "-->",
    ]
    for each in proposals:
        traces = ", ".join(each.traces[:5])
        note = f"{each.count} times, rated {each.rating:.2f} on average; {traces}"
        lines += ["", f"## {each.question}", "", f"<!-- {note} -->", "", _quoted(each.answer)]
        if each.wordings:
            lines += ["", "<!-- asked:", *each.wordings, "-->"]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """A question on one line, without anything that means something in a document of ours, and
    without addresses and phone numbers."""
    line = " ".join(_PRIVATE.sub("…", text).split())
    return re.sub(r"^[#>\-\s]+", "", line.replace("<!--", "").replace("-->", "")).strip()


def _quoted(answer: str) -> str:
    """An answer whose lines begin no section and no comment."""
    safe = _PRIVATE.sub("…", answer).replace("<!--", "").replace("-->", "")
    return re.sub(r"^(?=#{1,6}\s|=+$|-+$|```|~~~)", "\\\\", safe, flags=re.MULTILINE)
