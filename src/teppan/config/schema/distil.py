"""What distillation keeps, and what it may spend."""

from __future__ import annotations

from pydantic import Field

from teppan.config.schema.base import Dollars, Section, Share


class DistilSettings(Section):
    """What an ensemble's answers to a list of tasks must be to become examples."""

    budget: Dollars = Field("5.00", description="The most a run may spend over all its starts.")
    concurrency: int = Field(8, ge=1, le=256, description="Questions under way at once.")
    max_tokens: int = Field(
        2_000,
        ge=16,
        le=200_000,
        description="The longest answer, thoughts included; what is cut by it is not kept. It is "
        "also what is set aside for each answer, so a higher one lets fewer be asked at once.",
    )
    confidence: Share = Field(
        0.85, description="How sure the ensemble must be of an answer that is kept."
    )
    agreement: Share = Field(
        0.5, description="Share of the other members that must say the same where no critic judged."
    )
    critic: Share = Field(0.7, description="What the critic must give an answer at least.")
    unjudged: bool = Field(
        False,
        description="Also keep what no critic, vote or reference vouches for: the answers of one "
        "model alone.",
    )
