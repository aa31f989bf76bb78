"""Where every table is written down, whichever module describes it."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
