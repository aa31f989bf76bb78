"""What Teppan remembers: money, traces, keys, idempotent answers, trust."""

from teppan.store.costs import CostRow
from teppan.store.idempotency import Fresh, InProgress, Replay
from teppan.store.keys import KeyRecord
from teppan.store.store import Health, Store

__all__ = ["CostRow", "Fresh", "Health", "InProgress", "KeyRecord", "Replay", "Store"]
