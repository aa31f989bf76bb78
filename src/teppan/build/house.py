"""Everything wired, and what the surfaces ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from teppan.build.vendors import offer
from teppan.build.virtual import embedder
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.clock import SystemClock
from teppan.core.errors import ConfigError
from teppan.core.trace import Route
from teppan.cost.prices import Prices
from teppan.knowledge.known import Known
from teppan.learn.asking import Ask
from teppan.providers.discovery import Found
from teppan.serve.feedback import FeedbackDesk
from teppan.serve.gateway import Gateway
from teppan.serve.lineup import Offered, filled, line_up
from teppan.serve.models import Routed
from teppan.serve.steps import Limits
from teppan.serve.strategies.registry import build as build_strategy
from teppan.store.store import Store

DEFAULT = "consensus"
"""The strategy of whoever names none, when there is more than one model."""


class Named(Struct, frozen=True):
    """A row of `teppan models`; prices are dollars per million tokens, as text."""

    name: str
    kind: str
    input: str = ""
    output: str = ""
    about: str = ""


class Offers(NamedTuple):
    """What is offered besides answers: searching the knowledge, under the same limits, and asking
    for jobs."""

    known: Known
    limits: Limits
    ask: Ask


class House:
    """Everything wired. Surfaces hold this and decide nothing."""

    def __init__(
        self,
        settings: Settings,
        gateway: Gateway,
        desk: FeedbackDesk,
        store: Store,
        found: Sequence[Found],
        prices: Prices,
        pack: Pack | None,
        offers: Offers,
    ) -> None:
        self.settings = settings
        self.gateway = gateway
        self.desk = desk
        self.store = store
        self.found = tuple(found)
        self.pack = pack
        self.offers = offers
        self.ask = offers.ask
        self.pack_name = pack.name if pack else ""
        self._prices = prices
        self._virtual = [name for name in gateway.models.names() if gateway.models.virtual(name)]

    def virtual_names(self) -> list[str]:
        return self._virtual

    def default_model(self) -> str:
        """What is asked when no model is named: the consensus of all, or the only one there is."""
        if not self.found:
            raise ConfigError(
                "no vendor was found: set a vendor's key (`teppan doctor` names the variables), "
                "start a local model, or name one in teppan.toml"
            )
        return f"teppan/{DEFAULT}"

    def ensemble(self, strategy: str, models: int | Sequence[str] | None) -> Routed:
        """A strategy for one request: over the models named, or over so many of those found."""
        self.default_model()
        offered = offer(self.found, self._prices)
        if isinstance(models, int):
            if models < 1:
                raise ConfigError("`models` must be at least 1")
            wanted = line_up(offered).panel[:models]
        elif models is not None:
            wanted = tuple(self.gateway.models.real(name) for name in models)
        else:
            wanted = line_up(offered).panel
        rates = {each.model: each for each in offered}
        lineup = line_up([rates.get(name, Offered(name)) for name in wanted])
        made = build_strategy(strategy, filled(strategy, {}, lineup), embedder())
        return Routed(Route(f"ensemble/{strategy}", strategy, "asked for once"), made)

    def names(self) -> list[Named]:
        """Every name a client may call, with its price."""
        rows = []
        now = SystemClock.now()
        for name in self.gateway.models.names():
            if name in self._virtual:
                rows.append(Named(name, "virtual", about=self.gateway.models.about(name)))
                continue
            rates = self._prices.rates(name, now)
            tier = rates.tiers[0] if rates else None
            rows.append(
                Named(
                    name,
                    "model",
                    f"{tier.input / 1e6:.2f}" if tier else "unknown",
                    f"{tier.output / 1e6:.2f}" if tier else "unknown",
                )
            )
        return rows
