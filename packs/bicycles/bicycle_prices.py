"""What repairs and rentals cost, exactly, in cents. Pure: no clock, no tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from teppan import ToolRefused

Job = Literal["puncture", "small_service", "big_service", "brake", "wheel", "chain"]
SERVICES = ("small_service", "big_service")

CENTS: Mapping[str, int] = MappingProxyType(
    {
        "puncture": 18_50,
        "small_service": 59_00,
        "big_service": 119_00,
        "brake": 15_00,
        "wheel": 22_00,
        "chain": 24_00,
        "e_bike_more": 20_00,
        "km": 1_20,
        "city_bike": 14_00,
        "e_bike": 32_50,
        "child_bike": 8_00,
        "helmet": 3_50,
        "deposit": 50_00,
    }
)
FREE_KM, MOST_KM = 3, 15


@dataclass(frozen=True)
class Line:
    """`count` things at `each` cents."""

    what: str
    count: int
    each: int

    @property
    def cents(self) -> int:
        return self.count * self.each

    def told(self) -> str:
        return f"{self.count} x {self.what} at {money(self.each)} = {money(self.cents)}"


def repair(jobs: Sequence[Job], e_bike: bool, km: float | None) -> list[Line]:
    """What the jobs cost, each as often as it is named. Raises `ToolRefused` for none at all, and
    for a place that is too far."""
    if not jobs:
        raise ToolRefused("Say which jobs: ask what is wrong with the bicycle.")
    lines = [
        Line(job.replace("_", " "), jobs.count(job), CENTS[job]) for job in dict.fromkeys(jobs)
    ]
    services = sum(job in SERVICES for job in jobs)
    if e_bike and services:
        lines.append(Line("service on an e-bike, more", services, CENTS["e_bike_more"]))
    if km is not None and charged_km(km):
        lines.append(Line("km of collection", charged_km(km), CENTS["km"]))
    return lines


def charged_km(km: float) -> int:
    """Full kilometres beyond the free ones. Raises `ToolRefused` beyond the furthest."""
    if km > MOST_KM:
        raise ToolRefused(f"That is too far: we collect within {MOST_KM} km of the workshop.")
    return max(0, int(km) - FREE_KM)


def rental(days: int, city: int, electric: int, children: int, helmets: int) -> list[Line]:
    """Raises `ToolRefused` where no bicycle is wanted."""
    if city + electric + children == 0:
        raise ToolRefused("Say how many bicycles, and of which kind.")
    wanted = (
        ("city bike", city, "city_bike"),
        ("e-bike", electric, "e_bike"),
        ("child's bike", children, "child_bike"),
        ("helmet", helmets, "helmet"),
    )
    return [
        Line(f"{name}, {days} d", count, days * CENTS[key]) for name, count, key in wanted if count
    ]


def total(lines: Sequence[Line]) -> int:
    return sum(line.cents for line in lines)


def money(cents: int, language: str = "en") -> str:
    """`€18.50`, `€1,286`; in German `18,50 €`, `1.286 €`."""
    euros, rest = divmod(cents, 100)
    plain = f"{euros:,}.{rest:02d}" if rest else f"{euros:,}"
    if language == "de":
        return plain.translate(str.maketrans(",.", ".,")) + " €"
    return f"€{plain}"
