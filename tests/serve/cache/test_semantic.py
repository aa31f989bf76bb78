"""Answers by meaning: what is served, what is learned, what is forgotten."""

from __future__ import annotations

import random
from typing import Any

import pytest

from serve.cache.conftest import (
    MINE,
    YOURS,
    Compass,
    Opening,
    answer,
    ask,
    by_text,
    look,
    question,
)
from teppan.core.chat import CacheWish, Image, Message, Text, Tool
from teppan.core.clock import FixedClock
from teppan.core.trace import Trace
from teppan.serve.cache import Cache
from teppan.store import Store

PRICE = "How much is the party for ten adults?"


async def test_the_same_words_in_other_clothes_are_the_same_question(opening: Opening) -> None:
    cache = await opening(semantic=True)
    await ask(cache, question("Be kind.", PRICE), "It costs $600.")
    for text in (
        PRICE.upper(),
        PRICE.lower().rstrip("?"),
        f"  Hi, {PRICE}  ",
        f"{PRICE} Thanks!",
        f"Could you please help me with this? {PRICE}",
        "How much is the party for 10 adults?",
    ):
        seat = await look(cache, question("Be kind.", text))
        assert (seat.status, text) == ("semantic", text)
        assert seat.remembered is not None
        assert seat.remembered.question == PRICE


async def test_another_number_is_another_question_however_near(opening: Opening) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True, error_bound=1.0)
    compass.at = {PRICE: (1.0,), "How much is the party for 20 adults?": (1.0,)}
    await ask(cache, question(PRICE), "It costs $600.")
    assert (await look(cache, question("How much is the party for 20 adults?"))).hit is None


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": (Tool("book"),)},
        {"seed": 1},
        {"logprobs": True},
        {"cache": CacheWish(semantic=False)},
        {"cache": CacheWish(max_age=0.0)},
    ],
    ids=["tools", "seed", "logprobs", "refused", "too old"],
)
async def test_some_requests_are_never_answered_by_meaning(
    opening: Opening, fields: dict[str, Any], clock: FixedClock
) -> None:
    cache = await opening(semantic=True)
    await ask(cache, question(PRICE, **fields), "It costs $600.")
    clock.advance(1)
    assert (await look(cache, question(PRICE.upper(), **fields))).hit is None


async def test_the_rest_of_the_conversation_must_be_the_same(opening: Opening) -> None:
    cache = await opening(semantic=True)
    await ask(cache, question("Be kind.", PRICE), "It costs $600.")
    assert (await look(cache, question("Be rude.", PRICE.upper()))).hit is None
    assert (await look(cache, question("Be kind.", PRICE.upper()), YOURS)).hit is None
    assert (await look(cache, question("Be kind.", PRICE.upper()), version="v2")).hit is None


async def test_a_long_template_with_a_short_tail_gives_no_false_hits(opening: Opening) -> None:
    cache = await opening(semantic=True, error_bound=1.0)
    template = "You are the assistant of a hibachi caterer. " * 40
    for number in range(200):
        request = question(template + f"Context {number}.", "yes, the second one please")
        await ask(cache, request, f"answer {number}", trace=f"tr_{number}")
    for number in range(200):
        request = question(template + f"Context {number + 200}.", "Yes, the second one please!")
        assert (await look(cache, request)).hit is None


@pytest.mark.parametrize(
    "text", ["Yes", "And the second?", "ok", "Where is order 48213377?", "Write to ann@example.org"]
)
async def test_what_means_nothing_alone_or_is_somebodys_own_is_not_compared(
    opening: Opening, text: str
) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True)
    await ask(cache, question(text), "Fine.")
    assert compass.asked == []
    assert (await look(cache, question(text.upper()))).hit is None


async def test_a_question_too_long_to_embed_is_found_by_its_words_alone(opening: Opening) -> None:
    compass = Compass()
    compass.window = 100
    cache = await opening(compass, semantic=True)
    long = "Tell me about the price of noodles and rice. " * 5
    await ask(cache, question(long), "Cheap.")
    assert compass.asked == []
    assert (await look(cache, question(long.upper()))).status == "semantic"
    assert (await look(cache, question(long + "And soup?"))).hit is None


async def test_a_question_with_a_picture_is_not_compared(opening: Opening) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True)
    shown = Message("user", (Text("What is on this plate?"), Image("https://x.org/p.png")))
    request = question("x")
    request = type(request)(model="a/model", messages=(shown,))
    await ask(cache, request, "Rice.")
    assert compass.asked == []


async def test_only_chosen_intents_are_answered_by_meaning(opening: Opening) -> None:
    cache = await opening(semantic=True, intents=frozenset({"faq"}))
    await ask(cache, question(PRICE), "It costs $600.", intent="faq")
    assert (await look(cache, question(PRICE.upper()), intent="faq")).hit is not None
    assert (await look(cache, question(PRICE.upper()), intent="complaint")).hit is None


async def test_an_embedder_that_breaks_is_a_miss(opening: Opening) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True)
    compass.broken = OSError("no more vectors")
    assert (await ask(cache, question(PRICE), "It costs $600.")).status == "miss"
    assert (await look(cache, question(PRICE))).status == "exact"


