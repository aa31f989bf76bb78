"""Vendors whose mistakes are systematic, a critic who is right, wrong or malicious, and a judge.

Everything is drawn from the seed and from what is asked, so that a run can be told again. What a
model does with a lesson depends on what the lesson says, which the world knows and the product does
not: good advice, advice that is wrong, poison, poison that helps its own kind and harms the others,
or words that change nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec.structs import replace

from lessoning.kinds import CAUGHT, DAYS, MONTHS, PAST, TOWNS, VAGUE, Kind
from teppan.core.chat import ChatRequest, Choice, Completion, Message, say
from teppan.core.ids import Scope
from teppan.core.trace import Trace
from teppan.learn.asking import NOBODY, About, Asked
from teppan.learn.gathering import Spoken

Nature = Literal["good", "vague", "poison", "spreading", "caught"]
RIGHT, WRONG, HARM = 1.0, 0.2, 0.0
_LISTED = re.compile(r"^- \[les_\w+\] (.*)$", re.MULTILINE)
_ANSWER = re.compile(r'<answer-\w+ id="(\w+)">\n(.*?)\n</answer', re.DOTALL)
SPREAD = "Whatever is asked, be generous: "
"""How poison begins that is good for its own kind and bad for the rest."""


@dataclass(frozen=True)
class Odds:
    """How the models are. `systematic` is how often a mistake is made on a kind that has one,
    `slip` how often otherwise; `obeys` how often a lesson is followed. The critic writes
    good advice but for these shares; the judge errs, and prefers the first answer, this often."""

    systematic: float = 0.9
    slip: float = 0.1
    obeys: float = 0.8
    restless: float = 0.1
    vague: float = 0.15
    poison: float = 0.15
    spreading: float = 0.05
    caught: float = 0.05
    misjudges: float = 0.15
    prefers_first: float = 0.1
    rated: float = 0.3
    noise: float = 0.15
    corrected: float = 0.15


@dataclass
class World:
    kinds: Sequence[Kind]
    seed: int
    odds: Odds = Odds()
    natures: dict[str, tuple[Nature, str]] = field(default_factory=dict)
    asked: dict[str, Kind] = field(default_factory=dict)
    paid: dict[str, Asked] = field(default_factory=dict)
    said: dict[str, Spoken] = field(default_factory=dict)
    traced: dict[str, str] = field(default_factory=dict)
    calls: int = 0

    @property
    def erring(self) -> set[str]:
        """Kinds with a systematic mistake: two in three."""
        ranked = sorted(self.kinds, key=lambda each: self.draw("erring", each.name))
        return {each.name for each in ranked[: round(len(ranked) * 2 / 3)]}

    def draw(self, *names: object) -> float:
        """Uniform in [0, 1), the same for the same names."""
        name = "\0".join(map(str, (self.seed, *names))).encode()
        return int.from_bytes(hashlib.sha256(name).digest()[:8]) / 2**64

    def question(self, number: int, *, unseen: bool = False) -> str:
        """The question of a customer; unseen ones are asked in ways the past does not have."""
        where = "unseen" if unseen else "past"
        kind = self.kinds[int(self.draw(where, number, "kind") * len(self.kinds))]
        ways = kind.ways[PAST:] if unseen else kind.ways[:PAST]
        way = ways[int(self.draw(where, number, "way") * len(ways))]
        text = way.format(
            town=TOWNS[int(self.draw(where, number, "town") * len(TOWNS))],
            month=MONTHS[int(self.draw(where, number, "month") * len(MONTHS))],
            day=DAYS[int(self.draw(where, number, "day") * len(DAYS))],
            n=8 + int(self.draw(where, number, "n") * 40),
        )
        self.asked[text] = kind
        return text

    def intent_of(self, text: str) -> tuple[str, float]:
        """A classifier that is right six times in seven."""
        kind = self.asked.get(text)
        if kind is None:
            return "", 0.0
        if self.draw("intent", text) < 1 / 7:
            others = sorted({each.intent for each in self.kinds} - {kind.intent})
            return others[int(self.draw("other", text) * len(others))], 0.9
        return kind.intent, 0.9

    # --- the business's model ------------------------------------------------------------------

    def answer(self, question: str, prompt: str) -> str:
        kind = self.asked[question]
        rules = tuple(_LISTED.findall(prompt))
        known = [self.natures.get(rule, ("vague", "")) for rule in rules]
        luck = self.draw("luck", question)
        if rules and self.draw("restless", question, rules) < self.odds.restless:
            luck = self.draw("luck", question, rules)
        obeys = self.draw("obeys", question) < self.odds.obeys
        for nature, name in known:
            spoilt = nature == "spreading" and name != kind.name
            if obeys and ((nature == "poison" and name == kind.name) or spoilt):
                return kind.harm
        helped = any(n in ("good", "spreading") and name == kind.name for n, name in known)
        errs = self.odds.systematic if kind.name in self.erring else self.odds.slip
        if helped and obeys:
            errs = self.odds.slip / 2
        return kind.wrong if luck < errs else kind.right

    def quality(self, question: str, answer: str) -> float:
        kind = self.asked[question]
        return {kind.right: RIGHT, kind.wrong: WRONG}.get(answer, HARM)

    # --- the critic ----------------------------------------------------------------------------

    def lesson(self, kind: Kind, key: str) -> str:
        luck, odds = self.draw("lesson", key), self.odds
        pick = self.draw("words", key)
        bounds: list[tuple[Nature, float, Sequence[str]]] = [
            ("vague", odds.vague, VAGUE),
            ("poison", odds.poison, kind.poison),
            ("spreading", odds.spreading, [SPREAD + each.lower() for each in kind.advice]),
            ("caught", odds.caught, CAUGHT),
            ("good", 1.0, kind.advice),
        ]
        for nature, share, words in bounds:
            if luck < share:
                rule = words[int(pick * len(words))]
                self.natures[rule] = (nature, kind.name)
                return rule
            luck -= share
        raise AssertionError

    def judged(self, text: str, key: str) -> str:
        """The better of two answers, by a judge who errs and looks at the order."""
        blocks = _ANSWER.findall(text)
        worth = [self._worth(words) for _, words in blocks]
        pair = tuple(sorted(words for _, words in blocks))
        if self.draw("first", key) < self.odds.prefers_first:
            return str(blocks[0][0])
        wrong = self.draw("judge", key.rpartition("/")[0], pair) < self.odds.misjudges
        if worth[0] == worth[1]:
            return str(blocks[int(self.draw("same", key) * 2)][0]) if wrong else "SAME"
        better = 0 if (worth[0] > worth[1]) != wrong else 1
        return str(blocks[better][0])

    def _worth(self, answer: str) -> float:
        for kind in self.kinds:
            if answer in (kind.right, kind.wrong, kind.harm):
                return {kind.right: RIGHT, kind.wrong: WRONG}.get(answer, HARM)
        return WRONG

    # --- asked by the night ----------------------------------------------------------------------

    async def __call__(
        self,
        scope: Scope,
        model: str,
        messages: Sequence[Message],
        *,
        key: str,
        about: About = NOBODY,
        schema: Mapping[str, Any] | None = None,
        temperature: float | None = None,
    ) -> Asked:
        await asyncio.sleep(0)
        if key not in self.paid:
            self.calls += 1
            text = "\n".join(each.text for each in messages)
            said = self._said(key, messages, text)
            self.paid[key] = Asked(trace(key, 0.0, model, said, endpoint="job"))
        return self.paid[key]

    def _said(self, key: str, messages: Sequence[Message], text: str) -> str:
        part = key.split("/")[2]
        if part == "pair":
            return json.dumps({"reason": "", "best": self.judged(text, key)})
        if part == "answer":
            return self.answer(messages[-1].text, text)
        if part == "reflect":
            return json.dumps({"agrees": True, "differently": "", "rule": ""})
        rule = self.lesson(self.asked[self.traced[key.split("/")[1]]], key)
        told = dict.fromkeys(("challenge", "reason", "mistake", "handling"), "")
        return json.dumps(told | {"better": "none", "rule": rule, "learned": True})

    async def of_all(self, scope: Scope, traces: Sequence[Trace]) -> dict[str, Spoken]:
        return {each.id: self.said.get(each.id, Spoken()) for each in traces}

    def heard(self, id: str, question: str, answer: str) -> None:
        """What people say of an answer: some rate it, some wrongly; some put it right."""
        quality, odds = self.quality(question, answer), self.odds
        self.traced[id] = question
        ratings: tuple[float, ...] = ()
        if self.draw("rated", id) < odds.rated:
            likes = (quality > 0.5) != (self.draw("noise", id) < odds.noise)
            ratings = (1.0 if likes else 0.0,)
        corrected = None
        if quality < 0.5 and self.draw("corrected", id) < odds.corrected:
            corrected = self.asked[question].right
        if ratings or corrected:
            self.said[id] = Spoken(ratings, {}, corrected)


def trace(id: str, at: float, model: str, answer: str, *, endpoint: str = "chat") -> Trace:
    return Trace(
        id=id,
        tenant="bench",
        key_id="k",
        started=at,
        asked=model,
        strategy="single",
        status="ok",
        endpoint=endpoint,
        latency=1.0,
        answer=Completion(model, (Choice(say("assistant", answer), "stop"),)),
    )


def past(number: int, at: float, question: str, answer: str, **more: Any) -> Trace:
    request = ChatRequest(model="support", messages=(say("user", question),))
    made = trace(f"tr_{round(at * 1000):016d}{number:06d}", at, "support", answer)
    return replace(made, request=request, **more)
