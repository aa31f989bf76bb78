"""What Teppan does by itself, and when."""

from __future__ import annotations

from pydantic import Field

from teppan.config.schema.base import Seconds, Section


class JobSettings(Section):
    """Jobs: what is done at night and once in a while. Times are cron text (`30 2 * * *`: every
    night at half past two); an empty one turns its schedule off."""

    enabled: bool = Field(True, description="Do jobs at all.")
    embedded: bool = Field(
        True, description="`teppan serve` does them itself; else only `teppan worker` does."
    )
    timezone: str = Field("UTC", description="Where the times are read, such as `Europe/Vienna`.")
    night: str = Field("30 2 * * *", description="When a day's traffic is learned from.")
    check: str = Field("0 6 * * *", description="When it is looked whether there is enough.")
    improve: str = Field("0 4 1 * *", description="When a training set is made.")
    sweep: str = Field("15 1 * * *", description="When what has outlived its time is deleted.")
    at_once: int = Field(2, ge=1, le=16, description="Most jobs one process does at a time.")
    attempts: int = Field(4, ge=1, le=20, description="How often a failing job is begun.")
    retry_wait: Seconds = Field(
        60.0, description="Seconds before the second attempt; each further wait is four times it."
    )
    lease: Seconds = Field(
        30.0,
        description="Seconds of silence after which a worker is thought dead and its jobs are "
        "another's.",
    )
    poll: Seconds = Field(2.0, description="Seconds between looks for something to do.")
    grace: Seconds = Field(
        10.0, description="Seconds a running stage gets to finish when the process must leave."
    )
    enough: int = Field(
        1_000, ge=1, description="Examples that may train from which a training set is made."
    )
    keep_days: int = Field(90, ge=1, description="Days that ended jobs are kept.")
