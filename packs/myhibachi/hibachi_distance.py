"""How far a place is from the kitchen, by road, and what the drive costs.

Offline: the distance as the crow flies, made longer by what roads add. A routing server of the
business's own can be asked instead: `ROUTES`.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import NamedTuple

from teppan.core.tool import ToolRefused

from .hibachi_facts import FACTS
from .hibachi_prices import TOO_FAR, money, travel_cents


class Point(NamedTuple):
    """Degrees north and east."""

    latitude: float
    longitude: float


Distance = Callable[[Point, Point], float]
"""Miles by road from the first to the second."""

KITCHEN = Point(38.5816, -121.4944)
"""The middle of Sacramento."""
ROAD_FACTOR = 1.2
"""Roads are longer than the crow's way: 1.20 in the United States (Ballou, Rahardja and Sakai,
Selected country circuity factors for road travel distance estimation, 2002)."""
EARTH_RADIUS = 3958.7613
"""Mean radius in miles (IUGG)."""
ROUTES: str | None = None
"""A server that speaks OSRM's `route` service: `http://127.0.0.1:5000`. `None` asks none."""
ROUTES_SECONDS = 2.0

PLACES: Mapping[str, Point] = MappingProxyType(
    {
        "sacramento": KITCHEN,
        "west sacramento": Point(38.5805, -121.5302),
        "elk grove": Point(38.4088, -121.3716),
        "roseville": Point(38.7521, -121.2880),
        "rocklin": Point(38.7907, -121.2358),
        "lincoln": Point(38.8916, -121.2930),
        "folsom": Point(38.6780, -121.1761),
        "rancho cordova": Point(38.5891, -121.3027),
        "citrus heights": Point(38.7071, -121.2811),
        "carmichael": Point(38.6171, -121.3283),
        "fair oaks": Point(38.6446, -121.2722),
        "orangevale": Point(38.6785, -121.2258),
        "north highlands": Point(38.6857, -121.3722),
        "granite bay": Point(38.7632, -121.1638),
        "el dorado hills": Point(38.6858, -121.0822),
        "loomis": Point(38.8213, -121.1930),
        "auburn": Point(38.8966, -121.0769),
        "placerville": Point(38.7296, -120.7985),
        "grass valley": Point(39.2191, -121.0611),
        "nevada city": Point(39.2616, -121.0161),
        "truckee": Point(39.3280, -120.1833),
        "south lake tahoe": Point(38.9399, -119.9772),
        "davis": Point(38.5449, -121.7405),
        "woodland": Point(38.6785, -121.7733),
        "winters": Point(38.5249, -121.9708),
        "dixon": Point(38.4455, -121.8233),
        "vacaville": Point(38.3566, -121.9877),
        "fairfield": Point(38.2494, -122.0400),
        "vallejo": Point(38.1041, -122.2566),
        "napa": Point(38.2975, -122.2869),
        "sonoma": Point(38.2919, -122.4580),
        "santa rosa": Point(38.4404, -122.7141),
        "galt": Point(38.2546, -121.2999),
        "lodi": Point(38.1302, -121.2724),
        "stockton": Point(37.9577, -121.2908),
        "manteca": Point(37.7974, -121.2161),
        "tracy": Point(37.7397, -121.4252),
        "modesto": Point(37.6391, -120.9969),
        "turlock": Point(37.4947, -120.8466),
        "merced": Point(37.3022, -120.4830),
        "jackson": Point(38.3488, -120.7741),
        "yuba city": Point(39.1404, -121.6169),
        "marysville": Point(39.1457, -121.5914),
        "chico": Point(39.7285, -121.8375),
        "redding": Point(40.5865, -122.3917),
        "concord": Point(37.9780, -122.0311),
        "walnut creek": Point(37.9101, -122.0652),
        "livermore": Point(37.6819, -121.7680),
        "berkeley": Point(37.8715, -122.2730),
        "oakland": Point(37.8044, -122.2712),
        "san francisco": Point(37.7749, -122.4194),
        "san jose": Point(37.3382, -121.8863),
        "fresno": Point(36.7378, -119.7871),
        "bakersfield": Point(35.3733, -119.0187),
        "reno": Point(39.5296, -119.8138),
        "los angeles": Point(34.0522, -118.2437),
        "san diego": Point(32.7157, -117.1611),
        "las vegas": Point(36.1699, -115.1398),
    }
)
"""The middle of each place, from public gazetteers, to about a mile."""


