"""Ask several models, group what they say, and stop when the winner is certain.

    asks ── gather ──> replies ── saying / meaning ──> groups ── weights ──> Ballot
               ^                                                               |
               └──────────── pending votes cannot change it: cancel ───────────┘

`consensus`, `weighted` and `sample` differ only in whom they ask and in what a vote weighs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.core.chat import ChatRequest, Json
from teppan.core.reply import Outcome, Reply
from teppan.serve.strategies.ballot import Ballot, Vote, count, settled
from teppan.serve.strategies.base import Call
from teppan.serve.strategies.ensemble import alone, gathering, last_resort
from teppan.serve.strategies.estimates import voted
from teppan.serve.strategies.fence import shown
from teppan.serve.strategies.gather import Ask, Gathered, gather
from teppan.serve.strategies.meaning import Embed, Likeness
from teppan.serve.strategies.saying import Counted, Placed, what_they_say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LONGEST = 8_000


class Rules(Struct, frozen=True, kw_only=True):
    """How votes are held.

    `weights` belong to the asks, place by place; a negative one speaks against its answer. Texts
    whose cosine reaches `alike` mean the same. The vote is over when `quorum` replies came, or
    when neither the winner nor the side of `min_agreement` that its share falls on can change.
    """

    weights: Sequence[float]
    embed: Embed | None = None
    alike: float = 0.85
    quorum: int | None = None
    min_agreement: float = 0.0


class Poll(Struct, frozen=True):
    """A held vote: who answered, how it fell, and how alike the replies were."""

    gathered: Gathered
    ballot: Ballot
    chosen: Reply
    confirmed: float
    likeness: Likeness | None

    @property
    def evidence(self) -> dict[str, Json]:
        replies = self.gathered.answers
        return {
            **gathering(self.gathered),
            "share": round(self.ballot.share, 4),
            "groups": [
                {
                    "answer": group.key,
                    "weight": round(group.weight, 4),
                    "models": [vote.model for vote in group.votes],
                }
                for group in self.ballot.groups
            ],
            **({"similarity": self.likeness.evidence(replies)} if self.likeness else {}),
        }


async def hold_vote(
    call: Call, request: ChatRequest, asks: Sequence[Ask], rules: Rules, timeout: float | None
) -> Gathered | Poll:
    """The vote of all that answered; what was gathered when fewer than two did.

    `Poll.confirmed` is the winner's share when failed members count against it.
    """
    box = BallotBox(request, rules)
    gathered = await gather(call, asks, timeout=timeout, enough=box.decided)
    if len(gathered.replies) < 2:
        return gathered
    ballot = (await box.count(gathered)).ballot
    speaker = ballot.winner.speaker.place
    chosen = next(reply for place, reply in gathered.replies if place == speaker)
    lost = sum(max(0.0, rules.weights[place]) for place, _ in gathered.failures)
    confirmed = ballot.share * ballot.total / (ballot.total + lost) if lost else ballot.share
    return Poll(gathered, ballot, chosen, confirmed, await box.likeness(gathered.replies))


async def outcome_of(
    polled: Gathered | Poll, call: Call, request: ChatRequest, fallback: Sequence[str]
) -> Outcome:
    """What is served after a vote: its winner, the only reply there was, or the last resort."""
    if not isinstance(polled, Poll):
        if polled.replies:
            return alone(call, request, polled)
        return await last_resort(call, fallback, request, polled.causes)
    return Outcome(
        reply=polled.chosen,
        reason=(
            f"{len(polled.ballot.winner.votes)} of {len(polled.gathered.replies)} agree, "
            f"with {polled.ballot.share:.0%} of the vote"
        ),
        confidence=voted(call, request, polled.confirmed),
        replies=polled.gathered.answers,
        evidence=polled.evidence,
    )


class BallotBox:
    """The ballot box of one request; it embeds each reply once."""

    def __init__(self, request: ChatRequest, rules: Rules) -> None:
        self.request = request
        self.rules = rules
        self._vectors: dict[int, NDArray[np.float32]] = {}

    async def count(self, gathered: Gathered) -> Counted:
        """The votes so far. A reply in which no answer can be read has no weight."""
        saying = what_they_say(gathered.replies, self.request, len(gathered.pending))
        keys = {
            **saying.keys,
            **await self._groups([each for each in gathered.replies if each[0] in saying.vague]),
            **{place: f"unread {place}" for place in saying.unread},
        }
        ballot = count(
            Vote(
                place,
                reply.model,
                keys[place],
                0.0 if place in saying.unread else self.rules.weights[place],
                place in saying.plain,
                place not in saying.unread,
            )
            for place, reply in gathered.replies
        )
        return Counted(ballot, saying)

    async def decided(self, gathered: Gathered) -> bool:
        """Whether waiting for the pending votes is useless."""
        rules = self.rules
        if rules.quorum is not None and len(gathered.replies) >= rules.quorum:
            return True
        counted = await self.count(gathered)
        ballot, saying = counted.ballot, counted.saying
        pending = [rules.weights[place] for place in gathered.pending]
        for_it, against = (sum(max(0.0, sign * each) for each in pending) for sign in (1, -1))
        leading = ballot.winner.weight
        if not saying.final or ballot.total + for_it <= 0.0:
            return False
        lowest = (leading - against) / (ballot.total + for_it)
        rest = ballot.total - max(0.0, leading) - against
        highest = 1.0 if rest <= 0.0 else (leading + for_it) / (leading + for_it + rest)
        if saying.vague:
            return lowest >= rules.min_agreement and self._meaning_settled(ballot, gathered)
        one_side = lowest >= rules.min_agreement or highest < rules.min_agreement
        return one_side and settled(ballot, for_it + against)

    def _meaning_settled(self, ballot: Ballot, gathered: Gathered) -> bool:
        """The same where a later reply may join groups: the winner must outweigh all the rest
        together, and its speaker every reply that may yet join it.
        """
        rivals = [
            *((vote.weight, vote.place) for group in ballot.groups[1:] for vote in group.votes),
            *((self.rules.weights[place], place) for place in gathered.pending),
        ]
        speaker = ballot.winner.speaker
        return ballot.winner.weight > sum(abs(weight) for weight, _ in rivals) and all(
            (-speaker.weight, speaker.place) < (-weight, place) for weight, place in rivals
        )

    async def _groups(self, vague: Placed) -> dict[int, str]:
        """Groups by meaning; by words without an embedder."""
        if self.rules.embed is None:
            return {place: f"words: {' '.join(reply.text.split())}" for place, reply in vague}
        likeness = await self.likeness(vague)
        if likeness is None:
            return {}
        places = [place for place, _ in vague]
        texts = [reply.text for _, reply in vague]
        groups = likeness.groups(self.rules.alike, texts)
        return {place: f"meaning {places[at]}" for place, at in zip(places, groups, strict=True)}

    async def likeness(self, replies: Placed) -> Likeness | None:
        """How alike the replies are; None without replies or without an embedder."""
        if self.rules.embed is None or not replies:
            return None
        new = [(place, reply) for place, reply in replies if place not in self._vectors]
        if new:
            texts = [shown(reply.completion.message, _LONGEST) for _, reply in new]
            rows = await self.rules.embed(texts)
            self._vectors.update({at: row for (at, _), row in zip(new, rows, strict=True)})
        import numpy as np  # loaded by now: the vectors are numpy's

        return Likeness.of(np.stack([self._vectors[place] for place, _ in replies]))
