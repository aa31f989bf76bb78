"""Ask a critic which of several replies is best, without letting order or the replies sway it.

    replies ── fenced, random labels, shuffled ──> critic ── read_verdict ──┐
            └─ the same in reverse order ────────> critic ── read_verdict ──┴─ combined ──> Verdict

The two orders show whether the critic judged the answers or their places: when it contradicts
itself its verdict is a tie, and trust decides (Zheng et al., 2023, arXiv 2306.05685, section 3.4).
A critic that fails or cannot be read abstains; the most trusted reply is then taken, and the
verdict says so in `fallback`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest, say
from teppan.core.reply import Reply
from teppan.core.trace import CallRole
from teppan.core.verdict import NEEDS_IMPROVEMENT, AgreementLevel, Judgement, Verdict
from teppan.serve.strategies import fence
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.gather import Ask, gather
from teppan.serve.strategies.verdict_json import read_verdict, verdict_format

Order = Literal["both", "random"]
"""Every pair in both orders (two calls), or one order drawn by chance (one call)."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LEVELS: tuple[AgreementLevel, ...] = ("conflicting", "low", "medium", "high")


def prompt(name: str) -> Template:
    """A prompt of this room: `prompts/<name>.md`."""
    return Template(files(__package__).joinpath("prompts", f"{name}.md").read_text("utf-8"))


class Critic(Struct, frozen=True, kw_only=True):
    """Who judges, by which prompt and rules, and how. Built once.

    `constitution` are the rules every answer must keep, `longest` the characters shown of each
    answer, `timeout` the seconds the critic has.
    """

    model: str
    prompt: Template
    role: CallRole = "critic"
    constitution: str = ""
    order: Order = "both"
    timeout: float | None = None
    longest: int = 24_000


def label(position: int) -> str:
    """A, B, ... Z, A1, B1, ...: how verdicts name the replies, in the order they were given."""
    turn, letter = divmod(position, len(LETTERS))
    return LETTERS[letter] + (str(turn) if turn else "")


def labelled(replies: Sequence[Reply], name: str) -> Reply | None:
    """The reply a verdict calls by this name."""
    return next((each for at, each in enumerate(replies) if label(at) == name), None)


def highest_judged(verdict: Verdict, replies: Sequence[Reply]) -> int:
    """The place of the reply with the highest score; the verdict's own best among equals."""
    scores = {each.label: each.score for each in verdict.judgements}
    places = [at for at in range(len(replies)) if label(at) in scores]
    named = next((at for at in range(len(replies)) if label(at) == verdict.best), None)
    if not places:
        return named or 0
    top = max(scores[label(at)] for at in places)
    leaders = [at for at in places if scores[label(at)] == top]
    return named if named in leaders else leaders[0]


async def criticise(
    critic: Critic, request: ChatRequest, replies: Sequence[Reply], call: Call
) -> Verdict:
    """The verdict on `replies`, which it calls A, B, ... in their order. Never raises for a bad
    critic: see `Verdict.fallback`.
    """
    first = fence.shuffled(len(replies), call.random)
    orders = (first,) if critic.order == "random" else (first, first[::-1])
    papers = [_paper(critic, request, replies, order, call) for order in orders]
    asks = [Ask(critic.model, paper.request, critic.role) for paper in papers]
    gathered = await gather(call, asks, timeout=critic.timeout)
    read = [read_verdict(reply.text, papers[at].names) for at, reply in gathered.replies]
    verdicts = [each for each in read if each is not None]
    if not verdicts:
        why = "; ".join(dict.fromkeys(error.message for error in gathered.causes))
        return _abstained(critic, request, replies, call, why or "its verdict could not be read")
    verdict = verdicts[0] if len(verdicts) == 1 else _combined(*verdicts)
    if verdict.best != NEEDS_IMPROVEMENT and verdict.consistent is False:
        verdict = replace(verdict, best=_tie(verdicts, request, replies, call))
    return replace(verdict, critic=critic.model)


class _Paper(Struct, frozen=True):
    """One question to the critic, and whom its random labels stand for."""

    request: ChatRequest
    names: dict[str, str]


