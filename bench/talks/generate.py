"""Made-up conversations: the same seed, the same words.

A customer has ten facts to tell and tells them early, in the middle and late, between small talk
and questions; a third of those that may change are corrected later; twice the assistant uses a
tool, whose result holds a reference. Some clients send their system text again with every turn.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from talks.talk import Fact, Talk
from teppan.core.chat import Message, Text, ToolCall, ToolResult, say

WORDS = Path(__file__).with_name("words.toml")
TUNING, REPORTING = 0, 1
"""Which of the two ways to say a thing is used."""

_SECTIONS = {"chat", "reply", "question", "again", "values"}


def generated(seed: int, manner: int, each: int, turns: int = 40) -> list[Talk]:
    """`each` conversations for every language and business."""
    tables = tomllib.loads(WORDS.read_text("utf-8"))
    return [
        _Speaker(
            tables, language, business, manner, random.Random(f"{seed}/{language}/{business}/{n}")
        ).talk(f"{language}-{business}-{n}", turns)
        for language, table in tables.items()
        for business in table
        if business not in _SECTIONS
        for n in range(each)
    ]


class _Speaker:
    def __init__(
        self,
        tables: Mapping[str, Any],
        language: str,
        business: str,
        manner: int,
        chance: random.Random,
    ) -> None:
        self.language, self.business, self.manner, self.chance = language, business, manner, chance
        self.words = tables[language]
        self.values = {**tables["en"]["values"], **self.words["values"]}
        self.table = self.words[business]
        self.messages: list[Message] = []
        self.facts: list[Fact] = []
        self.said: dict[str, tuple[int, str]] = {}

    def talk(self, id: str, turns: int) -> Talk:
        """So many turns of the user; the last is a question that needs no fact."""
        system = say("system", self.table["system"])
        again = self.chance.random() < 0.3
        plan = self._plan(turns)
        self.messages.append(system)
        for turn in range(turns):
            if again and turn:
                self.messages.append(system)
            self._turn(turn, plan.get(turn), last=turn == turns - 1)
        return Talk(id, self.language, self.business, tuple(self.messages), tuple(self.facts))

    def _plan(self, turns: int) -> dict[int, tuple[str, str]]:
        """What is special in which turn: `("tell", slot)`, `("correct", slot)`, `("tool", "")`."""
        slots = list(self.table["facts"])
        self.chance.shuffle(slots)
        free = list(range(1, turns - 2))
        places = sorted(self.chance.sample(free, len(slots)))
        plan = {place: ("tell", slot) for place, slot in zip(places, slots, strict=True)}
        for place, slot in list(zip(places, slots, strict=True)):
            later = [each for each in free if each > place and each not in plan]
            if self.table["facts"][slot].get("corrects") and later and self.chance.random() < 0.5:
                plan[self.chance.choice(later)] = ("correct", slot)
        for _ in range(2):
            left = [each for each in free if each not in plan]
            plan[self.chance.choice(left)] = ("tool", "")
        return plan

    def _turn(self, turn: int, special: tuple[str, str] | None, last: bool) -> None:
        kind, slot = special or ("", "")
        if turn == 0:
            self._user(self.table["opening"])
        elif kind == "tell":
            self._tell(slot)
        elif kind == "correct":
            self._correct(slot)
        elif self.chance.random() < 0.4 or kind == "tool":
            asked, answer = self.chance.choice(self.words["question"])
            self._user(asked)
            if kind == "tool":
                self._use_a_tool()
            elif not last:
                self._assistant(answer)
            return
        else:
            self._user(self.chance.choice(self.words["chat"]))
        if not last:
            self._assistant(self.chance.choice(self.words["reply"]))

    def _user(self, text: str) -> None:
        self.messages.append(say("user", text))

    def _assistant(self, text: str) -> None:
        self.messages.append(say("assistant", text))

    def _tell(self, slot: str) -> None:
        fact = self.table["facts"][slot]
        value = self._value(fact["kind"])
        shown = fact["say"][self.manner].replace("{v}", value)
        if "ask" in fact and self.chance.random() < 0.5:
            self.messages[-1] = say("assistant", f"{self.messages[-1].text} {fact['ask']}")
            shown = fact["short"].replace("{v}", value)
        shown = shown.replace("{who}", self.chance.choice(self.values["who"]))
        if self.chance.random() < 0.4:
            shown = f"{self.chance.choice(self.words['chat'])} {shown}"
        self._user(shown)
        self.said[slot] = (len(self.facts), value)
        self._note(fact["key"].replace("{v}", value))

    def _correct(self, slot: str) -> None:
        fact = self.table["facts"][slot]
        older, old = self.said[slot]
        value = self._value(fact["kind"], old)
        new_words, old_words = (fact["key"].replace("{v}", each) for each in (value, old))
        line = self.words["again"][self.manner]
        self._user(line.replace("{v}", new_words).replace("{old}", old_words))
        self.said[slot] = (len(self.facts), value)
        self._note(new_words, old_words, older)

    def _note(self, key: str, replaces: str | None = None, older: int | None = None) -> None:
        self.facts.append(Fact(len(self.messages) - 1, (key,), replaces, older))

    def _use_a_tool(self) -> None:
        """A call, its result with a reference that is a fact, and an answer without it."""
        id = f"call_{len(self.messages)}"
        letters = self.chance.choice("ABCDEFGH") + self.chance.choice("KLMNP")
        reference = f"{letters}-{self.chance.randrange(1000, 9999)}"
        given = json.dumps({"business": self.business, "check": "availability"})
        result = {
            "status": "available",
            "reference": reference,
            "checked_by": "system",
            "slots": [{"open": True, "staff": self.chance.randrange(2, 9)} for _ in range(3)],
        }
        self.messages.append(Message("assistant", (ToolCall(id, "check_availability", given),)))
        self.messages.append(Message("tool", (ToolResult(id, (Text(json.dumps(result)),)),)))
        self._note(reference)
        self._assistant(self.chance.choice(self.words["reply"]))

    def _value(self, kind: str, other_than: str = "") -> str:
        while (value := self._drawn(kind)) == other_than:
            continue
        return value

    def _drawn(self, kind: str) -> str:
        chance = self.chance
        if kind == "number":
            return str(chance.randrange(11, 60))
        if kind == "amount":
            return str(chance.randrange(12, 99) * 25 + 7)
        if kind == "phone":
            area, local = chance.randrange(200, 999), chance.randrange(200, 999)
            return f"{area}-{local}-{chance.randrange(1000, 9999)}"
        if kind == "code":
            if chance.random() < 0.3:
                return f"{chance.randrange(1000, 9999)}{chance.choice('#*')}"
            return str(chance.randrange(100000, 999999))
        if kind == "plate":
            letters = chance.choice("BKMS") + chance.choice("ACDE")
            return f"{letters} {chance.randrange(100, 999)} {chance.choice('XYZ')}"
        if kind in ("date", "birth"):
            return self._date(kind)
        if kind == "time":
            hour, minute = chance.randrange(5, 9), chance.choice(("15", "30", "45"))
            return self._pick(self.values["time"]).replace("{h}", str(hour)).replace("{m}", minute)
        if kind == "address":
            return self._pick(self.values["street"]).replace("{n}", str(chance.randrange(2, 400)))
        return self._pick(self.values[kind])

    def _date(self, kind: str) -> str:
        form = self.values["date"][0 if kind == "birth" else self.chance.randrange(2)]
        month, weekday = self._pick(self.values["month"]), self._pick(self.values["weekday"])
        day = str(self.chance.randrange(2, 29))
        return form.replace("{month}", month).replace("{weekday}", weekday).replace("{d}", day)

    def _pick(self, some: Sequence[str]) -> str:
        return self.chance.choice(some)
