"""A version of a training set -> files that a trainer takes, or a refusal that says why.

    promise ── every row is qualified, licensed, and in no evaluation set, by what holds today
    write   ── a file for each split, the same bytes for the same version
    check   ── the files are read again, by the documented rules of their format
    seal    ── the card, and a manifest with the hash of every file

Nothing lies where the user looks before all of it is right.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from teppan.core.errors import BadRequest, Refused
from teppan.core.ids import Scope
from teppan.core.signal import Terms
from teppan.learn.datasets.card import Card, markdown
from teppan.learn.datasets.examples import Example, decoded
from teppan.learn.datasets.formats import Format, format_of
from teppan.learn.datasets.formats.files import Place
from teppan.learn.datasets.leaks import LeakCheck
from teppan.learn.datasets.sifting import Recipe, unfit
from teppan.learn.datasets.splitting import SPLITS, Split
from teppan.learn.signals import TermsOf
from teppan.store.dataset_rows import Dataset
from teppan.store.datasets import Datasets

MANIFEST, CARD_TEXT, CARD_DATA = "manifest.json", "card.md", "card.json"
TOLD = 10
"""Rows, or problems, that are named."""
PAGE = 250


class Standard(Struct, frozen=True, kw_only=True):
    """What must hold of every row today: the recipe, the terms of models, the evaluation sets."""

    recipe: Recipe
    terms_of: TermsOf
    check: LeakCheck


class File(Struct, frozen=True, kw_only=True):
    path: str
    bytes: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What was exported: `records` by split; `unsaid` rows had nothing that the format can say."""

    dataset: str
    hash: str
    format: str
    rules: str
    records: dict[str, int]
    unsaid: int
    files: tuple[File, ...]


async def export(
    datasets: Datasets,
    scope: Scope,
    dataset_id: str,
    format_name: str,
    out: Path,
    standard: Standard,
    details: Mapping[str, str] | None = None,
) -> Manifest:
    """Writes a version under `out`, a folder, or a file name that the names of the splits go into.

    Raises `BadRequest` for a format, folder or detail that is wrong, `NotFound` for a dataset that
    is not there, `Refused` with the rows that may not leave or the rules that are broken, and
    `StoreError`.
    """
    format_ = format_of(format_name)
    of = await datasets.get(scope, dataset_id)
    if of.state == "building":
        raise BadRequest(f"`{of.id}` is still being built; run `teppan dataset build` again")
    folder, stem = _target(out, format_.suffix)
    await _promised(datasets, scope, of, format_, standard)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as made:
        place = Place(Path(made), stem, dict(details or {}))
        records, unsaid = await _written(datasets, scope, of, format_, place)
        if not any(records.values()):
            raise Refused(f"no row of `{of.id}` has what `{format_name}` says: {format_.about}")
        problems = list(islice(format_.load().check(place, format_.limits), TOLD))
        if problems:
            told = "\n".join(f"  {each}" for each in problems)
            raise Refused(f"the export breaks the rules of `{format_name}`:\n{told}")
        manifest = _sealed(place, of, format_name, format_, records, unsaid)
        _moved(place.folder, folder)
    return manifest


def _target(out: Path, suffix: str) -> tuple[Path, str]:
    """The folder, and what names in it begin with. Refuses to write among files of others."""
    folder, stem = (out.parent, f"{out.stem}.") if out.suffix == suffix else (out, "")
    if folder.is_file():
        raise BadRequest(f"{folder} is a file; name a folder, or a file that ends in {suffix}")
    if not stem and folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise BadRequest(f"{folder} holds other files; name an empty folder")
    return folder, stem


async def _promised(
    datasets: Datasets, scope: Scope, of: Dataset, format_: Format, standard: Standard
) -> None:
    """Refuses where any row may not leave: by its terms, its quality, or an evaluation set."""
    refused: list[str] = []
    count = 0
    async for _, example in _examples(datasets, scope, of):
        terms = "free" if example.source == "correction" else standard.terms_of(example.model)
        why = _why(example, terms, format_, standard)
        if why:
            count += 1
            if len(refused) < TOLD:
                refused.append(f"  {example.id}: {why}")
    if count:
        told = "\n".join(refused)
        more = f"\n  and {count - TOLD:,} more" if count > TOLD else ""
        raise Refused(
            f"{count:,} rows of `{of.id}` may not leave; build it anew without them:\n{told}{more}"
        )


def _why(example: Example, terms: Terms, format_: Format, standard: Standard) -> str:
    if terms not in format_.terms:
        return f"terms: those of {example.model} are {terms}, and this needs {format_.terms[0]}"
    now = msgspec.structs.replace(example, terms=terms)
    return unfit(now, standard.recipe, standard.check)


async def _written(
    datasets: Datasets, scope: Scope, of: Dataset, format_: Format, place: Place
) -> tuple[dict[str, int], int]:
    writer = format_.load().writer(place, format_.limits)
    records, unsaid = dict.fromkeys(SPLITS, 0), 0
    try:
        async for split, example in _examples(datasets, scope, of):
            made = writer.add(split, example)
            records[split] += made
            unsaid += made == 0
    finally:
        writer.close()
    return {str(split): many for split, many in records.items()}, unsaid


async def _examples(
    datasets: Datasets, scope: Scope, of: Dataset
) -> AsyncIterator[tuple[Split, Example]]:
    """All rows, split by split, each in the order of their ids."""
    for split in SPLITS:
        after = ""
        while True:
            page = await datasets.rows.list(scope, of, split=split, after=after, limit=PAGE)
            for row in page:
                yield split, decoded(row.body)
            if len(page) < PAGE:
                break
            after = page[-1].id


def _sealed(
    place: Place, of: Dataset, name: str, format_: Format, records: dict[str, int], unsaid: int
) -> Manifest:
    """The card and the manifest beside the files."""
    card = msgspec.json.decode(of.card, type=Card)
    page = markdown(card, id=of.id, erased=of.erased, now=of.hash)
    (place.folder / f"{place.stem}{CARD_TEXT}").write_text(page, "utf-8")
    (place.folder / f"{place.stem}{CARD_DATA}").write_bytes(_pretty(card))
    files = tuple(
        File(
            path=path.name,
            bytes=path.stat().st_size,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(place.folder.iterdir())
    )
    manifest = Manifest(
        dataset=of.id,
        hash=of.hash,
        format=name,
        rules=format_.rules,
        records=records,
        unsaid=unsaid,
        files=files,
    )
    (place.folder / f"{place.stem}{MANIFEST}").write_bytes(_pretty(manifest))
    return manifest


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _moved(made: Path, folder: Path) -> None:
    """Into the folder; what an earlier export left there under other names goes."""
    folder.mkdir(parents=True, exist_ok=True)
    old = folder / MANIFEST
    if old.is_file():
        try:
            before = msgspec.json.decode(old.read_bytes(), type=Manifest)
        except msgspec.DecodeError:
            raise BadRequest(f"{old} is no manifest of ours; name an empty folder") from None
        for each in before.files:
            if "/" not in each.path:
                (folder / each.path).unlink(missing_ok=True)
    for path in sorted(made.iterdir()):
        shutil.move(path, folder / path.name)
