"""What may be learned from answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from teppan.config.schema.base import Section
from teppan.config.schema.confidence import ConfidenceSettings
from teppan.config.schema.datasets import DatasetSettings, PrivacySettings
from teppan.config.schema.distil import DistilSettings
from teppan.config.schema.jobs import JobSettings
from teppan.config.schema.lessons import LessonSettings
from teppan.config.schema.review import ReviewSettings


class LearnWeights(Section):
    """What each side of a score weighs; one that nothing tells gives its weight to the others."""

    feedback: float = Field(0.30, ge=0, description="What people said of the answer.")
    outcome: float = Field(0.25, ge=0, description="What came of it: booked, escalated, left.")
    coherence: float = Field(0.20, ge=0, description="On topic, and at one with what was said.")
    sentiment: float = Field(0.15, ge=0, description="The customer's mood after it.")
    efficiency: float = Field(0.10, ge=0, description="Quick, short, and not asked again.")


class LearnSettings(Section):
    """Which answers become examples, and which of those may train a model."""

    collect: float = Field(0.7, ge=0, le=1, description="Quality from which an answer is kept.")
    train: float = Field(0.9, ge=0, le=1, description="Quality from which it may train.")
    rating: float = Field(
        0.75, ge=0, le=1, description="Mean rating that stands for a good outcome; 0.75: 4 stars."
    )
    outcomes: tuple[str, ...] = Field(
        ("booking", "resolved", "tool:book"), description="Outcomes that are good ones."
    )
    weights: LearnWeights = LearnWeights()
    datasets: DatasetSettings = DatasetSettings()
    privacy: PrivacySettings = PrivacySettings()
    terms: dict[str, Literal["free", "own", "restricted"]] = Field(
        {},
        description="What vendors (`openai`) or models (`ollama/llama3.2`) let you train on their "
        "words: anything, a model of your own, or nothing. Read their terms; unnamed ones may not "
        "train.",
    )
    distil: DistilSettings = DistilSettings()
    jobs: JobSettings = JobSettings()
    confidence: ConfidenceSettings = ConfidenceSettings()
    review: ReviewSettings = ReviewSettings()
    lessons: LessonSettings = LessonSettings()
