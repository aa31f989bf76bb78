"""What a training set is made of, for people and for programs: counts that add up, terms, balance.

The card holds figures and names of models, intents and files: no words of any conversation.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from teppan.learn.datasets.splitting import SPLITS

SIDES = ("task", "intent", "language", "model", "source", "quality")
"""What a training set should be balanced in."""
LARGE = 0.6
"""Share from which one value drowns the others."""


class SplitCard(Struct, frozen=True, kw_only=True):
    """One split: how many rows, from when to when (seconds since 1970)."""

    rows: int = 0
    since: float | None = None
    until: float | None = None
    by: dict[str, dict[str, int]] = {}


class Source(Struct, frozen=True, kw_only=True):
    """Rows of one model, under the terms of its vendor."""

    model: str
    terms: str
    source: str
    rows: int


class Checked(Struct, frozen=True, kw_only=True):
    """An evaluation set that was checked against, and the rows that were left out for it."""

    name: str
    questions: int
    left_out: int


class Card(Struct, frozen=True, kw_only=True):
    """`signals` may train; of them `left_out` are not in, by reason, and `rows` are."""

    name: str
    hash: str
    since: float
    until: float
    signals: int
    rows: int
    left_out: dict[str, int] = {}
    splits: dict[str, SplitCard] = {}
    provenance: tuple[Source, ...] = ()
    pairs: int = 0
    reviewed: int = 0
    scrubbed: dict[str, int] = {}
    evaluation: tuple[Checked, ...] = ()
    balance: tuple[str, ...] = ()
    recipe: dict[str, str] = {}


class Line(Struct, frozen=True, kw_only=True):
    """What the card needs to know of a row."""

    split: str
    why: str
    at: float
    labels: Mapping[str, str]
    terms: str
    reviewed: bool
    pairs: int
    scrubbed: Mapping[str, int]


def card_of(
    lines: Sequence[Line],
    sets: Sequence[tuple[str, int]],
    *,
    name: str,
    hash: str,
    since: float,
    until: float,
    recipe: Mapping[str, str],
) -> Card:
    """The card of all rows, those that are in and those that are not. `sets` are the evaluation
    sets with how many questions they have."""
    kept = [each for each in lines if each.split]
    left_out = Counter(each.why for each in lines if not each.split)
    splits: dict[str, SplitCard] = {
        split: _split([each for each in kept if each.split == split]) for split in SPLITS
    }
    sources = Counter((each.labels["model"], each.terms, each.labels["source"]) for each in kept)
    scrubbed: Counter[str] = Counter()
    for each in kept:
        scrubbed.update(each.scrubbed)
    return Card(
        name=name,
        hash=hash,
        since=since,
        until=until,
        signals=len(lines),
        rows=len(kept),
        left_out=dict(sorted(left_out.items())),
        splits=splits,
        provenance=tuple(
            Source(model=model, terms=terms, source=source, rows=rows)
            for (model, terms, source), rows in sorted(sources.items())
        ),
        pairs=sum(each.pairs for each in kept),
        reviewed=sum(each.reviewed for each in kept),
        scrubbed=dict(sorted(scrubbed.items())),
        evaluation=tuple(
            Checked(
                name=set_,
                questions=questions,
                left_out=sum(
                    many for why, many in left_out.items() if why.endswith(f" question of {set_}")
                ),
            )
            for set_, questions in sets
        ),
        balance=tuple(balance(splits)),
        recipe=dict(recipe),
    )


def _split(lines: Sequence[Line]) -> SplitCard:
    times = [each.at for each in lines]
    return SplitCard(
        rows=len(lines),
        since=min(times, default=None),
        until=max(times, default=None),
        by={
            side: dict(sorted(Counter(each.labels[side] for each in lines).items()))
            for side in SIDES
        },
    )


def balance(splits: Mapping[str, SplitCard]) -> list[str]:
    """What is lopsided, a sentence each: what drowns the rest, and what is judged untrained or
    trained unjudged."""
    found = []
    train = splits["train"]
    for side in SIDES[:-1]:
        counts = train.by.get(side, {})
        for value, many in counts.items():
            if side != "source" and len(counts) > 1 and many > LARGE * train.rows:
                found.append(f"{many / train.rows:.0%} of what trains is {side} {value or 'none'}")
        judged = splits["test"].by.get(side, {})
        if side in ("task", "intent", "language") and splits["test"].rows:
            found += [
                f"{side} {value or 'none'} trains, and is not tested"
                for value in counts
                if value not in judged
            ]
            found += [
                f"{side} {value or 'none'} is tested, and does not train"
                for value in judged
                if value not in counts
            ]
    found += [f"{split} is empty" for split, each in splits.items() if not each.rows]
    return found


def evenness(counts: Mapping[str, int]) -> float:
    """How many values there would be, were they equally frequent: the exponential of the entropy
    (Hill number of order 1)."""
    total = sum(counts.values())
    shares = [many / total for many in counts.values() if many] if total else []
    return math.exp(-sum(share * math.log(share) for share in shares))


def markdown(card: Card, *, id: str = "", erased: int = 0, now: str = "") -> str:
    """The card as a page. `erased` rows have gone since, and `now` is its hash without them."""
    out = [f"# Dataset {id or card.name}", ""]
    times = [each for one in card.splits.values() for each in (one.since, one.until)]
    known = [each for each in times if each is not None]
    between = f" of {_day(min(known))} to {_day(max(known))}" if known else ""
    out += [
        f"{card.rows:,} rows{between}. "
        f"{card.reviewed:,} were written, approved or reviewed by people; {card.pairs:,} answers "
        "are there as what not to say.",
        "",
        f"Content hash: `{card.hash}`",
    ]
    if erased:
        out += ["", f"**Changed since: {erased:,} rows were erased.** Hash now: `{now}`", ""]
    out += ["", "## From signals to rows", ""]
    steps = [("signals that may train", card.signals)]
    steps += [(f"left out: {why}", -many) for why, many in card.left_out.items()]
    steps += [("rows", card.rows)]
    out += _table(("step", "count"), [(name, f"{many:,}") for name, many in steps])
    out += ["", "## Splits", ""]
    out += _table(
        ("split", "rows", "from", "to"),
        [
            (name, f"{each.rows:,}", _day(each.since), _day(each.until))
            for name, each in card.splits.items()
        ],
    )
    out += ["", "## Whose words", ""]
    out += _table(
        ("model", "terms", "source", "rows"),
        [(each.model, each.terms, each.source, f"{each.rows:,}") for each in card.provenance],
    )
    out += ["", "## Scrubbed", ""]
    out += _table(("kind", "places"), [(kind, f"{n:,}") for kind, n in card.scrubbed.items()])
    out += ["", "## Checked against", ""]
    out += _table(
        ("evaluation set", "questions", "rows left out"),
        [(each.name, f"{each.questions:,}", f"{each.left_out:,}") for each in card.evaluation],
    )
    out += _balance(card)
    out += ["", "## Made with", ""]
    out += _table(("setting", "value"), list(card.recipe.items()))
    return "\n".join(out) + "\n"


def _balance(card: Card) -> list[str]:
    out = ["", "## Balance", ""]
    out += [f"- {each}" for each in card.balance] or ["Nothing stands out."]
    for side in SIDES:
        counts: Counter[str] = Counter()
        for each in card.splits.values():
            counts.update(each.by.get(side, {}))
        values = sorted(counts, key=lambda value: (-counts[value], value))
        rows = [
            (
                value or "none",
                *(f"{card.splits[split].by.get(side, {}).get(value, 0):,}" for split in SPLITS),
            )
            for value in values
        ]
        out += ["", f"By {side} (as even as {evenness(counts):.1f} of {len(counts)}):", ""]
        out += _table((side, *SPLITS), rows)
    return out


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return ["None."]
    cells = [[each.replace("|", "\\|").replace("\n", " ") for each in row] for row in rows]
    return [
        f"| {' | '.join(head)} |",
        f"| {' | '.join('---' for _ in head)} |",
        *(f"| {' | '.join(row)} |" for row in cells),
    ]


def _day(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
