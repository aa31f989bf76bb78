"""What Teppan remembers: money, traces, keys, idempotent answers, trust."""

from teppan.store.store import Health, Store

__all__ = ["Health", "Store"]
