"""What all tests share: property tests do not look at the wall clock."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", deadline=None, max_examples=25)
settings.load_profile("suite")
