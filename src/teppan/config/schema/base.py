"""What every section of the settings is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Age = Annotated[float, Field(gt=0, le=90 * 86_400)]
"""Seconds that something may be old: up to ninety days."""
Share = Annotated[float, Field(ge=0, le=1)]
Dollars = Annotated[str, Field(pattern=r"^\d+(\.\d{1,6})?$")]
"""An exact amount of US dollars, written as text: a float is not exact."""


class Section(BaseModel):
    """A frozen part of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)
