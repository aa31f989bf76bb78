"""A run asks each task once, never spends more than it may, and goes on where it was."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from distil_desk import SCOPE, Leaks, Models, Notes, Shelf, desk, job, quiet, task, trace
from teppan.core.errors import (
    BudgetExceeded,
    ConfigError,
    ModelNotFound,
    PriceUnknown,
    ProviderContextTooLong,
    ProviderOverloaded,
    Refused,
    TeppanError,
)
from teppan.core.trace import Trace
from teppan.learn.distil.desk import Tally
from teppan.learn.distil.planning import Reckoned
from teppan.learn.distil.pool import GIVE_UP
from teppan.learn.distil.run import distil, plan
from teppan.learn.distil.spending import Allowance

WORDS = "apple bread cheese dates eggs figs grapes honey jam kale lemons mint nuts olives".split()
TASKS = tuple(task(f"Do you sell {word}?") for word in WORDS)
QUESTIONS = [each.question for each in TASKS]


class Shop:
    """Models, notes and shelf of one test."""

    def __init__(self, answering: Callable[[str], Trace] | None = None) -> None:
        self.models = Models(answering or (lambda text: trace(text, f"Yes: {text}")))
        self.shelf = Shelf()
        self.notes = Notes(self.models, self.shelf)

    async def run(self, *tasks: object, stop: asyncio.Event | None = None, **more: object) -> Tally:
        made, of = {}, {}
        for name, value in more.items():
            (of if name in JOB else made)[name] = value
        wanted = job(*(tasks or TASKS), **of)  # type: ignore[arg-type]
        return await distil(
            desk(self.models, self.notes, self.shelf, **made), SCOPE, wanted, quiet, stop
        )


JOB = ("budget", "concurrency", "numbers", "expand", "expander", "allow_unknown", "name", "made_of")


async def test_each_task_is_asked_once_and_the_next_start_asks_nothing() -> None:
    shop = Shop()
    first = await shop.run()
    assert (first.kept, first.total, first.cost) == (len(TASKS), len(TASKS), 10 * len(TASKS))
    assert len(shop.shelf.kept) == len(set(shop.models.asked)) == len(TASKS)
    again = await shop.run()
    assert (again.before, again.kept, again.cost) == (len(TASKS), 0, 0)
    assert len(shop.models.asked) == len(TASKS)


async def test_a_changed_list_pays_for_what_is_new_in_it() -> None:
    shop = Shop()
    await shop.run(*TASKS[:5])
    await shop.run(*TASKS[3:7])
    assert len(shop.models.asked) == 7


async def test_another_prompt_or_name_is_another_run() -> None:
    shop = Shop()
    await shop.run(TASKS[0])
    await shop.run(TASKS[0], made_of="m2")
    assert len(shop.models.asked) == 2


async def test_several_are_asked_at_once_but_no_more_than_may_be() -> None:
    shop = Shop()
    await shop.run(concurrency=3)
    assert shop.models.most_under_way == 3


async def test_what_need_not_or_may_not_be_asked_costs_nothing() -> None:
    shop = Shop()
    twin = task("do you sell apple", line=2)
    tally = await shop.run(TASKS[0], twin, TASKS[1], TASKS[0], leaks=Leaks(QUESTIONS[1]))
    assert (tally.kept, tally.dropped, tally.why) == (1, 3, {"leak": 1, "duplicate": 2})
    assert len(shop.models.asked) == 1
    told = {each.kinds: each.reasons for each in shop.notes.by_task.values()}
    assert told[("leak",)] == ("leak: a question of the set",)


async def test_an_example_goes_when_its_question_is_found_in_an_evaluation_set() -> None:
    shop = Shop()
    await shop.run(TASKS[0])
    assert shop.shelf.kept
    tally = await shop.run(TASKS[0], leaks=Leaks(QUESTIONS[0]))
    assert (tally.dropped, shop.shelf.kept) == (1, {})


async def test_a_task_is_judged_anew_without_paying_when_its_reference_changes() -> None:
    shop = Shop(lambda text: trace(text, "We sell it for $5."))
    kept = await shop.run(replace(TASKS[0], reference="$5"))
    assert kept.kept == 1
    dropped = await shop.run(replace(TASKS[0], reference="$7"))
    assert (dropped.dropped, dropped.again, dropped.cost, shop.shelf.kept) == (1, 1, 0, {})
    assert len(shop.models.asked) == 1


async def test_an_error_of_one_question_leaves_the_others_alone() -> None:
    def answer(text: str) -> Trace:
        if "figs" in text:
            raise ProviderContextTooLong("too long")
        if "eggs" in text:
            raise Refused("nobody would vouch")
        if "kale" in text:
            raise ProviderOverloaded("busy")
        return trace(text, "Yes.")

    shop = Shop(answer)
    tally = await shop.run()
    assert (tally.kept, tally.dropped, tally.failed) == (len(TASKS) - 3, 2, 1)
    shop.models.answering = lambda text: trace(text, "Yes.")
    again = await shop.run()
    assert (again.kept, again.before) == (1, len(TASKS) - 1)


async def test_when_nobody_answers_it_gives_up_and_says_so() -> None:
    def answer(text: str) -> Trace:
        raise ProviderOverloaded("busy")

    shop = Shop(answer)
    tally = await shop.run(concurrency=1)
    assert tally.failed == GIVE_UP
    assert "no vendor answers: busy" in tally.stopped
    assert tally.code == ProviderOverloaded.exit_code


async def test_what_would_go_wrong_with_every_question_ends_the_run() -> None:
    def answer(text: str) -> Trace:
        if "figs" in text:
            raise ModelNotFound("there is no model `support`")
        return trace(text, "Yes.")

    shop = Shop(answer)
    with pytest.raises(ModelNotFound):
        await shop.run(concurrency=1)
    assert list(shop.notes.states.values()) == ["kept"] * WORDS.index("figs")


async def test_it_stops_with_the_questions_under_way_and_goes_on_from_there() -> None:
    shop, stop = Shop(), asyncio.Event()

    def answer(text: str) -> Trace:
        if "cheese" in text:
            stop.set()
        return trace(text, "Yes.")

    shop.models.answering = answer
    tally = await shop.run(stop=stop, concurrency=2)
    assert 3 <= tally.kept <= 4
    assert tally.total == len(TASKS)
    rest = await shop.run()
    assert rest.kept == len(TASKS) - tally.kept
    assert len(shop.models.asked) == len(TASKS)


async def test_nothing_is_paid_where_nothing_could_be_kept() -> None:
    shop = Shop()
    with pytest.raises(ConfigError, match="may be learned from") as refused:
        await shop.run(terms="restricted")
    assert 'a = "free"' in refused.value.message
    with pytest.raises(ConfigError, match="answers alone"):
        await shop.run(alone=lambda model: True)
    with pytest.raises(PriceUnknown, match="support"):
        await shop.run(bound=None)
    assert not shop.models.asked
    assert (await shop.run(bound=None, allow_unknown=True)).kept == len(TASKS)


async def test_money_that_others_have_set_aside_is_waited_for() -> None:
    turns = iter([1.0] * 3)

    def answer(text: str) -> Trace:
        if (soon := next(turns, None)) is not None:
            raise BudgetExceeded("set aside", retry_after=soon)
        return trace(text, "Yes.")

    shop = Shop(answer)
    assert (await shop.run(concurrency=1)).kept == len(TASKS)


async def test_a_spent_budget_of_the_house_ends_it_with_its_words() -> None:
    def answer(text: str) -> Trace:
        if "figs" in text:
            raise BudgetExceeded("the budget `shop` allows $5", retry_after=86_400.0)
        return trace(text, "Yes.")

    tally = await Shop(answer).run(concurrency=4)
    assert "`shop`" in tally.stopped
    assert tally.code == BudgetExceeded.exit_code
    assert tally.failed == 0


async def test_every_worker_waiting_for_the_others_is_not_a_wait_for_ever() -> None:
    def answer(text: str) -> Trace:
        raise BudgetExceeded("spent", retry_after=86_400.0)

    async with asyncio.timeout(5):
        tally = await Shop(answer).run(concurrency=8)
    assert tally.stopped == "spent"


@settings(max_examples=40, deadline=None)
@given(
    budget=st.integers(0, 300),
    concurrency=st.integers(1, 9),
    costs=st.lists(st.integers(0, 50), min_size=len(TASKS), max_size=len(TASKS)),
    starts=st.integers(1, 3),
    cut=st.integers(0, 20),
)
def test_a_budget_is_never_overshot_however_dear_the_answers_turn_out(
    budget: int, concurrency: int, costs: list[int], starts: int, cut: int
) -> None:
    by_question = dict(zip(QUESTIONS, costs, strict=True))
    shop = Shop(lambda text: trace(text, "Yes.", by_question[text]))

    async def all_of_them() -> None:
        for _ in range(starts):
            asked, stop = len(shop.models.asked), asyncio.Event()

            def answer(text: str, asked: int = asked, stop: asyncio.Event = stop) -> Trace:
                if len(shop.models.asked) - asked > cut:
                    stop.set()
                return trace(text, "Yes.", by_question[text])

            shop.models.answering = answer
            tally = await shop.run(budget=budget, concurrency=concurrency, bound=50, stop=stop)
            assert shop.models.cost <= budget
            assert tally.spent == shop.models.cost
            if tally.stopped:
                assert budget - shop.models.cost < 50

    asyncio.run(all_of_them())
    assert len(set(shop.models.asked)) == len(shop.models.asked)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=30), st.integers(0, 99))
def test_an_allowance_holds_what_it_was_asked_to(pairs: list[tuple[int, int]], budget: int) -> None:
    allowance, dice = Allowance(budget), random.Random(1)

    async def one(bound: int, cost: int) -> None:
        if await allowance.take(bound):
            assert allowance.spent + allowance.held <= budget
            await asyncio.sleep(dice.random() / 1e4)
            await allowance.give(bound, min(bound, cost))

    async def everyone() -> None:
        async with asyncio.timeout(10):
            await asyncio.gather(*(one(bound, cost) for bound, cost in pairs))

    asyncio.run(everyone())
    assert allowance.held == 0
    assert allowance.spent <= budget


async def test_variations_are_asked_too_and_written_only_once() -> None:
    def answer(text: str) -> Trace:
        if "Reply with JSON" not in text:
            return trace(text, f"Yes: {text}")
        text = json.dumps({"messages": [{"number": 1, "text": "Got any ripe fruit for 12?"}]})
        return trace("a variation", text)

    shop = Shop(answer)
    seed = task("How much is a fruit basket for 12 people?")
    tally = await shop.run(seed, numbers=2, expand=1, expander="a/writer")
    assert tally.kept == 4
    made = sorted(each.made for each in shop.notes.by_task.values())
    assert made == ["", "numbers", "numbers", "paraphrase"]
    asked = len(shop.models.asked)
    again = await shop.run(seed, numbers=2, expand=1, expander="a/writer")
    assert (again.before, len(shop.models.asked)) == (4, asked)


@pytest.mark.parametrize("error", [ProviderOverloaded("busy"), ProviderContextTooLong("long")])
async def test_a_seed_whose_variations_could_not_be_written_is_still_answered(
    error: TeppanError,
) -> None:
    def answer(text: str) -> Trace:
        if "Reply with JSON" in text:
            raise error
        return trace(text, "Yes.")

    tally = await Shop(answer).run(TASKS[0], expand=2, expander="a/writer")
    assert (tally.kept, tally.failed, tally.refused.unread) == (1, 0, 2)


async def test_a_plan_says_what_would_be_asked_and_asks_nothing() -> None:
    shop = Shop()
    await shop.run(*TASKS[:2])
    asked = len(shop.models.asked)
    found = await plan(
        desk(shop.models, shop.notes, shop.shelf, leaks=Leaks(QUESTIONS[3])),
        SCOPE,
        job(*TASKS[:4], TASKS[0], expand=3, expander="a/w"),
    )
    assert (found.given, found.duplicates, found.leaking) == (5, 1, 1)
    assert (found.done, found.todo, found.more) == (2, 1, 9)
    assert found.total == Reckoned(13, 130, 130)
    assert (found.spent, len(shop.models.asked)) == (20, asked)
