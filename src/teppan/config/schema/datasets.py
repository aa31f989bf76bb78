"""How training sets are made, and what is private in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from teppan.config.schema.base import Section, Share


class DatasetSettings(Section):
    """How a training set is made of examples that may train."""

    near: float = Field(
        0.7,
        ge=0.5,
        le=1,
        description="Likeness from which two texts say nearly the same; 1 is word for word.",
    )
    margin: Share = Field(
        0.1, description="Quality by which one of two answers that disagree must be better to stay."
    )
    per_question: int = Field(
        3, ge=1, le=100, description="Answers kept to one question, the best of them."
    )
    validation: float = Field(
        0.1, ge=0, le=0.4, description="Share of the latest examples set apart to choose by."
    )
    test: float = Field(
        0.1, ge=0, le=0.4, description="Share of the very latest set apart to judge by."
    )
    evaluation: tuple[str, ...] = Field(
        (),
        description="Files of questions that models are judged by; none may stand in a training "
        "set. Those of the pack are among them without being named.",
    )
    leak: float = Field(
        0.8,
        ge=0.5,
        le=1,
        description="Share of such a question found in a conversation from which it is left out.",
    )


class PrivacySettings(Section):
    """What is private, and is taken out before anything leaves the traces."""

    detector: str | None = Field(
        None,
        description="Python file with a function `find(text, languages)` that says what is "
        "private, besides what Teppan finds itself; it runs with all rights of the gateway.",
    )
    regions: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = Field(
        (), description="Countries (`US`) whose telephone numbers may come without a country code."
    )
    without: tuple[Literal["code", "ip", "birth", "handle"], ...] = Field(
        (), description="Kinds that are left alone: `code` where booking codes identify nobody."
    )
