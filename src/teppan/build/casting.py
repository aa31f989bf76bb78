"""Who is behind a model's name: who writes, who only judges, and what asking them may cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from teppan.build.house import House
from teppan.build.vendors import offer, open_catalogue, open_prices
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, Message, say
from teppan.core.money import charge
from teppan.core.signal import Terms
from teppan.cost.bound import Bound, Output, cost_of, input_tokens, of_request
from teppan.learn.distil.planning import Reckoned
from teppan.learn.signals import terms_by
from teppan.serve.lineup import filled, line_up
from teppan.serve.strategies.registry import STRATEGIES, mentioned, read_settings

JUDGES = ("critic", "judge")
"""Settings of strategies that name models whose words are in no answer."""
SPARE = ("fallback", "second", "regenerate")
"""Settings that name models which are asked only when others fail or are not good enough."""
ALONE = ("single", "fallback", "specialist")
"""Strategies in which one model's answer is taken as it is."""
ORDERS = 2
"""Times a judge is asked of one question: in both orders of the answers."""
ANSWER, VERDICT = 100, 200
"""Tokens that answers and verdicts have, about."""
LETTERS = 4.0
"""Letters of a token, about."""
KNOWLEDGE = 2_000
"""Tokens of knowledge that may be put before a question."""


class _Part(Struct, frozen=True):
    """A virtual model: who writes, who judges, who may write when others fail too; the words of
    its prompt. `alone`: nobody compares its answer; `times`: how often its one model is asked."""

    writers: tuple[str, ...]
    judges: tuple[str, ...]
    spare: tuple[str, ...]
    prompt: str = ""
    alone: bool = False
    times: int = 1


class Cast:
    """Who is behind a model's name, and what asking it may cost."""

    def __init__(self, settings: Settings, pack: Pack | None, house: House) -> None:
        self._book = open_catalogue(settings)
        self._prices = open_prices(settings, house.found)
        self._real = house.gateway.models.real
        self._terms_of = terms_by(settings.learn.terms)
        self._most = settings.learn.distil.max_tokens
        lineup = line_up(offer(house.found, self._prices))
        tables: dict[str, dict[str, Any]] = {}
        if lineup.panel:
            tables |= {f"teppan/{name}": {"strategy": name} for name in STRATEGIES}
        tables |= {**(pack.models if pack else {}), **settings.models}
        self._parts: dict[str, _Part] = {}
        for name, table in tables.items():
            given = {k: v for k, v in table.items() if k not in ("strategy", "prompt", "about")}
            strategy = str(table["strategy"])
            read = read_settings(strategy, filled(strategy, given, lineup))
            self._parts[name] = _Part(
                _named(read, (*JUDGES, *SPARE)),
                tuple(each for role in JUDGES if (each := getattr(read, role, None))),
                _named(read, JUDGES),
                (pack.prompts.get(table.get("prompt") or "", "") if pack else ""),
                strategy in ALONE,
                int(getattr(read, "n", 1) or 1),
            )

    def writers(self, model: str) -> dict[str, Terms]:
        """Real models whose words an answer may be, with their terms."""
        asked = self._asked(model, spare=True)
        return {each: self._terms_of(each) for each, judge, _ in asked if not judge}

    def alone(self, model: str) -> bool:
        """Whether one model answers and nothing vouches for what it says."""
        part = self._parts.get(model)
        return part is None or part.alone

    def reckon(self, model: str, messages: Sequence[Message]) -> Reckoned:
        """What one question to a model makes in calls and costs, about and at most.

        Every member is asked once and judges in both orders. An ensemble that stops early costs
        less, one that has to begin again more: the purse counts what is really asked.
        """
        total = Reckoned(0, 0, 0)
        asked = list(self._asked(model))
        writers, part = sum(not judge for _, judge, _ in asked), self._parts.get(model)
        times = part.times if part is not None else 1
        for name, judge, prompt in asked:
            told = (say("system", prompt), *messages) if prompt else tuple(messages)
            request = ChatRequest(
                model=name, messages=told, max_tokens=None if judge else self._most
            )
            one = self._call(name, request, writers if judge else 0)
            total += one
            for _ in range((ORDERS if judge else times) - 1):
                total += one
        return total

    def _call(self, model: str, request: ChatRequest, answers: int) -> Reckoned:
        """One call, which reads so many answers beside the request."""
        rates = self._prices.rates(model, time.time())
        if rates is None:
            return Reckoned(1, None, None)
        vendor, _, name = model.partition("/")
        takes = self._book.capabilities(vendor, name)
        output = Output(takes.max_output, "max_tokens" not in takes.drop)
        bound = of_request(request, output)
        most = Bound(bound.input + answers * self._most + KNOWLEDGE, bound.output)
        tier, read = rates.tiers[0], round(input_tokens(request) / LETTERS) + answers * ANSWER
        about = charge((read, tier.input), (VERDICT if answers else ANSWER, tier.output))
        return Reckoned(1, about, cost_of(most, rates))

    def _asked(self, model: str, *, spare: bool = False) -> Iterator[tuple[str, bool, str]]:
        """Every real model that is asked, whether it only judges, and under which prompt; with
        those that stand by where `spare` says so."""
        waiting, seen = [(model, False, "")], set[tuple[str, bool]]()
        while waiting:
            name, judge, prompt = waiting.pop(0)
            part = self._parts.get(name)
            real = name if part is not None else self._real(name)
            if (real, judge) in seen:
                continue
            seen.add((real, judge))
            if part is None:
                yield real, judge, prompt
                continue
            words = part.prompt or prompt
            waiting += [(each, judge, words) for each in (part.spare if spare else part.writers)]
            waiting += [(each, True, words) for each in part.judges]


def _named(read: Struct, without: Sequence[str]) -> tuple[str, ...]:
    """The models a strategy's settings name, but for those that are named only there."""
    blank = {role: type(getattr(read, role))() for role in without if getattr(read, role, None)}
    return tuple(filter(None, mentioned(msgspec.structs.replace(read, **blank))))
