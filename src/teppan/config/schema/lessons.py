"""What is learned from single cases, and what goes into prompts of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from teppan.config.schema.base import Dollars, Section, Share

Few = Annotated[int, Field(ge=0, le=1_000)]


class LessonCases(Section):
    """How many cases of each kind are looked at in a night."""

    corrected: Few = Field(6, description="A person wrote the answer anew.")
    broken: Few = Field(4, description="A rule was broken, if only in a draft.")
    escalated: Few = Field(2, description="A person was called.")
    poor: Few = Field(4, description="Quality was low, and enough is known to say so.")
    disagreement: Few = Field(4, description="The members of an ensemble were far apart.")
    praised: Few = Field(2, description="People liked it.")
    good: Few = Field(2, description="It led to a good outcome.")


class LessonSettings(Section):
    """The nightly dialogue: rules learned from cases, tried on past ones, put into prompts."""

    enabled: bool = Field(True, description="Write, try and give lessons at all.")
    models: tuple[str, ...] = Field(
        (), description="Virtual models that have lessons; empty: all with a prompt but agents."
    )
    approval: Literal["auto", "person"] = Field(
        "auto",
        description="Who lets a lesson go live that did well: the try-out, or a person "
        "(`teppan lessons approve`).",
    )
    critic: str = Field("", description="Who writes and judges; empty: the model's own critic.")
    teacher: str = Field("", description="Who reflects first; empty: the model's own teacher.")
    student: str = Field("", description="Who reflects too; empty: the model's own student.")
    cases: LessonCases = LessonCases()
    days: float = Field(
        3.0, ge=0, le=90, description="Days back that cases are looked for: people speak late."
    )
    look: int = Field(5_000, ge=10, description="Most answers that are looked at in a night.")
    spend: Dollars = Field("1.00", description="Most that each stage may cost in a night.")
    tries: int = Field(20, ge=0, le=1_000, description="Most lessons that are tried in a night.")
    past: float = Field(30.0, gt=0, description="Days back that lessons are tried on.")
    near: int = Field(40, ge=1, description="Most cases of its kind a lesson is tried on a night.")
    far: int = Field(6, ge=1, description="Most unrelated cases it is tried on.")
    most: int = Field(96, ge=1, description="Cases after which one that shows nothing is refused.")
    error: float = Field(
        0.05, gt=0, lt=0.5, description="Chance at which a useless lesson may pass the try-out."
    )
    lift: Share = Field(0.05, description="Least it must lift, as a mean of -1 to 1 a case.")
    worse: Share = Field(0.15, description="Share of unrelated cases that may get worse.")
    live: int = Field(100, ge=1, le=2_000, description="Most lessons that are live for a model.")
    given: int = Field(3, ge=1, le=20, description="Most lessons a question gets.")
    letters: int = Field(900, ge=50, description="Most letters of lessons in a prompt.")
    similarity: Share = Field(
        0.3, description="How alike a lesson and a question must be for it to be given."
    )
    kin: Share = Field(0.1, description="The same where both have the same intent.")
    withhold: Share = Field(
        0.1,
        description="Share of conversations without any, by chance: what lessons do is "
        "measured against them. 0 measures nothing.",
    )
    worth: Share = Field(0.02, description="Least quality a live lesson must add, or it retires.")
    embedder: str = Field(
        "hashing",
        pattern=r"^(hashing|static:.+|minilm:.+)$",
        description="What finds the lessons of a question: `hashing` (needs no data), `static:DIR` "
        "or `minilm:DIR`.",
    )
