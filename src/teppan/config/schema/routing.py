"""How `teppan/auto` chooses a model, and how models are compared behind the answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from teppan.config.schema.base import Dollars, Section, Share


class RouterWeights(Section):
    """What each figure weighs in the complexity score."""

    length: float = Field(0.15, ge=0, description="How long the question is.")
    complex_keywords: float = Field(0.30, ge=0, description="Words of hard questions.")
    tool_keywords: float = Field(0.20, ge=0, description="Words that call for a tool.")
    sentiment: float = Field(0.20, ge=0, description="How unhappy the customer is.")
    history: float = Field(0.15, ge=0, description="How deep the conversation is.")


class RouterSettings(Section):
    """The router behind `teppan/auto` and every virtual model of the strategy `auto`."""

    enabled: bool = Field(
        True, description="Choose by question; off, `teppan/auto` always asks the default model."
    )
    kind: Literal["rules", "learned", "adaptive"] = Field(
        "rules",
        description="Rules need no data, `learned` needs `teppan route fit`, "
        "`adaptive` learns from feedback while it serves.",
    )
    default_provider: str | None = Field(
        None, description="Provider whose models are taken where no target is named."
    )
    complex_threshold: Share = Field(
        0.3, description="Complexity from which a question is no longer SIMPLE."
    )
    ensemble_threshold: Share = Field(
        0.6, description="Complexity from which a question is COMPLEX and goes to an ensemble."
    )
    weights: RouterWeights = RouterWeights()
    complex_keywords: dict[str, tuple[str, ...]] = Field(
        {}, description="Words of hard questions by language; replaces the shipped list."
    )
    tool_keywords: dict[str, tuple[str, ...]] = Field(
        {}, description="Words that call for a tool, by language; replaces the shipped list."
    )
    simple: str | None = Field(None, description="Model for SIMPLE; unset picks a cheap one.")
    medium: str | None = Field(None, description="Model for MEDIUM; unset picks a good one.")
    complex: str | None = Field(
        None, description="Model for COMPLEX; unset takes `teppan/consensus`."
    )
    tools: str | None = Field(
        None, description="Model for questions that need tools; unset picks one that calls them."
    )
    quality: Share | None = Field(
        None,
        description="Share of the best quality that the learned router keeps; unset leaves it at "
        "what it was fitted or calibrated to.",
    )
    price_weight: float = Field(
        0.2, ge=0, description="Quality that one cent of cost is worth to the adaptive router."
    )
    explore: Share = Field(
        0.05, description="Least share of requests with which each model stays tried."
    )
    sticky: float = Field(
        600.0, ge=0, description="Seconds for which a conversation stays with its model."
    )


class ShadowSettings(Section):
    """A model that is asked behind the answer, to learn whether it could have given it."""

    enabled: bool = Field(False, description="Ask the shadow model behind served answers.")
    model: str | None = Field(None, description="The model that is compared.")
    share: Share = Field(0.1, description="Share of answers that are compared.")
    similarity: Share = Field(
        0.85, description="Similarity from which two answers count as the same."
    )
    daily: Dollars = Field("1", description="Most dollars a day spent behind answers.")