def _paper(
    critic: Critic,
    request: ChatRequest,
    replies: Sequence[Reply],
    order: Sequence[int],
    call: Call,
) -> _Paper:
    mark = fence.Fence.draw(call.random)
    drawn = fence.labels(len(replies), call.random)
    shown = dict(zip(drawn, order, strict=True))
    told = fence.instructions(request.messages, critic.longest)
    blocks = [
        mark.around("context", told) if told else "",
        mark.around("rules", critic.constitution) if critic.constitution else "",
        mark.around("conversation", fence.conversation(request.messages, critic.longest)),
        *(
            mark.around("answer", fence.shown(replies[at].completion.message, critic.longest), name)
            for name, at in shown.items()
        ),
        f"Judge the answers {', '.join(drawn)}. Reply with the JSON object only.",
    ]
    return _Paper(
        ChatRequest(
            model=critic.model,
            messages=(
                say("system", critic.prompt.substitute(fence=mark.number)),
                say("user", "\n\n".join(block for block in blocks if block)),
            ),
            response_format=verdict_format(drawn),
            task_type=request.task_type,
        ),
        {name: label(at) for name, at in shown.items()},
    )


def _combined(one: Verdict, other: Verdict) -> Verdict:
    """Two verdicts on the same replies in opposite orders, as one.

    They are consistent when they name the same best. When one wants an improvement and the other
    names a reply, that reply is good enough.
    """
    consistent = one.best == other.best
    named = [each.best for each in (one, other) if each.best != NEEDS_IMPROVEMENT]
    confidence = (one.confidence + other.confidence) / 2
    return Verdict(
        best=named[0] if named else NEEDS_IMPROVEMENT,
        consensus_score=(one.consensus_score + other.consensus_score) / 2,
        agreement=min(one.agreement, other.agreement, key=_LEVELS.index),
        judgements=_averaged(one.judgements, other.judgements),
        confidence=confidence if consistent else min(confidence, 0.5),
        improvement=one.improvement or other.improvement,
        reason=one.reason if one.reason == other.reason else f"{one.reason} | {other.reason}",
        consistent=consistent,
    )


def _averaged(*sheets: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """One judgement for each label: the mean score, and everything that was found."""
    found: dict[str, list[Judgement]] = {}
    for sheet in sheets:
        for each in sheet:
            found.setdefault(each.label, []).append(each)
    return tuple(
        Judgement(
            name,
            sum(each.score for each in group) / len(group),
            tuple(dict.fromkeys(text for each in group for text in each.issues)),
            tuple(dict.fromkeys(text for each in group for text in each.hallucinations)),
            tuple(dict.fromkeys(text for each in group for text in each.violations)),
        )
        for name, group in sorted(found.items())
    )


def _tie(
    verdicts: Sequence[Verdict], request: ChatRequest, replies: Sequence[Reply], call: Call
) -> str:
    """Which of the replies that the critic preferred in turn: the more trusted, else by chance."""
    named = [name for name in (each.best for each in verdicts) if name != NEEDS_IMPROVEMENT]
    places = sorted({at for at in range(len(replies)) if label(at) in named})
    return label(most_trusted(request, replies, places, call))


def most_trusted(
    request: ChatRequest, replies: Sequence[Reply], places: Sequence[int], call: Call
) -> int:
    """The place of the reply whose model is trusted most, drawn by chance among equals."""
    trusts = {at: call.trust(replies[at].model, request.task_type) for at in places}
    top = max(trusts.values())
    leaders = [at for at in places if trusts[at] == top]
    return leaders[0] if len(leaders) == 1 else leaders[int(call.random() * len(leaders))]


def _abstained(
    critic: Critic, request: ChatRequest, replies: Sequence[Reply], call: Call, why: str
) -> Verdict:
    best = most_trusted(request, replies, range(len(replies)), call)
    return Verdict(
        best=label(best),
        critic=critic.model,
        reason=f"{replies[best].model} is the most trusted",
        fallback=f"the critic {critic.model} abstained: {why}",
    )
