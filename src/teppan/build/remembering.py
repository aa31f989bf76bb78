"""What is remembered, wired: long conversations and the pack's knowledge."""

from __future__ import annotations

from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.clock import Clock
from teppan.knowledge import Library, chunks
from teppan.knowledge.search import Embed
from teppan.providers.embed import HashingEmbedder
from teppan.serve.context import Context, ContextPolicy, SummaryBook, Windows, unknown
from teppan.store.store import Store


def open_context(
    settings: Settings,
    pack: Pack | None,
    store: Store | None,
    clock: Clock,
    windows: Windows = unknown,
    embed: Embed | None = None,
) -> Context:
    """What shortens conversations. `windows` tells how many tokens a model takes, if known.

    Summaries are words of conversations: where traces keep none, they stay in memory.
    """
    may_keep = store is not None and settings.store.trace_content
    return Context(
        ContextPolicy(**settings.context.model_dump()),
        SummaryBook(store.summaries if store is not None and may_keep else None, clock),
        open_knowledge(pack, embed),
        windows,
    )


def open_knowledge(pack: Pack | None, embed: Embed | None = None) -> Library | None:
    """The pack's documents, searchable; `None` when it names none."""
    if pack is None or not pack.knowledge:
        return None
    pieces = [piece for each in pack.knowledge for piece in chunks(each.text, each.name)]
    return Library(pieces, embed or HashingEmbedder().embed)
