"""Reviewing at the keyboard: an item, a key, the next one."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import typer
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from teppan.build.review import Reviewing
from teppan.cli.output import quoted
from teppan.cli.review.showing import KEYS, shown
from teppan.core.errors import BadRequest, ConfigError, NotFound, Taken
from teppan.core.ids import LOCAL
from teppan.store.review_rows import Action, Decision, Item

EDITOR = "vi"
"""What edits where neither VISUAL nor EDITOR is set."""


class Hands(Struct, frozen=True):
    """What a person does: one key, one line, a text in an editor (`None`: they left it)."""

    key: Callable[[], str]
    line: Callable[[str], str]
    edit: Callable[[str], str | None]


class Flow:
    """Reviews until there is nothing left or the person quits. Between two steps the store rests:
    a person may think as long as the claim lasts."""

    def __init__(
        self, runner: asyncio.Runner, desk: Reviewing, by: str, hands: Hands, out: Console
    ) -> None:
        self._run = runner.run
        self._desk = desk
        self._by = by
        self._hands = hands
        self._out = out
        self.decided = 0

    def review(self) -> int:
        """Returns how many were decided."""
        while True:
            item = self._run(self._desk.next(LOCAL, self._by))
            if item is None:
                self._out.print(
                    f"nothing waits: {self.decided} decided; `teppan review fill` looks for more"
                )
                return self.decided
            self._show(item)
            if not self._step(item):
                return self.decided

    def _show(self, item: Item) -> None:
        counts = self._run(self._desk.review.counts(None))
        waiting = sum(each.get("open", 0) + each.get("claimed", 0) for each in counts.values())
        title = f"{self.decided} decided, {waiting} wait"
        self._out.print(shown(item, title, self._out.width))

    def _step(self, item: Item) -> bool:
        """One decision about an item; whether to go on."""
        while True:
            self._out.print(Text(KEYS, "dim"))
            key = self._key()
            if key == "q":
                self._give_back(item)
                self._out.print(f"{self.decided} decided")
                return False
            try:
                if self._does(key, item):
                    return True
            except (Taken, NotFound) as error:
                self._out.print(f"[bold yellow]{quoted(error.message)}[/]")
                return True
            except BadRequest as error:
                self._out.print(f"[bold yellow]{quoted(error.message)}[/]")

    def _key(self) -> str:
        try:
            return self._hands.key().lower()
        except (KeyboardInterrupt, EOFError):  # Ctrl-C and Ctrl-D: they leave, and hold nothing
            return "q"

    def _does(self, key: str, item: Item) -> bool:
        """Whether the key did something that ends the look at this item."""
        if key == "a":
            return self._decide(item, "approve")
        if key == "s":
            return self._decide(item, "skip")
        if key == "r":
            return self._decide(item, "reject", reason=self._hands.line("why (may be empty): "))
        if key == "t" and item.content.suggestion:
            return self._decide(item, "edit", item.content.suggestion)
        if key == "e":
            text = self._hands.edit(item.content.answer)
            if text is None or not text.strip():
                self._out.print("nothing was changed")
                return False
            return self._decide(item, "edit", text)
        if key == "u":
            return self._undo(item)
        return False

    def _decide(self, item: Item, action: Action, text: str = "", reason: str = "") -> bool:
        decision = Decision(action, text, reason)
        done = self._run(self._desk.decide(LOCAL, item.id, decision, self._by))
        self.decided += 1
        self._out.print(f"[bold]{done.status}[/]\n")
        return True

    def _undo(self, item: Item) -> bool:
        """The last one again: it is held from now on, and this one waits."""
        undone = self._run(self._desk.undo(LOCAL, self._by))
        self._give_back(item)
        self.decided = max(0, self.decided - 1)
        self._out.print(f"taken back: {quoted(undone.id)}\n")
        return True

    def _give_back(self, item: Item) -> None:
        try:
            self._run(self._desk.release(LOCAL, item.id, self._by))
        except (Taken, NotFound):
            return


def at_the_terminal(out: Console) -> Hands:
    def line(asked: str) -> str:
        return out.input(quoted(asked))

    return Hands(typer.getchar, line, edited)


def edited(text: str) -> str | None:
    """The text as it comes out of the person's editor. Raises `ConfigError` without one."""
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or EDITOR
    with tempfile.TemporaryDirectory(prefix="teppan-review-") as folder:  # ours alone
        path = Path(folder) / "answer.txt"
        path.write_text(text, "utf-8")
        try:
            left = subprocess.run([*shlex.split(command), str(path)], check=False)  # noqa: S603 - theirs
        except OSError as error:
            raise ConfigError(
                f"the editor `{command}` does not start: {error.strerror}; set EDITOR"
            ) from error
        after = path.read_text("utf-8").strip()
    return after if left.returncode == 0 and after != text.strip() else None
