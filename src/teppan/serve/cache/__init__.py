"""Answers that are given again: to the same request, or to one that means the same."""

from teppan.serve.cache.cache import Cache
from teppan.serve.cache.policy import CachePolicy
from teppan.serve.cache.seat import Seat
from teppan.serve.cache.stats import CacheStats
from teppan.serve.cache.telling import told

__all__ = ["Cache", "CachePolicy", "CacheStats", "Seat", "told"]
