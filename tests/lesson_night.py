"""A small business whose model makes one mistake on one kind of question, until told not to."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Choice, Completion, Message, say
from teppan.core.ids import Scope
from teppan.core.trace import Trace
from teppan.learn.asking import NOBODY, About, Asked
from teppan.learn.gathering import Spoken
from teppan.learn.lessons import Desk, Policy, Roles
from teppan.learn.lessons.desk import Facts
from teppan.learn.privacy.detector import PatternDetector
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.scoring import Scorer
from teppan.providers.embed import HashingEmbedder
from teppan.routing.language import Languages
from teppan.store import Store

SHOP = Scope("shop", "key-s")
NOW = 1_790_000_000.0
DAY = 86_400.0
FACTS = (
    "Adults cost 55 dollars, children 30 dollars. Travel beyond 30 miles costs 2 dollars a mile."
)
GOOD = "When a customer asks about travel, name the 2 dollars for each mile beyond 30."
BAD = "When a customer asks about travel, tell them that it costs nothing at all."
_TOWNS = "Aalen Bremen Calw Dachau Emden Fulda Gotha Halle Ilmenau Jena Kassel Lindau Mainz".split()
_TOWNS += "Nauen Oppach Passau Quern Rostock Speyer Trier Ulm Varel Worms Xanten Zwickau".split()
TRAVEL = [f"What does travel to {town} cost for a party?" for town in _TOWNS]
_DISHES = "tofu salmon shrimp lobster noodles rice broccoli zucchini mushrooms scallops".split()
MENU = [f"Can I have {dish} on the menu?" for dish in _DISHES]


class Talk:
    """What people said, by trace."""

    def __init__(self) -> None:
        self.said: dict[str, Spoken] = {}

    async def of(self, scope: Scope, trace: Trace) -> Spoken:
        return self.said.get(trace.id, Spoken())

    async def of_all(self, scope: Scope, traces: Sequence[Trace]) -> dict[str, Spoken]:
        return {each.id: await self.of(scope, each) for each in traces}


def served(question: str, prompt: str) -> str:
    """What the business's model says: wrong about travel unless it is told, and misled by `BAD`."""
    if "travel" not in question:
        return "Yes, we have that."
    if BAD in prompt:
        return "Travel is free, always."
    return "Travel is 2 dollars a mile beyond 30." if GOOD in prompt else "Travel is included."


class Vendors:
    """All models, scripted: `write` is what the critic writes. An answer is paid for once."""

    def __init__(self, write: Callable[[str], Mapping[str, Any] | str]) -> None:
        self.write = write
        self.paid: dict[str, Asked] = {}
        self.asked: list[str] = []
        self.about: dict[str, About] = {}
        self.fail: Callable[[str], BaseException | None] = lambda key: None
        self.seen: list[str] = []

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
        if key in self.paid:
            return replace(self.paid[key], again=True)
        failure = self.fail(key)
        if failure is not None:
            raise failure
        self.asked.append(key)
        self.about[key] = about
        text = "\n".join(each.text for each in messages)
        self.seen.append(text)
        said = self._said(key, messages, text)
        self.paid[key] = Asked(answered(key, model, said, cost=1000))
        return self.paid[key]

    def _said(self, key: str, messages: Sequence[Message], text: str) -> str:
        part = key.split("/")[2]
        if part == "write":
            wrote = self.write(text)
            return wrote if isinstance(wrote, str) else json.dumps(wrote)
        if part == "reflect":
            return json.dumps({"agrees": True, "differently": "", "rule": ""})
        if part == "pair":
            return json.dumps({"reason": "", "best": _better(text)})
        return served(messages[-1].text, text)


def _better(text: str) -> str:
    """A critic who knows the truth: the answer that names the price of a mile, or the same."""
    answers = re.findall(r'<answer-\w+ id="(\w+)">\n(.*?)\n</answer', text, re.DOTALL)
    right = [label for label, words in answers if "2 dollars a mile" in words]
    wrong = [label for label, words in answers if "free" in words]
    if len(right) == 1:
        return right[0]
    return next((label for label, _ in answers if label not in wrong), "SAME") if wrong else "SAME"


def answered(id: str, model: str, text: str, cost: int = 0) -> Trace:
    return Trace(
        id=id,
        tenant="shop",
        key_id="k",
        started=NOW,
        asked=model,
        strategy="single",
        status="ok",
        endpoint="job",
        answer=Completion(model, (Choice(say("assistant", text), "stop"),)),
        calls=(),
    )


def past(at: float, question: str, answer: str, **more: object) -> Trace:
    """An answer of the past; ids sort by time, as those of traces do."""
    request = ChatRequest(model="support", messages=(say("user", question),), user="u1")
    made = replace(
        answered(f"tr_{round(at * 1000):016d}", "support", answer),
        endpoint="chat",
        started=at,
        latency=1.0,
        request=request,
    )
    return replace(made, **more)


def wrote(rule: str, **more: object) -> dict[str, Any]:
    told = {
        "challenge": "A question about the cost of travel.",
        "better": "none",
        "reason": "The fee was left out.",
        "mistake": "It said that travel is included.",
        "handling": "Name the fee.",
        "rule": rule,
        "learned": True,
    }
    return told | more


def open_desk(store: Store, vendors: Vendors, talk: Talk, **more: object) -> Desk:
    desk = Desk(
        ask=vendors,
        traces=store.traces,
        lessons=store.lessons,
        talk=talk,
        scorer=Scorer(Languages(("en",)), HashingEmbedder().vectors),
        embedder=HashingEmbedder(),
        scrubber=Scrubber(PatternDetector(), ("en",)),
        models=("support",),
        roles=lambda model: Roles("a/critic", "a/teacher", "a/student"),
        facts=lambda model: Facts(FACTS, "- [price] Name every price."),
        policy=Policy(),
        now=lambda: NOW,
    )
    return replace(desk, **more)


async def filled(store: Store, talk: Talk, *, corrected: int = 3) -> None:
    """Two weeks of questions; of the last day `corrected` answers about travel were put right."""
    for number, question in enumerate(TRAVEL[corrected:] + MENU):
        at = NOW - 14 * DAY + number * 3600
        store.traces.put(past(at, question, served(question, "")))
    for number, question in enumerate(TRAVEL[:corrected]):
        trace = past(NOW - 3600 + number, question, served(question, ""), episode=f"ep_{number}")
        store.traces.put(trace)
        talk.said[trace.id] = Spoken((0.0,), {}, "Travel is 2 dollars a mile beyond 30 miles.")
    want = len(TRAVEL) + len(MENU)
    while len(await store.traces.list(SHOP, limit=want + 1)) < want:
        await asyncio.sleep(0.01)
