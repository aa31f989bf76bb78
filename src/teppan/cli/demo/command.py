"""Simulated vendors, the gateway, customers' questions, what each strategy cost, and an agent.

Everything is real but the vendors: requests go over HTTP through the whole gateway into a ledger
in a temporary folder.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import orjson
import typer
from msgspec import Struct
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from teppan.cli.demo.talking import lines_of, show, talk
from teppan.cli.output import AsJson, console, print_json, print_table
from teppan.cli.serve import announce
from teppan.config.load import parse
from teppan.config.pack import Pack, load_pack
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError
from teppan.core.money import dollars, total
from teppan.server.process import running
from teppan.simulate.questions import Question, load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings

KEY = "TEPPAN_SIMULATED_KEY"
STRATEGIES = (
    "auto",
    "single",
    "sample",
    "consensus",
    "weighted",
    "best_of_n",
    "cascade",
    "mixture",
    "critic",
)
AT_ONCE = 8
ASKED = 24
"""How many questions of the bank are asked: its first ones."""


class Result(Struct, frozen=True):
    """One row of the table: a strategy over all questions. Latency is in seconds."""

    strategy: str
    right: int
    asked: int
    calls: int
    cost_micros: int | None
    latency: float


def demo(
    pack: Annotated[
        Path | None, typer.Option(help="Folder of a pack with `conversations/`.")
    ] = None,
    speed: Annotated[
        float, typer.Option(help="Share of the simulated latencies that is waited.")
    ] = 0.05,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep serving afterwards, until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the gateway; 0 takes a free one.")] = 8080,
    as_json: AsJson = False,
) -> None:
    """Show the whole thing on simulated vendors: no key, no service, nothing to set up."""
    folder = pack or packaged()
    asyncio.run(_demo(folder, speed, stay, port if stay else 0, as_json))


def packaged() -> Path:
    """The example pack: beside the sources in a checkout, inside the package when installed."""
    here = Path(__file__).parents[2]
    for folder in (here / "packs" / "myhibachi", here.parents[1] / "packs" / "myhibachi"):
        if folder.is_dir():
            return folder
    raise ConfigError("the example pack is not here; name a folder with `--pack`")


async def _demo(folder: Path, speed: float, stay: bool, port: int, as_json: bool) -> None:
    out = console()
    bank = load_bank(folder / "conversations")
    questions = list(bank)[:ASKED]
    with tempfile.TemporaryDirectory(prefix="teppan-demo-") as scratch:
        async with Fleet(FleetSettings(bank=bank, speed=speed)) as fleet:
            out.print(f"1. started {len(fleet.cast.vendors)} [bold yellow]simulated[/] vendors")
            settings = simulated_settings(fleet, folder, Path(scratch), port)
            async with running(settings) as (house, address):
                out.print(f"2. started the gateway at {address}, pack [bold]{house.pack_name}[/]")
                out.print(
                    f"3. asking {len(questions)} of customers' questions, {len(STRATEGIES)} ways"
                )
                results = await _ask_all(address, questions)
                _report(results, as_json)
                await _talk(address, folder, as_json)
                if stay:
                    announce(house, address)
                    await _until_interrupted()
    if not stay and not as_json:
        _next_steps(next(iter(bank)).text, load_pack(folder))


def simulated_settings(fleet: Fleet, pack: Path, scratch: Path, port: int) -> Settings:
    """Settings of a gateway whose vendors are all simulated, at the personas' own prices."""
    os.environ[KEY] = fleet.settings.keys[0]
    providers: dict[str, Any] = {}
    prices = []
    for name, vendor in fleet.cast.vendors.items():
        providers[name] = {
            "url": fleet.address(name),
            "keys": [] if vendor.auth == "none" else [f"env:{KEY}"],
            "models": [persona.name for persona in fleet.cast.models(name)],
        }
        prices += [
            {
                "model": f"{name}/{persona.name}",
                "input": f"{persona.price_in / 1e6:.6f}",
                "output": f"{persona.price_out / 1e6:.6f}",
                "since": "2026-01-01",
                "source": "simulated",
            }
            for persona in fleet.cast.models(name)
        ]
    tables = {
        "server": {"port": port},
        "store": {"url": f"sqlite:///{scratch / 'demo.db'}"},
        "gateway": {"pack": str(pack)},
        "log": {"level": "error"},  # the progress bars own the terminal
        "cache": {"exact": False, "semantic": False},  # each strategy answers for itself
        "providers": providers,
        "prices": prices,
        "models": {
            f"demo/{strategy}": {"strategy": strategy, "prompt": "support"}
            for strategy in STRATEGIES
        },
    }
    return parse(tables, "the demo")


