"""Which models a vendor has for us: those the settings name, else those it lists itself.

A vendor that does not answer the question in time still gets its suggested models: the answer
would only have been a list, and the vendor may be back when it is asked something real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from teppan.core.errors import ProviderError, ProviderUnauthenticated
from teppan.providers.base import Clocks, Provider

LISTING = Clocks(connect=1.0, first_token=2.0, idle=1.0, total=2.5)
"""How long start-up waits for a vendor's list, in seconds."""


class Found(Struct, frozen=True):
    """A vendor that can be asked. `how` says where its models come from, `note` what is wrong.

    `worth` are the models to build ensembles from; `models` all that may be asked by name.
    """

    provider: str
    models: tuple[str, ...]
    worth: tuple[str, ...]
    how: str
    note: str = ""
    local: bool = False


async def discover(
    provider: Provider,
    *,
    named: Sequence[str],
    suggested: Sequence[str],
    local: bool,
) -> Found | None:
    """What this vendor has. `None` for a local one that is not running and was not asked for."""
    if named:
        return Found(provider.name, tuple(named), tuple(named), "named in the settings", "", local)
    try:
        async with asyncio.timeout(LISTING.total):
            listed = await provider.models(LISTING)
    except (ProviderError, TimeoutError) as error:
        if local:
            return None
        refused = isinstance(error, ProviderUnauthenticated)
        note = "refuses the key" if refused else "did not list its models; suggested ones offered"
        return Found(
            provider.name,
            () if refused else tuple(suggested),
            () if refused else tuple(suggested),
            "suggested",
            note,
            local,
        )
    worth = [name for name in suggested if name in set(listed)]
    if not worth:
        worth = list(listed[:2]) if not local else list(listed[:3])
    return Found(provider.name, tuple(listed), tuple(worth), "listed by the vendor", "", local)
