"""Settings -> the vendors there are, their models and their prices."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from teppan.config.load import resolve_key
from teppan.config.schema import Settings
from teppan.core.clock import Clock, SystemClock
from teppan.core.secret import Secret
from teppan.cost.prices import Prices, override
from teppan.providers import catalogue
from teppan.providers.base import Provider
from teppan.providers.catalogue import Catalogue
from teppan.providers.discovery import Found, discover
from teppan.providers.http import Outbound
from teppan.providers.http_provider import HttpProvider
from teppan.serve.lineup import Offered


async def find_providers(
    book: Catalogue,
    settings: Settings,
    outbound: Outbound,
    clock: Clock,
    environment: Mapping[str, str],
) -> tuple[dict[str, Provider], list[Found]]:
    """Every vendor that has a key, needs none, or is named in the settings, and its models."""
    providers: dict[str, Provider] = {}
    asking = []
    for vendor in book.vendors(environment):
        row = settings.providers.get(vendor.name)
        keys = open_keys(row.keys if row else (), vendor.key_env, environment)
        if vendor.needs_key and not keys and row is None:
            continue
        provider = HttpProvider(
            vendor, book.dialects, keys, outbound, partial(book.capabilities, vendor.name), clock
        )
        providers[vendor.name] = provider
        asking.append(
            discover(
                provider,
                named=row.models if row else (),
                suggested=book.suggested(vendor.name),
                local=vendor.local,
            )
        )
    found = [each for each in await asyncio.gather(*asking) if each is not None]
    return providers, found


def open_keys(
    references: Sequence[str], variables: Sequence[str], environment: Mapping[str, str]
) -> list[Secret]:
    """The keys the settings refer to, else the one in the vendor's usual variable."""
    if references:
        return [resolve_key(reference, environment) for reference in references]
    named = [name for name in variables if environment.get(name)]
    return [resolve_key(f"env:{named[0]}", environment)] if named else []


def open_prices(settings: Settings, found: Sequence[Found]) -> Prices:
    own = [override(**row.model_dump()) for row in settings.prices]
    return Prices(own, local={each.provider for each in found if each.local})


def offer(found: Sequence[Found], prices: Prices) -> list[Offered]:
    """The models ensembles are built from, with their prices."""
    offered = []
    now = SystemClock.now()
    for each in found:
        for name in each.worth:
            rates = prices.rates(f"{each.provider}/{name}", now)
            rate = rates.tiers[0].input + rates.tiers[0].output if rates else None
            offered.append(Offered(f"{each.provider}/{name}", rate))
    return offered


def open_catalogue(settings: Settings) -> Catalogue:
    """Every vendor Teppan knows, changed by the settings."""
    return catalogue.load({name: row.model_dump() for name, row in settings.providers.items()})
