"""The remembered answers that are in memory: bounded, and found by id, by words, by first trace."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

from teppan.core.chat import Completion
from teppan.store.cache import Kept

OVERHEAD = 1000
"""Bytes of an entry beside its words."""


class Entry(Struct, frozen=True):
    """A remembered answer; `kept` is its row without the embedding, `words` the key of its
    question's reading.
    """

    kept: Kept
    completion: Completion
    words: str

    @property
    def size(self) -> int:
        return len(self.kept.answer) + 4 * len(self.kept.question) + OVERHEAD


class EntryShelf:
    """At most `entries`, of at most `bytes` together; the one unused for longest goes first."""

    def __init__(self, entries: int, bytes: int) -> None:
        self._most = entries
        self._room = bytes
        self._used = 0
        self._entries: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._by_words: dict[tuple[str, str, str], str] = {}
        self._by_trace: dict[tuple[str, str], set[str]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> list[Entry]:
        """Takes it in; gives back those that had to go for it."""
        kept = entry.kept
        self.drop(kept.tenant, kept.id)
        self._entries[kept.tenant, kept.id] = entry
        self._by_words[kept.tenant, kept.partition, entry.words] = kept.id
        self._by_trace.setdefault((kept.tenant, kept.trace_id), set()).add(kept.id)
        self._used += entry.size
        gone = []
        while len(self._entries) > self._most or (self._used > self._room and self._entries):
            tenant, id = next(iter(self._entries))
            dropped = self.drop(tenant, id)
            assert dropped is not None
            gone.append(dropped)
        return gone

    def get(self, tenant: str, id: str) -> Entry | None:
        """One of this tenant's."""
        return self._entries.get((tenant, id))

    def touch(self, entry: Entry) -> None:
        """It was of use, and is now the last to go."""
        at = (entry.kept.tenant, entry.kept.id)
        if at in self._entries:
            self._entries.move_to_end(at)

    def by_words(self, tenant: str, partition: str, words: str) -> Entry | None:
        id = self._by_words.get((tenant, partition, words))
        return None if id is None else self.get(tenant, id)

    def of_trace(self, tenant: str, trace_id: str) -> list[str]:
        return sorted(self._by_trace.get((tenant, trace_id), ()))

    def drop(self, tenant: str, id: str) -> Entry | None:
        entry = self._entries.pop((tenant, id), None)
        if entry is None:
            return None
        kept = entry.kept
        self._used -= entry.size
        words = (tenant, kept.partition, entry.words)
        if self._by_words.get(words) == id:
            del self._by_words[words]
        traced = self._by_trace[tenant, kept.trace_id]
        traced.discard(id)
        if not traced:
            del self._by_trace[tenant, kept.trace_id]
        return entry

    def drop_all(self, tenant: str) -> None:
        for owner, id in list(self._entries):
            if owner == tenant:
                self.drop(owner, id)
