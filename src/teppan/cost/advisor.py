"""What the ledger says should be done next, and what should not: each with the figure behind it.

A trigger holds when its measured figure passes its mark. Figures are of the last 30 days; where
there are fewer days of traffic they are carried on to 30, and that is said. Training is advised
only when nothing speaks against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from teppan.core.money import Micros, dollars

MONTH_DAYS = 30.0
MONTH_HOURS = 730.0
QUARTER = 900.0

FULL_GATEWAY = 1250.0
"""Calls a second from which a second gateway is due: half of what one core served (2026-11)."""

SLOW_GATEWAY = 0.020
"""Seconds of the gateway's own time for nearly every request from which another one is due."""

FULL_FILE = 20_000_000
"""Ledger rows from which one SQLite file is better moved to a server."""

FEW_EXAMPLES, FEW_RATED = 2000, 200
"""Answers kept, and answers rated, below which a student has too little to learn from."""

CHEAP = 600_000
"""Micro-dollars per million tokens: what a small hosted model asks, and one's own hardly beats."""


class Rental(Struct, frozen=True):
    """A rented GPU: dollars an hour, and the tokens a second that it is assumed to read and write.

    The assumption is an 8 to 14 billion parameter model in 8 bits on one 24 to 48 GB card, many
    requests at once; measure your own before you sign anything.
    """

    hour: Micros
    reads: float = 8000.0
    writes: float = 1500.0

    @property
    def month(self) -> Micros:
        return round(self.hour * MONTH_HOURS)

    def hours(self, input: float, output: float) -> float:
        """Hours of work in so many tokens."""
        return (input / self.reads + output / self.writes) / 3600


class Facts(Struct, frozen=True):
    """What is known. `days` are those the traffic covers; `shares` what each model cost, of which
    `batchable` would be saved if all answers could take a day."""

    days: float
    calls: int
    unknown: int
    cost: Micros
    input: int
    output: int
    busiest: int
    rows: int
    examples: int
    rated: int
    overhead: float | None = None
    shares: Mapping[str, Micros] = {}
    batchable: Micros = 0
    server: bool = False
    redis: bool = False
    limits: bool = False
    cache_and_router: bool = True

    def monthly(self, figure: float) -> float:
        """A figure carried on to a month."""
        return figure * MONTH_DAYS / max(1.0, min(self.days, MONTH_DAYS))


class Trigger(Struct, frozen=True):
    """One upgrade: whether it is due, the figure that was measured, and the mark it is held to."""

    name: str
    holds: bool
    measured: str
    mark: str
    advice: str


class BreakEven(Struct, frozen=True):
    """A rented GPU against the vendors, per month.

    `grow` is how much traffic must grow, at today's prices, until renting all month costs the
    same; None when vendors cost nothing. `share_of_card` is the larger of its share of the month
    and of the busiest quarter of an hour.
    """

    api: Micros
    rent: Micros
    hours: float
    share_of_card: float
    pays: bool
    grow: float | None
    assumed: str


class Advice(Struct, frozen=True):
    notes: tuple[str, ...]
    triggers: tuple[Trigger, ...]
    gpu: BreakEven
    against_training: tuple[str, ...]

    @property
    def train(self) -> bool:
        return not self.against_training


def advise(facts: Facts, threshold: Micros, rental: Rental) -> Advice:
    """Everything at once; `threshold` is the API cost a month from which one's own may pay."""
    gpu = break_even(facts, rental)
    against = tuple(against_training(facts, threshold, gpu))
    return Advice(
        tuple(_notes(facts)), tuple(_triggers(facts, threshold, gpu, against)), gpu, against
    )


def break_even(facts: Facts, rental: Rental) -> BreakEven:
    api = round(facts.monthly(facts.cost))
    hours = rental.hours(facts.monthly(facts.input), facts.monthly(facts.output))
    busy = rental.hours(facts.input, facts.output) / max(1, facts.calls) * facts.busiest
    peak = busy / (QUARTER / 3600)
    return BreakEven(
        api,
        rental.month,
        hours,
        max(hours / MONTH_HOURS, peak),
        api > rental.month and peak <= 1.0,
        rental.month / api if api else None,
        f"{rental.reads:,.0f} tokens a second read, {rental.writes:,.0f} written, "
        f"{dollars(rental.hour, 2)} an hour, rented all month",
    )


