"""When the calendar starts the worker: if there is work for it, and not otherwise."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from couchcal.settings_file import write_settings
from couchcal.tui.background import Background
from tests.mail.desk import Desk
from tests.worker.test_thread import until


def workers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "couchcal-worker"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "practice")


def test_with_nothing_to_do_there_is_no_worker(desk: Desk) -> None:
    before, background = workers(), Background(desk.database, desk.now)
    background.begin()
    assert workers() <= before
    background.end()


def test_a_calendar_file_is_kept_while_the_calendar_is_open(desk: Desk, tmp_path: Path) -> None:  # SYNC-16
    path = tmp_path / "practice.ics"
    write_settings({"calendar_file": str(path)})
    before, background = workers(), Background(desk.database, desk.now)
    background.begin()
    until(path.exists)
    background.end()
    until(lambda: workers() <= before)


def test_letters_go_out_while_the_calendar_is_open(desk: Desk) -> None:
    write_settings({"mail.host": "127.0.0.1", "mail.port": 9, "mail.from": "office@practice.example"})
    before, background = workers(), Background(desk.database, desk.now)
    background.begin()
    assert workers() - before
    background.end()
    until(lambda: workers() <= before)
