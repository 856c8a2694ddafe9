"""The nightly backup."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.errors import DatabaseProblem
from couchcal.practice import client_changes
from couchcal.settings import write_setting
from couchcal.store import backup
from couchcal.worker.backup_job import FIRST_S, LOOK_S, QUIET_HOUR, BackupJob, due_at
from couchcal.worker.watch import Watch
from tests.support import on_server
from tests.support.practice import make_practice

MIDNIGHT = datetime(2026, 3, 3, 5, tzinfo=UTC)
"""Midnight in New York."""
WALLS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001  wall clocks


@given(WALLS, st.integers(0, 72 * 60))
def test_a_backup_is_due_when_a_quiet_hour_has_come_since(last: datetime, minutes: int) -> None:
    now = last + timedelta(minutes=minutes)
    hours = [last + timedelta(minutes=passed) for passed in range(1, minutes + 1)]
    passed = any((moment.hour, moment.minute) == (QUIET_HOUR, 0) for moment in hours)
    assert due_at(last, now) == passed
    assert due_at(None, now)


class Desk:
    def __init__(self, folder: Path) -> None:
        self.database = make_practice(folder)
        self.now = MIDNIGHT
        self.ticks = 0.0
        self.watch = Watch(self.database)
        self.job = BackupJob(self.database, self.watch, clock=lambda: self.now)

    def wait(self, seconds: float) -> bool:
        self.now, self.ticks = self.now + timedelta(seconds=seconds), self.ticks + seconds
        return self.job.due(self.ticks, moved=False, asked=False)

    def run(self) -> None:
        self.job.run(self.ticks)

    @property
    def names(self) -> list[str]:
        stem = self.database.path.stem
        return [each.path.name.replace(stem, "couchcal") for each in backup.existing(self.database.path)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    if on_server.chosen():  # where backups have a key of their own
        monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    return Desk(tmp_path)


def test_one_a_night_and_at_once_where_there_is_none(desk: Desk) -> None:
    assert not desk.wait(0)
    assert desk.wait(FIRST_S)
    desk.run()
    assert not desk.wait(LOOK_S)
    assert not desk.wait(2 * 3600)
    assert desk.wait(3600)
    desk.run()
    assert desk.names == ["couchcal-20260303-030600.db", "couchcal-20260303.db"]
    assert not desk.wait(23 * 3600)


def test_a_night_that_was_slept_through_is_made_up_for(desk: Desk) -> None:
    desk.wait(0)
    desk.wait(FIRST_S)
    desk.run()
    desk.now += timedelta(hours=40)
    assert desk.wait(LOOK_S)


def test_a_place_away_that_is_missing_is_told_and_the_backup_is_there(desk: Desk, tmp_path: Path) -> None:
    write_setting(None, "backup.copy_to", str(tmp_path / "away"))
    desk.wait(0)
    assert desk.wait(FIRST_S)
    with pytest.raises(DatabaseProblem, match="is not there"):
        desk.run()
    assert desk.names == ["couchcal-20260303.db"]
    assert desk.wait(LOOK_S)  # until the place is there
    (tmp_path / "away").mkdir()
    desk.run()
    assert [path.name.endswith("-backup.db") for path in (tmp_path / "away").glob("*.db")] == [True]
    assert desk.names == ["couchcal-20260303.db"]
    assert not desk.wait(LOOK_S)


def test_what_rows_were_a_year_ago_is_forgotten_with_the_night(desk: Desk) -> None:
    old, young = (MIDNIGHT - timedelta(days=days) for days in (400, 300))
    client_changes.add(desk.database, "Ann", clock=lambda: old)
    client_changes.add(desk.database, "Ben", clock=lambda: young)
    desk.wait(0)
    desk.wait(FIRST_S)
    desk.run()
    with closing(desk.database.connect()) as connection:
        kept = connection.execute("SELECT c.at FROM change c JOIN change_row r ON r.change_id = c.id").fetchall()
        assert int(young.timestamp()) in {at for (at,) in kept}
        assert int(old.timestamp()) not in {at for (at,) in kept}
        assert connection.execute("SELECT count(*) FROM client").fetchone() == (2,)
