"""A month of customers is the same for the same seed, and is mixed as it says."""

from __future__ import annotations

import pickle
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from teppan.simulate.questions import Bank, BankError, load_bank
from teppan.simulate.traffic import MIX, Month, Plan, Step, Traffic, load_plans, traffic
from teppan.simulate.wording import dressed

PACK = Path(__file__).parents[2] / "packs" / "myhibachi"
MONTH = Month(requests=1500, seed=3)


@pytest.fixture(scope="module")
def bank() -> Bank:
    return load_bank(PACK)


@pytest.fixture(scope="module")
def month(bank: Bank) -> Traffic:
    return traffic(bank, load_plans(PACK), MONTH)


def episodes(month: Traffic) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in month.steps:
        found.setdefault(step.episode, []).append(step)
    return found


def test_the_same_seed_gives_the_same_month_and_another_seed_another(
    bank: Bank, month: Traffic
) -> None:
    assert traffic(bank, load_plans(PACK), MONTH) == month
    assert traffic(bank, load_plans(PACK), Month(requests=1500, seed=4)) != month


def test_every_text_asks_the_question_it_stands_for(bank: Bank, month: Traffic) -> None:
    for step in month.steps:
        assert bank.find(step.text) is step.question, step.text


def test_the_mix_is_about_as_stated(month: Traffic) -> None:
    shares: Counter[str] = Counter()
    for steps in episodes(month).values():
        booking = any(step.question.id.startswith("book-") for step in steps)
        shares.update("booking" if booking else step.question.intent for step in steps)
    for intent, share in MIX.items():
        assert shares[intent] / len(month.steps) == pytest.approx(share, abs=0.06), intent


def test_bookings_are_conversations_of_three_to_twenty_five_turns(month: Traffic) -> None:
    lengths = [
        len(steps)
        for steps in episodes(month).values()
        if steps[0].question.id in ("book-open", "es-book-open") and len(steps) > 1
    ]
    assert 3 <= min(lengths) < 8
    assert 12 < max(lengths) <= 25


def test_turns_of_an_episode_follow_each_other_in_time(month: Traffic) -> None:
    for steps in episodes(month).values():
        assert [step.turn for step in steps] == list(range(len(steps)))
        gaps = [after.at - before.at for before, after in pairwise(steps)]
        assert all(gap >= 20.0 for gap in gaps)
    assert list(month.steps) == sorted(month.steps, key=lambda step: (step.at, step.episode))


def test_people_eat_in_the_evening_and_sleep_at_night(month: Traffic) -> None:
    hours = Counter(int((step.at - MONTH.start) // 3600) % 24 for step in month.steps)
    assert hours[18] > 5 * hours[5]


def test_some_texts_come_again_letter_by_letter_unless_told_otherwise(
    bank: Bank, month: Traffic
) -> None:
    assert 0.2 < month.repeated() < 0.5
    never = traffic(bank, load_plans(PACK), Month(requests=1500, seed=3, never_twice=True))
    assert never.repeated() < 0.01


def test_few_questions_are_asked_often(month: Traffic) -> None:
    counts = Counter(step.question.id for step in month.steps).most_common()
    most = sum(count for _, count in counts[: len(counts) // 5])
    assert most > len(month.steps) / 2


def test_a_customer_keeps_to_one_language(month: Traffic) -> None:
    for steps in episodes(month).values():
        assert len({step.question.language for step in steps}) == 1


def test_slips_and_greetings_leave_numbers_alone(bank: Bank) -> None:
    question = bank.by_id["quote-adults-12"]
    texts = {dressed(bank, question, frozenset(), number) for number in range(60)}
    assert len(texts) > 30
    assert all("12" in text for text in texts)


def test_a_plan_with_an_unknown_question_is_refused(bank: Bank) -> None:
    with pytest.raises(BankError, match="no question 'nothing'"):
        traffic(bank, [Plan("p", ("book-open", "nothing"))], MONTH)


def test_a_month_can_be_sent_to_another_process() -> None:
    month = Month(requests=10)
    assert pickle.loads(pickle.dumps(month)) == month