async def _ask_all(address: str, questions: list[Question]) -> list[Result]:
    columns = (
        TextColumn("   {task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    results = []
    async with _session() as session:
        with Progress(*columns, console=console()) as progress:
            for strategy in STRATEGIES:
                task = progress.add_task(strategy, total=len(questions))
                gate = asyncio.Semaphore(AT_ONCE)

                async def one(question: Question, model: str = f"demo/{strategy}") -> Result:
                    async with gate:  # noqa: B023 - awaited before the next round
                        answered = await _ask(session, address, model, question)
                    progress.advance(task)  # noqa: B023
                    return answered

                answers = await asyncio.gather(*(one(question) for question in questions))
                results.append(_summed(strategy, answers))
    return results


async def _ask(
    session: aiohttp.ClientSession, address: str, model: str, question: Question
) -> Result:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": question.text}],
        "teppan": {"task_type": question.task_type},
    }
    began = time.monotonic()
    async with session.post(f"{address}/v1/chat/completions", json=body) as response:
        told = await response.json()
        if response.status != 200:
            raise ConfigError(
                f"the demo's gateway answered {response.status}: {told['error']['message']}"
            )
        headers = response.headers
    text = told["choices"][0]["message"]["content"] or ""
    cost = headers.get("x-teppan-cost-micros", "unknown")
    return Result(
        model,
        right=question.is_right(text),
        asked=1,
        calls=int(headers["x-teppan-attempts"]),
        cost_micros=int(cost) if cost.lstrip("-").isdecimal() else None,
        latency=time.monotonic() - began,
    )


async def _talk(address: str, folder: Path, as_json: bool) -> None:
    """A customer books with the pack's agents, where it has any."""
    lines = lines_of(folder, dt.datetime.now(dt.UTC).date())
    if not lines or as_json:
        return
    console().print("\n4. a customer talks to the pack's agents, who use its tools")
    async with _session() as session:
        show(await talk(session, address, lines))


def _summed(strategy: str, answers: list[Result]) -> Result:
    return Result(
        strategy,
        right=sum(each.right for each in answers),
        asked=len(answers),
        calls=sum(each.calls for each in answers),
        cost_micros=total(each.cost_micros for each in answers),
        latency=sum(each.latency for each in answers) / len(answers),
    )


def _report(results: list[Result], as_json: bool) -> None:
    if as_json:
        print_json({"simulated": True, "results": results})
        return
    console().print()
    print_table(
        "Simulated vendors, real gateway",
        ("strategy", ">right", ">quality", ">model calls", ">cost", ">mean latency"),
        [
            (
                each.strategy,
                f"{each.right}/{each.asked}",
                f"{100 * each.right / each.asked:.0f} %",
                str(each.calls),
                dollars(each.cost_micros),
                f"{1000 * each.latency:.0f} ms",
            )
            for each in results
        ],
    )


def _next_steps(question: str, pack: Pack) -> None:
    out = console()
    model = next(iter(pack.models), "teppan/consensus")
    body = orjson.dumps({"model": model, "messages": [{"role": "user", "content": question}]})
    out.print("\nKeep it running and ask it yourself:")
    out.print("  .venv/bin/teppan demo --stay", markup=False)
    out.print(
        "  curl http://127.0.0.1:8080/v1/chat/completions -H 'content-type: application/json' \\\n"
        f"    -d '{body.decode()}'\n"
        "  curl http://127.0.0.1:8080/v1/models\n"
        "With a key of yours in the environment, `teppan serve` asks real vendors instead.",
        markup=False,
        soft_wrap=True,
    )


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


async def _until_interrupted() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
