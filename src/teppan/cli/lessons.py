"""`teppan lessons`: what was learned from cases; approve, retire, try, and see whether it helps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from teppan.build import open_store
from teppan.cli.output import AsJson, ConfigFile, clean, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.core.errors import BadRequest, Conflict, NotFound
from teppan.core.ids import LOCAL, Scope
from teppan.learn.lessons.desk import Spent
from teppan.learn.lessons.measuring import DAY, weeks
from teppan.learn.lessons.trying import try_one
from teppan.store.lesson_rows import STATUSES, Lesson, Source, Status, Trial
from teppan.store.store import Store

app = typer.Typer(help="Show what was learned from cases; approve, retire or try a lesson.")

Id = Annotated[str, typer.Argument(help="Id of the lesson (`les_...`).")]
Tenant = Annotated[str, typer.Option(help="Whose lessons.")]


def scope_of(tenant: str) -> Scope:
    return Scope(tenant=tenant, key_id=LOCAL.key_id, role="admin")


@asynccontextmanager
async def _opened(config: str | None) -> AsyncIterator[Store]:
    store = await open_store(load(Path(config) if config else None))
    try:
        yield store
    finally:
        await store.close()


@app.command("list")
def list_(
    status: Annotated[
        str, typer.Option(help="candidate, waiting, live, retired, refused, or all.")
    ] = "all",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, oldest first.")] = 100,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print lessons: how they did when they were tried, and in use."""
    asyncio.run(_list(_status(status), limit, scope_of(tenant), config, as_json))


async def _list(
    status: Status | None, limit: int, scope: Scope, config: str | None, as_json: bool
) -> None:
    async with _opened(config) as store:
        found = await store.lessons.list(scope, status=status, limit=limit)
        cases = await store.lessons.counts(scope)
    if as_json:
        told = [structs.asdict(each) | {"sources": cases.get(each.id, 0)} for each in found]
        print_json({"lessons": told})
        return
    if not found:
        none = "There are no lessons yet; the night makes them (`teppan jobs`)."
        console().print(none if status is None else f"No lesson is {status}.")
        return
    columns = ("id", "status", "model", "intent", ">cases", ">lift", ">effect", "rule")
    print_table("Lessons", columns, [_cells(each, cases.get(each.id, 0)) for each in found])


def _cells(each: Lesson, cases: int) -> tuple[str, ...]:
    tried, used = each.tried, each.used
    lift = f"{tried.lift:+.2f} ({tried.cases})" if tried is not None and tried.cases else ""
    effect = f"{used.effect:+.2f}" if used is not None and used.effect is not None else ""
    return each.id, each.status, each.model, each.intent, str(cases), lift, effect, each.rule


def _status(given: str) -> Status | None:
    if given == "all":
        return None
    for known in STATUSES:
        if given == known:
            return known
    raise BadRequest(f"`--status` is one of {', '.join(STATUSES)}, all")


