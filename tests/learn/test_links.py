"""What came after an answer is found over pages, and never in another's conversation."""

from __future__ import annotations

from msgspec.structs import replace

from learn.test_gathering import ONE, OTHER, TWO, turn
from teppan.core.trace import Trace
from teppan.learn.links import Links


def after(*newest_first: Trace, most: int = 100) -> dict[str, str]:
    links = Links(most)
    found = {each.id: links.before(each) for each in newest_first}
    return {id: one.trace_id for id, one in found.items() if one is not None}


def of(trace: Trace, episode: str | None, user: str | None = "u1") -> Trace:
    assert trace.request is not None
    request = replace(trace.request, episode=episode, user=user)
    return replace(trace, episode=episode, request=request)


def test_the_next_turn_begins_with_the_words_of_the_one_before() -> None:
    assert after(OTHER, TWO, ONE) == {"tr_1": "tr_2"}


def test_an_episode_tells_where_only_the_newest_words_are_sent() -> None:
    first = turn(1, "What do adults pay?", answer="$55.", episode="e1")
    second = turn(2, "And children?", answer="$30.", episode="e1")
    stranger = turn(3, "And children?", answer="$30.", episode="e2")
    assert after(stranger, second, first) == {"tr_1": "tr_2"}


def test_the_same_words_of_another_customer_are_another_conversation() -> None:
    """Two press the same button and read the same answer; one goes on."""
    for mine, theirs in ((("e1", "u1"), ("e2", "u2")), ((None, "u1"), (None, "u2"))):
        went, stayed = of(ONE, *mine), of(replace(ONE, id="tr_0"), *theirs)
        assert after(of(TWO, *mine), stayed, went) == {"tr_1": "tr_2"}
        assert after(of(TWO, *mine), went, stayed) == {"tr_1": "tr_2"}


def test_who_has_an_answer_made_anew_asks_again_and_goes_on_from_the_one_kept() -> None:
    thrown = turn(1, "What do adults pay?", answer="Adults pay $65.", episode="e1")
    kept = replace(of(ONE, "e1"), id="tr_1b", started=1.5)
    assert after(of(TWO, "e1"), kept, thrown) == {"tr_1": "tr_1b", "tr_1b": "tr_2"}


def test_only_so_many_turns_are_remembered() -> None:
    turns = [of(TWO, "e1"), *(turn(9, "Hi", "Hello", "Hm", answer="?", episode=e) for e in "abc")]
    assert after(*turns, of(ONE, "e1")) == {"tr_1": "tr_2"}
    assert after(*turns, of(ONE, "e1"), most=2) == {}


def test_a_trace_without_words_has_no_place() -> None:
    silent = Trace(
        id="tr_0", tenant="a", key_id="k", started=0.0, asked="m", strategy="s", status="ok"
    )
    assert after(TWO, silent) == {}
