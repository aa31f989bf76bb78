"""Recorded answers behind the interface of a provider: back-tests run the real strategies.

    load("../data")  ──>  Recordings ──>  ReplayProvider  ──>  strategies, unchanged

Reads the JSON lines of benchmark recordings and of a user's own exported traces: files whose
names begin with `prompts` and `responses_` (or any one file), plain or gzipped.
"""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from teppan.core.chat import (
    ChatRequest,
    Choice,
    Completion,
    Delta,
    Embeddings,
    Usage,
    say,
)
from teppan.core.errors import ProviderModelNotFound, UnsupportedRequest
from teppan.core.fold import unfold
from teppan.core.money import MICROS_PER_DOLLAR
from teppan.providers.base import Attempted, Clocks

Row = TypeVar("Row")

NAME = "replay"
"""The provider's name: models are `replay/NAME OF THE RECORDED MODEL`."""


class Prompt(Struct, frozen=True):
    """What was asked. `prompt` is the text; a recording without one has its `question`."""

    prompt_id: str
    benchmark: str = ""
    category: str | None = None
    question: str | None = None
    prompt: str | None = None

    @property
    def text(self) -> str:
        return self.prompt or self.question or ""


class Recorded(Struct, frozen=True):
    """One recorded answer. `score` is in [0, 1] or unknown; `cost_usd` is unknown as `None`.

    `response` is `None` where only the final answer was kept. Several rows of one model and
    prompt are samples, in their order.
    """

    prompt_id: str
    model: str
    benchmark: str = ""
    response: str | None = None
    answer: str | None = None
    score: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    judge: str | None = None
    prompt: str | None = None
    category: str | None = None

    @property
    def cost(self) -> float | None:
        """The cost in micro-dollars."""
        return None if self.cost_usd is None else self.cost_usd * MICROS_PER_DOLLAR


Rows = Mapping[str, Sequence[Recorded]]
"""The recorded rows of one prompt, by model."""


class Recordings(Struct, frozen=True):
    """The recorded answers of one benchmark to its prompts.

    `models` are those that answered every prompt, in the order of their names.
    """

    name: str
    prompts: tuple[Prompt, ...]
    rows: Mapping[str, Rows]
    models: tuple[str, ...]

    def of(self, prompt_id: str, model: str, sample: int = 0) -> Recorded | None:
        """One recorded answer; samples beyond the last begin again at the first."""
        rows = self.rows.get(prompt_id, {}).get(model)
        return rows[sample % len(rows)] if rows else None


def called(model: str) -> str:
    """The name by which a recorded model is asked."""
    return f"{NAME}/{model}"


def load(path: Path) -> list[Recordings]:
    """The recordings of a folder, or of one file that carries its prompts in its rows.

    One for each benchmark and judge. Raises `ValueError` naming the file and line that cannot be
    read, and `FileNotFoundError` when there are none.
    """
    files = sorted(path.glob("responses_*.jsonl*")) if path.is_dir() else [path]
    if not files:
        raise FileNotFoundError(f"{path} holds no responses_*.jsonl or .jsonl.gz")
    prompts: dict[str, Prompt] = {}
    if path.is_dir():
        for file in sorted(path.glob("prompts*.jsonl*")):
            prompts |= {each.prompt_id: each for each in read(file, Prompt)}
    found = []
    for file in files:
        grouped: dict[str, list[Recorded]] = {}
        for row in read(file, Recorded):
            name = row.benchmark or file.name.split(".")[0].removeprefix("responses_")
            grouped.setdefault(f"{name} ({row.judge})" if row.judge else name, []).append(row)
        found += [gather(name, rows, prompts) for name, rows in sorted(grouped.items())]
    return found


def load_scores(path: Path) -> dict[str, list[Recorded]]:
    """Final answers without texts (`scores_wide_*`) by benchmark; empty where there are none."""
    grouped: dict[str, list[Recorded]] = {}
    for file in sorted(path.glob("scores_wide_*.jsonl*")):
        for row in read(file, Recorded):
            grouped.setdefault(row.benchmark, []).append(row)
    return grouped


def load_prompts(path: Path) -> dict[str, Prompt]:
    """Every prompt of a folder by its id."""
    return {
        each.prompt_id: each
        for file in sorted(path.glob("prompts*.jsonl*"))
        for each in read(file, Prompt)
    }


def gather(name: str, rows: Iterable[Recorded], prompts: Mapping[str, Prompt]) -> Recordings:
    """The rows by prompt and model. Prompts without any text are left out."""
    by_prompt: dict[str, dict[str, list[Recorded]]] = {}
    asked: dict[str, Prompt] = {}
    for row in rows:
        prompt = prompts.get(row.prompt_id) or Prompt(
            row.prompt_id, row.benchmark, row.category, prompt=row.prompt
        )
        if not prompt.text or row.response is None:
            continue
        asked[row.prompt_id] = prompt
        by_prompt.setdefault(row.prompt_id, {}).setdefault(row.model, []).append(row)
    everywhere = [set(models) for models in by_prompt.values()]
    common = set.intersection(*everywhere) if everywhere else set()
    ordered = tuple(asked[prompt_id] for prompt_id in sorted(asked))
    return Recordings(name, ordered, by_prompt, tuple(sorted(common)))


def read(file: Path, kind: type[Row]) -> Iterator[Row]:
    """The rows of a file of JSON lines, gzipped or not."""
    decoder = msgspec.json.Decoder(kind)
    with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as error:
                raise ValueError(f"{file.name}, line {number}: {error}") from error


class ReplayProvider:
    """Answers with what was recorded for the words of the last user message.

    A request's seed chooses among samples. What was never recorded is `ProviderModelNotFound`.
    """

    name = NAME
    keys = 1

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._asked = {prompt.text: prompt.prompt_id for prompt in recordings.prompts}

    def recorded(self, request: ChatRequest, model: str) -> Recorded:
        """The recorded row that answers this request."""
        row = None
        prompt_id = self._asked.get(request.question)
        if prompt_id is not None:
            row = self._recordings.of(prompt_id, model, max(0, (request.seed or 1) - 1))
        if row is None:
            raise ProviderModelNotFound(
                f"no answer of {model} to this prompt was recorded", model=model
            )
        return row

    async def complete(
        self, request: ChatRequest, model: str, key: int, clocks: Clocks
    ) -> Attempted:
        return Attempted(completion_of(self.recorded(request, model)), first_token=0.0)

    async def stream(
        self, request: ChatRequest, model: str, key: int, clocks: Clocks
    ) -> AsyncIterator[Delta]:
        for delta in unfold(completion_of(self.recorded(request, model))):
            yield delta

    def dropped(self, request: ChatRequest, model: str) -> tuple[str, ...]:
        return ()

    async def embed(self, texts: Sequence[str], model: str, key: int, clocks: Clocks) -> Embeddings:
        raise UnsupportedRequest("no embeddings were recorded")

    async def models(self, clocks: Clocks) -> tuple[str, ...]:
        return self._recordings.models


def completion_of(row: Recorded) -> Completion:
    """The recorded text as an answer; `extra` carries the row it came from."""
    return Completion(
        model=row.model,
        choices=(Choice(say("assistant", row.response or ""), "stop"),),
        usage=Usage(input=row.input_tokens, output=row.output_tokens),
        extra={"recorded": row},
    )
