"""A seeded stream of customers: who asks what, in which words, and when."""

from collections.abc import Iterator
from dataclasses import dataclass

from teppan.simulate import dice
from teppan.simulate.questions import Bank, Question

_NAMES = (
    "Ana",
    "Ben",
    "Chloe",
    "Dan",
    "Elif",
    "Farid",
    "Grace",
    "Hugo",
    "Ines",
    "Jun",
    "Kai",
    "Lea",
)


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer with one question; `wait` is the seconds since the customer before."""

    number: int
    name: str
    question: Question
    text: str
    wait: float

    @property
    def id(self) -> str:
        """A stable identity for sessions and records."""
        return f"customer-{self.number}"


def customers(bank: Bank, seed: int = 1, every: float = 1.0) -> Iterator[Customer]:
    """Customers without end; each round asks every question of the bank once, in a new order.

    Phrasings are drawn from the question's text and variants. Waits are exponential with a mean of
    `every` seconds. Raises `ValueError` for an empty bank.
    """
    if not len(bank):
        raise ValueError("the question bank is empty")
    number = 0
    while True:
        turn = number // len(bank)
        for question in sorted(bank, key=lambda one: dice.number(seed, "order", turn, one.id)):
            number += 1
            yield Customer(
                number=number,
                name=dice.pick(_NAMES, seed, "name", number),
                question=question,
                text=dice.pick(question.phrasings, seed, "phrasing", number),
                wait=dice.exponential(every, seed, "wait", number),
            )
