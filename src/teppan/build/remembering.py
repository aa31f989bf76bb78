"""What is remembered, wired: long conversations, and what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.config.schema.remembering import KnowledgeSettings
from teppan.core.clock import Clock
from teppan.core.errors import ConfigError, TeppanError
from teppan.knowledge import Library, chunks
from teppan.knowledge.ingest import Limits, read
from teppan.knowledge.known import Known
from teppan.knowledge.search import Embed
from teppan.providers.embed import Embedder, open_embedder
from teppan.serve.context import Context, ContextPolicy, Knowledge, SummaryBook, Windows, unknown
from teppan.serve.language import Crossing
from teppan.store.store import Store

MEGABYTE = 1 << 20


def open_context(
    settings: Settings,
    pack: Pack | None,
    store: Store | None,
    clock: Clock,
    windows: Windows = unknown,
    knowledge: Knowledge | None = None,
    within: Mapping[str, Sequence[str]] = {},
) -> Context:
    """What shortens conversations. `windows` tells how many tokens a model takes, if known;
    `knowledge` is what goes with questions, the pack's and the store's when it is not given,
    `within` what a model may know of it, where that is not everything.

    Summaries are words of conversations: where traces keep none, they stay in memory.
    """
    known = knowledge or open_knowledge(settings, pack, store)
    may_keep = store is not None and settings.store.trace_content
    return Context(
        ContextPolicy(**settings.context.model_dump()),
        SummaryBook(store.summaries if store is not None and may_keep else None, clock),
        known,
        windows,
        within,
        known.prepare if isinstance(known, Crossing) else None,
    )


def open_knowledge(settings: Settings, pack: Pack | None, store: Store | None) -> Known:
    """What tenants may know: the pack's documents, and in the store those of each. Close it before
    the store. Raises `ConfigError` for an embedder or a document that cannot be used."""
    embedder = open_knowledge_embedder(settings)
    library = pack_library(pack, settings, embedder.embed) if pack else None
    return Known(library, store.knowledge if store is not None else None, embedder)


def open_knowledge_embedder(settings: Settings) -> Embedder:
    try:
        return open_embedder(settings.knowledge.embedder)
    except ConfigError as error:
        raise ConfigError(error.message.replace("cache.embedder", "knowledge.embedder")) from None


def pack_library(pack: Pack, settings: Settings, embed: Embed | None) -> Library | None:
    """The pack's documents, searchable; `None` when it names none."""
    limits = limits_of(settings.knowledge)
    pieces = []
    for each in pack.knowledge:
        text = each.text
        if each.data:
            try:
                text = read(each.name, each.data, limits).text
            except TeppanError as error:
                raise ConfigError(f"{pack.folder / 'pack.toml'}: {error.message}") from None
        pieces += chunks(text, each.name)
    return Library(pieces, embed) if pieces else None


def limits_of(wanted: KnowledgeSettings) -> Limits:
    return Limits(round(wanted.megabytes * MEGABYTE), wanted.letters)
