"""Training sets, wired: the desk that building works at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from teppan.build.privacy import fingerprint_of, languages_of, open_scrubber
from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.ids import Scope
from teppan.core.signal import Signal, Terms
from teppan.learn.datasets.building import Desk
from teppan.learn.datasets.choosing import Taste
from teppan.learn.datasets.evaluation import EvaluationSet, of_pack, read
from teppan.learn.datasets.exporting import Standard
from teppan.learn.datasets.leaks import LeakCheck
from teppan.learn.datasets.making import NO_ORIGIN, Origin
from teppan.learn.datasets.sifting import Recipe
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.signals import terms_by
from teppan.store.store import Store

ALLOWED: tuple[Terms, ...] = ("free", "own")


def open_dataset_desk(
    settings: Settings, pack: Pack | None, store: Store, against: Sequence[Path] = ()
) -> Desk:
    """What `build_dataset` needs. `against` are more files that models are judged by. Raises
    `ConfigError` for a file that cannot be checked against."""
    scrubber = open_scrubber(settings, pack)
    standard = open_standard(settings, pack, against)
    terms = sorted(settings.learn.terms.items())

    async def origin_of(scope: Scope, signal: Signal) -> Origin:
        trace = await store.traces.get(scope, signal.trace_id)
        if trace is None:  # a pair hangs on what the shadow said
            said = await store.shadow_words.get(scope, signal.trace_id)
            return Origin((), {said.text: said.model}, True) if said else NO_ORIGIN
        models = {each.text: each.model for each in trace.replies}
        if trace.answer is not None:
            models[trace.answer.text] = trace.served
        return Origin(trace.request.tools if trace.request else (), models, True)

    async def total(scope: Scope) -> int:
        return (await store.signals.totals(scope)).trains

    return Desk(
        signals=store.signals,
        datasets=store.datasets,
        scrubber=scrubber,
        origin_of=origin_of,
        terms_of=standard.terms_of,
        check=standard.check,
        recipe=standard.recipe,
        fingerprint=f"{fingerprint_of(settings, pack)} {terms}",
        told=_told(settings, pack),
        total=total,
    )


def open_standard(settings: Settings, pack: Pack | None, against: Sequence[Path] = ()) -> Standard:
    """What must hold of every row by the settings of today. Raises `ConfigError`."""
    wanted = settings.learn.datasets
    sets = evaluation_sets(settings, pack, against)
    return Standard(
        recipe=Recipe(
            quality=settings.learn.train,
            terms=ALLOWED,
            taste=Taste(wanted.near, wanted.margin, wanted.per_question),
            validation=wanted.validation,
            test=wanted.test,
        ),
        terms_of=terms_by(settings.learn.terms),
        check=LeakCheck(scrubbed_too(sets, open_scrubber(settings, pack)), wanted.leak),
    )


def evaluation_sets(
    settings: Settings, pack: Pack | None, against: Sequence[Path] = ()
) -> list[EvaluationSet]:
    """All that models are judged by: the pack's conversations, the files of the settings, and
    those named besides."""
    sets = of_pack(pack.folder) if pack is not None else []
    paths = [*(Path(each).expanduser() for each in settings.learn.datasets.evaluation), *against]
    return [*sets, *(read(path) for path in dict.fromkeys(paths))]


def scrubbed_too(sets: Sequence[EvaluationSet], scrubber: Scrubber) -> list[EvaluationSet]:
    """The same sets, with each question also as it would stand in a scrubbed conversation."""
    found = []
    for each in sets:
        also = {scrubber.text(text): None for text in each.texts}
        also = {text: None for text in also if text not in set(each.texts)}
        found.append(EvaluationSet(each.name, each.texts, tuple(also)))
    return found


def _told(settings: Settings, pack: Pack | None) -> dict[str, str]:
    """The settings a card names."""
    learn, wanted = settings.learn, settings.learn.datasets
    languages = ", ".join(languages_of(settings, pack)) or "all"
    own = learn.privacy.detector
    return {
        "quality from which an answer trains": f"{learn.train:.2f}",
        "likeness that counts as nearly the same": f"{wanted.near:.2f}",
        "margin between answers that disagree": f"{wanted.margin:.2f}",
        "answers kept to one question": str(wanted.per_question),
        "set apart to choose by": f"{wanted.validation:.0%}",
        "set apart to judge by": f"{wanted.test:.0%}",
        "share of a question that is a leak": f"{wanted.leak:.0%}",
        "private words looked for in": languages,
        "detector": f"patterns and {Path(own).name}" if own is not None else "patterns",
    }
