"""Recorded answers are read from files and given back as if a vendor had answered."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from teppan.core.chat import ChatRequest, say
from teppan.core.errors import ProviderModelNotFound
from teppan.core.fold import fold
from teppan.providers.base import Clocks
from teppan.providers.replay import ReplayProvider, load, load_scores

PROMPTS = [
    {"benchmark": "sums", "prompt_id": "s1", "category": "maths", "prompt": "1+1?", "extra": 1},
    {"benchmark": "sums", "prompt_id": "s2", "category": "maths", "prompt": "2+2?"},
]
ROWS = [
    {"benchmark": "sums", "prompt_id": p, "model": m, "response": f"{m}: {a}", "answer": a,
     "score": float(m == "good"), "input_tokens": 3, "output_tokens": 1, "cost_usd": 0.00001}
    for p, a in (("s1", "2"), ("s2", "4")) for m in ("good", "bad")
]  # fmt: skip


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prompts_dev.jsonl.gz").write_bytes(gzip.compress(lines(PROMPTS)))
    (tmp_path / "responses_sums.jsonl").write_bytes(lines(ROWS))
    return tmp_path


def asking(text: str, seed: int | None = None) -> ChatRequest:
    return ChatRequest(model="any", messages=(say("user", text),), seed=seed)


def test_a_folder_is_read_plain_or_gzipped(folder: Path) -> None:
    (recordings,) = load(folder)
    assert recordings.name == "sums"
    assert recordings.models == ("bad", "good")
    assert [prompt.prompt_id for prompt in recordings.prompts] == ["s1", "s2"]
    row = recordings.of("s1", "good")
    assert row is not None
    assert row.cost == pytest.approx(10)


async def test_the_recorded_text_and_usage_come_back_whole_and_streamed(folder: Path) -> None:
    provider = ReplayProvider(load(folder)[0])
    got = await provider.complete(asking("2+2?"), "good", 0, Clocks())
    assert got.completion.text == "good: 4"
    assert got.completion.usage is not None
    assert got.completion.usage.output == 1
    deltas = [each async for each in provider.stream(asking("2+2?"), "good", 0, Clocks())]
    assert fold(deltas).text == "good: 4"


async def test_what_was_never_recorded_is_not_found(folder: Path) -> None:
    provider = ReplayProvider(load(folder)[0])
    for text, model in (("3+3?", "good"), ("1+1?", "absent")):
        with pytest.raises(ProviderModelNotFound):
            await provider.complete(asking(text), model, 0, Clocks())


async def test_the_seed_chooses_among_samples(tmp_path: Path) -> None:
    rows = [{**ROWS[0], "prompt": "1+1?", "response": text} for text in ("first", "second")]
    (tmp_path / "traces.jsonl").write_bytes(lines(rows))
    provider = ReplayProvider(load(tmp_path / "traces.jsonl")[0])
    said = [
        (await provider.complete(asking("1+1?", seed), "good", 0, Clocks())).completion.text
        for seed in (None, 1, 2, 3)
    ]
    assert said == ["first", "first", "second", "first"]


def test_a_broken_line_is_named_and_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="responses_"):
        load(tmp_path)
    (tmp_path / "responses_x.jsonl").write_bytes(lines(ROWS[:1]) + b"\n{broken")
    with pytest.raises(ValueError, match=r"responses_x\.jsonl, line 2"):
        load(tmp_path)


def test_scores_without_texts_are_read_by_benchmark(tmp_path: Path) -> None:
    row = {"benchmark": "sums", "prompt_id": "s1", "model": "good", "answer": "2", "score": 1}
    (tmp_path / "scores_wide_sums.jsonl").write_bytes(lines([row]))
    assert load_scores(tmp_path)["sums"][0].answer == "2"
