"""`teppan route`: why a question goes where it goes, and what the router learned from traces."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec.structs import replace

from teppan.build import open_house, open_store
from teppan.build.opening import open_release
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table, quoted, words
from teppan.config.load import load
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, say
from teppan.core.errors import BadRequest, ModelNotFound
from teppan.core.ids import LOCAL
from teppan.core.money import dollars
from teppan.core.trace import Trace
from teppan.learn.evals import routing as evals
from teppan.learn.evals.routing import Gathered
from teppan.providers.embed import open_embedder
from teppan.providers.replay import load as load_recordings
from teppan.routing import learning
from teppan.routing.choosing import Choice
from teppan.routing.learned import MARGIN, Point, Router, price_as_good, price_for, price_within
from teppan.serve.strategies.auto import STATE, Auto

app = typer.Typer(help="Explain the router, fit it, and set what it aims at.", no_args_is_help=True)

PAGE = 500
EXPORTED = 20_000

Fitted = Annotated[
    Path | None, typer.Option(help="The file of fitted states; else that of `gateway.fitted`.")
]


# --- explain -------------------------------------------------------------------------------------


@app.command()
def explain(
    text: Annotated[str | None, typer.Argument(help="The question; `-` reads it.")] = None,
    model: Annotated[str, typer.Option(help="The virtual model that routes.")] = "teppan/auto",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the features, the scores, the choice, and what each alternative would cost."""
    asyncio.run(_explain(words(text), model, config, as_json))


async def _explain(text: str, model: str, config: str | None, as_json: bool) -> None:
    settings = load(Path(config) if config else None)
    async with open_house(settings) as house:
        strategy = house.gateway.models.virtual(model)
        if not isinstance(strategy, Auto):
            raise ModelNotFound(f"`{model}` is no model of the strategy `auto` here", param="model")
        state = open_release(settings, None).states.get(STATE)
        request = ChatRequest(model=model, messages=(say("user", text),))
        choice = await strategy.choose(request, state, 0.5)
    if as_json:
        told = choice.evidence() | {
            "model": choice.model,
            "reason": choice.reason,
            "probability": choice.probability,
        }
        print_json(told)
        return
    _print(choice)


def _print(choice: Choice) -> None:
    out = console()
    out.print(f"[bold]{quoted(choice.model)}[/]  ({choice.kind})")
    out.print(quoted(choice.reason))
    features, complexity = choice.features, choice.complexity
    if features is not None and complexity is not None:
        out.print()
        seen = {
            "length": f"{features.words} words",
            "complex_keywords": ", ".join(features.complex_words),
            "tool_keywords": ", ".join(features.tool_words),
            "sentiment": f"{features.sentiment:.2f}",
            "history": f"{features.turns} turns before",
        }
        print_table(
            f"Complexity: {complexity.level} ({complexity.score:.2f})",
            ("figure", "seen", ">adds"),
            [(name, seen[name], f"{part:.3f}") for name, part in complexity.parts.items()],
        )
        out.print(
            quoted(
                f"language {features.language}; intent {choice.intent} "
                f"({choice.intent_probability:.0%}); about {choice.tokens} tokens"
            )
        )
    out.print()
    print_table(
        "What each would cost",
        ("model", ">expected cost", ">good answer", ">chosen with"),
        [
            (
                f"{name}{'  <-' if name == choice.model else ''}",
                dollars(cost),
                f"{choice.chances[name]:.1%}" if name in choice.chances else "",
                _share(choice, name),
            )
            for name, cost in choice.costs.items()
        ],
    )


def _share(choice: Choice, name: str) -> str:
    if choice.shares:
        return f"{choice.shares.get(name, 0.0):.1%}"
    return f"{choice.probability:.0%}" if name == choice.model else ""


# --- fit -----------------------------------------------------------------------------------------


