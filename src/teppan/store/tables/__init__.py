"""The tables, a file for each noun; `schema.py` says what each is for."""

from teppan.store.tables import (
    actions,
    corrections,
    datasets,
    distil,
    escalations,
    feedback,
    fits,
    jobs,
    knowledge,
    language,
    lessons,
    outcomes,
    paid,
    review,
    signals,
)

__all__ = [
    "actions",
    "corrections",
    "datasets",
    "distil",
    "escalations",
    "feedback",
    "fits",
    "jobs",
    "knowledge",
    "language",
    "lessons",
    "outcomes",
    "paid",
    "review",
    "signals",
]
