"""Simulated models with a known character: skill, latency, price, style and flaws.

The rows live in `personas.toml`; what each field means is said at its head.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from teppan.simulate import dice


@dataclass(frozen=True, slots=True)
class Vendor:
    """One simulated vendor: the dialects it speaks and how it checks keys."""

    name: str
    modules: tuple[str, ...]
    auth: str = "bearer"
    cache_min: int = 0
    cache_on_request: bool = False
    base: str = "/v1"


@dataclass(frozen=True, slots=True)
class Persona:
    """One simulated model. Probabilities in [0, 1], latencies in milliseconds at speed 1."""

    vendor: str
    name: str
    skill: Mapping[str, float]
    languages: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    grounding: float = 0.6
    spread: float = 0.5
    first_ms: float = 300.0
    token_ms: float = 10.0
    jitter: float = 0.3
    price_in: int = 0
    price_out: int = 0
    context: int = 128_000
    max_output: int = 8_192
    style: str = "plain"
    mistakes: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    vision: bool = False
    reasoning: bool = False
    reasoning_on_request: bool = False
    reasoning_field: bool = False
    signed_calls: bool = False
    judge_error: float = 0.1
    position_bias: float = 0.0
    gullibility: float = 0.0
    tool_use: float = 1.0

    def skill_for(self, task_type: str, language: str = "en") -> float:
        """The probability of a right answer to a question of this type in this language."""
        skill = self.skill.get(task_type, self.skill.get("default", 0.5))
        return skill * self.languages.get(language, 1.0)

    def error_as_judge(self, language: str, grounded: bool) -> float:
        """The probability that it misjudges an answer in this language, at worst that of a coin;
        facts that stand in its prompt halve it.
        """
        sure = (1.0 - self.judge_error) * self.languages.get(language, 1.0)
        return min(0.5, 1.0 - sure) * (0.5 if grounded else 1.0)

    def first_wait(self, speed: float, *names: object) -> float:
        """Seconds until the first token; `speed` multiplies every latency and 0 means none."""
        if not speed:
            return 0.0
        stretch = math.exp(self.jitter * dice.normal(self.name, "latency", *names))
        return speed * stretch * self.first_ms / 1000.0

    def token_wait(self, speed: float) -> float:
        """Seconds between two pieces of a stream."""
        return speed * self.token_ms / 1000.0


@dataclass(frozen=True, slots=True)
class Cast:
    """The vendors and the personas that play."""

    vendors: Mapping[str, Vendor]
    personas: Mapping[tuple[str, str], Persona]

    def models(self, vendor: str) -> tuple[Persona, ...]:
        """The personas of one vendor, in the order of the file."""
        return tuple(persona for persona in self.personas.values() if persona.vendor == vendor)

    def find(self, vendor: str, model: str) -> Persona | None:
        """The persona behind a model name, or None when the vendor has no such model."""
        return self.personas.get((vendor, model))

    def with_personas(self, *added: Persona) -> "Cast":
        """A copy with more personas, or with others under the same names."""
        personas = {**self.personas, **{(one.vendor, one.name): one for one in added}}
        return replace(self, personas=personas)

    def with_alias(self, vendor: str, model: str, persona: str) -> "Cast":
        """A copy in which `model` is another name of one of the vendor's personas."""
        return self.with_personas(replace(self.personas[vendor, persona], name=model))


def load_cast() -> Cast:
    """Read `personas.toml`."""
    tables = tomllib.loads(files("teppan.simulate").joinpath("personas.toml").read_text("utf-8"))
    vendors = [Vendor(**_frozen(row)) for row in tables["vendor"]]
    personas = [persona_from(row) for row in tables["model"]]
    return Cast(
        MappingProxyType({one.name: one for one in vendors}),
        MappingProxyType({(one.vendor, one.name): one for one in personas}),
    )


def persona_from(row: Mapping[str, Any]) -> Persona:
    """Build a persona from a table; raises `ValueError` for a field that does not exist."""
    known = {field.name for field in fields(Persona)}
    unknown = sorted(set(row) - known)
    if unknown:
        raise ValueError(f"persona {row.get('name')!r}: unknown fields {unknown}")
    return Persona(**_frozen(row))


def _frozen(row: Mapping[str, Any]) -> dict[str, Any]:
    frozen: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, list):
            value = tuple(value)
        elif isinstance(value, dict):
            value = MappingProxyType(value)
        frozen[key] = value
    return frozen
