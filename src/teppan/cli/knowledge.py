"""`teppan knowledge`: the documents that answers are made from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from teppan.build import open_store
from teppan.build.remembering import limits_of, open_knowledge, open_knowledge_embedder
from teppan.cli.output import AsJson, ConfigFile, clean, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.config.pack import load_pack
from teppan.config.schema import Settings
from teppan.core.clock import SystemClock
from teppan.core.errors import BadRequest, NotFound
from teppan.core.ids import LOCAL, Scope
from teppan.knowledge.adding import Added, Difference, add, difference
from teppan.knowledge.ingest import KINDS, Text, read
from teppan.knowledge.known import Known
from teppan.knowledge.proposing import GOOD, approved, as_markdown, propose
from teppan.store.store import Store

app = typer.Typer(help="Keep the documents that answers are made from.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option(help="Whose documents.")]
Name = Annotated[
    str | None, typer.Option("--as", help="The document's name; else the path as it is given.")
]
Files = Annotated[list[Path], typer.Argument(help="Files, or folders of them.")]
DAY = 86_400
SHOWN = 300
"""Letters of a piece in a table."""


@app.command("add")
def add_files(
    files: Files,
    name: Name = None,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Take files in: Markdown, text, HTML, CSV, PDF, office files. Again is an edit."""
    asyncio.run(_add(files, name, tenant, config, as_json))


async def _add(
    files: list[Path], name: str | None, tenant: str, config: str | None, as_json: bool
) -> None:
    scope, done = _scope(tenant), list[Added]()
    async with _opened(config) as (settings, store, known):
        for called, text in _texts(files, name, settings):
            done.append(await add(store.knowledge, scope, called, text.kind, text.text))
        assert known.shelves is not None
        await known.shelves.fill(scope)
        version = known.version(scope)
    if as_json:
        documents = [structs.asdict(each.document) | {"changed": each.changed} for each in done]
        print_json({"documents": documents, "knowledge": version})
        return
    for each in done:
        what = f"version {each.document.version}" if each.changed else "unchanged"
        told = f"{each.document.name}: {what}, {each.document.pieces} pieces"
        console().print(quoted(told), soft_wrap=True)


@app.command("list")
def list_documents(
    tenant: Tenant = LOCAL.tenant, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """List a tenant's documents, and those of the pack, which every tenant has."""
    asyncio.run(_list(tenant, config, as_json))


async def _list(tenant: str, config: str | None, as_json: bool) -> None:
    async with _opened(config) as (_, store, known):
        documents = await store.knowledge.documents(_scope(tenant))
        version = known.version(_scope(tenant))
        pack = [chunk.source for chunk in known.of_pack()]
    of_pack = {name: pack.count(name) for name in dict.fromkeys(pack)}
    if as_json:
        print_json(
            {
                "knowledge": version,
                "documents": [structs.asdict(each) for each in documents],
                "pack": [{"name": name, "pieces": n} for name, n in of_pack.items()],
            }
        )
        return
    rows = [
        (each.name, each.kind, str(each.version), str(each.pieces), _when(each.changed))
        for each in documents
    ]
    rows += [(name, "of the pack", "", str(number), "") for name, number in of_pack.items()]
    columns = ("document", "kind", ">version", ">pieces", "changed (UTC)")
    print_table(f"Knowledge {version or '(none)'}", columns, rows)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What somebody asks.")],
    most: Annotated[int, typer.Option(min=1, max=50, help="Pieces to show.")] = 3,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the pieces that would go with a question."""
    asyncio.run(_search(question, most, tenant, config, as_json))


async def _search(question: str, most: int, tenant: str, config: str | None, as_json: bool) -> None:
    async with _opened(config) as (_, _, known):
        found = await known.search(_scope(tenant), question, most)
    if as_json:
        print_json(
            [
                {
                    "id": each.chunk.id,
                    "document": each.chunk.source,
                    "path": each.chunk.path,
                    "version": each.chunk.version or None,
                    "score": each.score,
                    "text": each.chunk.text,
                }
                for each in found
            ]
        )
        return
    if not found:
        console().print("nothing that is known bears on this")
    for number, each in enumerate(found, start=1):
        text = each.chunk.text
        version = f", version {each.chunk.version}" if each.chunk.version else ""
        console().print(f"[bold]\\[{number}] {quoted(each.chunk.place)}[/]{quoted(version)}")
        console().print(quoted(text[:SHOWN] + ("…" if len(text) > SHOWN else "")) + "\n")


@app.command()
def diff(
    file: Annotated[Path, typer.Argument(help="The edited file.")],
    name: Name = None,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what adding a file would change, and change nothing."""
    asyncio.run(_diff(file, name, tenant, config, as_json))


async def _diff(
    file: Path, name: str | None, tenant: str, config: str | None, as_json: bool
) -> None:
    async with _opened(config) as (settings, store, _):
        ((called, text),) = _texts([file], name, settings)
        found = await difference(store.knowledge, _scope(tenant), called, text.text)
    if as_json:
        print_json(
            {
                "name": found.name,
                "changes": found.changes,
                "version": found.version,
                "pieces": {
                    "new": [each.id for each in found.new],
                    "gone": [each.id for each in found.gone],
                    "kept": found.kept,
                },
                "lines": found.lines,
            }
        )
    else:
        _show(found)


def _show(found: Difference) -> None:
    if not found.changes:
        console().print(quoted(f"{found.name}: nothing would change"))
        return
    styles = {"+": "green", "-": "red", "@": "dim"}
    for line in found.lines:
        console().print(quoted(line), style=styles.get(line[:1], ""), soft_wrap=True)
    told = f"{len(found.new)} pieces new, {len(found.gone)} gone, {found.kept} as they were"
    console().print(quoted(f"\n{found.name} would become version {found.version}: {told}"))


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="The document's name, as `list` shows it.")],
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
) -> None:
    """Forget a document: its text, its pieces and their embeddings. Its file stays."""
    asyncio.run(_remove(name, tenant, config))


