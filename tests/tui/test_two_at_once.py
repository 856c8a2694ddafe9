"""Two programs on one database: each sees what the other does, and neither loses anything."""

from __future__ import annotations

import subprocess
import sys

import pytest

from couchcal.store.connection import Database
from couchcal.store.public_id import encode
from tests.support.demo import NOW, at
from tests.support.terminal import PATIENCE, Terminal, environment
from tests.tui.conftest import stored
from tests.tui.test_terminal import show, whole

pytestmark = pytest.mark.terminal


def command(database: Database, *argv: str) -> str:
    """What the command line says to `couchcal <argv>`."""
    done = subprocess.run(
        [sys.executable, "-m", "couchcal", "--db", str(database.path), *argv],
        env=environment(database.path.parent, NOW), capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def supervision(database: Database) -> str:
    return next(encode("appointment", entry.row_id) for entry in stored(database) if entry.title == "Supervision")


def calendar(database: Database) -> Terminal:
    """A program that shows the week of the demo practice, down to the last line."""
    terminal = show(database, 120, 36)
    terminal.until(lambda: "Omar" in terminal.text and "? keys" in terminal.status)
    return terminal


def on_supervision(database: Database) -> Terminal:
    """A program with the cursor on Wednesday's Supervision."""
    terminal = calendar(database)
    for _ in range(9):
        if "Wed 4 Mar 15:00" in terminal.text:
            return terminal
        before = terminal.text
        terminal.press("\t", lambda before=before: terminal.text != before)  # type: ignore[misc]  # bound at once
        terminal.read()
    raise AssertionError(terminal.text)


def shown(terminal: Terminal, name: str) -> int:
    """How often a name is on screen, without toasts and details."""
    return sum(line[:84].count(name) for line in terminal.text.splitlines() if "Booked" not in line)


def leave(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.finish() == 0
    assert b"Traceback" not in terminal.raw


def test_two_calendars_show_each_others_bookings(demo: Database) -> None:
    one, two = calendar(demo), calendar(demo)
    for here, there, hour in ((one, two, 12), (two, one, 14)):
        before = shown(there, "Maria S.")
        here.send("a")
        here.wait_for("ctrl+e")
        here.send(f"sat {hour}:00 50m maria 90837\r")
        here.wait_for("Booked Maria S.")
        there.until(lambda there=there, more=before + 1: shown(there, "Maria S.") == more)  # type: ignore[misc]  # bound at once
    assert len([entry for entry in stored(demo) if entry.first == "Maria"]) == 4
    leave(one)
    leave(two)
    assert whole(demo)


@pytest.mark.long
@pytest.mark.long
def test_what_the_command_line_books_and_undoes_is_seen(demo: Database) -> None:
    terminal = calendar(demo)
    before = shown(terminal, "Omar K.")
    command(demo, "add", "sat 12:00 50m omar 90837")
    terminal.until(lambda: shown(terminal, "Omar K.") == before + 1)
    command(demo, "undo")
    terminal.until(lambda: shown(terminal, "Omar K.") == before)
    leave(terminal)


@pytest.mark.long
@pytest.mark.long
def test_an_entry_deleted_elsewhere_under_the_cursor_is_told(demo: Database) -> None:
    terminal = on_supervision(demo)
    command(demo, "delete", supervision(demo), "--yes")
    terminal.until(lambda: "Supervision was deleted elsewhere" in terminal.text)
    leave(terminal)


@pytest.mark.long
def test_an_entry_deleted_elsewhere_while_in_the_hand_is_put_back_and_told(demo: Database) -> None:
    terminal = on_supervision(demo)
    terminal.press("mj", lambda: "MOVING" in terminal.status)
    command(demo, "delete", supervision(demo), "--yes")
    terminal.until(lambda: "Supervision was deleted elsewhere" in terminal.text and "MOVING" not in terminal.status)
    leave(terminal)


@pytest.mark.long
def test_an_entry_moved_elsewhere_while_in_the_hand_stays_where_the_other_put_it(demo: Database) -> None:
    terminal = on_supervision(demo)
    terminal.press("mj", lambda: "MOVING" in terminal.status)
    command(demo, "move", supervision(demo), "2026-03-05 16:00")
    terminal.until(lambda: "was moved elsewhere, to Thu 5 Mar 16:00" in terminal.text)
    assert "MOVING" not in terminal.status
    leave(terminal)
    assert next(entry.start for entry in stored(demo) if entry.title == "Supervision") == at(5, 16)


@pytest.mark.long
def test_a_cancellation_of_what_was_deleted_meanwhile_is_told(demo: Database) -> None:
    terminal = on_supervision(demo)
    terminal.press("x", lambda: "No show" in terminal.text)
    command(demo, "delete", supervision(demo), "--yes")
    before = len(stored(demo))
    terminal.press("\x1b[C\x13", lambda: "Supervision was deleted elsewhere" in terminal.text)
    leave(terminal)
    assert len(stored(demo)) == before
