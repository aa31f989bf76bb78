"""What tenants know: what every database behind the store must do with it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.core.secret import Secret
from teppan.knowledge.adding import add
from teppan.knowledge.known import Known
from teppan.providers.embed import HashingEmbedder
from teppan.store import Store
from teppan.store.knowledge_rows import Document, Embedded

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")

PRICES = """\
# Prices

## Adults
An adult is $55. Children are $30.

## Travel
The first 30 miles are free.
"""
CHINESE = "# 停车\n\n我们的停车场在花园路，最多可以停二十辆车。\n\n# 价格\n\n成人每位五十五美元。"
JAPANESE = "# 駐車場\n\n駐車場は公園通りにあります。\n\n# 料金\n\n大人は一人55ドルです。"


def known(store: Store) -> Known:
    return Known(None, store.knowledge, HashingEmbedder())


async def put(store: Store, name: str, text: str, scope: Scope = ANNA) -> Document:
    return (await add(store.knowledge, scope, name, "text", text)).document


async def asked(made: Known, question: str, scope: Scope = ANNA) -> list[str]:
    return [each.text for each in await made.pieces(scope, question, 3)]


async def test_a_document_is_found_by_what_it_says(store: Store) -> None:
    document = await put(store, "prices.md", PRICES)
    assert (document.version, document.pieces) == (1, 2)
    found = await known(store).search(ANNA, "how much does an adult cost", 3)
    assert found[0].chunk.path == ("Prices", "Adults")
    assert found[0].chunk.source == "prices.md"
    assert found[0].chunk.version == "1"


@pytest.mark.parametrize(
    ("text", "question", "says"),
    [
        (CHINESE, "请问停车场在哪里？", "花园路"),
        (CHINESE, "成人多少美元", "五十五美元"),
        (JAPANESE, "駐車場はどこですか", "公園通り"),
        (JAPANESE, "大人の料金はいくら", "55ドル"),
    ],
)
async def test_scripts_without_spaces_are_found_by_words_alone(
    store: Store, text: str, question: str, says: str
) -> None:
    await put(store, "info.md", text)
    found = await Known(None, store.knowledge, None).pieces(ANNA, question, 1)
    assert says in found[0].text


async def test_a_tenant_sees_no_document_of_another(store: Store) -> None:
    await put(store, "a.md", "Anna's secret is a violet.")
    await put(store, "b.md", "Ben's secret is a rose.", BEN)
    made = known(store)
    assert await asked(made, "secret", ANNA) == ["Anna's secret is a violet."]
    assert await asked(made, "secret", BEN) == ["Ben's secret is a rose."]
    assert [each.name for each in await store.knowledge.documents(BEN)] == ["b.md"]
    assert await store.knowledge.get(BEN, "a.md") is None
    assert not await store.knowledge.remove(BEN, "a.md")
    assert await store.knowledge.history(BEN, "a.md") == []
    assert store.knowledge.version(ANNA) != store.knowledge.version(BEN)


async def test_what_another_tenant_writes_changes_no_order(store: Store) -> None:
    for name, text in (("1", "tofu tofu tofu rice"), ("2", "rice noodles"), ("3", "noodles egg")):
        await put(store, f"{name}.md", text)
    made = known(store)
    await made.shelves.fill(ANNA)  # type: ignore[union-attr]
    before = await made.search(ANNA, "rice noodles tofu", 3)
    assert len(before) == 3
    for number in range(12):
        await put(store, f"{number}.md", f"rice rice {number} noodles", BEN)
    assert await made.search(ANNA, "rice noodles tofu", 3) == before


async def test_two_tenants_may_have_the_same_document(store: Store) -> None:
    for scope in (ANNA, BEN):
        await put(store, "prices.md", PRICES, scope)
    await store.knowledge.remove(ANNA, "prices.md")
    made = known(store)
    assert await asked(made, "adult", ANNA) == []
    assert len(await asked(made, "adult", BEN)) >= 1


async def test_an_edit_is_a_new_version_and_leaves_no_old_word(store: Store) -> None:
    made = known(store)
    await put(store, "prices.md", PRICES)
    before = store.knowledge.version(ANNA)
    assert (await asked(made, "adult"))[0].startswith("An adult is $55")
    document = await put(store, "prices.md", PRICES.replace("$55", "$60"))
    assert document.version == 2
    assert store.knowledge.version(ANNA) != before
    found = await made.search(ANNA, "adult", 3)
    assert found[0].chunk.text.startswith("An adult is $60")
    assert {each.chunk.version for each in await made.search(ANNA, "miles", 3)} == {"2"}
    assert not any("$55" in each.chunk.text for each in found)
    assert [number for number, *_ in await store.knowledge.history(ANNA, "prices.md")] == [1, 2]


async def test_the_same_text_again_changes_nothing(store: Store) -> None:
    first = await put(store, "prices.md", PRICES)
    version = store.knowledge.version(ANNA)
    assert await put(store, "prices.md", PRICES) == first
    assert store.knowledge.version(ANNA) == version


async def test_a_removed_document_is_gone_and_comes_back_as_a_later_version(store: Store) -> None:
    made = known(store)
    await put(store, "prices.md", PRICES)
    await made.shelves.fill(ANNA)  # type: ignore[union-attr]
    assert await store.knowledge.remove(ANNA, "prices.md")
    assert not await store.knowledge.remove(ANNA, "prices.md")
    assert store.knowledge.version(ANNA) == ""
    assert await asked(made, "adult") == []
    assert await store.knowledge.embeddings.pieces(ANNA, HashingEmbedder().name) == []
    assert (await put(store, "prices.md", PRICES)).version == 2


async def test_an_edit_by_another_process_is_noticed(database: str, clock: FixedClock) -> None:
    pepper = Secret("a pepper for tests, long enough to be one")
    gateway, cli = [
        await Store.open(database, clock=clock, pepper=pepper, patience=5.0) for _ in range(2)
    ]
    try:
        await put(cli, "prices.md", PRICES)
        async with asyncio.timeout(30):
            while not gateway.knowledge.version(ANNA):
                await asyncio.sleep(0.05)
        assert gateway.knowledge.version(ANNA) == cli.knowledge.version(ANNA)
        assert len(await asked(known(gateway), "adult")) >= 1
    finally:
        await gateway.close()
        await cli.close()


async def test_a_store_that_has_just_been_opened_knows_its_version(
    database: str, clock: FixedClock
) -> None:
    pepper = Secret("a pepper for tests, long enough to be one")
    first = await Store.open(database, clock=clock, pepper=pepper)
    await put(first, "prices.md", PRICES)
    version = first.knowledge.version(ANNA)
    await first.close()
    second = await Store.open(database, clock=clock, pepper=pepper)
    assert second.knowledge.version(ANNA) == version != ""
    await second.close()


async def test_pieces_that_stayed_keep_their_embeddings(store: Store) -> None:
    made = known(store)
    await put(store, "prices.md", PRICES)
    name = HashingEmbedder().name
    assert await made.shelves.fill(ANNA) == 2  # type: ignore[union-attr]
    await put(store, "prices.md", PRICES.replace("$55", "$60"))
    assert len(await store.knowledge.embeddings.pieces(ANNA, name)) == 1
    assert await made.shelves.fill(ANNA) == 1  # type: ignore[union-attr]


async def test_embeddings_of_two_embedders_are_never_mixed(store: Store) -> None:
    await put(store, "prices.md", PRICES)
    large, small = HashingEmbedder(512), HashingEmbedder(64)
    for embedder in (large, small):
        made = Known(None, store.knowledge, embedder)
        assert await made.shelves.fill(ANNA) == 2  # type: ignore[union-attr]
        assert (await asked(made, "what do adults cost"))[0].startswith("An adult")
        await made.close()
    assert len(await store.knowledge.embeddings.pieces(ANNA, large.name)) == 2
    ids = await store.knowledge.embeddings.pieces(ANNA, small.name)
    rows = await store.knowledge.embeddings.vectors(ANNA, small.name, ids)
    assert all(len(each.vectors) == each.parts * 64 * 2 for each in rows)


async def test_an_embedding_of_a_piece_that_is_gone_is_not_kept(store: Store) -> None:
    await put(store, "prices.md", PRICES)
    await store.knowledge.embeddings.keep(ANNA, "e", [Embedded("kp_gone", 1, b"\0\0")])
    assert await store.knowledge.embeddings.pieces(ANNA, "e") == []


async def test_likeness_finds_what_was_added_without_its_embedding(store: Store) -> None:
    made = known(store)
    await put(store, "prices.md", "# Fees\n\nTransportation beyond the border costs extra.")
    async with asyncio.timeout(30):  # embedded behind the first question
        while await asked(made, "transports") == []:
            await asyncio.sleep(0.02)
    await made.close()


async def test_what_a_database_cannot_hold_is_replaced(store: Store) -> None:
    await put(store, "odd\x00.md", "A\x00B lone \ud800 half, 过敏 and 🦞.")
    document = (await store.knowledge.documents(ANNA))[0]
    assert "\x00" not in document.name
    assert "过敏" in (await asked(known(store), "过敏"))[0]


INJECTIONS = [
    '" OR 1=1 --',
    "NEAR(a b, 5)",
    "words:adult",
    "adult* AND NOT children",
    "'; DROP TABLE knowledge; --",
    "adult & !miles | (free)",
    "a:* <-> b",
    "\\'",
    "^adult",
    "{words}: adult",
    "adult\x00miles",
    "%_%",
]


@pytest.mark.parametrize("question", INJECTIONS)
async def test_a_question_is_never_read_as_a_command(store: Store, question: str) -> None:
    await put(store, "prices.md", PRICES)
    found = await asked(known(store), f"{question} adult")
    assert any(each.startswith("An adult is $55") for each in found)
    assert len(await store.knowledge.documents(ANNA)) == 1


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(question=st.text(min_size=1, max_size=60))
async def test_any_text_may_be_asked_and_known(store: Store, question: str) -> None:
    await put(store, "any.md", f"# A heading\n\nWords. {question}")
    await known(store).search(ANNA, question, 3)
    await store.knowledge.remove(ANNA, "any.md")


async def test_many_pieces_are_added_found_and_removed(store: Store) -> None:
    text = "\n\n".join(f"## Dish {n}\nThe dish number{n} has sauce." for n in range(900))
    document = await put(store, "menu.md", text)
    assert document.pieces == 900
    found = await Known(None, store.knowledge, None).pieces(ANNA, "number777", 3)
    assert [each.path for each in found] == [("Dish 777",)]
    assert await store.knowledge.remove(ANNA, "menu.md")
    assert await store.knowledge.pieces(ANNA, [each.id for each in found]) == []
