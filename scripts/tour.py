"""The animated tour: `make tour` drives the program in a terminal and writes down what it shows.

The program is the real one, on the demo practice, under a clock that stands still. What it sends is written as an
asciinema cast (version 2) with the times of `STEPS`, not those of the machine, so that the same program gives the
same tour; and as frames, which `scripts.drawing` makes the GIF of.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pexpect
import pyte

NOW = datetime(2026, 3, 3, 14, 42, tzinfo=UTC)
ZONE = "America/New_York"
COLUMNS, ROWS = 100, 30
_TYPING_S = 0.07
"""Between two letters that somebody types."""
_QUIET_S, _LATE_S, _ANSWER_S, _PATIENCE_S = 0.4, 2.0, 3.0, 30.0
"""How long nothing must come until all has come; how long a key's answer, or the program, may take to begin."""


_KEYS = {"enter": "\r", "esc": "\x1b", "down": "\x1b[B", "ctrl+l": "\x0c"}


class Step(NamedTuple):
    """What is pressed, how long is looked at it, and what it shows. Text in quotation marks is typed."""

    keys: str
    look: float
    words: str


STEPS = (
    Step("", 2.0, "The week, exact to the minute"),
    Step("1", 1.0, "1  The day"),
    Step("3", 1.4, "3  The month"),
    Step("4", 1.2, "4  The agenda"),
    Step("2", 0.6, "2  The week"),
    Step('a "wed 3pm wren 50m 90834 biweekly"', 1.4, "a  A series in one line, read as you type"),
    Step("enter", 1.8, "Enter books all of it"),
    Step("m", 0.8, "m  Pick it up"),
    Step("k k", 1.8, "j k h l  Move it; what it would overlap is said before you drop it"),
    Step("f f", 1.4, "f  The next free time after that"),
    Step("s", 1.4, "s  This one, or all that follow"),
    Step("enter", 1.8, "Enter drops it"),
    Step("u", 1.6, "u  Undo, even after a restart"),
    Step('/ "is:no-show"', 2.0, "/  Search"),
    Step("esc", 0.3, "/  Search"),
    Step("r", 1.6, "r  Requests from the booking page"),
    Step("enter", 2.0, "Accepting opens the form first"),
    Step("esc", 0.3, "r  Requests from the booking page"),
    Step("esc", 0.3, "r  Requests from the booking page"),
    Step('F "50 min tue or thu afternoon"', 1.0, "F  Find a time, in your own words"),
    Step("down down", 1.4, "F  Find a time, in your own words"),
    Step("esc", 0.3, "F  Find a time, in your own words"),
    Step("ctrl+l", 1.6, "ctrl+l  Nothing is to be seen"),
    Step("enter", 1.5, "Enter, and you are back"),
)


class Tour:
    """The program in its terminal, and what came of it so far."""

    def __init__(self, database: Path, home: Path) -> None:
        self.now = 0.0
        self.events: list[tuple[float, str, str]] = []
        self.frames: list[tuple[float, str, list[list[object]]]] = []
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)
        env = {
            "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8",
            "COUCHCAL_NOW": NOW.isoformat(), "COUCHCAL_HOME": str(home), "TMPDIR": str(home), "TZ": ZONE,
        }  # fmt: skip
        argv = ["-m", "couchcal", "--db", str(database)]
        self._child = pexpect.spawn(
            sys.executable, argv, dimensions=(ROWS, COLUMNS), env=env, encoding="utf-8", codec_errors="replace"
        )

    def take(self, step: Step) -> None:
        """Press what the step says, and look at it."""
        if not step.keys:
            self._answer(step.words, step.look)
            return
        self.events.append((self.now, "m", step.words))
        typed = False
        parts = step.keys.split('"')
        for part in parts:
            keys = list(part) if typed else part.split()
            for key in keys:
                self._child.send(key if typed else _KEYS.get(key, key))
                self._answer(step.words, _TYPING_S if typed else 0.3)
            typed = not typed
        self._answer(step.words, step.look, late=True)

    def leave(self) -> None:
        """End the program."""
        self._child.send("q")
        self._child.expect(pexpect.EOF, timeout=_PATIENCE_S)
        self._child.close()

    def _answer(self, words: str, held: float, *, late: bool = False) -> None:
        """Take in what the program sends until it is quiet; `late` is what came of it after that."""
        sent: list[str] = []
        patient = time.monotonic() + (_ANSWER_S if self.events else _PATIENCE_S)
        while True:
            try:
                sent.append(self._child.read_nonblocking(65536, timeout=_LATE_S if late else _QUIET_S))
            except pexpect.TIMEOUT:
                if sent or late or time.monotonic() > patient:
                    break
        text = "".join(sent)
        self._stream.feed(text)
        self.events.append((self.now, "o", text))
        self.frames.append((held, words, [self._row(y) for y in range(ROWS)]))
        self.now += held

    def _row(self, y: int) -> list[object]:
        runs: list[list[object]] = []
        look: tuple[object, ...] | None = None
        for x in range(COLUMNS):
            cell = self._screen.buffer[y][x]
            marks = "".join(
                letter
                for letter, on in (
                    ("b", cell.bold), ("i", cell.italics), ("u", cell.underscore), ("s", cell.strikethrough),
                    ("r", cell.reverse),
                )
                if on
            )  # fmt: skip
            now = (cell.fg, cell.bg, marks)
            if now != look:
                runs.append(["", _rgb(cell.fg), _rgb(cell.bg), marks])
                look = now
            runs[-1][0] = f"{runs[-1][0]}{cell.data}"
        return [*runs]


def _rgb(color: str) -> list[int] | None:
    return None if color == "default" else [int(color[at : at + 2], 16) for at in (0, 2, 4)]


def main() -> None:
    """Write the cast and the frames to the two files given."""
    from couchcal.practice import demo

    cast, frames = map(Path, sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="couchcal-tour-") as home:
        os.environ.update(COUCHCAL_HOME=home, TZ=ZONE)
        database = Path(home) / "demo.db"
        demo.build(database, tz=ZONE, clock=lambda: NOW).dispose()
        tour = Tour(database, Path(home))
        try:
            for step in STEPS:
                tour.take(step)
        finally:
            tour.leave()
    header = {
        "version": 2, "width": COLUMNS, "height": ROWS, "title": "couchcal",
        "env": {"TERM": "xterm-256color", "SHELL": "/bin/sh"},
    }  # fmt: skip
    lines = [json.dumps(header), *(json.dumps([round(at, 3), kind, data]) for at, kind, data in tour.events)]
    cast.write_text("\n".join(lines) + "\n", encoding="utf-8")
    frames.parent.mkdir(parents=True, exist_ok=True)
    frames.write_text(
        json.dumps({"ends": [[213, 218, 227], [19, 22, 28]], "frames": tour.frames}), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
