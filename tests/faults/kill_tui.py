"""SIGKILL of the calendar on a pseudo-terminal, by keys that book, move, cancel and undo.

The ledger has what the screen said it had done. What was under way when the program was killed is there whole or
not at all.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte
from pexpect.fdpexpect import fdspawn

from tests.faults.home import NOW, Home, State, size
from tests.faults.tally import Tally
from tests.support.terminal import Terminal, environment

COLUMNS, ROWS = 120, 36
_LASTS_S = 0.25
"""About how long a change takes from the key to the message."""


class Forked(Terminal):
    """The calendar in a fork of this process, which has loaded what it needs, on a terminal of its own."""

    def __init__(self, env: dict[str, str], path: Path) -> None:
        self.raw = b""
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self.pid, descriptor = os.forkpty()
        if self.pid == 0:
            _become(env, path)
        self.child = fdspawn(descriptor)
        self._open = True

    def kill(self) -> None:
        """SIGKILL; nothing of it cleans up."""
        if self._open:
            self._open = False
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.child.close()


def load() -> None:
    """Load what the calendar needs, once, before any fork."""
    from sqlalchemy.orm import configure_mappers

    import couchcal.cli.calendar
    import couchcal.practice.appointments
    import couchcal.store.session
    import couchcal.tui.app
    import couchcal.tui.calendar.screen
    import couchcal.tui.forms.cancel
    import couchcal.tui.forms.quick_add
    import couchcal.worker  # noqa: F401

    configure_mappers()


def _become(env: dict[str, str], path: Path) -> None:
    code = 1
    try:
        termios.tcsetwinsize(0, (ROWS, COLUMNS))
        os.environ.clear()
        os.environ.update(env)
        time.tzset()
        for number, mode in ((0, "r"), (1, "w"), (2, "w")):
            stream = os.fdopen(os.dup(number), mode, encoding="utf-8")
            setattr(sys, ("stdin", "stdout", "stderr")[number], stream)
            setattr(sys, ("__stdin__", "__stdout__", "__stderr__")[number], stream)
        sys.argv = ["couchcal", "--db", str(path)]
        from couchcal.cli.main import main

        code = main()
    finally:
        os._exit(code)


class Screens:
    """Kills calendars over one practice."""

    def __init__(self, home: Home, tally: Tally, chance: random.Random) -> None:
        self.home, self.tally, self.chance = home, tally, chance
        self.env = {**environment(home.path.parent, NOW), **home.env, "TERM": "xterm-256color"}
        self.env |= {"TEXTUAL_ANIMATIONS": "none"}
        self.number = 0
        self.known: State = {}

    def run(self, kills: int) -> None:
        """Until so many were killed."""
        load()
        while self.tally.kills < kills:
            self.tally.rounds += 1
            terminal = Forked(self.env, self.home.path)
            try:
                self._life(terminal)
            except AssertionError as error:
                self.tally.damaged.append(f"round {self.tally.rounds}: the screen: {str(error)[:400]}")
            finally:
                terminal.kill()
            self.tally.kills += 1
            self.known = self.home.state()
        self.home.inspect(self.tally, "at the end")

    def _life(self, terminal: Forked) -> None:
        where = f"round {self.tally.rounds}"
        terminal.wait_for("Tue 3")
        name = self._book(terminal)
        self._acknowledged(where, lambda row: row is not None and row[3] == "scheduled", name)
        start = self._row(name)[1]
        if self.chance.random() < 0.5:
            self._kill_while(terminal, where, name, self.chance.choice([self._move, self._cancel]))
            return
        if self.chance.random() < 0.6:
            self._move(terminal)
            terminal.until(lambda: "Moved" in terminal.text)
            self._acknowledged(where, lambda row: row is not None and row[1] == start + 3600, name)
        self._kill_while(terminal, where, name, self._another if self.chance.random() < 0.6 else self._undo)

    def _book(self, terminal: Forked) -> str:
        """Add a block by one line, to the message."""
        self._type(terminal)
        name = f"F{self.number}"
        terminal.press("\r", lambda: f"Booked Block {name}" in terminal.text)
        return name

    def _type(self, terminal: Forked) -> None:
        self.number += 1
        day, hour = 2 + self.number % 6, 8 + self.number // 6 % 10
        terminal.press("a", lambda: "Quick add" in terminal.text)
        terminal.press(
            f"2026-03-0{day} {hour}:00 30m block F{self.number}",
            lambda: f"{hour}:00–{hour}:30" in terminal.text and f"Block F{self.number}" in terminal.text,
        )

    # what is under way when it is killed

    def _another(self, terminal: Forked) -> None:
        self._type(terminal)
        terminal.send("\r")

    def _move(self, terminal: Forked) -> None:
        terminal.press("m", lambda: "MOVING" in terminal.status)
        there = terminal.status
        terminal.press("J", lambda: terminal.status != there)
        terminal.send("\r")

    def _cancel(self, terminal: Forked) -> None:
        terminal.press("x", lambda: "Cancel the session" in terminal.text)
        terminal.send("\x13")

    def _undo(self, terminal: Forked) -> None:
        terminal.send("u")

    def _kill_while(self, terminal: Forked, where: str, name: str, act: Callable[[Forked], None]) -> None:
        before = self.home.state()
        log = self.home.path.with_name(f"{self.home.path.name}-wal")
        grown = size(log)
        act(terminal)
        if self.chance.random() < 0.6:
            end = time.monotonic() + 5
            while size(log) == grown and time.monotonic() < end:
                time.sleep(0.0002)
            time.sleep(self.chance.uniform(0, 0.01))
        else:
            time.sleep(self.chance.uniform(0, _LASTS_S))
        terminal.kill()
        after = self.home.state()
        self.home.inspect(self.tally, where)
        changed = {key: row for key, row in after.items() if before.get(key) != row}
        gone = before.keys() - after.keys()
        if len(changed) + len(gone) > 1:
            self.tally.damaged.append(f"{where}: {act.__name__}: {changed} {gone}")
        if act in (self._move, self._cancel) and (
            gone or any(row[0] != f"Block {name}" for row in changed.values())
        ):
            self.tally.damaged.append(f"{where}: {act.__name__} changed {changed}, removed {gone}")
        titles = [row[0] for row in after.values()]
        self.tally.doubled += [f"{where}: {title}" for title in set(titles) if titles.count(title) > 1]

    def _row(self, name: str) -> tuple[str, int, int, str]:
        return next(row for row in self.home.state().values() if row[0] == f"Block {name}")

    def _acknowledged(
        self, where: str, as_said: Callable[[tuple[str, int, int, str] | None], bool], name: str
    ) -> None:
        """What the screen has said is on the disk, and all that was there before."""
        self.tally.acknowledged += 1
        now = self.home.state()
        if not as_said(next((row for row in now.values() if row[0] == f"Block {name}"), None)):
            self.tally.lost.append(f"{where}: {name}")
        kept = {key: row for key, row in now.items() if row[0] != f"Block {name}"}
        lost = {key: row for key, row in self.known.items() if kept.get(key) != row and row[0] != f"Block {name}"}
        self.tally.lost += [f"{where}: {row}" for row in lost.values()]
