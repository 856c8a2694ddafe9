"""The real program on a pseudo-terminal: it is seen, obeys, leaves no trace, and dies without harm."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pexpect
import pyte
import pytest

from couchcal.store.connection import Database
from tests.support.demo import NOW
from tests.tui.conftest import stored

pytestmark = pytest.mark.terminal
PATIENCE = 30
NAMES = ("Jane", "Omar", "Bob", "Maria", "Lena", "Tom")
_TITLES = re.compile(rb"\x1b\][02];([^\x07\x1b]*)")
_MODES = re.compile(rb"\x1b\[\?([\d;]+)([hl])")


def environment(home: Path, **values: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8",
        "COUCHCAL_NOW": NOW.isoformat(), "COUCHCAL_HOME": str(home), "TZ": "America/New_York", **values,
    }  # fmt: skip


class Terminal:
    """`couchcal` over a database on a terminal of `columns` by `rows`; what it writes to stderr is kept apart
    from the screen only by what it says, as both are the terminal."""

    def __init__(self, database: Database, columns: int, rows: int, **values: str) -> None:
        self.raw = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "couchcal", "--db", str(database.path)],
            dimensions=(rows, columns),
            env=environment(database.path.parent, **values),
        )

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    @property
    def status(self) -> str:
        return str(self._screen.display[-1])

    def until(self, seen: Callable[[], bool]) -> None:
        """Read until something is to be seen."""
        end = time.monotonic() + PATIENCE
        while not seen():
            assert time.monotonic() < end, self.text
            self.read()

    def press(self, keys: str, seen: Callable[[], bool]) -> None:
        self.child.send(keys)
        self.until(seen)

    def read(self) -> bool:
        try:
            data = self.child.read_nonblocking(65536, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    def finish(self) -> None:
        """Read to the end of the program."""
        while self.read():
            pass
        self.child.close()

    def modes_left_on(self) -> set[bytes]:
        """The private modes that were set and not reset."""
        on: set[bytes] = set()
        for modes, letter in _MODES.findall(self.raw):
            for mode in modes.split(b";"):
                on.add(mode) if letter == b"h" else on.discard(mode)
        return on - {b"25", b"7"}  # the cursor is shown and lines wrap again


def starts(database: Database) -> dict[int, object]:
    return {entry.row_id: entry.start for entry in stored(database)}


def whole(database: Database) -> bool:
    with closing(database.connect()) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 36)])
def test_a_session_is_moved_put_back_by_undo_and_the_terminal_restored(
    demo: Database, columns: int, rows: int
) -> None:
    before = starts(demo)
    terminal = Terminal(demo, columns, rows)
    terminal.until(lambda: "Tue 3" in terminal.text and "Omar" in terminal.text)
    assert all(f"{day}" in terminal.text for day in (["Tue 3"] if columns == 80 else ["Mon 2", "Sun 8"]))
    terminal.press("\t", lambda: "█" in terminal.text)
    terminal.press("m", lambda: "MOVING" in terminal.status)
    there = terminal.status
    terminal.press("J", lambda: terminal.status != there)
    terminal.press("\r", lambda: "MOVING" not in terminal.status and "Moved" in terminal.text)
    assert starts(demo) != before
    terminal.press("u", lambda: "redo" in terminal.text)
    assert starts(demo) == before
    left = time.monotonic()
    terminal.child.send("q")
    terminal.finish()
    assert terminal.child.exitstatus == 0
    assert time.monotonic() - left < 10
    assert terminal.modes_left_on() == set()
    assert b"\x1b[?25h" in terminal.raw
    assert b"Traceback" not in terminal.raw
    titles = b" ".join(_TITLES.findall(terminal.raw)).decode()
    assert not [name for name in NAMES if name in titles]
    assert whole(demo)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_program_that_is_ended_leaves_terminal_and_database_whole(demo: Database, how: signal.Signals) -> None:
    terminal = Terminal(demo, 100, 30)
    terminal.until(lambda: "Omar" in terminal.text)
    terminal.press("\tm", lambda: "MOVING" in terminal.status)
    terminal.child.kill(how)
    terminal.finish()
    assert terminal.child.exitstatus == 128 + how
    assert terminal.modes_left_on() == set()
    assert whole(demo)
    assert stored(demo)


def test_a_terminal_that_knows_neither_colour_nor_utf8(demo: Database) -> None:
    terminal = Terminal(demo, 80, 24, TERM="linux", COLORTERM="", LC_ALL="C", NO_COLOR="1")
    terminal.until(lambda: "Omar" in terminal.text)
    shown = [line for line in terminal.text.splitlines() if line.strip()]
    assert all(line.isascii() for line in shown)
    assert "[no show]" in terminal.text or "@" in terminal.text
    terminal.child.send("q")
    terminal.finish()
    assert terminal.child.exitstatus == 0


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux_with_keys_and_mouse(demo: Database, tmp_path: Path) -> None:
    tmux = ["tmux", "-f", "/dev/null", "-S", str(tmp_path / "socket")]
    env = environment(tmp_path, TMUX="")

    def run(*argv: str) -> str:
        return subprocess.run([*tmux, *argv], env=env, capture_output=True, text=True, check=True).stdout

    def until(words: str) -> str:
        end = time.monotonic() + PATIENCE
        while words not in (text := run("capture-pane", "-p")):
            assert time.monotonic() < end, text
            time.sleep(0.1)
        return text

    before = starts(demo)
    run("new-session", "-d", "-x", "120", "-y", "36", f"{sys.executable} -m couchcal --db {demo.path}; sleep 60")
    try:
        lines = until("Omar").splitlines()
        y = next(index for index, line in enumerate(lines) if "Omar" in line)
        x = lines[y].index("Omar")
        for kind, by, end in ((0, 0, "M"), (32, 1, "M"), (32, 2, "M"), (0, 2, "m")):
            run("send-keys", "-l", f"\x1b[<{kind};{x + 1};{y + 1 + by}{end}")
        until("Moved")
        assert starts(demo) != before
        run("resize-window", "-x", "80", "-y", "24")
        run("send-keys", "u")
        until("redo")
        assert starts(demo) == before
    finally:
        subprocess.run([*tmux, "kill-server"], env=env, check=False)
