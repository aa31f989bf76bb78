"""What tells the quality of an answer before it is sent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from teppan.config.schema.base import Section


class ConfidenceSettings(Section):
    """What tells the quality of an answer before it is sent (`teppan confidence`), and what is done
    about a doubtful one. It is fitted every night on answers whose quality became known."""

    good: float = Field(0.7, gt=0, le=1, description="Score from which an answer counts as good.")
    evidence: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of a score that must be known for an answer to be learned from; half: "
        "somebody rated it, or something came of it.",
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
