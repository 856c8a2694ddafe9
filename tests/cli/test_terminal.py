"""The program at a terminal: the screen of the demo, questions, colour, the progress bar."""

from __future__ import annotations

from pathlib import Path

import pytest

from couchcal.store.connection import Database
from tests.cli.conftest import NOW
from tests.support.practice import make_practice
from tests.support.terminal import Terminal, environment

pytestmark = pytest.mark.terminal


def run(home: Path, *argv: str, **values: str) -> Terminal:
    return Terminal(environment(home, NOW, **values), *argv)


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return make_practice(tmp_path)


def test_the_demo_opens_the_calendar_and_leaves_nothing_behind(tmp_path: Path) -> None:
    terminal = run(tmp_path, "demo")
    terminal.wait_for("Juniper")
    assert list(tmp_path.glob("couchcal-demo-*"))
    terminal.send("q")
    assert terminal.finish() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_that_only_prints_gets_the_agenda(tmp_path: Path, practice: Database) -> None:
    adding = run(tmp_path, "add", "lunch tue 12-1")
    assert adding.finish() == 0
    dumb = run(tmp_path, TERM="dumb")
    assert dumb.finish() == 0
    assert b"Lunch" in dumb.raw
    assert b"\x1b" not in dumb.raw


def test_the_agenda_is_coloured_unless_nobody_wants_it(tmp_path: Path, practice: Database) -> None:
    adding = run(tmp_path, "add", "lunch wed 12-1")
    assert adding.finish() == 0
    coloured = run(tmp_path, "agenda")
    assert coloured.finish() == 0
    assert b"\x1b[1mWed 4 Mar 2026" in coloured.raw
    plain = run(tmp_path, "agenda", NO_COLOR="1")
    assert plain.finish() == 0
    assert b"\x1b" not in plain.raw
    assert b"Wed 4 Mar 2026" in plain.raw


def test_init_asks_and_the_calendar_opens_with_the_passphrase(tmp_path: Path) -> None:
    terminal = run(tmp_path, "init")
    terminal.wait_for("Name of the practice")
    terminal.send("Quiet Room\r")
    terminal.wait_for("Time zone [America/New_York]")
    terminal.send("\r")
    terminal.wait_for("Choose a passphrase")
    terminal.send("four words of sense\r")
    terminal.wait_for("Once more")
    terminal.send("four words of sense\r")
    assert terminal.finish() == 0
    assert b"four words" not in terminal.raw
    agenda = run(tmp_path, "agenda")
    agenda.wait_for("Passphrase:")
    agenda.send("four words of sense\r")
    assert agenda.finish() == 0
    assert "Nothing on the calendar" in agenda.text


def test_import_draws_its_bar_on_standard_error(tmp_path: Path, practice: Database) -> None:
    file = tmp_path / "[red]club.ics"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"]
    for number in range(400):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number}",
            "DTSTAMP:20260301T000000Z",
            "DTSTART:20260304T150000Z",
            "END:VEVENT",
        ]
    file.write_text("\r\n".join([*lines, "END:VCALENDAR", ""]), "utf-8")
    terminal = run(tmp_path, "import", str(file))
    assert terminal.finish() == 0
    assert b"[red]club.ics" in terminal.raw
    assert "400 added" in terminal.text
