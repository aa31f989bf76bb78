"""A gateway over scripted vendors, with everything it records within reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from msgspec import Struct

from serve.scripted_provider import Line, Memory, ScriptedProvider
from teppan.build import direct
from teppan.core.chat import Usage
from teppan.core.clock import FixedClock, seeded_dice
from teppan.core.ids import CountingIds
from teppan.core.release import Release
from teppan.cost.tokens import TokenCount
from teppan.providers.caller import Caller, CallerPolicy
from teppan.providers.retry import RetryPolicy
from teppan.serve.call import Reach
from teppan.serve.gateway import Gateway
from teppan.serve.models import Models, Virtual
from teppan.serve.record import Recorder
from teppan.serve.steps import Steps
from teppan.serve.strategies.registry import build
from teppan.serve.trust import TrustBook


class Setting(Struct, frozen=True):
    gateway: Gateway
    memory: Memory
    vendors: dict[str, ScriptedProvider]
    reach: Reach
    clock: FixedClock


Opening = Callable[..., Setting]


class Tariff:
    """A token in costs 1, a token out 2 micro-dollars; `free/...` has no known price."""

    def price(self, model: str, returned: str, usage: Usage) -> tuple[int | None, str]:
        if model.startswith("unpriced/"):
            return None, ""
        return usage.input + 2 * usage.output, "tariff-1"


@pytest.fixture
def opening() -> Opening:
    """`opening(vendors, virtual, prompts=..., fallback=...)` gives a whole gateway."""

    def opened(
        vendors: dict[str, dict[str, Line]],
        virtual: dict[str, dict[str, object]] | None = None,
        *,
        prompts: dict[str, str] | None = None,
        fallback: tuple[str, ...] = (),
        cut: bool = False,
        steps: Steps | None = None,
    ) -> Setting:
        clock, memory = FixedClock(), Memory()
        providers = {
            name: ScriptedProvider(name, lines, cut=cut) for name, lines in vendors.items()
        }
        made = []
        for name, table in (virtual or {}).items():
            settings = dict(table)
            strategy, prompt = str(settings.pop("strategy")), settings.pop("prompt", None)
            made.append(Virtual(name, build(strategy, settings), prompt))  # type: ignore[arg-type]
        models = Models(
            made, {name: tuple(lines) for name, lines in vendors.items()}, partial(direct, fallback)
        )
        caller = Caller(
            providers,
            counting=TokenCount(),
            clock=clock,
            dice=seeded_dice(1),
            policy=CallerPolicy(retry=RetryPolicy(attempts=1)),
        )
        trust = TrustBook({}, memory, clock)
        reach = Reach(
            caller, models, Tariff(), trust, seeded_dice(1).random, max_depth=3, max_calls=20
        )
        release = Release("rel_1", prompts or {})
        gateway = Gateway(
            reach,
            Recorder(memory, memory),
            trust,
            lambda: release,
            steps,
            clock=clock,
            new_id=CountingIds(),
            deadline=60.0,
        )
        return Setting(gateway, memory, providers, reach, clock)

    return opened
