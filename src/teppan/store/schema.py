"""The tables. The migrations in `migrations/versions` build exactly these, and a test proves it.

    ledger          one row per model call: who pays how much for what; kept for ever
    traces          one row per request, its body as JSON; pruned by age
    keys            gateway keys, hashed
    idempotency     who is doing, or has done, what under which `Idempotency-Key`
    trust           what each model is worth on each kind of task now
    trust_history   every step of how it came to that
    marks           small named values: `keys` counts changes of keys, `pepper` names the pepper
    spending        what each budget has spent in each of its days or months
    holds           money set aside for calls that are being made; dead when its lease has ended
    alerts          which threshold was crossed when; each once
    feedback        what people said of answers and conversations, every version
    outcomes        what came of them: bookings, escalations, any named metric; every version
    signals         scored examples, one of each trace that has something to learn from
    corrections     the better texts that people wrote; every version
    cache_entries   answers that may be given again, each with its question's embedding
    cache_checks    what is known of the truth of semantic hits
    cache_days      hits, misses and what was saved, by day
    summaries       older parts of long conversations, told shortly; by the hash of what they tell
    bandit          what the adaptive router knows of each model on each category
    bandit_steps    every reward it learned from
    shadows         how a shadow model's answer compared with the one that was served
    knowledge       the documents of each tenant, as text
    knowledge_past  every version a document has had: its name, not its words
    knowledge_pieces    what documents are cut into; their words are in the engine's own full-text
                    index, which `knowledge.py` makes
    knowledge_vectors   the embeddings of their parts, by embedder
    escalations     what a person must look after: why, and what they need to know
    escalation_steps    who claimed or closed it, with which words
    actions         what agents proposed to customers, and what was done of it
    translations    texts in another language; by the hash of what they say
    paid            answers that jobs have paid for, by the name of the step
    review_items    answers that people should look at, in order of what a look is worth
    review_steps    who decided what about them, and when
    lessons         one-sentence rules learned from cases, with what is known of their worth
    lesson_sources  the cases they were written from, and what was written
    lesson_trials   how each did on a case of the past, with it and without
    lesson_days     quality with each and without, by day: figures alone
    jobs            what is to be done by itself: when, by whom, how far it is, what came of it
    job_workers     who does jobs, and when they last said so
    datasets        training sets: versions of a name, with a card of figures
    dataset_rows    what each was made of, scrubbed, and what was left out and why
    dataset_students    which student was trained on which
    distil_runs     lists of tasks that an ensemble answers, as each was last started
    distil_tasks    what became of each task: kept, dropped and why, failed
    shadow_words    what shadow models said, for pairs of teacher and student

Instants are whole microseconds since 1970, money whole micro-dollars.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

import teppan.store.tables  # noqa: F401 - they are part of it
from teppan.store.tables.feedback import feedback as feedback
from teppan.store.tables.metadata import metadata as metadata

HEAD = "0016"
"""The newest revision, known here so that an up-to-date database needs no migration tool."""

VERSION_TABLE = "teppan_schema"

version = Table(
    VERSION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)
"""Where the migration tool keeps the revision."""

MICROSECONDS = 1_000_000

ledger = Table(
    "ledger",
    metadata,
    Column("id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("model", Text, nullable=False),
    Column("returned_model", Text, nullable=False),
    Column("vendor_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("error", Text),
    Column("input", BigInteger, nullable=False),
    Column("output", BigInteger, nullable=False),
    Column("cached", BigInteger, nullable=False),
    Column("cache_written", BigInteger, nullable=False),
    Column("reasoning", BigInteger, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("cost", BigInteger),
    Column("price_version", Text, nullable=False),
    Column("latency", Double, nullable=False),
    Column("first_token", Double),
    Column("strategy", Text, nullable=False, server_default=""),
    Column("dropped", Text, nullable=False, server_default=""),
    Column("episode", Text),
    PrimaryKeyConstraint("id", name="ledger_pk"),
    Index("ledger_tenant_started", "tenant", "started"),
)

traces = Table(
    "traces",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("served", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("episode", Text),
    Column("cache", Text, nullable=False, server_default="off"),
    Column("input", BigInteger, nullable=False, server_default="0"),
    Column("output", BigInteger, nullable=False, server_default="0"),
    Column("shortened", BigInteger, nullable=False, server_default="0"),
    Column("cost", BigInteger),
    Column("language", Text, nullable=False, server_default=""),
    Column("guarded", Text, nullable=False, server_default=""),
    Column("user_id", Text),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="traces_pk"),
    Index("traces_started", "started"),
)
Index(
    "traces_user",
    traces.c.tenant,
    traces.c.user_id,
    traces.c.id,
    sqlite_where=traces.c.user_id.is_not(None),
    postgresql_where=traces.c.user_id.is_not(None),
)
Index(
    "traces_episode",
    traces.c.tenant,
    traces.c.episode,
    traces.c.id,
    sqlite_where=traces.c.episode.is_not(None),
    postgresql_where=traces.c.episode.is_not(None),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("models", Text, nullable=False),
    Column("origins", Text, nullable=False, server_default="[]"),
    Column("digest", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("revoked", BigInteger),
    PrimaryKeyConstraint("id", name="keys_pk"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("claim", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("status", Integer),
    Column("headers", Text),
    Column("body", LargeBinary),
    PrimaryKeyConstraint("tenant", "key", name="idempotency_pk"),
    Index("idempotency_expires", "expires"),
)

trust = Table(
    "trust",
    metadata,
    Column("model", Text, nullable=False),
    Column("task_type", Text, nullable=False),
    Column("value", Double, nullable=False),
    Column("updates", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("model", "task_type", name="trust_pk"),
)

trust_history = Table(
    "trust_history",
    metadata,
    Column("id", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("task_type", Text, nullable=False),
    Column("before", Double, nullable=False),
    Column("after", Double, nullable=False),
    Column("quality", Double, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("id", name="trust_history_pk"),
    Index("trust_history_model", "model", "task_type", "id"),
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("name", name="marks_pk"),
)

spending = Table(
    "spending",
    metadata,
    Column("budget", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("spent", BigInteger, nullable=False),
    PrimaryKeyConstraint("budget", "window", name="spending_pk"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Text, nullable=False),
    Column("budget", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    PrimaryKeyConstraint("id", "budget", name="holds_pk"),
    Index("holds_budget", "budget", "window"),
    Index("holds_lease", "lease_until"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("name", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("threshold", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", "window", name="alerts_pk"),
)

cache_entries = Table(
    "cache_entries",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("kin", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("intent", Text, nullable=False),
    Column("embedder", Text, nullable=False),
    Column("embedding", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("cost", BigInteger),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="cache_entries_pk"),
    Index("cache_entries_expires", "expires"),
    Index("cache_entries_trace", "tenant", "trace_id"),
)

cache_checks = Table(
    "cache_checks",
    metadata,
    Column("id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("kin", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("similarity", Double, nullable=False),
    Column("lead", Double, nullable=False),
    Column("share", Double, nullable=False),
    Column("votes", Integer, nullable=False),
    Column("same", Boolean, nullable=False),
    Column("how", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("id", name="cache_checks_pk"),
    Index("cache_checks_tenant", "tenant", "at"),
)

cache_days = Table(
    "cache_days",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("exact", BigInteger, nullable=False),
    Column("semantic", BigInteger, nullable=False),
    Column("misses", BigInteger, nullable=False),
    Column("saved", BigInteger, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "day", name="cache_days_pk"),
)

summaries = Table(
    "summaries",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "prefix", name="summaries_pk"),
    Index("summaries_at", "at"),
)

bandit = Table(
    "bandit",
    metadata,
    Column("router", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("pulls", BigInteger, nullable=False),
    Column("quality", Double, nullable=False),
    Column("squares", Double, nullable=False),
    Column("wins", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("router", "category", "model", name="bandit_pk"),
)

bandit_steps = Table(
    "bandit_steps",
    metadata,
    Column("id", Text, nullable=False),
    Column("router", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("quality", Double, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("id", name="bandit_steps_pk"),
    Index("bandit_steps_at", "at"),
)

shadows = Table(
    "shadows",
    metadata,
    Column("trace_id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("served", Text, nullable=False),
    Column("similarity", Double, nullable=False),
    Column("same", Boolean, nullable=False),
    Column("cost", BigInteger),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("trace_id", "model", name="shadows_pk"),
    Index("shadows_tenant", "tenant", "at"),
)


def instant(seconds: float) -> int:
    """Seconds since 1970 as the database keeps them."""
    return round(seconds * MICROSECONDS)


def seconds(instant: int) -> float:
    return instant / MICROSECONDS
