"""The real program on a pseudo-terminal: it is seen, obeys, leaves no trace, and dies without harm."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.store.connection import Database
from tests.support.demo import NOW
from tests.support.terminal import PATIENCE, Terminal, environment
from tests.tui.conftest import stored

pytestmark = pytest.mark.terminal
NAMES = ("Jane", "Omar", "Bob", "Maria", "Lena", "Tom")
_TITLES = re.compile(rb"\x1b\][02];([^\x07\x1b]*)")


def show(database: Database, columns: int, rows: int, **values: str) -> Terminal:
    """The calendar over a database."""
    env = environment(database.path.parent, NOW, **values)
    return Terminal(env, "--db", str(database.path), columns=columns, rows=rows)


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
    terminal = show(demo, columns, rows)
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
    terminal.send("q")
    assert terminal.finish() == 0
    assert terminal.modes_left_on() == set()
    assert b"\x1b[?25h" in terminal.raw
    assert b"Traceback" not in terminal.raw
    titles = b" ".join(_TITLES.findall(terminal.raw)).decode()
    assert not [name for name in NAMES if name in titles]
    assert whole(demo)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_program_that_is_ended_leaves_terminal_and_database_whole(demo: Database, how: signal.Signals) -> None:
    terminal = show(demo, 100, 30)
    terminal.until(lambda: "Omar" in terminal.text)
    terminal.press("\tm", lambda: "MOVING" in terminal.status)
    terminal.child.kill(how)
    assert terminal.finish() == 128 + how
    assert terminal.modes_left_on() == set()
    assert whole(demo)
    assert stored(demo)


def test_a_program_whose_terminal_is_closed_ends(demo: Database) -> None:
    terminal = show(demo, 100, 30)
    terminal.until(lambda: "? keys" in terminal.status)
    terminal.child.ptyproc.fileobj.close()
    until_ended(terminal.child.pid)
    assert whole(demo)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted on Linux")
def test_one_that_is_told_to_go_on_though_it_was_not_stopped_reads_only_once(demo: Database) -> None:
    terminal = show(demo, 100, 30)
    terminal.until(lambda: "? keys" in terminal.status)
    terminal.press("\tm", lambda: "MOVING" in terminal.status)  # what loads in the background has begun
    threads = Path(f"/proc/{terminal.child.pid}/task")
    before = {thread.name for thread in threads.iterdir()}
    terminal.child.kill(signal.SIGCONT)
    terminal.press("\x1b", lambda: "MOVING" not in terminal.status)
    assert len({thread.name for thread in threads.iterdir()} - before) < 2
    terminal.send("q")
    assert terminal.finish() == 0


def test_after_a_stop_everything_is_drawn_again(demo: Database) -> None:
    terminal = show(demo, 100, 30)
    terminal.until(lambda: "? keys" in terminal.status)
    terminal.child.kill(signal.SIGTSTP)
    until_ended(terminal.child.pid, os.WUNTRACED)
    while b"\x1b[?1049l" not in terminal.raw:
        terminal.read()
    terminal.wipe()
    terminal.child.kill(signal.SIGCONT)
    terminal.until(
        lambda: "Requests" in terminal.lines[0] and "Omar" in terminal.text and "? keys" in terminal.status
    )
    terminal.send("q")
    assert terminal.finish() == 0


def until_ended(pid: int, how: int = 0) -> None:
    """Wait until a child of ours is over, or with `WUNTRACED` is stopped."""
    end = time.monotonic() + PATIENCE
    while os.waitpid(pid, os.WNOHANG | how) == (0, 0):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_terminal_that_knows_neither_colour_nor_utf8(demo: Database) -> None:
    terminal = show(demo, 80, 24, TERM="linux", COLORTERM="", LC_ALL="C", NO_COLOR="1")
    terminal.until(lambda: "Omar" in terminal.text)
    shown = [line for line in terminal.text.splitlines() if line.strip()]
    assert all(line.isascii() for line in shown)
    assert "[no show]" in terminal.text or "@" in terminal.text
    terminal.send("q")
    assert terminal.finish() == 0


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux_with_keys_and_mouse(demo: Database, tmp_path: Path) -> None:
    tmux = ["tmux", "-f", "/dev/null", "-S", str(tmp_path / "socket")]
    env = environment(tmp_path, NOW, TMUX="")

    def run(*argv: str) -> str:
        return subprocess.run([*tmux, *argv], env=env, capture_output=True, text=True, check=True).stdout

    def until(words: str) -> str:
        """What the pane shows once `words` are on it and it stands still."""
        end, before = time.monotonic() + PATIENCE, ""
        while words not in (text := run("capture-pane", "-p")) or text != before:
            assert time.monotonic() < end, text
            before = text
            time.sleep(0.1)
        return text

    before = starts(demo)
    run("new-session", "-d", "-x", "120", "-y", "36", f"{sys.executable} -m couchcal --db {demo.path}; sleep 60")
    try:
        lines = until("Today 3 booked").splitlines()
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
