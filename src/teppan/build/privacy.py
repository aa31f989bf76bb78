"""What is private, wired: the detector of the settings, and a memory for texts that come again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError
from teppan.learn.privacy.detector import PatternDetector
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.privacy.spans import KINDS, Detector, Span, settled
from teppan.serve.agents.loading import load

REMEMBERED = 2_048
"""Texts whose private words are remembered: prompts and first turns come again and again."""
VERSION = "1"
"""Raised when the patterns change, so that what was scrubbed is scrubbed again."""


def open_scrubber(settings: Settings, pack: Pack | None) -> Scrubber:
    """The scrubber of these settings. Raises `ConfigError`."""
    wanted = settings.learn.privacy
    detector: Detector = PatternDetector(wanted.regions, wanted.without)
    if wanted.detector is not None:
        detector = Both(detector, own_detector(Path(wanted.detector)))
    return Scrubber(Remembering(detector), languages_of(settings, pack))


def fingerprint_of(settings: Settings, pack: Pack | None) -> str:
    """Changes with whatever scrubbing depends on."""
    wanted = settings.learn.privacy
    own = Path(wanted.detector).read_bytes() if wanted.detector is not None else b""
    told = (VERSION, wanted.regions, wanted.without, languages_of(settings, pack))
    return hashlib.sha256(repr(told).encode() + own).hexdigest()


def languages_of(settings: Settings, pack: Pack | None) -> tuple[str, ...]:
    return settings.language.languages or (pack.languages if pack else ())


def own_detector(path: Path) -> Detector:
    """The `find` of an operator's file. Raises `ConfigError` where there is none."""
    if not path.is_file():
        raise ConfigError(f"learn.privacy.detector: {path}: no such file")
    module = load(path.resolve())
    if not callable(getattr(module, "find", None)):
        raise ConfigError(f"learn.privacy.detector: {path} has no function `find(text, languages)`")
    return OwnDetector(path, module)


class OwnDetector:
    """An operator's function. It gives spans, or `(start, end, kind)`; a wrong one is refused:
    what cannot be read must not pass for nothing private."""

    def __init__(self, path: Path, module: object) -> None:
        self._path = path
        self._find = module.find  # type: ignore[attr-defined]

    def find(self, text: str, languages: Sequence[str] = ()) -> list[Span]:
        """Raises `ConfigError` for an answer that is no list of places in the text."""
        found = []
        for each in self._find(text, tuple(languages)):
            span = each if isinstance(each, Span) else Span(*each)
            if span.kind not in KINDS or not 0 <= span.start < span.end <= len(text):
                raise ConfigError(f"{self._path}: `find` told of {span}, which is no place or kind")
            found.append(span)
        return found


class Both:
    """What either of two detectors finds."""

    def __init__(self, one: Detector, other: Detector) -> None:
        self._detectors = (one, other)

    def find(self, text: str, languages: Sequence[str] = ()) -> list[Span]:
        return settled(
            (span for each in self._detectors for span in each.find(text, languages)), text
        )


class Remembering:
    """A detector that is asked once for a text; memory alone, and only as long as it is used."""

    def __init__(self, detector: Detector) -> None:
        @lru_cache(maxsize=REMEMBERED)
        def found(text: str, languages: tuple[str, ...]) -> tuple[Span, ...]:
            return tuple(detector.find(text, languages))

        self._found = found

    def find(self, text: str, languages: Sequence[str] = ()) -> list[Span]:
        return list(self._found(text, tuple(languages)))
