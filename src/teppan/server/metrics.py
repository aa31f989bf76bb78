"""What the server counts about itself, in plain integers; made into text only when asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


class Metrics(Collector):
    """Requests by endpoint and status, and how long they took (seconds)."""

    def __init__(self) -> None:
        self.in_flight: Callable[[], int] = lambda: 0
        self.registry = CollectorRegistry()
        self._counts: dict[tuple[str, int], int] = {}
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self.registry.register(self)

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        key = (endpoint, status)
        self._counts[key] = self._counts.get(key, 0) + 1
        buckets = self._buckets.get(endpoint)
        if buckets is None:
            buckets = self._buckets[endpoint] = [0] * (len(BOUNDS) + 1)
        buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[endpoint] = self._seconds.get(endpoint, 0.0) + seconds

    def text(self) -> bytes:
        """The Prometheus exposition text."""
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Family]:
        total = CounterMetricFamily(
            "teppan_http_requests", "Requests answered", labels=("endpoint", "status")
        )
        for (endpoint, status), count in sorted(self._counts.items()):
            total.add_metric((endpoint, str(status)), count)
        yield total
        took = HistogramMetricFamily(
            "teppan_http_request_duration_seconds",
            "From the first byte of a request to the last of its answer",
            labels=("endpoint",),
        )
        for endpoint, buckets in sorted(self._buckets.items()):
            so_far = 0
            told: list[tuple[str, float]] = []
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
                so_far += count
                told.append((bound, so_far))
            took.add_metric((endpoint,), told, self._seconds[endpoint])
        yield took
        yield GaugeMetricFamily(
            "teppan_http_requests_in_flight", "Requests being answered", self.in_flight()
        )