def against_training(facts: Facts, threshold: Micros, gpu: BreakEven) -> Iterator[str]:
    """Why not to train a model of one's own now."""
    if facts.unknown:
        yield (
            f"{facts.unknown:,} of {facts.calls:,} calls have no known price: what could be saved "
            "is not known either; add prices under [[prices]]"
        )
    if gpu.api < threshold:
        yield (
            f"{dollars(gpu.api, 2)} a month is less than the {dollars(threshold, 2)} from which it "
            "may pay"
        )
    elif not gpu.pays:
        yield (
            f"a GPU would cost {dollars(gpu.rent, 2)} a month, the vendors cost "
            f"{dollars(gpu.api, 2)}"
            if gpu.api <= gpu.rent
            else f"one GPU is not enough for the busiest quarter of an hour "
            f"({gpu.share_of_card:.1f} of it)"
        )
    if facts.examples < FEW_EXAMPLES:
        yield f"{facts.examples:,} answers are kept; a student needs {FEW_EXAMPLES:,} or more"
    if facts.rated < FEW_RATED:
        yield (
            f"the quality of the answers is unknown: {facts.rated:,} were rated, at least "
            f"{FEW_RATED:,} should be (POST /v1/feedback)"
        )
    tokens = facts.input + facts.output
    price = facts.cost * 1_000_000 // tokens if tokens else 0
    if tokens and price < CHEAP:
        yield (
            f"a million tokens cost {dollars(price, 2)} on average, which one's own model hardly "
            f"beats (mark: {dollars(CHEAP, 2)})"
        )
    dear = _one_dear_model(facts)
    if dear:
        yield dear
    if not facts.cache_and_router:
        yield "the cache or the router is off: what they save costs nothing to try first"


def _one_dear_model(facts: Facts) -> str | None:
    """When one model takes nearly all the money, routing is what saves it."""
    whole = sum(facts.shares.values())
    if not whole or len(facts.shares) < 2:
        return None
    model, most = max(facts.shares.items(), key=lambda each: each[1])
    if most < 0.9 * whole:
        return None
    return (
        f"{model} takes {most / whole:.0%} of the money though others are at hand: route what is "
        "easy to a cheaper one first (teppan/auto)"
    )


def _triggers(
    facts: Facts, threshold: Micros, gpu: BreakEven, against: tuple[str, ...]
) -> Iterator[Trigger]:
    rate = facts.busiest / QUARTER
    slow = facts.overhead is not None and facts.overhead > SLOW_GATEWAY
    own = "unknown" if facts.overhead is None else f"{facts.overhead * 1000:.1f} ms"
    second = rate > FULL_GATEWAY or slow
    yield Trigger(
        "own model",
        gpu.api >= threshold,
        f"{dollars(gpu.api, 2)} of API cost a month",
        dollars(threshold, 2),
        "read the rest of this page before training one",
    )
    yield Trigger(
        "second gateway",
        second,
        f"{rate:.2f} calls a second in the busiest quarter of an hour; own time {own} at p95",
        f"{FULL_GATEWAY:,.0f} calls a second, or {SLOW_GATEWAY * 1000:.0f} ms",
        "run another gateway on the same PostgreSQL",
    )
    yield Trigger(
        "PostgreSQL",
        not facts.server and (second or facts.rows > FULL_FILE),
        f"{facts.rows:,} ledger rows" + (", on a server already" if facts.server else ""),
        f"{FULL_FILE:,} rows in one file, or a second gateway",
        "set store.url to postgresql://...",
    )
    yield Trigger(
        "Redis",
        facts.limits and not facts.redis and second,
        ("[[limits]] are set" if facts.limits else "no [[limits]] are set")
        + (", and Redis is used" if facts.redis else ""),
        "limits to share between gateways",
        "set cluster.redis; until then each gateway counts for itself",
    )
    yield Trigger(
        "GPU",
        gpu.pays,
        f"{gpu.hours:.1f} hours of work a month, {gpu.share_of_card:.1%} of one card at most",
        f"API cost above {dollars(gpu.rent, 2)} a month",
        "rent one, and serve an open model with vLLM",
    )
    yield Trigger(
        "training",
        not against,
        f"{facts.examples:,} answers kept, {facts.rated:,} rated",
        f"{FEW_EXAMPLES:,} kept, {FEW_RATED:,} rated, and nothing against it",
        "train a student" if not against else "do not train now",
    )


def _notes(facts: Facts) -> Iterator[str]:
    if not facts.calls:
        yield "nothing was asked yet: every figure is zero"
    elif facts.days < MONTH_DAYS - 1:
        yield f"the traffic covers {facts.days:.1f} days; monthly figures are carried on from it"
    if facts.unknown:
        yield f"{facts.unknown:,} calls have no known price and are not in the costs"
    if facts.batchable:
        yield (
            f"vendors' batches would save {dollars(round(facts.monthly(facts.batchable)), 2)} a "
            "month if all of it could take a day; Teppan sends none itself"
        )
