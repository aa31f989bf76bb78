"""Languages that customers are answered in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from teppan.config.schema.base import Seconds, Section

Code = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class LanguageSettings(Section):
    """Customers are answered in their language, of those a business speaks."""

    languages: tuple[Code, ...] = Field(
        (),
        description="Languages that are answered, as two letters, the first where nothing tells "
        "one; empty means those of the pack.",
    )
    translator: str = Field(
        "teppan/auto",
        description="Model that translates where it must be; empty: nothing is translated.",
    )
    weak: dict[Code, tuple[str, ...]] = Field(
        {},
        description="By language, models that are weak in it (`vendor/*`, `*`): they are asked in "
        "the pivot language, and their answers translated.",
    )
    pivot: Code | None = Field(
        None, description="Language such models are asked in; unset means the first one."
    )
    search: bool = Field(
        True,
        description="Search in the documents' language too, the question translated, where they "
        "are not in the question's.",
    )
    patience: Seconds = Field(20.0, description="Seconds that one translation may take.")