WORDINGS = "problem issue detail reason procedure requirement option support error case".split()
TOPICS = {
    topic: [f"{topic} fee {word} please explain" for word in WORDINGS]
    for topic in ("deposit", "menu", "travel")
}


def turned(compass: Compass, seed: int) -> list[tuple[str, str]]:
    """Questions of three topics: those of one topic near to each other, in a mixed order."""
    chance = random.Random(seed)
    asked = []
    for number, (topic, texts) in enumerate(TOPICS.items()):
        for text in texts:
            compass.at[text] = [
                (1.0 if at == number else 0.0) + chance.uniform(-0.15, 0.15) for at in range(6)
            ]
            asked.append((text, topic))
    chance.shuffle(asked)
    return asked


async def trained(cache: Cache, compass: Compass, rounds: int = 4) -> int:
    """Asks the questions of the topics over and over in new partitions; how many hits came."""
    hits = 0
    for number in range(rounds):
        for text, topic in turned(compass, number):
            request = question(f"Round {number}.", text)
            seat = await ask(cache, request, topic, trace=f"tr_{number}_{text}")
            if seat.status == "semantic":
                assert seat.hit is not None
                assert seat.hit.text == topic
                hits += 1
    return hits


async def test_near_questions_are_served_once_that_was_seen_to_be_right(opening: Opening) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True, error_bound=0.1, verify=1.0)
    first = await trained(cache, compass, 1)
    later = await trained(cache, compass, 8)
    assert first < 12
    assert later > 60


async def test_a_bound_of_zero_serves_nothing_but_the_same_words(opening: Opening) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True, error_bound=0.0)
    assert await trained(cache, compass, 6) == 0


async def test_what_was_learned_and_remembered_survives_a_restart(opening: Opening) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True, error_bound=0.1)
    await trained(cache, compass, 6)
    assert cache.semantic is not None
    before = await cache.semantic.learner(MINE)
    again = await opening(compass, semantic=True, error_bound=0.1)
    assert again.semantic is not None
    after = await again.semantic.learner(MINE)
    assert len(after) == len(before) > 20
    assert after.threshold < 1.0
    first, topic = turned(compass, 0)[0]
    seat = await look(again, question("Round 0.", f"{first} Thanks!"))
    assert seat.hit is not None
    assert seat.hit.text == topic
    assert seat.status == "semantic"


async def test_answers_of_another_embedder_are_not_compared(
    opening: Opening, clock: FixedClock
) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True)
    await ask(cache, question(PRICE), "It costs $600.")
    other = Compass()
    other.name = "another"
    again = await opening(other, semantic=True)
    assert (await look(again, question(PRICE.upper()))).hit is None


async def test_a_wrong_hit_is_evicted_and_remembered_as_wrong(
    opening: Opening, store: Store
) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True, error_bound=0.1)
    await trained(cache, compass, 6)
    other = "menu fee situation please explain"
    request = question("Round 5.", other)
    compass.at[other] = compass.at[TOPICS["menu"][0]]
    seat = await look(cache, request)
    assert seat.remembered is not None
    store.traces.put(
        Trace(
            id="tr_served",
            tenant="mine",
            key_id="key_1",
            started=0.0,
            asked="a/model",
            strategy="single",
            status="ok",
            cache=seat.status,
            remembered=seat.remembered,
        )
    )
    for _ in range(100):
        if await store.traces.get(MINE, "tr_served"):
            break
        import asyncio

        await asyncio.sleep(0.02)
    assert await cache.wrong(MINE, "tr_served")
    next_seat = await look(cache, request)
    assert next_seat.remembered is None or (next_seat.remembered.entry != seat.remembered.entry)
    assert (await cache.stats(MINE)).complaints == 1


async def test_checks_of_hits_drawn_by_chance_are_the_false_hit_rate(opening: Opening) -> None:
    compass = Compass()
    cache = await opening(compass, semantic=True, error_bound=0.1, verify=1.0)
    await trained(cache, compass, 6)
    seats = []
    for text in TOPICS["menu"]:
        other = text.replace("fee", "fee situation")
        compass.at[other] = compass.at[text]
        seats.append(await look(cache, question("Round 5.", other)))
    hits = [seat for seat in seats if seat.hit is not None]
    assert all(seat.verify for seat in hits)
    for number, seat in enumerate(hits):
        await seat.checked(number > 0)
    found = await cache.stats(MINE)
    assert (found.checked, found.wrong) == (len(hits), 1)
    assert found.low < 1 / len(hits) < found.high


async def test_entries_beyond_the_room_are_forgotten_and_found_no_more(opening: Opening) -> None:
    cache = await opening(semantic=True, entries=10)
    for number in range(30):
        await ask(cache, question(f"Tell me about subject{number} things"), f"answer {number}")
    assert (await look(cache, question("TELL ME about subject29 things"))).hit is not None
    assert (await look(cache, question("TELL ME about subject3 things"))).hit is None


async def test_same_says_whether_two_answers_are_alike(opening: Opening) -> None:
    cache = await opening(semantic=True, same=by_text)
    assert await cache.same(answer("x"), answer("x")) is True
    plain = await opening()
    assert await plain.same(answer("x"), answer("x")) is None
