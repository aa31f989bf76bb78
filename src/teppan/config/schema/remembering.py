"""What is remembered instead of asked again: answers (the cache) and long conversations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from teppan.config.schema.base import Age, Seconds, Section, Share


class CacheSettings(Section):
    """Answers that are given again: to the same request, or to one that means the same."""

    exact: bool = Field(True, description="Answer the same request from memory.")
    ttl: Age = Field(3600.0, description="Seconds that an answer is kept.")
    ttl_by_intent: dict[str, Age] = Field(
        {}, description="Seconds by intent, for those that age faster or slower."
    )
    megabytes: int = Field(
        64, ge=1, description="Most memory for exact answers, and as much for those by meaning."
    )
    max_temperature: float = Field(
        0.5, ge=0, description="A request hotter than this is not cached unless it asks to be."
    )
    semantic: bool = Field(False, description="Answer a question that means the same.")
    intents: tuple[str, ...] = Field(
        (), description="Intents that may be answered by meaning; empty means all."
    )
    error_bound: Share = Field(
        0.02, description="Largest share of semantic hits that may be wrong."
    )
    min_similarity: Share = Field(
        0.75, description="Below this similarity nothing is a hit, whatever was learned."
    )
    alike: Share = Field(
        0.80,
        description="Answers of at least this similarity say the same, if their figures agree.",
    )
    entries: int = Field(
        100_000, ge=1, description="Most answers in memory that may be given by meaning."
    )
    verify: Share = Field(
        0.02, description="Share of semantic hits that are asked again behind the answer."
    )
    embedder: str = Field(
        "hashing",
        description="`hashing` (needs no data), `static:DIR`, `minilm:DIR`, or an embedding model "
        "`provider/name`.",
    )


class ContextSettings(Section):
    """Long conversations are shortened before they are sent."""

    apply: Literal["virtual", "all", "off"] = Field(
        "virtual", description="Shorten for virtual models only, for every model, or never."
    )
    tokens: int = Field(
        500,
        ge=100,
        description="A conversation of at most so many tokens, system texts not counted, is left "
        "as it is.",
    )
    share: Share = Field(
        0.45, gt=0, description="A longer one is sent in at most about this share of its tokens."
    )
    most: int = Field(
        4000, ge=100, description="And never in more than about so many, however long it is."
    )
    keep_last: int = Field(5, ge=1, description="Newest messages that are kept word for word.")
    summary_model: str | None = Field(
        None, description="Model that writes summaries; unset keeps the telling sentences instead."
    )
    knowledge_chunks: int = Field(
        3, ge=0, description="Pieces of what is known that go with a question."
    )
    cite: bool = Field(
        False, description="Ask models to name the pieces they answer from, as [1], [2]."
    )


class KnowledgeSettings(Section):
    """Documents that answers are made from: the pack's, and those of each tenant."""

    embedder: str = Field(
        "hashing",
        pattern=r"^(hashing|static:.+|minilm:.+)$",
        description="What finds pieces by meaning: `hashing` (needs no data), `static:DIR` or "
        "`minilm:DIR`.",
    )
    megabytes: float = Field(
        20, gt=0, le=1000, description="Most megabytes of a file that is taken in."
    )
    letters: int = Field(
        2_000_000, ge=1000, description="Most letters of text that a document may hold."
    )


class ClusterSettings(Section):
    """What several gateways share."""

    redis: str | None = Field(
        None,
        description="Where Redis is, by reference (`env:REDIS_URL`, `file:PATH`): rate limits and "
        "exact answers are then shared. Budgets are shared through PostgreSQL.",
    )
    patience: Seconds = Field(
        0.1,
        description="Seconds that Redis may be silent before each gateway goes on by itself.",
    )
