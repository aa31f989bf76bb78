"""`teppan erase`: take a person out of everything that is kept, and say where they were."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from teppan.build import open_store
from teppan.build.caching import open_answers
from teppan.cli.output import AsJson, ConfigFile, clean, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.config.schema import Settings
from teppan.core.clock import SystemClock
from teppan.core.errors import BadRequest
from teppan.core.ids import LOCAL, Scope
from teppan.learn.privacy.erase import Report, erase_person, places_of_store
from teppan.store.erasing import Erased, Person
from teppan.store.store import Store


def erase(
    user: Annotated[str, typer.Option(help="The person, as clients name them in `user`.")],
    tenant: Annotated[str, typer.Option(help="Whose customer they are.")] = LOCAL.tenant,
    dry_run: Annotated[bool, typer.Option(help="Only count; change nothing.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Delete what is kept of a person: traces, answers, feedback, examples, training sets, lessons.

    Their words are then overwritten in the database file, which takes a while for a large one.
    """
    asyncio.run(_erase(user, tenant, dry_run, config, as_json))


async def _erase(user: str, tenant: str, dry_run: bool, config: str | None, as_json: bool) -> None:
    if not user:
        raise BadRequest("`--user` names the person as clients do in the field `user`")
    settings = load(Path(config) if config else None)
    store = await open_store(settings)
    try:
        report = await erase_everywhere(settings, store, user, tenant, dry=dry_run)
    finally:
        await store.close()
    if as_json:
        print_json(structs.asdict(report))
        return
    _print(report)


async def erase_everywhere(
    settings: Settings, store: Store, user: str, tenant: str, *, dry: bool
) -> Report:
    """Out of the database and the caches other processes share. Raises `StoreError`."""
    scope = Scope(tenant=tenant, key_id=LOCAL.key_id, role="admin")
    places = [RememberedAnswers(settings, store), *places_of_store(store.erasing)]
    report = await erase_person(store.erasing, places, scope, user, dry=dry)
    if dry:
        return report
    notes = [*report.notes, *await store.compact()]
    if settings.gateway.pack is not None:
        notes.append("what the tools of the pack keep (bookings, leads) is erased by the pack")
    return structs.replace(report, notes=tuple(notes))


class RememberedAnswers:
    """Answers that were first given to the person, outside the tables: vectors, Redis, memory."""

    name = "cached answers outside the database"

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    async def erase(self, scope: Scope, person: Person, dry: bool) -> Erased:
        if dry or not person.traces:
            return Erased(0)
        entries = await self._store.erasing.entries(scope, person)
        vectors = await self._store.open_vectors()
        if entries and vectors.shared:
            await vectors.remove(scope, entries)
        answers = open_answers(self._settings, SystemClock())
        try:
            dropped = [await answers.drop(scope, trace) for trace in person.traces]
        finally:
            await answers.close()
        notes: tuple[str, ...] = ()
        if self._settings.cluster.redis is None and self._settings.cache.exact:
            notes = (
                "a running gateway keeps exact answers in memory until their time is over; "
                "restart it to forget them at once",
            )
        return Erased(sum(dropped), notes)


def _print(report: Report) -> None:
    rows = [(place, str(count)) for place, count in report.erased.items() if count]
    if not rows:
        console().print(quoted(f"Nothing is kept of {report.user} in {report.tenant}."))
    else:
        what = "would be erased" if report.dry else "erased"
        print_table(f"{clean(report.user)} in {clean(report.tenant)}", ("place", f">{what}"), rows)
    for note in report.notes:
        console().print(quoted(f"note: {note}"))