def crow_miles(here: Point, there: Point) -> float:
    """The length of the great circle between two points (haversine)."""
    north, far_north = math.radians(here.latitude), math.radians(there.latitude)
    up = math.sin((far_north - north) / 2) ** 2
    along = math.sin(math.radians(there.longitude - here.longitude) / 2) ** 2
    chord = up + math.cos(north) * math.cos(far_north) * along
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(min(1.0, chord)))


def estimated_miles(here: Point, there: Point) -> float:
    return crow_miles(here, there) * ROAD_FACTOR


def routed_miles(server: str) -> Distance:
    """Asks a routing server; where it does not answer in time, the estimate counts."""

    def miles(here: Point, there: Point) -> float:
        way = f"{here.longitude},{here.latitude};{there.longitude},{there.latitude}"
        address = f"{server.rstrip('/')}/route/v1/driving/{way}?overview=false"
        try:
            # The address is the one of this file: nobody outside names it.
            with urllib.request.urlopen(address, timeout=ROUTES_SECONDS) as answer:  # noqa: S310
                metres = float(json.load(answer)["routes"][0]["distance"])
        except (urllib.error.URLError, OSError, ValueError, LookupError, TypeError):
            return estimated_miles(here, there)
        return metres / 1609.344

    return miles


ROAD_MILES: Distance = estimated_miles if ROUTES is None else routed_miles(ROUTES)


def whole_miles(miles: float) -> int:
    """Only full miles are charged; but what is beyond the limit is beyond it by any fraction."""
    return math.ceil(miles) if miles > FACTS.most_miles else math.floor(miles)


def miles_to(place: str, distance: Distance = ROAD_MILES) -> tuple[str, int]:
    """The place as it is spelled here, and whole miles to it.

    Raises `ToolRefused` for a place that is not in the table.
    """
    name = _plain(place)
    if name not in PLACES:
        close = get_close_matches(name, PLACES, n=1, cutoff=0.86)
        if not close:
            raise ToolRefused(
                f"The place {place!r} is not in our table. Ask for the city, or how many miles it "
                "is from Sacramento."
            )
        name = close[0]
    return name.title(), whole_miles(distance(KITCHEN, PLACES[name]))


def miles_at(latitude: float, longitude: float, distance: Distance = ROAD_MILES) -> int:
    return whole_miles(distance(KITCHEN, Point(latitude, longitude)))


def place_of(address: str) -> str | None:
    """The city of an address such as `9 Oak St, Fresno, CA 93650`, if it is one of the table."""
    for part in reversed(address.split(",")):
        name = _plain(part)
        if name in PLACES:
            return name
    return None


def fee(miles: int, place: str | None = None) -> dict[str, object]:
    """What a tool says of a drive; also of one that is too long."""
    found: dict[str, object] = (
        {"miles": miles} if place is None else {"place": place, "miles": miles}
    )
    if miles > FACTS.most_miles:
        return found | {"we_come": False, "why": TOO_FAR}
    cents = travel_cents(miles)
    free, each = FACTS.free_miles, money(FACTS.per_mile)
    if cents:
        how = f"{miles - free} miles beyond the first {free}, at {each} each = {money(cents)}"
    else:
        how = f"no travel fee: the first {free} miles are free"
    return found | {"we_come": True, "fee": money(cents), "how": how}


def _plain(place: str) -> str:
    """Without case, accents, state, ZIP code: `Fresno, CA 93650` is `fresno`."""
    folded = unicodedata.normalize("NFKD", place).encode("ascii", "ignore").decode().casefold()
    words = re.sub(r"\b(?:california|calif|ca|usa|\d{5}(?:-\d{4})?)\b|[^a-z ]", " ", folded)
    return " ".join(words.split())
