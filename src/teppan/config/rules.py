"""The rules of a business as a file: `rules.toml`, read, checked and made ready.

    [safe_answer]        what is said instead of an answer that broke a rule twice, per language
    [handover]           what is said when a person takes over, per language
    [escalate]           when a person is called
    [money]              how amounts are written
    [counts.NAME]        what is counted (guests, miles), and how people say it
    [[price]]            an amount of the facts: what it is of, and by what it is multiplied
    [[rule]]             its text, severity, the fix to ask for, and any number of checks:
    [[rule.check]]       kind = "amounts" | "minimum" | "surcharge" | "forbidden" | "promise"
                                | "must_say" | "quantity" | "length"

Only the text is needed: a rule without a check is one for the critic. Patterns are regular
expressions, given as a list or as a table of lists per language; the languages are for the reader,
all of them are looked for. See `patterns.py` for what they may not do.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from teppan.config.load import told
from teppan.config.patterns import BadPattern, compiled
from teppan.core.errors import ConfigError

Severity = Literal["low", "medium", "high"]
Kind = Literal[
    "amounts", "minimum", "surcharge", "forbidden", "promise", "must_say", "quantity", "length"
]
Found = re.Pattern[str] | None
"""A pattern made of all that were listed, or none."""


class Count(Struct, frozen=True):
    """Something counted: how it is said `after` a number and `before` one; `sum` names the counts
    it is the sum of, `times` those it is the product of (nights of rooms)."""

    name: str
    after: Found = None
    before: Found = None
    sum: tuple[str, ...] = ()
    times: tuple[str, ...] = ()


class Price(Struct, frozen=True):
    """An amount of the facts, or a `percent` of a total.

    It is multiplied by the count `per`, as far as that goes beyond `beyond`. `about` finds what it
    is of, `loosely` words that may mean it where nothing else is spoken of. A `base` price is part
    of every total, another one where it is spoken of; one `off` is taken from a total. With `fewer`
    in a question only some of those counted pay; `free` are the words under which it is right that
    nothing is paid.
    """

    id: str
    amount: Decimal = Decimal(0)
    percent: Decimal | None = None
    per: str = ""
    beyond: Decimal = Decimal(0)
    about: Found = None
    loosely: Found = None
    base: bool = False
    off: bool = False
    fewer: Found = None
    free: Found = None


class Check(Struct, frozen=True):
    """One thing that code looks for. Which fields count depends on `kind`."""

    kind: Kind
    prices: tuple[str, ...] = ()
    words: Found = None
    asked: Found = None
    unless: Found = None
    allowed: frozenset[Decimal] = frozenset()
    echo: Found = None
    most: int = 0


class Rule(Struct, frozen=True):
    """One thing an answer may or may not say; `fix` is asked for when it was broken. It is not
    looked at where one of the tools in `done_by` has done what the answer may then say."""

    id: str
    text: str
    severity: Severity = "medium"
    fix: str = ""
    checks: tuple[Check, ...] = ()
    done_by: frozenset[str] = frozenset()


class Escalate(Struct, frozen=True):
    """When a person is called: below these figures, and for what else. `replace` are the reasons
    for which the handover is the answer and not only its end, `append` those where it is its end.
    """

    asked: bool = True
    rule: bool = True
    anger: float = 0.12
    confidence: float = 0.0
    asks: Found = None
    replace: frozenset[str] = frozenset()
    append: frozenset[str] = frozenset()


class Rulebook(Struct, frozen=True):
    """All of `rules.toml`."""

    rules: tuple[Rule, ...] = ()
    safe_answer: dict[str, str] = {}
    handover: dict[str, str] = {}
    escalate: Escalate = Escalate()
    money: tuple[str, ...] = ("$",)
    money_words: Found = None
    counts: dict[str, Count] = {}
    prices: dict[str, Price] = {}


Patterns = list[str] | dict[str, list[str]]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Check(_Section):
    kind: Kind
    prices: list[str] = []
    words: Patterns = []
    asked: Patterns = []
    unless: Patterns = []
    allowed: list[Decimal] = []
    echo: Patterns = []
    most: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _whole(self) -> _Check:
        needs, takes = _FIELDS[self.kind]
        for name in needs:
            if not getattr(self, name):
                raise ValueError(f"a check of kind `{self.kind}` needs `{name}`")
        for name in sorted(self.model_fields_set - {"kind", *needs, *takes}):
            raise ValueError(f"a check of kind `{self.kind}` has no `{name}`")
        return self


_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "amounts": ((), ("echo",)),
    "minimum": (("prices",), ()),
    "surcharge": (("prices",), ("unless",)),
    "forbidden": (("words",), ("asked", "unless")),
    "promise": (("words",), ("asked", "unless")),
    "must_say": (("words", "asked"), ("unless",)),
    "quantity": (("words", "allowed"), ("asked", "unless")),
    "length": (("most",), ()),
}
"""Of each kind: the fields it needs, and those it takes besides."""


class _Rule(_Section):
    id: str = Field(pattern=r"^[A-Za-z0-9][\w.-]{0,63}$")
    text: str
    severity: Severity = "medium"
    fix: str = ""
    done_by: list[str] = []
    check: list[_Check] = []


class _Count(_Section):
    after: Patterns = []
    before: Patterns = []
    sum: list[str] = []
    times: list[str] = []


class _Price(_Section):
    id: str
    amount: Decimal | None = None
    percent: Decimal | None = None
    per: str = ""
    beyond: Decimal = Decimal(0)
    about: Patterns = []
    loosely: Patterns = []
    base: bool = False
    off: bool = False
    fewer: Patterns = []
    free: Patterns = []

    @model_validator(mode="after")
    def _one_figure(self) -> _Price:
        if (self.amount is None) == (self.percent is None):
            raise ValueError(f"price `{self.id}` needs `amount` or `percent`, and not both")
        if self.beyond and not self.per:
            raise ValueError(f"price `{self.id}` has `beyond` without `per`")
        return self


class _Money(_Section):
    signs: list[str] = ["$"]
    words: Patterns = []


Reason = Literal["asked", "confidence", "rule", "anger", "agent", "failed", "limit"]


class _Escalate(_Section):
    asked: bool = True
    rule: bool = True
    anger: float = Field(0.12, ge=0, le=0.5)
    confidence: float = Field(0.0, ge=0, le=1)
    asks: Patterns = []
    replace: list[Reason] = []
    append: list[Reason] = []


class _Rules(_Section):
    rule: list[_Rule] = []
    safe_answer: dict[str, str] = {}
    handover: dict[str, str] = {}
    escalate: _Escalate = _Escalate()
    money: _Money = _Money()
    counts: dict[str, _Count] = {}
    price: list[_Price] = []


def read_rules(tables: dict[str, Any], path: Path) -> Rulebook:
    """The rules of a file's tables. Raises `ConfigError` naming file, rule and field."""
    try:
        listed = _Rules.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_by_id(told(error, _KEYS), tables)}") from None
    _check_names(listed, path)
    return Rulebook(
        rules=tuple(_rule(each, path) for each in listed.rule),
        safe_answer=dict(listed.safe_answer),
        handover=dict(listed.handover),
        escalate=_escalate(listed.escalate, path),
        money=tuple(listed.money.signs),
        money_words=_made(listed.money.words, path, "money.words"),
        counts={
            name: Count(
                name,
                _made(each.after, path, f"counts.{name}.after"),
                _made(each.before, path, f"counts.{name}.before"),
                tuple(each.sum),
                tuple(each.times),
            )
            for name, each in listed.counts.items()
        },
        prices={each.id: _price(each, path) for each in listed.price},
    )