async def _remove(name: str, tenant: str, config: str | None) -> None:
    async with _opened(config) as (_, store, _):
        if not await store.knowledge.remove(_scope(tenant), name):
            raise NotFound(f"{tenant} has no document {name}; `teppan knowledge list` shows them")
    console().print(quoted(f"{name}: forgotten"))


@app.command("propose")
def propose_questions(
    out: Annotated[Path, typer.Option(help="The file to write for a person to review.")] = Path(
        "proposed-faq.md"
    ),
    rating: Annotated[float, typer.Option(min=0, max=1, help="Least rating of an answer.")] = GOOD,
    least: Annotated[int, typer.Option(min=1, help="How often a question was asked.")] = 2,
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 90,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
) -> None:
    """Write a FAQ of well rated answers to a file. It is not added: read it first."""
    asyncio.run(_propose(out, rating, least, days, tenant, config))


async def _propose(
    out: Path, rating: float, least: int, days: int, tenant: str, config: str | None
) -> None:
    now = SystemClock.now()
    async with _opened(config) as (settings, store, _):
        since = now - days * DAY
        given = await approved(store.feedback, store.traces, _scope(tenant), since, rating)
        found = await propose(given, open_knowledge_embedder(settings).embed, least)
    text = as_markdown(found, _when(now)[:10])
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadRequest(f"{out} is there already; name another file with --out") from None
    asked = sum(each.count for each in found)
    told = f"wrote {len(found)} questions, asked {asked} times, to {out}; read it before you add it"
    console().print(quoted(told), soft_wrap=True)


@asynccontextmanager
async def _opened(config: str | None) -> AsyncIterator[tuple[Settings, Store, Known]]:
    settings = load(Path(config) if config else None)
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    store = await open_store(settings)
    try:
        known = open_knowledge(settings, pack, store)
        try:
            yield settings, store, known
        finally:
            await known.close()
    finally:
        await store.close()


def _texts(files: list[Path], name: str | None, settings: Settings) -> Iterator[tuple[str, Text]]:
    """What the files say, each under its name. Raises `BadRequest` for what cannot be read."""
    limits = limits_of(settings.knowledge)
    paths = [path for given in files for path in _within(given)]
    if name is not None and len(paths) != 1:
        raise BadRequest("--as names one document; give one file")
    for path in paths:
        try:
            with path.open("rb") as file:
                data = file.read(limits.bytes + 1)
        except OSError as error:
            raise BadRequest(f"{path}: cannot be read: {error.strerror}") from None
        yield name or _name(path), read(clean(str(path)), data, limits)


def _within(given: Path) -> list[Path]:
    """The file, or those of a folder that can be read; no link out of it is followed."""
    if not given.is_dir():
        return [given]
    home = given.resolve()
    found = [
        path
        for path in sorted(given.rglob("*"))
        if path.is_file()
        and path.suffix.lower() in KINDS
        and not any(part.startswith(".") for part in path.relative_to(given).parts)
        and path.resolve().is_relative_to(home)
    ]
    if not found:
        raise BadRequest(f"{given}: there is no file in it that is read ({', '.join(KINDS)})")
    return found


def _name(path: Path) -> str:
    """The path as it is given, below here; of a path elsewhere only the file's name."""
    here = Path.cwd().resolve()
    whole = path.resolve()
    return (whole.relative_to(here) if whole.is_relative_to(here) else Path(path.name)).as_posix()


def _scope(tenant: str) -> Scope:
    return Scope(tenant=tenant, key_id=LOCAL.key_id, role="admin")


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
