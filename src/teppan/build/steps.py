"""Settings -> the steps that save money, and what they need of the rest of the house."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from teppan.build.virtual import embedder
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.chat import Embeddings
from teppan.core.clock import Clock
from teppan.core.errors import ConfigError
from teppan.core.ids import new_id
from teppan.core.money import micros
from teppan.providers.caller import Attempt, Caller, Observe
from teppan.providers.catalogue import Catalogue
from teppan.providers.embed import HashingEmbedder
from teppan.providers.embed.base import Ask
from teppan.routing.intent import Intents
from teppan.routing.language import Languages
from teppan.serve.call import Reach
from teppan.serve.escalate import Escalator
from teppan.serve.guard.guard import Guard
from teppan.serve.language import Book, Interpreter, LanguagePolicy, Translator
from teppan.serve.models import Virtual
from teppan.serve.record import Recorder
from teppan.serve.ruled import Ruled
from teppan.serve.shadow import Shadow, ShadowPolicy
from teppan.store.store import Store

EMBEDDING_SECONDS = 5.0


def open_intents(pack: Pack) -> Intents:
    """What names the intent of a question, taught by the pack's examples."""
    return Intents(pack.intents, HashingEmbedder().vectors)


def open_ear(settings: Settings, pack: Pack | None, store: Store, clock: Clock) -> Interpreter:
    """Which languages are spoken here, and who translates where one must."""
    wanted = settings.language
    languages = Languages(wanted.languages or (pack.languages if pack else ()) or ("en",))
    book = Book(store.translations if settings.store.trace_content else None, clock)
    translator = None
    if wanted.translator:
        translator = Translator(wanted.translator, book, languages, wanted.patience)
    return Interpreter(
        languages, translator, LanguagePolicy(wanted.weak, wanted.pivot or "", wanted.search)
    )


def open_escalator(pack: Pack, store: Store, languages: Languages) -> Escalator:
    """When the pack wants a person."""
    return Escalator(pack.book, languages, store.escalations, languages.expected[0])


def open_rules(
    pack: Pack, escalator: Escalator, languages: Languages, only: Mapping[str, Sequence[str]]
) -> Ruled:
    """What the pack lets its models say; `only` names the rules of those that keep some."""
    chance, first = random.SystemRandom().random, languages.expected[0]
    return Ruled(Guard(pack.book, languages, chance, first, only), escalator)


def asking(caller: Caller, clock: Clock) -> Ask:
    """How an upstream embedding model is asked for the cache, which rather misses than waits."""

    async def ask(model: str, texts: Sequence[str], observe: Observe | None = None) -> Embeddings:
        deadline = clock.monotonic() + EMBEDDING_SECONDS
        return await caller.embed(model, texts, deadline=deadline, observe=observe or _unobserved)

    return ask


def _unobserved(attempt: Attempt) -> None:
    """Nobody is told."""


def open_shadow(
    settings: Settings, reach: Reach, recorder: Recorder, store: Store, clock: Clock
) -> Shadow:
    """What is asked behind answers. Raises `ConfigError` for a shadow without a model."""
    wanted = settings.shadow
    if wanted.enabled and not wanted.model:
        raise ConfigError("shadow.model: name the model that is compared, or set enabled = false")
    policy = ShadowPolicy(
        model=wanted.model if wanted.enabled else None,
        share=wanted.share,
        alike=wanted.similarity,
        daily=micros(wanted.daily),
    )
    words = store.shadow_words if settings.store.trace_content else None
    return Shadow(
        reach, recorder, store.shadows, embedder(), policy, clock=clock, new_id=new_id, words=words
    )


def window_of(book: Catalogue, virtual: Sequence[Virtual], name: str) -> int | None:
    """How many tokens a model takes; of a virtual one, the fewest that one of its members takes."""
    asks = {each.name: each.asks for each in virtual}
    waiting, seen, found = [name], set[str](), list[int]()
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        if model in asks:
            waiting += asks[model]
            continue
        vendor, _, bare = model.replace(":", "/", 1).partition("/")
        takes = book.capabilities(vendor, bare).context if bare and vendor in book.names else None
        found += [takes] if takes else []
    return min(found, default=None)
