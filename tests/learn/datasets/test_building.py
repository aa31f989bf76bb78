"""A training set holds what may train, scrubbed and once; the same signals make the same hash."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from dataset_signals import MakeDesk, built, question, signal, silent
from teppan.core.chat import Message, Text, Tool, ToolCall, ToolResult, say
from teppan.core.clock import FixedClock
from teppan.core.ids import LOCAL, Scope
from teppan.core.signal import Provenance, Signal
from teppan.learn.datasets.building import Built, Desk, build_dataset
from teppan.learn.datasets.card import markdown
from teppan.learn.datasets.evaluation import EvaluationSet
from teppan.learn.datasets.examples import Example, decoded
from teppan.learn.datasets.making import Origin, made
from teppan.learn.datasets.sifting import Recipe
from teppan.learn.privacy.detector import PatternDetector
from teppan.learn.privacy.erase import erase_person, places_of_store
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.privacy.spans import Span
from teppan.store import Store
from teppan.store.dataset_rows import Dataset, DatasetRow


async def rows_of(store: Store, of: Built | str, split: str | None = None) -> list[DatasetRow]:
    found = await store.datasets.get(LOCAL, of if isinstance(of, str) else of.id)
    return await store.datasets.rows.list(LOCAL, found, split=split, limit=10_000)


async def examples_of(store: Store, of: Built) -> dict[str, Example]:
    return {row.id: decoded(row.body) for row in await rows_of(store, of) if row.split}


def adds_up(built: Built) -> bool:
    card = built.card
    return (
        card.signals - sum(card.left_out.values())
        == card.rows
        == sum(each.rows for each in card.splits.values())
        == sum(each.rows for each in card.provenance)
    )


SIGNALS = [
    *(signal(n) for n in range(40)),
    signal(50, question(3), "YES, number 3 is open until 8!"),
    signal(51, "What is it per adult?", "It is $55."),
    signal(52, "what is it per adult", "It is $65."),
    signal(53, question(5), "Yes, number 5 is open until 23.", quality=0.91),
    signal(60, question(90), "Yes.", quality=0.5, blocked=("quality",)),
    signal(61, question(91), provenance=Provenance("grim/large", "free")),
    signal(62, "Is the moon made of cheese, and who says so?", "No."),
]


async def test_every_signal_is_in_once_or_out_with_a_reason(store: Store, desk: MakeDesk) -> None:
    held = EvaluationSet("exam", ("is the moon made of cheese and who says so",))
    made = await built(desk(held), store, SIGNALS)
    assert adds_up(made)
    rows = await rows_of(store, made)
    why = {row.id: row.why for row in rows if not row.split}
    assert len(rows) == made.card.signals == 46, "what is blocked is no candidate"
    assert why["sig_00061"] == "terms: those of its model are restricted"
    assert why["sig_00062"] == "leak: a question of exam"
    assert why["sig_00003"].startswith("duplicate")
    assert {why["sig_00051"], why["sig_00052"]} == {
        "contradiction: answers disagree and none is better"
    }
    assert Counter(why.values()) == made.card.left_out
    assert made.card.evaluation[0].left_out == 1
    assert all(row.body == b"" for row in rows if not row.split)


async def test_the_same_signals_in_any_order_and_pages_have_the_same_hash(
    store: Store, desk: MakeDesk, tmp_path: Path
) -> None:
    first = await built(desk(), store, SIGNALS)
    other = await Store.open(tmp_path / "other.db", clock=FixedClock(99.0), durability="process")
    mixed = list(SIGNALS)
    random.Random(1).shuffle(mixed)
    for each in mixed:
        await other.signals.put(LOCAL, [each])
    there = desk(signals=other.signals, datasets=other.datasets)
    second = await build_dataset(there, LOCAL, 0.0, 1e9, silent, "other-name")
    await other.close()
    assert (second.hash, second.card.hash) == (first.hash, first.card.hash)


async def test_one_letter_of_one_answer_makes_another_hash(store: Store, desk: MakeDesk) -> None:
    first = await built(desk(), store, SIGNALS)
    changed = signal(7, chosen="Yes, number 7 is open until 22.")
    second = await built(desk(), store, [changed])
    assert (first.id, second.id) == ("sets@1", "sets@2")
    assert first.hash != second.hash
    third = await built(desk(), store, [])
    assert (third.id, third.new, third.hash) == ("sets@2", False, second.hash)


async def test_what_a_filter_of_its_own_kept_is_in_unless_an_author_forbids_it(
    store: Store, desk: MakeDesk
) -> None:
    made = await built(
        desk(),
        store,
        [
            signal(
                1, quality=0.86, provenance=Provenance("ollama/small", "own", source="distilled")
            ),
            signal(2, quality=0.86, provenance=Provenance("ollama/small", "own")),
            signal(3, provenance=Provenance("ollama/small", "restricted", source="distilled")),
        ],
    )
    why = {row.id: row.why for row in await rows_of(store, made) if not row.split}
    assert why["sig_00002"].startswith("not qualified")
    assert why["sig_00003"] == "terms: those of its model are restricted"
    assert "sig_00001" not in why


class Cut(Exception):
    """The process ends here."""


async def test_a_build_may_be_cut_anywhere_and_goes_on(
    store: Store, desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("teppan.learn.datasets.building.PAGE", 7)
    scrubbed: list[str] = []

    class Counting(PatternDetector):
        def find(self, text: str, languages: Sequence[str] = ()) -> list[Span]:
            scrubbed.append(text)
            return super().find(text, languages)

    at_desk = desk(scrubber=Scrubber(Counting(), ("en",)))
    await store.signals.put(LOCAL, SIGNALS)
    for step in (1, 2, 5, 9, 12, 15, 17):
        left = [step]

        def report(done: int, total: int, what: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Cut

        with pytest.raises(Cut):
            await build_dataset(at_desk, LOCAL, 0.0, 1e9, report, "sets")
    cut = len(scrubbed)
    whole = await build_dataset(at_desk, LOCAL, 0.0, 5.0, silent, "sets")
    assert len(scrubbed) == cut, "what was scrubbed is not scrubbed again"
    assert (whole.id, whole.card.until) == ("sets@1", 1e9)
    alone = await build_dataset(desk(), LOCAL, 0.0, 1e9, silent, "another")
    assert whole.hash == alone.hash


async def test_what_went_or_changed_while_it_was_cut_is_seen(store: Store, desk: MakeDesk) -> None:
    await store.signals.put(LOCAL, SIGNALS)

    def report(done: int, total: int, what: str) -> None:
        if what == "compared":
            raise Cut

    with pytest.raises(Cut):
        await build_dataset(desk(), LOCAL, 0.0, 1e9, report, "sets")
    await store.signals.drop(LOCAL, ["tr_1"])
    await store.signals.put(LOCAL, [signal(2, chosen="No, number 2 is closed.")])
    made = await build_dataset(desk(), LOCAL, 0.0, 1e9, silent, "sets")
    found = await examples_of(store, made)
    assert "sig_00001" not in found
    assert found["sig_00002"].chosen == "No, number 2 is closed."
    assert made.hash == (await built(desk(), store, [], "fresh")).hash


async def test_a_next_version_scrubs_only_what_is_new(store: Store, desk: MakeDesk) -> None:
    seen: list[str] = []

    class Counting(PatternDetector):
        def find(self, text: str, languages: Sequence[str] = ()) -> list[Span]:
            seen.append(text)
            return super().find(text, languages)

    at_desk = desk(scrubber=Scrubber(Counting(), ("en",)))
    await built(at_desk, store, [signal(n) for n in range(40)])
    seen.clear()
    again = await built(at_desk, store, [signal(90, chosen="Open on Sundays, says Mary Poppins.")])
    assert again.id == "sets@2"
    again_scrubbed = {text for text in seen if "number" in text}
    assert len(again_scrubbed) < 5, "only what was left out the last time has no words to go on"


async def test_a_conversation_is_scrubbed_as_one_with_its_answers(
    store: Store, desk: MakeDesk
) -> None:
    messages = (
        say("system", "You help."),
        say("user", "I am Anna Smith, anna@smith.com. Do you come to us?"),
        say("assistant", "Gladly, Anna."),
        say("user", "Call me at +1 916 555 0134 then. What does it cost?"),
    )
    private = signal(
        1,
        messages=messages,
        chosen="It is $55, Anna. We call +1 916 555 0134.",
        rejected=("Anna Smith pays $65.",),
        source="correction",
    )
    made = await built(desk(), store, [private, *(signal(n) for n in range(2, 9))])
    example = (await examples_of(store, made))["sig_00001"]
    whole = repr(example)
    for word in ("Anna", "Smith", "555 0134", "anna@"):
        assert word not in whole
    assert example.chosen == "It is $55, [NAME_1]. We call [PHONE_1]."
    assert example.messages[2].text == "Gladly, [NAME_1]."
    assert made.card.scrubbed == {"email": 1, "name": 1, "phone": 1}
    assert "Anna" not in markdown(made.card)


async def test_worse_answers_are_kept_only_where_their_model_may_be_learned_from(
    store: Store, desk: MakeDesk
) -> None:
    worse = ("the own one", "the grim one", "nobody knows whose")
    models = {"the own one": "mistral/small", "the grim one": "grim/large"}
    origins = {"tr_1": Origin((), models, True)}
    signals = [
        signal(1, rejected=worse),
        signal(2, rejected=("served by whom?",), source="correction"),
        signal(3, rejected=("gone",)),
        signal(4, rejected=("grim words",), provenance=Provenance("grim/x", source="correction")),
    ]
    made = await built(desk(origins=origins), store, signals)
    found = await examples_of(store, made)
    assert found["sig_00001"].rejected == ("the own one",)
    assert found["sig_00002"].rejected == ("served by whom?",)
    assert found["sig_00003"].rejected == ()
    assert (found["sig_00004"].rejected, found["sig_00004"].terms) == ((), "free")


async def test_only_what_a_person_vouches_for_may_be_of_low_quality(
    store: Store, desk: MakeDesk
) -> None:
    signals = [
        signal(1, quality=0.5, blocked=()),
        signal(2, quality=0.5, source="correction"),
        signal(3, quality=0.5, source="review"),
        signal(4, quality=0.5, truth="Yes."),
    ]
    made = await built(desk(recipe=Recipe(validation=0, test=0)), store, signals)
    assert set(await examples_of(store, made)) == {"sig_00002", "sig_00003", "sig_00004"}
    assert made.card.reviewed == 3


def call(id: str) -> tuple[Message, ...]:
    return (
        say("user", f"Is there a table on day {id}?"),
        Message("assistant", (ToolCall(id, "free_table", '{"day": 1}'),)),
        Message("tool", (ToolResult(id, (Text('{"free": true}'),)),)),
    )


async def test_a_conversation_that_called_tools_needs_to_know_them(
    store: Store, desk: MakeDesk
) -> None:
    tool = Tool("free_table", "Whether a table is free.", {"type": "object", "properties": {}})
    origins = {"tr_1": Origin((tool,), {}, True)}
    signals = [signal(n, messages=call(f"c{n}"), chosen=f"Yes, {n}.") for n in (1, 2)]
    made = await built(desk(origins=origins), store, [*signals, *map(signal, range(5, 15))])
    found = await examples_of(store, made)
    assert [each.name for each in found["sig_00001"].tools] == ["free_table"]
    assert made.card.left_out["tools: those it calls are no longer known"] == 1


async def test_no_conversation_is_on_two_sides_however_clients_name_it(
    store: Store, desk: MakeDesk
) -> None:
    first = signal(1, "Where is your harbor office?", "At the river.", episode=None)
    turns: list[Signal] = [first, *(signal(n) for n in range(2, 40))]
    messages = (*first.messages, say("assistant", "At the river."), say("user", question(70)))
    turns.append(signal(99, messages=messages, episode=None))
    turns.append(signal(100, question(75), episode="ep_2"))
    made = await built(desk(), store, turns)
    why = {row.id: row.why for row in await rows_of(store, made)}
    assert why["sig_00099"].startswith("split")
    assert why["sig_00100"].startswith("split")
    times = {split: each for split, each in made.card.splits.items() if each.rows}
    assert (times["train"].until or 0) < (times["test"].since or 0)


async def test_no_tenant_trains_on_anothers_words(store: Store, desk: MakeDesk) -> None:
    await store.signals.put(Scope("other", "k"), [signal(5)])
    made = await built(desk(), store, [signal(1), signal(2)])
    assert set(await examples_of(store, made)) <= {"sig_00001", "sig_00002"}


async def test_an_erased_person_is_in_no_version_and_their_students_are_named(
    store: Store, desk: MakeDesk
) -> None:
    made = await built(desk(), store, [signal(n) for n in range(30)])
    await store.datasets.trained(LOCAL, made.id, "tiny-1")
    theirs = [row.id for row in await rows_of(store, made) if row.user == "u1" and row.split]
    report = await erase_person(store.erasing, places_of_store(store.erasing), LOCAL, "u1")
    assert theirs
    assert not [row for row in await rows_of(store, made) if row.user == "u1"]
    assert any(f"tiny-1 was trained on {len(theirs)} rows" in note for note in report.notes)
    now = await store.datasets.get(LOCAL, made.id)
    assert (now.state, now.hash == made.hash) == ("changed", False)
    page = markdown(made.card, id=now.id, erased=now.erased, now=now.hash)
    assert f"Changed since: {len(theirs)} rows were erased" in page


async def test_who_is_erased_while_it_is_built_is_not_in_it(store: Store, desk: MakeDesk) -> None:
    at = desk()
    await store.signals.put(LOCAL, [signal(n) for n in range(20)])
    datasets = at.datasets
    put = datasets.rows.put

    async def late(scope: Scope, of: Dataset, rows: Sequence[DatasetRow]) -> None:
        await store.signals.erase(LOCAL, "u1")
        await put(scope, of, rows)

    datasets.rows.put = late  # type: ignore[method-assign]
    made = await build_dataset(at, LOCAL, 0.0, 1e9, silent, "sets")
    rows = await rows_of(store, made)
    assert {row.user for row in rows} == {"u0", "u2", "u3", "u4"}
    assert adds_up(made)
    assert made.card.signals == 16


def test_making_an_example_never_keeps_who_asked(desk: MakeDesk) -> None:
    at: Desk = desk()
    example = made(signal(1), Origin(), at.scrubber, at.terms_of, ("free",))
    assert "u1" not in repr(example)
    assert "ep_1" not in repr(example)
