"""What all tests share: property tests do not look at the wall clock, and no test's way of logging
is another's."""

from __future__ import annotations

import pytest
import structlog
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _logging_as_it_comes() -> None:
    """A house that was opened in this process has set the log up for all."""
    structlog.reset_defaults()
