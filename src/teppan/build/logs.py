"""Where the log goes: stderr, so that answers and `--json` stay alone on stdout."""

from __future__ import annotations

import sys

import structlog
from structlog.typing import Processor

from teppan.config.schema import LogSettings

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def log_to_stderr(settings: LogSettings) -> None:
    """Lines for people on a terminal, one JSON object a line elsewhere, unless settings say which.

    A program that has configured structlog itself keeps its own ways.
    """
    if structlog.is_configured():
        return
    for_people = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _for_people() if for_people else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        logger_factory=_stderr,
    )


def _for_people() -> Processor:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _stderr(*_: object) -> structlog.PrintLogger:
    """The stderr of this moment: it may be replaced while the process runs."""
    return structlog.PrintLogger(sys.stderr)