@app.command()
def show(
    id: Id, tenant: Tenant = LOCAL.tenant, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Print one: the cases it comes from, what was said of it, and how it was tried."""
    asyncio.run(_show(id, scope_of(tenant), config, as_json))


async def _show(id: str, scope: Scope, config: str | None, as_json: bool) -> None:
    async with _opened(config) as store:
        lesson = await _found(store, scope, id)
        sources = await store.lessons.sources(scope, id)
        trials = await store.lessons.trials(scope, id)
    if as_json:
        told = structs.asdict(lesson)
        told["sources"] = [structs.asdict(each) for each in sources]
        print_json(told | {"trials": [structs.asdict(each) for each in trials]})
        return
    print_table(f"Lesson {lesson.id}", ("what", "told"), _told(lesson))
    for each in sources:
        print_table(f"Case {each.trace_id} ({each.kind})", ("what", "told"), _case(each))
    if trials:
        columns = ("case", "kind", ">difference", "judged by")
        print_table("Tried on", columns, [_trial(each) for each in trials])


async def _found(store: Store, scope: Scope, id: str) -> Lesson:
    found = await store.lessons.get(scope, id)
    if found is None:
        raise NotFound(f"there is no lesson `{id}`; `teppan lessons list` shows them")
    return found


def _told(lesson: Lesson) -> list[tuple[str, str]]:
    rows = [
        ("rule", lesson.rule),
        ("status", f"{lesson.status}: {lesson.why}" if lesson.why else lesson.status),
        ("model", lesson.model),
    ]
    if lesson.intent:
        rows.append(("intent", lesson.intent))
    tried, used = lesson.tried, lesson.used
    if tried is not None:
        rows.append(
            (
                "tried",
                f"{tried.lift:+.2f} on {tried.cases} cases ({tried.low:+.2f} to {tried.high:+.2f}),"
                f" {tried.wins} better, {tried.losses} worse; "
                f"{tried.worse} of {tried.far} unrelated ones worse",
            )
        )
    if used is not None and used.with_it is not None:
        without = "" if used.without is None else f", {used.without:.2f} without ({used.withheld})"
        rows.append(("in use", f"quality {used.with_it:.2f} with it ({used.given}){without}"))
    return rows


def _case(source: Source) -> list[tuple[str, str]]:
    written = source.written
    rows = [
        ("question", written.question),
        ("challenge", written.challenge),
        ("mistake", written.mistake),
        ("how to handle it", written.handling),
        ("rule", written.said),
    ]
    for each in written.reflections:
        says = "agrees" if each.agrees else "does not agree"
        rows.append((each.model, f"{says}. {each.differently}".strip()))
    return [(what, clean(told)) for what, told in rows if told]


def _trial(each: Trial) -> tuple[str, ...]:
    kind = "of its kind" if each.near else "unrelated"
    return each.trace_id, kind, f"{each.difference:+.2f}", each.how


@app.command()
def approve(id: Id, tenant: Tenant = LOCAL.tenant, config: ConfigFile = None) -> None:
    """Let a lesson go into prompts."""
    asyncio.run(_move(id, "live", scope_of(tenant), config))


@app.command()
def retire(id: Id, tenant: Tenant = LOCAL.tenant, config: ConfigFile = None) -> None:
    """Take a lesson out of prompts, or refuse it before it gets there."""
    asyncio.run(_move(id, "retired", scope_of(tenant), config))


async def _move(id: str, status: Status, scope: Scope, config: str | None) -> None:
    now = time.time()

    def become(was: Lesson) -> Lesson | None:
        if was.status == status:
            return None
        since = now if status == "live" else was.live_since
        return structs.replace(
            was, status=status, why="a person decided", live_since=since, changed=now
        )

    async with _opened(config) as store:
        before = await _found(store, scope, id)
        await store.lessons.change(scope, id, become)
    console().print(quoted(f"Lesson {id} is {status}; it was {before.status}."))


@app.command("try")
def try_(
    id: Id, tenant: Tenant = LOCAL.tenant, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Try a candidate on cases of the past now, instead of at night. Asks models."""
    asyncio.run(_try(id, scope_of(tenant), config, as_json))


async def _try(id: str, scope: Scope, config: str | None, as_json: bool) -> None:
    from teppan.build import open_house
    from teppan.build.lessons import open_lesson_desk

    async with open_house(load(Path(config) if config else None)) as house:
        lesson = await _found(house.store, scope, id)
        if lesson.status != "candidate":
            raise Conflict(f"lesson `{id}` is {lesson.status}; only a candidate can be tried")
        stopped = ""
        try:
            await try_one(open_lesson_desk(house), scope, lesson, time.time())
        except Spent as error:
            stopped = f"Stopped early: {str(error) or 'as much as a night may cost is spent'}."
        lesson = await _found(house.store, scope, id)
    if as_json:
        print_json(structs.asdict(lesson))
        return
    print_table(f"Lesson {lesson.id}", ("what", "told"), _told(lesson))
    if stopped:
        console().print(quoted(stopped))


@app.command()
def stats(
    number: Annotated[
        int, typer.Option("--weeks", min=1, max=520, help="How many weeks back.")
    ] = 12,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print how good answers are from week to week, and what lessons do to them."""
    asyncio.run(_stats(number, scope_of(tenant), config, as_json))


async def _stats(number: int, scope: Scope, config: str | None, as_json: bool) -> None:
    since = int(time.time() // DAY) - 7 * number
    async with _opened(config) as store:
        found = weeks(await store.lessons.days(scope, since=since))
        lessons = await store.lessons.list(scope)
    counts = {name: sum(each.status == name for each in lessons) for name in STATUSES}
    if as_json:
        print_json({"weeks": found, "lessons": counts})
        return
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    console().print(quoted(f"lessons: {told}"))
    if not found:
        console().print("No week was measured yet; the night does it (`teppan jobs`).")
        return
    columns = ("week of", "model", ">answers", ">quality", ">live", ">with", ">without", ">lift")
    print_table(
        "By week",
        columns,
        [
            (
                time.strftime("%Y-%m-%d", time.gmtime(each.week * DAY)),
                each.model,
                f"{each.answers:,}",
                "" if each.quality is None else f"{each.quality:.2f}",
                str(each.live),
                f"{each.given:,}",
                f"{each.withheld:,}",
                "" if each.lift is None else f"{each.lift:+.2f}",
            )
            for each in found
        ],
    )
