"""What people should look at, and in which order."""

from __future__ import annotations

from pydantic import Field

from teppan.config.schema.base import Seconds, Section, Share


class ReviewWeights(Section):
    """What each reason alone makes a look at an answer worth at its most."""

    doubt: Share = Field(0.4, description="The gateway was not sure that the answer is right.")
    replaced: Share = Field(0.4, description="It broke a rule; the safe answer stood in for it.")
    rules: Share = Field(
        0.25, description="It broke a rule all the same, or its first writing did."
    )
    downvoted: Share = Field(0.45, description="People did not like it, the more if it was sure.")
    disagreement: Share = Field(0.25, description="The models said different things.")
    edge: Share = Field(0.1, description="Nothing like it was reviewed or trained on.")
    intent: Share = Field(0.15, description="Its intent is one of `learn.review.intents`.")


class ReviewSettings(Section):
    """The review queue: answers that people should look at (`teppan review`)."""

    open: int = Field(200, ge=1, le=5000, description="Most items that wait by their priority.")
    share: Share = Field(
        0.1,
        description="Share of what is handed out that chance alone has drawn: it tells how often "
        "answers are right. 0 draws none.",
    )
    draws: int = Field(
        20, ge=1, le=1000, description="About how many answers chance draws in one filling."
    )
    lease: Seconds = Field(900.0, description="Seconds for which a reviewer holds an item.")
    critic: str = Field(
        "",
        description="Model that suggests better answers. Empty: a virtual model that speaks for "
        "the business, best one with a critic.",
    )
    suggestions: int = Field(
        10, ge=0, le=200, description="Most items for which a night asks it, the best ones."
    )
    intents: dict[str, Share] = Field(
        {}, description="How much questions of an intent matter, from 0 to 1."
    )
    weights: ReviewWeights = ReviewWeights()
