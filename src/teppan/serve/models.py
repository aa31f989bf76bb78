"""Which names a client may call, and how each is answered.

A name is a virtual model (a strategy), a real one (`provider/name`), or a real one's bare name
when only one provider has it, so that pointing a client at the gateway needs no other change.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from teppan.core.chat import ChatRequest, say
from teppan.core.errors import ModelNotFound
from teppan.core.release import Release
from teppan.core.trace import BY_NAME, Route
from teppan.serve.strategies.base import Strategy

Direct = Callable[[str], Strategy]
"""`direct("openai/gpt-4o")` -> the strategy for one real model and the gateway's fallback chain."""


class Virtual(Struct, frozen=True):
    """A virtual model: its strategy, and the name of the release's prompt it speaks under.

    `asks` are the models the strategy may ask.
    """

    name: str
    strategy: Strategy
    prompt: str | None = None
    about: str = ""
    asks: tuple[str, ...] = ()


class Routed(NamedTuple):
    """How a request will be answered."""

    route: Route
    strategy: Strategy


class Models:
    """The names of this gateway. `real` lists each provider's models that are known by name."""

    def __init__(
        self,
        virtual: Sequence[Virtual],
        real: Mapping[str, Sequence[str]],
        direct: Direct,
    ) -> None:
        self._virtual = {model.name: model for model in virtual}
        self._real = {provider: tuple(names) for provider, names in real.items()}
        self._direct = direct
        self._strategies: dict[str, Strategy] = {}
        self._bare = _unambiguous(self._real)

    def names(self) -> list[str]:
        """Every name a client may call: virtual ones first, then real ones, each sorted."""
        real = (f"{provider}/{name}" for provider, names in self._real.items() for name in names)
        return [*sorted(self._virtual), *sorted(real)]

    def bare(self) -> list[str]:
        """The names that need no provider before them."""
        return sorted(self._bare)

    def virtual(self, name: str) -> Strategy | None:
        found = self._virtual.get(name)
        return found.strategy if found else None

    def prompted(self, name: str) -> bool:
        """Whether this is a virtual model that speaks for a business, and so keeps its rules."""
        found = self._virtual.get(name)
        return found is not None and found.prompt is not None

    def about(self, name: str) -> str:
        """What a virtual model does, in a few words; empty for a real one."""
        found = self._virtual.get(name)
        return found.about if found else ""

    def route(self, request: ChatRequest, why: str = "") -> Routed:
        """The strategy for a request, chosen for a reason if not by name. Raises `ModelNotFound`
        with the nearest names."""
        virtual = self._virtual.get(request.model)
        if virtual is not None:
            name = virtual.strategy.name
            return Routed(Route(request.model, name, why or BY_NAME), virtual.strategy)
        model = self.real(request.model)
        strategy = self._strategies.get(model)
        if strategy is None:
            strategy = self._strategies[model] = self._direct(model)
        return Routed(Route(model, strategy.name, BY_NAME), strategy)

    def real(self, name: str) -> str:
        """`provider/name` of a real model. Raises `ModelNotFound`."""
        provider, slash, rest = name.partition("/")
        if slash and rest and provider in self._real:
            return name
        provider, colon, rest = name.partition(":")
        if colon and rest and provider in self._real:
            return f"{provider}/{rest}"
        if name in self._bare:
            return f"{self._bare[name]}/{name}"
        raise self._unknown(name)

    def dressed(self, name: str, request: ChatRequest, release: Release) -> ChatRequest:
        """The request under the prompt of its virtual model, as the release has it."""
        virtual = self._virtual.get(name)
        text = release.prompts.get(virtual.prompt) if virtual and virtual.prompt else None
        if not text:
            return request
        return msgspec.structs.replace(request, messages=(say("system", text), *request.messages))

    def _unknown(self, name: str) -> ModelNotFound:
        near = difflib.get_close_matches(name, [*self.names(), *self._bare], n=2, cutoff=0.5)
        hint = f"; did you mean {' or '.join(f'`{each}`' for each in near)}?" if near else ""
        return ModelNotFound(
            f"there is no model `{name}` here{hint} GET /v1/models lists them", param="model"
        )


def _unambiguous(real: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Bare model name -> the only provider that has it."""
    owners: dict[str, set[str]] = {}
    for provider, names in real.items():
        for name in names:
            owners.setdefault(name, set()).add(provider)
    return {name: next(iter(have)) for name, have in owners.items() if len(have) == 1}
