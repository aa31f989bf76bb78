"""`teppan keys`: the gateway's own keys. A key is shown once and kept only as a hash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from teppan.build import open_store
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table
from teppan.config.load import load
from teppan.core.errors import NotFound
from teppan.core.ids import LOCAL
from teppan.store.store import Store

app = typer.Typer(help="Create, list and revoke keys of this gateway.", no_args_is_help=True)


@asynccontextmanager
async def _store(config: str | None) -> AsyncIterator[Store]:
    store = await open_store(load(Path(config) if config else None))
    try:
        yield store
    finally:
        await store.close()


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    tenant: Annotated[str, typer.Option(help="Whose data its requests belong to.")] = "default",
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="A model or `prefix/*` it may use; all when none."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(help="Days until it expires; never when missing.")
    ] = None,
    admin: Annotated[
        bool, typer.Option("--admin", help="It may also read every tenant's costs.")
    ] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Create a key and show it, once."""
    asyncio.run(_create(name, tenant, tuple(models or ()), days, admin, config, as_json))


async def _create(
    name: str,
    tenant: str,
    models: tuple[str, ...],
    days: int | None,
    admin: bool,
    config: str | None,
    as_json: bool,
) -> None:
    expires = (datetime.now(UTC) + timedelta(days=days)).timestamp() if days else None
    async with _store(config) as store:
        record, key = await store.keys.create(
            tenant=tenant,
            name=name,
            models=models,
            expires=expires,
            role="admin" if admin else "user",
        )
    secret = key.reveal()
    if as_json:
        print_json({"id": record.id, "name": name, "tenant": tenant, "key": secret})
        return
    console().print(secret, soft_wrap=True, style="bold")
    console().print(
        "This is the only time the key is shown. Send it as `Authorization: Bearer ...`."
    )


@app.command("list")
def list_keys(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List keys, never the secrets."""
    asyncio.run(_list(config, as_json))


async def _list(config: str | None, as_json: bool) -> None:
    async with _store(config) as store:
        records = await store.keys.list(LOCAL)
    if as_json:
        print_json(records)
        return
    print_table(
        "Keys",
        ("id", "name", "tenant", "models", "role", "created", "expires", "state"),
        [
            (
                record.id,
                record.name,
                record.tenant,
                ", ".join(record.models) or "all",
                record.role,
                _day(record.created),
                _day(record.expires),
                "revoked" if record.revoked else "active",
            )
            for record in records
        ],
    )


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `teppan keys list` shows.")],
    config: ConfigFile = None,
) -> None:
    """Revoke a key: it is refused within two seconds, everywhere."""
    asyncio.run(_revoke(key_id, config))


async def _revoke(key_id: str, config: str | None) -> None:
    async with _store(config) as store:
        if not await store.keys.revoke(LOCAL, key_id):
            raise NotFound(f"there is no active key {key_id}; `teppan keys list` shows them")
    console().print(f"revoked {key_id}")


def _day(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds else ""
