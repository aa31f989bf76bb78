"""The most a call can cost is never less than what it does cost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from teppan.core.chat import (
    ChatRequest,
    Image,
    Message,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
    say,
)
from teppan.cost.bound import (
    ASSUMED_OUTPUT,
    PICTURE,
    Bound,
    Output,
    cost_of,
    input_tokens,
    of_request,
    of_texts,
)
from teppan.cost.meter import cost
from teppan.cost.prices import Rates, Tier
from teppan.cost.tokens import request_tokens

RATE = st.integers(0, 100_000_000)
TIER = st.builds(Tier, st.just(0), RATE, RATE, st.none() | RATE, st.none() | RATE, st.none() | RATE)
KNOWN = Output(4096)


def asking(**changes: object) -> ChatRequest:
    given = {"model": "a/x", "messages": (say("user", "Hello"),), **changes}
    return ChatRequest(**given)  # type: ignore[arg-type]


@given(TIER, TIER, st.integers(0, 500), st.data())
def test_no_usage_within_the_bound_costs_more(
    first: Tier, second: Tier, above: int, data: st.DataObject
) -> None:
    rates = Rates((first, Tier(above, *list(_figures(second)))), "v")
    bound = Bound(data.draw(st.integers(0, 1000)), data.draw(st.integers(0, 1000)))
    total = data.draw(st.integers(0, bound.input))
    cached = data.draw(st.integers(0, total))
    written = data.draw(st.integers(0, total - cached))
    output = data.draw(st.integers(0, bound.output))
    usage = Usage(total, output, cached, written, data.draw(st.integers(0, output)))
    assert cost(usage, rates) <= cost_of(bound, rates)


def _figures(tier: Tier) -> tuple[int | None, ...]:
    return tier.input, tier.output, tier.cached, tier.cache_write, tier.reasoning


@given(st.lists(st.text(), max_size=4))
def test_the_bytes_of_a_request_bound_its_tokens(texts: list[str]) -> None:
    request = asking(messages=tuple(say("user", text) for text in texts))
    assert input_tokens(request) >= sum(len(text.encode()) for text in texts)
    assert input_tokens(request) >= request_tokens(request)


def test_everything_a_request_carries_is_counted() -> None:
    plain = input_tokens(asking())
    parts = (
        Image("https://example.org/a.png"),
        ToolCall("1", "find", '{"a": 1}'),
        ToolResult("1", (Text("found"), Image("data:,"))),
    )
    assert input_tokens(asking(messages=(Message("user", parts),))) > 2 * PICTURE
    for more in (
        {"tools": (Tool("find", "finds", {"type": "object"}),)},
        {"response_format": ResponseFormat("json_schema", "n", {"type": "object"})},
        {"extra": {"documents": ["long"]}},
    ):
        assert input_tokens(asking(**more)) > plain


def test_an_answer_is_as_long_as_the_client_allows_or_the_model_can() -> None:
    assert of_request(asking(max_tokens=100), KNOWN).output == 100
    assert of_request(asking(max_tokens=100, n=3), KNOWN).output == 300
    assert of_request(asking(max_tokens=9999), KNOWN).output == 4096
    assert of_request(asking(), KNOWN) == Bound(input_tokens(asking()), 4096)
    assert of_request(asking(max_tokens=1), Output()).output == 16


def test_where_nobody_knows_how_long_an_answer_may_be_it_is_assumed_and_said() -> None:
    assert of_request(asking(), Output()).output == ASSUMED_OUTPUT
    assert of_request(asking(), Output()).assumed
    assert of_request(asking(thinking_budget=1000), Output()).output == ASSUMED_OUTPUT + 1000
    refused = of_request(asking(max_tokens=10), Output(None, limited=False))
    assert (refused.output, refused.assumed) == (ASSUMED_OUTPUT, True)


def test_texts_to_embed_have_no_output() -> None:
    bound = of_texts(["Grüße", "日本"])
    assert bound.output == 0
    assert bound.input >= len("Grüße日本".encode())
