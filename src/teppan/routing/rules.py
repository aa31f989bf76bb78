"""A complexity score from plain figures, and the level that follows: no data, no model, no wait.

    score = 0.15 length + 0.30 complex words + 0.20 tool words + 0.20 unhappiness + 0.15 history

Each figure is in [0, 1]. Below the first threshold a question is SIMPLE, from the second on
COMPLEX. Two complex words or an angry customer make it COMPLEX whatever the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from teppan.routing.features import Features

Level = Literal["SIMPLE", "MEDIUM", "COMPLEX"]

ORDER: Mapping[str, int] = {"SIMPLE": 0, "MEDIUM": 1, "COMPLEX": 2}

LONG = 100
"""Words from which a question is as long as it counts."""
DEEP = 8
"""Earlier turns of the user from which a conversation is as deep as it counts."""
MANY = 2
"""Complex, or tool, words from which they count fully."""
ANGRY = 0.3
"""Sentiment below which a question goes to the ensemble."""


class Weights(Struct, frozen=True):
    """What each figure weighs; only their proportions count."""

    length: float = 0.15
    complex_keywords: float = 0.30
    tool_keywords: float = 0.20
    sentiment: float = 0.20
    history: float = 0.15


class Complexity(Struct, frozen=True):
    """The judgement: `score` in [0, 1], its `parts` as weighed, and why, in words.

    `override` names what decided instead of the score.
    """

    level: Level
    score: float
    parts: Mapping[str, float]
    reason: str
    override: str | None = None


class Rules(Struct, frozen=True):
    """Thresholds on the score, and the weights it is made with."""

    weights: Weights = Weights()
    medium: float = 0.3
    ensemble: float = 0.6

    def judge(self, features: Features) -> Complexity:
        parts = self.parts(features)
        score = min(1.0, sum(parts.values()))
        override = _override(features)
        if override or score >= self.ensemble:
            level: Level = "COMPLEX"
        else:
            level = "SIMPLE" if score < self.medium else "MEDIUM"
        why = "; ".join(filter(None, (override, _told(features))))
        return Complexity(level, score, parts, f"{level} ({score:.2f}): {why}", override)

    def parts(self, features: Features) -> dict[str, float]:
        """What each figure adds to the score."""
        weights = self.weights
        total = sum(getattr(weights, name) for name in weights.__struct_fields__) or 1.0
        figures = {
            "length": min(1.0, features.words / LONG),
            "complex_keywords": min(1.0, len(features.complex_words) / MANY),
            "tool_keywords": min(1.0, len(features.tool_words) / MANY),
            "sentiment": max(0.0, 1.0 - 2.0 * features.sentiment),
            "history": min(1.0, features.turns / DEEP),
        }
        return {name: getattr(weights, name) / total * figure for name, figure in figures.items()}


def _override(features: Features) -> str | None:
    if features.sentiment < ANGRY:
        return "the customer is unhappy"
    if len(features.complex_words) >= MANY:
        return "several marks of a hard question"
    return None


def _told(features: Features) -> str:
    """The figures in words."""
    said = [f"{features.words} {'word' if features.words == 1 else 'words'}"]
    if features.complex_words:
        said.append(f"asks for {_listed(features.complex_words)}")
    if features.tool_words:
        said.append(f"speaks of {_listed(features.tool_words)}")
    if abs(features.sentiment - 0.5) >= 0.05:
        said.append(f"sentiment {features.sentiment:.2f}")
    if features.turns:
        said.append(f"{features.turns} {'turn' if features.turns == 1 else 'turns'} before")
    return ", ".join(said)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words[:3])
