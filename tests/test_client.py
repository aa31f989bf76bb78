"""`from teppan import Teppan`: the gateway inside a program, with `await` and without."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import QUESTION, fleet, folder
from teppan import AsyncTeppan, Teppan
from teppan.core.chat import say
from teppan.core.errors import BadRequest, ConfigError, ModelNotFound

__all__ = ["fleet", "folder"]

MODEL = "openai/sim-gpt-small"


@pytest.fixture
def blocking(folder: Path) -> Iterator[Teppan]:
    with Teppan() as made:
        yield made


def test_one_model_answers(blocking: Teppan) -> None:
    answer = blocking.ask(QUESTION, model=MODEL)
    assert "42" in answer.text
    assert (answer.model, answer.calls) == (MODEL, 1)
    assert answer.trace_id.startswith("tr_")


def test_without_a_model_the_consensus_of_all_answers(blocking: Teppan) -> None:
    answer = blocking.ask(QUESTION, task_type="math")
    assert "42" in answer.text
    assert answer.strategy == "consensus"
    assert answer.confidence is not None


def test_a_stream_is_the_answer_in_pieces(blocking: Teppan) -> None:
    pieces = list(blocking.stream(QUESTION, model=MODEL))
    assert len(pieces) > 1
    assert "".join(pieces) == blocking.ask(QUESTION, model=MODEL).text


def test_a_stream_that_is_left_early_leaves_the_client_usable(blocking: Teppan) -> None:
    words = blocking.stream(QUESTION, model=MODEL)
    next(words)
    words.close()  # type: ignore[attr-defined]
    assert "42" in blocking.ask(QUESTION, model=MODEL).text


def test_an_ensemble_tells_what_each_member_said(blocking: Teppan) -> None:
    answer = blocking.ensemble(QUESTION, strategy="consensus", models=3, task_type="math")
    assert "42" in answer.text
    assert len({reply.model for reply in answer.replies}) == len(answer.replies) >= 2
    assert answer.evidence is not None


@pytest.mark.parametrize(
    "messages",
    [
        QUESTION,
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}],
        [say("user", QUESTION)],
    ],
)
def test_a_question_may_be_words_or_messages(blocking: Teppan, messages: object) -> None:
    assert "42" in blocking.ask(messages, model=MODEL).text  # type: ignore[arg-type]


def test_a_wrong_message_is_named(blocking: Teppan) -> None:
    with pytest.raises(BadRequest, match="message 0") as caught:
        blocking.ask([{"role": "wizard", "content": "x"}])
    assert caught.value.param == "messages[0]"


def test_errors_come_as_they_are(blocking: Teppan) -> None:
    with pytest.raises(ModelNotFound):
        blocking.ask("x", model="nobody/knows")
    with pytest.raises(ConfigError, match="consensus"):
        blocking.ensemble("x", strategy="oracle")


def test_closing_twice_is_harmless_and_ends_the_thread(folder: Path) -> None:
    client = Teppan()
    client.ask(QUESTION, model=MODEL)
    client.close()
    client.close()
    assert "teppan" not in {thread.name for thread in threading.enumerate()}


def test_what_was_spent_is_still_there_in_the_next_process(folder: Path) -> None:
    with Teppan() as client:
        trace_id = client.ask(QUESTION, model=MODEL).trace_id
    with Teppan(folder / "teppan.toml") as client:
        assert client.ask(QUESTION, model=MODEL).trace_id != trace_id


async def test_the_same_with_await(folder: Path) -> None:
    async with AsyncTeppan() as client:
        assert "42" in (await client.ask(QUESTION, model=MODEL)).text
        pieces = [piece async for piece in client.stream(QUESTION, model=MODEL)]
        answer = await client.ensemble(QUESTION, "cascade", 2, "math")
    assert len(pieces) > 1
    assert "42" in answer.text
