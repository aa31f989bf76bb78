"""`teppan trace`: everything that happened for one request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from teppan.build import open_store
from teppan.build.privacy import open_scrubber
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.config.pack import load_pack
from teppan.core.errors import NotFound
from teppan.core.ids import LOCAL
from teppan.core.money import dollars
from teppan.core.trace import Said, ToolRun, Trace
from teppan.learn.privacy.scrub import Scrubber
from teppan.store.store import Store

EXPORTED = 10_000
SHOWN = 400
"""Letters of a tool's result; `--json` has all of it."""


def trace(
    trace_id: Annotated[
        str | None, typer.Argument(help="A trace id; the last ones when missing.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(help="Write the last 10,000 answers to this file, as `backtest` reads them."),
    ] = None,
    raw: Annotated[
        bool, typer.Option(help="Export names, addresses and telephones too; else they are out.")
    ] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one request, list the last ones, or export them for `teppan backtest`."""
    if export is not None:
        asyncio.run(_export(export, config, raw))
    else:
        asyncio.run(_trace(trace_id, config, as_json))


async def _trace(trace_id: str | None, config: str | None, as_json: bool) -> None:
    store = await open_store(load(Path(config) if config else None))
    try:
        if trace_id is None:
            await _last(store, as_json)
            return
        found = await store.traces.get(LOCAL, trace_id)
    finally:
        await store.close()
    if found is None:
        raise NotFound(f"there is no trace {trace_id} here")
    if as_json:
        print_json(found)
    else:
        _print(found)


async def _export(path: Path, config: str | None, raw: bool) -> None:
    settings = load(Path(config) if config else None)
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    scrubber = None if raw else open_scrubber(settings, pack)
    store = await open_store(settings)
    try:
        traces = await store.traces.list(LOCAL, limit=EXPORTED)
    finally:
        await store.close()
    rows = [row for each in traces for row in recorded(each, scrubber)]
    with path.open("wb") as file:
        for row in rows:
            file.write(msgspec.json.encode(row) + b"\n")
    console().print(f"wrote {len(rows)} answers of {len(traces)} requests to {path}")
    console().print("`score` is empty: fill it in (0 to 1) where you know how good an answer was")


def recorded(trace: Trace, scrubber: Scrubber | None = None) -> list[dict[str, object]]:
    """The rows of one trace in the format of recorded answers; none without its words, and none
    of an answer that was given before. A `scrubber` takes private words out."""
    if trace.request is None or trace.answer is None or trace.remembered is not None:
        return []
    said = trace.replies or (Said(trace.served, "single", trace.answer.text, trace.cost),)
    texts: Sequence[str] = (trace.request.question, *(each.text for each in said))
    if scrubber is not None:
        texts = scrubber.texts(texts).texts
    return [
        {
            "prompt_id": trace.id,
            "benchmark": "traces",
            "category": trace.task_type,
            "prompt": texts[0],
            "model": each.model,
            "response": text,
            "answer": None,
            "score": None,
            "cost_usd": None if each.cost is None else each.cost / 1e6,
        }
        for each, text in zip(said, texts[1:], strict=True)
    ]


async def _last(store: Store, as_json: bool) -> None:
    traces = await store.traces.list(LOCAL, limit=20)
    if as_json:
        print_json(traces)
        return
    print_table(
        "Last requests",
        (
            "trace",
            "when (UTC)",
            "asked",
            "served",
            "status",
            "cache",
            ">calls",
            ">cost",
            ">seconds",
        ),
        [
            (
                each.id,
                _when(each.started),
                each.asked,
                each.served,
                each.error or each.status,
                each.cache,
                str(len(each.calls)),
                dollars(each.cost),
                f"{each.latency:.2f}",
            )
            for each in traces
        ],
    )


def _print(found: Trace) -> None:
    out = console()
    out.print(f"[bold]{found.id}[/]  {_when(found.started)} UTC  {found.status}")
    who = f"{found.tenant}/{found.key_id}"
    out.print(quoted(f"asked {found.asked} by {who}; {found.strategy} served {found.served}"))
    took = f"{found.latency:.3f} s of which {found.overhead * 1e3:.1f} ms ours"
    sure = f", confidence {found.confidence.value:.2f}" if found.confidence else ""
    out.print(f"{dollars(found.cost)}, {took}{sure}")
    for line in _spared(found):
        out.print(quoted(line), style="dim")
    if found.verdict:
        out.print(quoted(f"verdict: {found.verdict.best}: {found.verdict.reason}"))
    if found.request:
        out.print(f"\n[bold]question[/] {quoted(found.request.question)}")
    if found.answer:
        out.print(f"[bold]answer[/] {quoted(found.answer.text)}")
    out.print()
    if found.tools:
        _print_tools(found.tools)
    print_table(
        "Model calls",
        ("model", "role", "outcome", ">in", ">cached", ">out", ">cost", ">seconds", "price"),
        [
            (
                call.model,
                call.role,
                call.error or call.outcome,
                str(call.usage.input),
                str(call.usage.cached),
                f"{call.usage.output}{' est.' if call.usage.estimated else ''}",
                dollars(call.cost),
                f"{call.latency:.3f}",
                call.price_version,
            )
            for call in found.calls
        ],
    )


def _print_tools(tools: Sequence[ToolRun]) -> None:
    rows = [
        (f"{each.step}", each.tool, each.status, each.arguments, each.result[:SHOWN])
        for each in tools
    ]
    print_table("Tools", (">step", "tool", "status", "arguments", "result"), rows)


def _spared(found: Trace) -> list[str]:
    """Why this model, where the answer came from, which rules it broke, and what became of the
    conversation."""
    lines = []
    if found.route:
        chance = f" (chance {found.route.probability:.2f})" if found.route.probability < 1 else ""
        lines.append(f"route: {found.route.chosen}: {found.route.reason}{chance}")
    if found.remembered:
        each = found.remembered
        alike = f", similarity {each.similarity:.3f}" if each.similarity is not None else ""
        lines.append(
            f"cache: {found.cache} hit on {each.source}, {each.age:.0f} s old{alike}, "
            f"{dollars(each.saved)} saved"
        )
        if each.question:
            lines.append(f"the remembered question: {each.question}")
    if found.guarded:
        lines.append(f"rules: {found.guarded}")
    lines += [
        f"  draft {each.draft} broke {each.rule} ({each.severity}): {each.found}"
        for each in found.violations
    ]
    if found.escalated:
        lines.append(f"a person was called: {', '.join(found.escalated)}")
    if found.context:
        sent = found.context
        lines.append(
            f"context: {sent.before:,} tokens told in {sent.after:,}; {sent.summarised} messages "
            f"summarised, {sent.chunks} pieces of knowledge added"
        )
        for number, source in enumerate(sent.sources, start=1):
            version = f", version {source.version}" if source.version else ""
            place = " › ".join((source.document, *source.path))
            lines.append(f"source [{number}]: {place}{version} ({source.id})")
    return lines


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
