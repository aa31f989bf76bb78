"""What tells the quality of an answer before it is sent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from teppan.config.schema.base import Section


class ConfidenceSettings(Section):
    """What tells the quality of an answer before it is sent (`teppan confidence`), and what is done
    about a doubtful one. It is fitted every night on answers whose quality became known."""

    good: float = Field(
        0.6,
        gt=0,
        le=1,
        description="Mean of what people said and of what came of it from which an answer is good.",
    )
    evidence: float = Field(
        0.25,
        gt=0,
        le=1,
        description="Share of a score that people and outcomes must make up (see "
        "`learn.weights`): 0.25 takes answers with an outcome alone, 0.3 needs a rating, 0.5 both.",
    )
    days: float = Field(90.0, gt=0, description="How many days back a fit looks.")
    cascade: bool = Field(
        True, description="Cascades stop by it, where it is surely better than what they had."
    )
    floor: float = Field(
        0.0, ge=0, le=1, description="Expected quality below which an answer is doubtful."
    )
    below: Literal["none", "regenerate", "escalate"] = Field(
        "none",
        description="What is done about a doubtful answer: nothing; it is written once more and "
        "the better one is served; a person is called (needs a pack). Streams stay as they are.",
    )
