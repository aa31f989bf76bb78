"""What `teppan init` writes: every commented line is a setting that exists."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

from teppan.config.load import parse


def test_every_commented_line_is_a_setting_that_may_be_uncommented() -> None:
    text = resources.files("teppan.config").joinpath("template.toml").read_text("utf-8")
    lines = [line[2:] for line in text.splitlines() if re.match(r"# (\[|\w+ = )", line)]
    tables = tomllib.loads("\n".join(lines))
    assert len(tables) > 12
    parse(tables, "template.toml")
