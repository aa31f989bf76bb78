"""What an event costs, exactly, in cents. Pure: no clock, no tables."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from teppan.core.tool import ToolRefused

from .hibachi_facts import FACTS

MOST_GUESTS = 2 * FACTS.guests_per_chef
"""More are planned by a person; a quote can still be reckoned."""


class Extras(BaseModel):
    """What comes on top. Leave out what is not wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filet: int = Field(0, ge=0, le=500, description="guests who take filet mignon")
    lobster: int = Field(0, ge=0, le=500, description="guests who take lobster tail")
    third_protein: int = Field(0, ge=0, le=500, description="guests who take a third protein")
    noodles: int = Field(0, ge=0, le=500, description="guests who take noodles")
    gyoza: int = Field(0, ge=0, le=100, description="dozens of gyoza")
    edamame: int = Field(0, ge=0, le=500, description="bowls of edamame")
    plates: int = Field(0, ge=0, le=500, description="guests for whom plates are rented")
    tables: int = Field(0, ge=0, le=500, description="guests for whom tables and chairs are rented")


class Party(BaseModel):
    """Who comes. `small_children` eat free, and take a seat at the grill like everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    adults: int = Field(ge=0, le=500)
    children: int = Field(0, ge=0, le=500)
    small_children: int = Field(0, ge=0, le=500)

    @property
    def guests(self) -> int:
        return self.adults + self.children + self.small_children

    @property
    def chefs(self) -> int:
        return 1 if self.guests <= FACTS.guests_per_chef else 2

    def told(self) -> str:
        """`12 adults, 3 children (6 to 12)`."""
        ages = f"({FACTS.child_from} to {FACTS.child_to})"
        parts = [
            _counted(self.adults, "adult", "adults"),
            _counted(self.children, f"child {ages}", f"children {ages}"),
            _counted(self.small_children, "small child", "small children"),
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Line:
    """`count` things at `each` cents."""

    what: str
    count: int
    each: int

    @property
    def cents(self) -> int:
        return self.count * self.each

    def told(self) -> str:
        if not self.each:
            return f"{self.count} x {self.what}: free"
        return f"{self.count} x {self.what} at {money(self.each)} = {money(self.cents)}"


@dataclass(frozen=True)
class Bill:
    """`topped_up` is what the minimum adds to the price of the guests; both are in cents."""

    lines: tuple[Line, ...]
    topped_up: int
    travel: int | None

    @property
    def total(self) -> int:
        return sum(line.cents for line in self.lines) + self.topped_up + (self.travel or 0)

    def told(self) -> list[str]:
        """Each line as text; they add up to the total."""
        lines = [line.told() for line in self.lines]
        if self.topped_up:
            least = money(FACTS.minimum)
            lines.append(f"up to the event minimum of {least}: {money(self.topped_up)}")
        if self.travel is not None:
            lines.append(f"travel: {money(self.travel)}")
        return lines


def bill(party: Party, extras: Extras, miles: int | None) -> Bill:
    """What the event costs; `miles` as `whole_miles` gives them, `None` when not known yet.

    The minimum is for the guests alone: extras and travel come on top. Raises `ToolRefused` for
    numbers that do not fit together.
    """
    if party.guests == 0:
        raise ToolRefused("Nobody comes: say how many adults and children there are.")
    for name in ("filet", "lobster", "third_protein", "noodles", "plates", "tables"):
        wanted: int = getattr(extras, name)
        if wanted > party.guests:
            label = name.replace("_", " ")
            raise ToolRefused(f"{label} for {wanted}, but only {party.guests} guests: ask which.")
    guests = [
        Line(f"adult{'s' * (party.adults != 1)}", party.adults, FACTS.adult),
        Line("children from 6 to 12", party.children, FACTS.child),
    ]
    more = [
        Line("filet mignon", extras.filet, FACTS.filet),
        Line("lobster tail", extras.lobster, FACTS.lobster),
        Line("third protein", extras.third_protein, FACTS.third_protein),
        Line("noodles", extras.noodles, FACTS.noodles),
        Line("dozen gyoza", extras.gyoza, FACTS.gyoza),
        Line("bowl of edamame", extras.edamame, FACTS.edamame),
        Line("plates and cutlery", extras.plates, FACTS.plates),
        Line("tables and chairs", extras.tables, FACTS.tables),
    ]
    small = Line("small children", party.small_children, 0)
    lines = tuple(line for line in [*guests, small, *more] if line.count)
    topped_up = max(0, FACTS.minimum - sum(line.cents for line in guests))
    return Bill(lines, topped_up, None if miles is None else travel_cents(miles))


def travel_cents(miles: int) -> int:
    """The first miles are free. Raises `ToolRefused` for a place that is too far."""
    if miles > FACTS.most_miles:
        raise ToolRefused(TOO_FAR)
    return max(0, miles - FACTS.free_miles) * FACTS.per_mile


TOO_FAR = (
    f"That is too far: we come to places within {FACTS.most_miles} miles of Sacramento, "
    "not further. Nothing can be booked there."
)


def money(cents: int) -> str:
    """`$660` or `$1,286.50`."""
    dollars, rest = divmod(cents, 100)
    return f"${dollars:,}.{rest:02d}" if rest else f"${dollars:,}"


def told_extras(extras: Extras) -> str:
    """`filet mignon for 5, 2 dozen gyoza`, or the empty string."""
    each = {
        "filet": f"filet mignon for {extras.filet}",
        "lobster": f"lobster tail for {extras.lobster}",
        "third_protein": f"a third protein for {extras.third_protein}",
        "noodles": f"noodles for {extras.noodles}",
        "gyoza": f"{extras.gyoza} dozen gyoza",
        "edamame": f"{extras.edamame} x edamame",
        "plates": f"rented plates for {extras.plates}",
        "tables": f"rented tables and chairs for {extras.tables}",
    }
    return ", ".join(words for name, words in each.items() if getattr(extras, name))


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""