@app.command()
def fit(
    recordings: Annotated[
        Path | None,
        typer.Option(help="Also learn from recorded answers with scores: JSON lines, or a folder."),
    ] = None,
    traces: Annotated[
        bool, typer.Option("--traces/--no-traces", help="Learn from the store's traces.")
    ] = True,
    fitted: Fitted = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Learn which model answers which question well, from your own traces and their ratings."""
    asyncio.run(_fit(recordings, traces, fitted, config, as_json))


async def _fit(
    recordings: Path | None, traces: bool, fitted: Path | None, config: str | None, as_json: bool
) -> None:
    settings = load(Path(config) if config else None)
    path = _place(fitted, settings)
    gathered = await _traced(settings) if traces else Gathered(())
    if recordings is not None:
        try:
            gathered = evals.joined(gathered, evals.of_recordings(load_recordings(recordings)))
        except (OSError, ValueError) as error:
            raise BadRequest(f"{recordings}: {error}") from None
    asked, embedder = list(gathered.asked), ""
    spec = settings.cache.embedder
    if spec.partition(":")[0] in ("static", "minilm"):
        opened = open_embedder(spec)
        asked, embedder = await evals.embedded(asked, opened.embed), opened.name
    reference = settings.costs.reference_model or ""
    router = learning.fit(asked, embedder=embedder, reference=reference)
    if router is None:
        raise BadRequest(
            f"{len(asked)} answers of known worth are too few, or of one model only: "
            f"{learning.FEWEST}, and {learning.FEWEST_OF_ONE} of each of two models, are needed; "
            "send ratings to POST /v1/feedback, or give --recordings"
        )
    _write(path, router)
    if as_json:
        print_json(_told(router, gathered))
        return
    console().print(
        f"learned from {len(asked)} questions ({gathered.rated} rated by people, "
        f"{gathered.judged} judged, {gathered.recorded} recorded)"
    )
    _print_frontier(router)
    console().print(quoted(_aimed(router, reference)))
    console().print(f'written to {path}: set `gateway.fitted` and `router.kind = "learned"`')


def _aimed(router: Router, reference: str) -> str:
    """What the router was left aiming at."""
    absent = f"{reference} answered too few of these questions; " if reference else ""
    absent = "" if router.reference == reference else absent
    if router.estimated:
        return (
            f"{absent}aims at the highest quality: too few questions were answered by several "
            "models to measure who is as good as whom; set a target with `teppan route calibrate`"
        )
    if price_as_good(router.frontier, MARGIN) is None:
        return f"{absent}aims at the highest quality: nothing cheaper is proven to be as good"
    return (
        f"{absent}aims at the least cost at which answers are not worse than those of "
        f"{router.reference} by more than {100 * MARGIN:g} point"
    )


async def _traced(settings: Settings) -> Gathered:
    """What this machine's own tenant can teach."""
    store = await open_store(settings)
    try:
        ratings = await store.feedback.latest(LOCAL, "rating")
        found: list[Trace] = []
        while len(found) < EXPORTED:
            page = await store.traces.list(LOCAL, PAGE, found[-1].id if found else None)
            found += page
            if len(page) < PAGE:
                break
    finally:
        await store.close()
    return evals.of_traces(found, ratings)


# --- calibrate -----------------------------------------------------------------------------------


@app.command()
def calibrate(
    target_quality: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of the best quality to keep at the least cost."),
    ] = None,
    target_cost: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of the best model's cost to spend at most."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Quality by which answers may be worse than the reference model's."
        ),
    ] = None,
    fitted: Fitted = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Set what the learned router aims at: the reference model's quality less a margin, a share of
    the best quality, or a cost. Without a target, show what there is."""
    path = _place(fitted, load(Path(config) if config else None))
    router = _read(path)
    if sum(each is not None for each in (target_quality, target_cost, margin)) > 1:
        raise BadRequest("give one of --margin, --target-quality and --target-cost")
    price = _price(router, target_quality, target_cost, margin)
    if price is not None:
        router = replace(router, price=price)
        _write(path, router)
    if as_json:
        print_json(_told(router, None))
        return
    _print_frontier(router)


def _price(
    router: Router, quality: float | None, cost: float | None, margin: float | None
) -> float | None:
    if quality is None and cost is None and margin is None:
        return None
    if not router.frontier:
        raise BadRequest("this router has no frontier: fit it anew with `teppan route fit`")
    if margin is not None:
        return _as_good(router, margin)
    if quality is not None:
        return price_for(router.frontier, quality)
    most = (cost or 0.0) * router.costs.get(router.favourite, router.frontier[0].cost)
    price = price_within(router.frontier, most)
    if price is None:
        least = dollars(round(router.frontier[-1].cost))
        raise BadRequest(f"no choice costs so little: the least is {least} a question")
    return price


def _as_good(router: Router, margin: float) -> float:
    if router.frontier[0].gain is None:
        raise BadRequest(
            "nothing was measured beside a reference model: too few questions were answered by "
            "several models, or the router was fitted before this was measured; give --recordings "
            "to `teppan route fit`, or aim with --target-quality"
        )
    price = price_as_good(router.frontier, margin)
    if price is None:
        raise BadRequest(
            f"nothing is proven to be within {margin:g} of {router.reference}: "
            "allow a greater --margin, or fit with more questions"
        )
    return price


# --- the file ------------------------------------------------------------------------------------


def _place(fitted: Path | None, settings: Settings) -> Path:
    if fitted is not None:
        return fitted
    if settings.gateway.fitted:
        return Path(settings.gateway.fitted)
    raise BadRequest("name the file of fitted states: `--fitted FILE`, or set `gateway.fitted`")


def _states(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise BadRequest(f"{path}: {error}") from None


def _read(path: Path) -> Router:
    state = _states(path).get(STATE)
    if state is None:
        raise BadRequest(f"{path} holds no router: run `teppan route fit` first")
    try:
        return msgspec.convert(state, Router)
    except msgspec.ValidationError as error:
        raise BadRequest(f"{path}: the router cannot be read: {error}") from None


def _write(path: Path, router: Router) -> None:
    """The router beside the other states of the file, which stay."""
    states = _states(path) if path.exists() else {}
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(msgspec.json.encode({**states, STATE: router}))
    beside.replace(path)


def _told(router: Router, gathered: Gathered | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "models": router.models,
        "examples": router.examples,
        "favourite": router.favourite,
        "reference": router.reference,
        "price": router.price,
        "frontier": router.frontier,
        "estimated": router.estimated,
        "costs": router.costs,
    }
    if gathered is not None:
        told |= {
            "rated": gathered.rated,
            "judged": gathered.judged,
            "recorded": gathered.recorded,
        }
    return told


def _print_frontier(router: Router) -> None:
    how = "estimated: each question was answered by one model" if router.estimated else "measured"
    print_table(
        f"{router.examples} questions, those reported not seen by the fit ({how}); "
        f"best single: {router.favourite}; reference: {router.reference or 'none'}",
        (">price of quality", ">quality", ">over reference", ">$ per 1000", ""),
        [_row(point, router.price) for point in router.frontier],
    )


def _row(point: Point, price: float) -> tuple[str, ...]:
    here = "<- aimed at" if abs(point.price - price) < 1e-12 else ""
    over = ""
    if point.gain is not None and point.error is not None:
        over = f"{point.gain:+.3f} ± {point.error:.3f}"
    return f"{point.price:g}", f"{point.quality:.3f}", over, f"{point.cost / 1000:.3f}", here
