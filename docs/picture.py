"""Draws a picture of a real terminal run for the README.

script -qc "make demo" run.txt && python docs/picture.py run.txt docs/images/demo.svg "make demo"
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 100

FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>text {{ font: 15px "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }}
{styles}</style>
<rect width="100%" height="100%" rx="8" fill="#1b1d23"/>
{matrix}
</svg>
"""

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-HJKSTfhilnsu]|\x1b\][^\x07]*\x07")


def last_screen(raw: str) -> list[str]:
    """The lines that stay: of a progress bar only its last state, without cursor movements."""
    lines: list[str] = []
    for line in raw.replace("\r\n", "\n").split("\n"):
        kept = _CONTROL.sub("", line.split("\r")[-1]).rstrip()
        if kept.startswith("Script "):
            continue
        bar, filled, _ = _plain(kept).partition("━")
        if filled:
            lines = [each for each in lines if _plain(each).partition("━")[:2] != (bar, "━")]
        lines.append(kept)
    return [each for at, each in enumerate(lines) if each or at == 0 or lines[at - 1]]


def _plain(line: str) -> str:
    return Text.from_ansi(line).plain


def draw(lines: list[str], command: str) -> str:
    """The lines under their prompt, as SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(f"[bold green]$[/] {command}", highlight=False)
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=False)
    body = console.export_svg(code_format="{styles}\0{matrix}\0{lines}", font_aspect_ratio=0.61)
    styles, matrix, _ = body.split("\0")
    height = 24.4 * (len(lines) + 3)
    return FRAME.format(
        width=round(WIDTH * 12.2 + 20), height=round(height), styles=styles, matrix=matrix
    )


if __name__ == "__main__":
    raw, target, command = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(draw(last_screen(raw.read_text("utf-8")), command), "utf-8")
