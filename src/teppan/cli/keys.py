"""`teppan keys`: the gateway's own keys. A key is shown once and kept only as a hash."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, cast, get_args
from urllib.parse import urlsplit

import typer

from teppan.build import open_store
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table
from teppan.config.load import load
from teppan.core.errors import BadRequest, NotFound
from teppan.core.ids import LOCAL
from teppan.core.secret import Secret
from teppan.store.keys import KeyRecord, Role
from teppan.store.store import Store

_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:]+")

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
    role: Annotated[
        str,
        typer.Option(
            help="user, admin, feedback (it may only say what people think) or reviewer (it may "
            "only review its tenant's answers)."
        ),
    ] = "user",
    origins: Annotated[
        list[str] | None,
        typer.Option(
            "--origin", help="A site (`https://shop.example`) whose pages may use a feedback key."
        ),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Create a key and show it, once."""
    wanted = _role(role, admin)
    sites = tuple(dict.fromkeys(origin_of(each) for each in origins or ()))
    if sites and wanted != "feedback":
        raise BadRequest("`--origin` is for feedback keys: a page must not hold another one")

    async def made() -> tuple[KeyRecord, Secret]:
        expires = (datetime.now(UTC) + timedelta(days=days)).timestamp() if days else None
        async with _store(config) as store:
            return await store.keys.create(
                tenant, name, models=tuple(models or ()), expires=expires, role=wanted,
                origins=sites,
            )  # fmt: skip

    record, key = asyncio.run(made())
    secret = key.reveal()
    if as_json:
        print_json({"id": record.id, "name": name, "tenant": tenant, "key": secret})
        return
    console().print(secret, soft_wrap=True, style="bold")
    console().print(
        "This is the only time the key is shown. Send it as `Authorization: Bearer ...`."
    )


def _role(given: str, admin: bool) -> Role:
    for known in get_args(Role):
        if given == known:
            if admin and known in ("feedback", "reviewer"):
                raise BadRequest(f"a {known} key is not an admin's: leave out `--admin`")
            return "admin" if admin else cast(Role, known)
    raise BadRequest(f"`--role` is one of {', '.join(get_args(Role))}")


def origin_of(site: str) -> str:
    """A site as a browser names it: scheme, host, and the port when it is not the usual one.

    Raises `BadRequest` for what is no site; `*` is none.
    """
    parts = urlsplit(site.strip())
    try:
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        host, port = "", None
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or not plain:
        raise BadRequest(f"`--origin` is a site, as https://shop.example, not {site[:60]!r}")
    usual = {"http": 80, "https": 443}[parts.scheme]
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port in (None, usual) else f":{port}")


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
        ("id", "name", "tenant", "models", "role", "sites", "created", "expires", "state"),
        [
            (
                record.id,
                record.name,
                record.tenant,
                ", ".join(record.models) or "all",
                record.role,
                ", ".join(record.origins),
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
