"""The calendar as a file: current within seconds, whole or not at all, and never over what is somebody else's."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from couchcal.errors import Invalid
from couchcal.practice import appointments, feeds
from couchcal.settings_file import write_settings
from couchcal.web.app import create_app
from couchcal.web.site import Site
from couchcal.worker import Worker
from couchcal.worker.calendar_file_job import LOOK_S, PAUSE_S, CalendarFileJob
from couchcal.worker.watch import Watch
from tests.mail.desk import SECRET_WORDS, Desk
from tests.support.ics_reading import components
from tests.worker.test_thread import until


class Work:
    """The job at a desk, and the time that passes for it."""

    def __init__(self, directory: Path) -> None:
        self.desk = Desk(directory / "practice")
        self.watch = Watch(self.desk.database)
        self.said: list[str] = []
        self.job = CalendarFileJob(self.desk.database, self.watch, clock=self.desk.now, log=self.said.append)
        self.ticks = 0.0
        self.folder = directory / "Calendars"
        self.folder.mkdir()
        self.path = self.folder / "practice.ics"
        write_settings({"calendar_file": str(self.path)})

    def turn(self, seconds: float = PAUSE_S) -> bool:
        """What the loop does, so many seconds later; whether there was something to do."""
        self.ticks += seconds
        due = self.job.due(self.ticks, moved=self.watch.moved(), asked=False)
        if due:
            assert not self.job.run(self.ticks)  # nothing that a screen shows
        return due


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    work = Work(tmp_path)
    yield work
    work.watch.close()
    work.desk.database.dispose()


def test_it_is_written_and_follows_each_change(work: Work) -> None:  # SYNC-16, SYNC-27
    row_id = work.desk.book(48)
    assert work.turn()
    content = work.path.read_bytes()
    (event,) = components(content)
    assert event["DTSTART"].dt == work.desk.clock + timedelta(hours=48)
    assert not [word for word in SECRET_WORDS if word in content.decode()]
    assert stat.S_IMODE(work.path.stat().st_mode) == 0o600
    appointments.cancel(work.desk.database, row_id, "other", clock=work.desk.now)
    assert work.turn()
    assert components(work.path.read_bytes()) == []
    assert os.listdir(work.folder) == ["practice.ics"]
    assert work.said == []


def test_it_is_the_feed_to_the_byte(work: Work) -> None:
    work.desk.book(48)
    work.turn()
    token = feeds.make(work.desk.database, clock=work.desk.now)
    answer = TestClient(create_app(Site(work.desk.database, clock=work.desk.now))).get(f"/feed/{token}.ics")
    assert answer.content == work.path.read_bytes()


def test_nothing_is_written_while_nothing_changed(work: Work) -> None:
    work.desk.book(48)
    work.turn()
    before = work.path.stat()
    work.desk.write("UPDATE client SET phone = '+15550100000'")
    assert work.turn()  # somebody wrote
    assert not work.turn()
    assert not work.turn(LOOK_S)
    assert (work.path.stat().st_ino, work.path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_many_changes_are_one_file(work: Work) -> None:
    assert work.turn()
    work.desk.book(48)
    assert not work.turn(0.5)
    work.desk.book(72)
    assert not work.turn(0.5)
    assert work.turn(1)
    assert len(components(work.path.read_bytes())) == 2


def test_a_new_day_and_a_lost_file_are_noticed(work: Work) -> None:
    work.desk.book(-89 * 24)
    work.turn()
    assert len(components(work.path.read_bytes())) == 1
    work.desk.wait(days=3)
    assert work.turn(LOOK_S)
    assert components(work.path.read_bytes()) == []
    work.path.unlink()
    assert work.turn(LOOK_S)
    assert work.path.exists()


def test_a_folder_that_is_missing_is_told_once_and_tried_again(work: Work) -> None:
    work.folder.rmdir()
    for _ in range(3):
        assert work.turn(LOOK_S)
    assert work.said == [
        "calendar file: it cannot be written where it should be (No such file or directory); this is tried again "
        "and again"
    ]
    work.folder.mkdir()
    assert work.turn(LOOK_S)
    assert work.path.exists()
    assert work.said[1:] == ["calendar file: written again"]


def test_what_another_program_wrote_stays(work: Work) -> None:
    theirs = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//example//EN\r\nEND:VCALENDAR\r\n"
    work.path.write_bytes(theirs)
    assert work.turn()
    assert work.turn(LOOK_S)
    assert work.path.read_bytes() == theirs
    (line,) = work.said
    assert "another program" in line
    work.path.unlink()
    work.turn(LOOK_S)
    assert work.path.exists()


def test_a_link_to_a_shared_folder_stays_one(work: Work, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    work.path.symlink_to(shared / "real.ics")
    work.turn()
    assert work.path.is_symlink()
    assert (shared / "real.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")


def test_without_the_setting_nothing_is_done(work: Work) -> None:
    write_settings({"calendar_file": None})
    work.desk.book(48)
    assert not work.turn()
    assert not work.turn(LOOK_S)
    write_settings({"calendar_file": str(work.path)})
    assert work.turn(LOOK_S)
    assert work.path.exists()


@pytest.mark.parametrize("path", ["calendar.ics", "/there/calendar.txt", "~/couchcal.db", "/there/a\x1b.ics", 5])
def test_only_the_full_path_of_an_ics_file(path: object) -> None:
    with pytest.raises(Invalid, match="calendar_file"):
        write_settings({"calendar_file": path})


def test_a_worker_writes_it(work: Work) -> None:
    database = work.desk.database.another()
    worker = Worker(database, clock=work.desk.now)
    worker.start()
    until(work.path.exists)
    work.desk.book(48)
    until(lambda: b"BEGIN:VEVENT" in work.path.read_bytes())
    worker.stop()
    until(lambda: not worker.running)