_KEYS = tuple(
    dict.fromkeys(
        key
        for section in (_Rules, _Rule, _Check, _Price, _Count, _Money, _Escalate)
        for key in section.model_fields
    )
)


def _by_id(problem: str, tables: dict[str, Any]) -> str:
    """`rule.1.check.0.kind` as `rule prices.check.0.kind`: who wrote the file did not number it."""

    def named(found: re.Match[str]) -> str:
        listed, number = tables.get(found[1]), int(found[2])
        each = listed[number] if isinstance(listed, list) and number < len(listed) else None
        id = each.get("id") if isinstance(each, dict) else None
        return f"{found[1]} {id}" if isinstance(id, str) else found[0]

    return re.sub(r"\b(rule|price)\.(\d+)", named, problem)


def _check_names(listed: _Rules, path: Path) -> None:
    """Refuses a name given twice, and one that nothing has."""
    for kind, ids in (("rule", listed.rule), ("price", listed.price)):
        seen: set[str] = set()
        for each in ids:
            if each.id in seen:
                raise ConfigError(f"{path}: {kind} `{each.id}` appears twice")
            seen.add(each.id)
    prices = {each.id for each in listed.price}
    for price in listed.price:
        if price.per and price.per not in listed.counts:
            raise ConfigError(f"{path}: price `{price.id}`: `per` names no count `{price.per}`")
    for name, count in listed.counts.items():
        for field in ("sum", "times"):
            for part in getattr(count, field):
                if part not in listed.counts or part == name:
                    raise ConfigError(
                        f"{path}: counts.{name}: `{field}` names no other count `{part}`"
                    )
    for rule in listed.rule:
        for check in rule.check:
            for unknown in [each for each in check.prices if each not in prices]:
                raise ConfigError(f"{path}: rule `{rule.id}`: there is no price `{unknown}`")


def _rule(rule: _Rule, path: Path) -> Rule:
    where = f"rule `{rule.id}`"
    return Rule(
        rule.id,
        rule.text,
        rule.severity,
        rule.fix,
        tuple(
            Check(
                each.kind,
                tuple(each.prices),
                _made(each.words, path, f"{where}: words"),
                _made(each.asked, path, f"{where}: asked"),
                _made(each.unless, path, f"{where}: unless"),
                frozenset(each.allowed),
                _made(each.echo, path, f"{where}: echo"),
                each.most,
            )
            for each in rule.check
        ),
        frozenset(rule.done_by),
    )


def _price(price: _Price, path: Path) -> Price:
    where = f"price `{price.id}`"
    return Price(
        price.id,
        price.amount or Decimal(0),
        price.percent,
        price.per,
        price.beyond,
        _made(price.about, path, f"{where}: about"),
        _made(price.loosely, path, f"{where}: loosely"),
        price.base,
        price.off,
        _made(price.fewer, path, f"{where}: fewer"),
        _made(price.free, path, f"{where}: free"),
    )


def _escalate(given: _Escalate, path: Path) -> Escalate:
    return Escalate(
        given.asked,
        given.rule,
        given.anger,
        given.confidence,
        _made(given.asks, path, "escalate.asks"),
        frozenset(given.replace),
        frozenset(given.append),
    )


def _made(patterns: Patterns, path: Path, where: str) -> Found:
    listed = (
        patterns if isinstance(patterns, list) else [p for some in patterns.values() for p in some]
    )
    try:
        return compiled(listed)
    except BadPattern as error:
        raise ConfigError(f"{path}: {where}: {error}") from None
