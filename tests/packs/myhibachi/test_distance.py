"""How far it is, what the drive costs, and where we do not go."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packs.kitchen import module
from teppan.core.tool import ToolRefused

tools, distance = module("tools"), module("hibachi_distance")
POINTS = st.builds(distance.Point, st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("miles", "fee"),
    [
        (0, "$0"),
        (29, "$0"),
        (30, "$0"),
        (30.9, "$0"),
        (31, "$2"),
        (31.99, "$2"),
        (45, "$30"),
        (99.9, "$138"),
        (100, "$140"),
    ],
)
def test_full_miles_beyond_thirty_are_charged(miles: float, fee: str) -> None:
    told = tools.travel_fee(miles)
    assert (told["we_come"], told["fee"]) == (True, fee)


@pytest.mark.parametrize("miles", [100.01, 101, 171, 10_000])
def test_beyond_a_hundred_miles_we_do_not_come_by_any_fraction(miles: float) -> None:
    told = tools.travel_fee(miles)
    assert told["we_come"] is False
    assert "within 100 miles" in told["why"]
    assert "fee" not in told


@pytest.mark.parametrize(
    "place", ["Fresno", "fresno, CA", "FRESNO, California 93650", "Fresno CA", "  fresno "]
)
def test_a_customer_in_fresno_is_told_that_it_is_too_far(place: str) -> None:
    told = tools.travel_fee(place=place)
    assert (told["place"], told["we_come"]) == ("Fresno", False)


@pytest.mark.parametrize(
    ("place", "least", "most"),
    # by the signs on the road; estimates are within a fifth, where roads are not bent
    [("Davis", 12, 18), ("Stockton", 44, 54), ("Roseville", 17, 23), ("San Francisco", 80, 97)],
)
def test_the_estimate_is_near_the_road(place: str, least: int, most: int) -> None:
    assert least <= tools.travel_fee(place=place)["miles"] <= most


def test_a_slip_of_the_pen_is_understood_and_an_unknown_place_is_asked_about() -> None:
    assert tools.travel_fee(place="Sacremento")["place"] == "Sacramento"
    assert tools.travel_fee(place="San José")["place"] == "San Jose"
    with pytest.raises(ToolRefused, match="not in our table"):
        tools.travel_fee(place="Atlantis")


def test_coordinates_are_enough_and_nothing_at_all_is_not() -> None:
    sacramento = tools.travel_fee(latitude=38.5816, longitude=-121.4944)
    assert (sacramento["miles"], sacramento["fee"]) == (0, "$0")
    davis = distance.PLACES["davis"]
    there = tools.travel_fee(latitude=davis.latitude, longitude=davis.longitude)
    assert there["miles"] == tools.travel_fee(place="Davis")["miles"]
    for given_too_little in ({}, {"latitude": 38.0}):
        with pytest.raises(ToolRefused, match="Give the miles"):
            tools.travel_fee(**given_too_little)


@given(POINTS, POINTS)
def test_the_great_circle_is_the_angle_between_two_points(
    here: tuple[float, float], there: tuple[float, float]
) -> None:
    """By another way: the chord through the earth, between points in space."""

    def in_space(point: tuple[float, float]) -> tuple[float, float, float]:
        north, east = map(math.radians, point)
        return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)

    chord = math.dist(in_space(here), in_space(there))
    wanted = 2 * distance.EARTH_RADIUS * math.asin(min(1.0, chord / 2))
    found = distance.crow_miles(here, there)
    assert found == pytest.approx(wanted, abs=1e-3)
    assert found == pytest.approx(distance.crow_miles(there, here), abs=1e-6)


def test_a_routing_server_is_asked_where_one_is_named() -> None:
    here, there = distance.PLACES["sacramento"], distance.PLACES["santa rosa"]
    with server({"routes": [{"distance": 156_106.4}]}) as (address, asked):
        assert distance.routed_miles(address)(here, there) == pytest.approx(97.0, abs=0.01)
    assert asked == [
        "/route/v1/driving/-121.4944,38.5816;-122.7141,38.4404?overview=false",
    ]


@pytest.mark.parametrize("answer", [{"routes": []}, {}, [], "no", {"routes": [{"distance": "x"}]}])
def test_a_routing_server_that_does_not_know_leaves_the_estimate(answer: object) -> None:
    here, there = distance.PLACES["sacramento"], distance.PLACES["napa"]
    with server(answer) as (address, _):
        assert distance.routed_miles(address)(here, there) == distance.estimated_miles(here, there)
    away = distance.routed_miles("http://127.0.0.1:1")
    assert away(here, there) == distance.estimated_miles(here, there)


def test_the_city_of_an_address_is_the_last_part_that_is_one() -> None:
    assert distance.place_of("9 Oak St, Fresno, CA 93650") == "fresno"
    assert distance.place_of("4 Davis Street, Sacramento") == "sacramento"
    assert distance.place_of("4 Davis Street") is None


@contextmanager
def server(answer: object) -> Iterator[tuple[str, list[str]]]:
    """A routing server that always says the same, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}", asked
        running.shutdown()
        thread.join()
