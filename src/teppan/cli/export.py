"""`teppan export`: a training set as the files a trainer takes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from teppan.build import open_store
from teppan.build.datasets import open_standard
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.config.pack import load_pack
from teppan.core.ids import LOCAL, Scope
from teppan.learn.datasets.exporting import Manifest
from teppan.learn.datasets.exporting import export as export_dataset
from teppan.learn.datasets.formats import formats


def export(
    dataset: Annotated[str, typer.Argument(help="A dataset, or one version: `support@3`.")],
    format_name: Annotated[
        str, typer.Option("--format", "-f", help=f"One of {', '.join(formats())}.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="A folder, or a file that names of splits go into.")
    ],
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A file of questions that may not leave; may be given again."),
    ] = None,
    title: Annotated[str, typer.Option(help="Title of a set that is published.")] = "",
    owner: Annotated[str, typer.Option(help="Account that publishes it.")] = "",
    licence: Annotated[str, typer.Option("--license", help="Licence it is published under.")] = "",
    subtitle: Annotated[str, typer.Option(help="One line on a set that is published.")] = "",
    tenant: Annotated[str, typer.Option(help="Whose dataset.")] = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Write a dataset in a trainer's format, checked by its documented rules, with its card.

    It is refused where a row may not leave by today's terms and evaluation sets.
    """
    details = {"title": title, "owner": owner, "license": licence, "subtitle": subtitle}
    made = asyncio.run(_export(dataset, format_name, out, against or [], details, tenant, config))
    if as_json:
        print_json(made)
        return
    console().print(quoted(f"{made.dataset} as {made.format}, hash {made.hash[:16]}"))
    print_table(
        f"{out}",
        ("file", ">bytes", "sha256"),
        [(each.path, f"{each.bytes:,}", each.sha256[:16]) for each in made.files],
    )
    told = ", ".join(f"{split} {many:,}" for split, many in made.records.items())
    console().print(quoted(f"records: {told}"))
    if made.unsaid:
        console().print(quoted(f"note: {made.unsaid:,} rows have nothing that this format can say"))


async def _export(
    dataset: str,
    format_name: str,
    out: Path,
    against: list[Path],
    details: dict[str, str],
    tenant: str,
    config: str | None,
) -> Manifest:
    settings = load(Path(config) if config else None)
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    store = await open_store(settings)
    scope = Scope(tenant=tenant, key_id=LOCAL.key_id, role="admin")
    try:
        standard = open_standard(settings, pack, against)
        return await export_dataset(
            store.datasets, scope, dataset, format_name, out, standard, details
        )
    finally:
        await store.close()
