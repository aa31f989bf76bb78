"""Parts go to the models found: vendors mixed, dearest lead, cheapest climb first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from teppan.serve.lineup import Lineup, Offered, filled, line_up
from teppan.serve.strategies.registry import STRATEGIES, read_settings

offers = st.lists(
    st.builds(
        Offered,
        st.builds("{}/{}".format, st.sampled_from("abc"), st.integers(0, 9)),
        st.none() | st.integers(0, 100),
    ),
    min_size=1,
    unique_by=lambda each: each.model,
)


@given(offers)
def test_every_strategy_can_be_built_from_any_lineup(offered: list[Offered]) -> None:
    lineup = line_up(offered)
    for name in STRATEGIES:
        read_settings(name, filled(name, {}, lineup))


@given(offers)
def test_a_cascade_climbs_to_the_best_and_asks_nobody_twice(offered: list[Offered]) -> None:
    lineup = line_up(offered)
    assert lineup.steps[-1] == lineup.best
    assert len(set(lineup.steps)) == len(lineup.steps)


@given(offers)
def test_the_critic_is_of_another_house_where_there_is_one(offered: list[Offered]) -> None:
    lineup = line_up(offered)
    if len({each.provider for each in offered}) > 1:
        assert lineup.critic.partition("/")[0] != lineup.best.partition("/")[0]


def test_nothing_found_is_an_empty_lineup() -> None:
    assert line_up([]) == Lineup()


def test_settings_that_are_given_stay() -> None:
    lineup = line_up([Offered("a/x", 5), Offered("b/y", 1)])
    assert filled("critic", {"critic": "c/z"}, lineup)["critic"] == "c/z"
