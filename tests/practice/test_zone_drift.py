"""New rules of a zone leave entries of a series at another hour; the doctor says so."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from couchcal.practice import appointments
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.practice.zone_drift import drifted
from couchcal.store.connection import Database
from tests.support.practice import make_practice

ZONE = "America/New_York"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def weekly(database: Database, start: datetime) -> int:
    """A new series; how many entries it has."""
    draft = Draft("other_event", start, start + timedelta(hours=1), ZONE, title="Supervision")
    return appointments.book(database, draft, repeat=Repeat("weekly"), clock=lambda: NOW).changed


def counted(database: Database, now: datetime = NOW) -> dict[str, int]:
    """What is found."""
    with closing(database.connect()) as connection:
        return drifted(connection, now)


def ruled_anew(database: Database) -> None:
    """What is there once summer time is given up: instants are kept, and are an hour earlier on the wall then. The
    same is to be seen by the old rules if instants are an hour later."""
    with closing(database.connect()) as connection:
        connection.execute(
            "UPDATE appointment SET start_utc = start_utc + 3600, end_utc = end_utc + 3600 WHERE start_utc > ?",
            (int(datetime(2026, 3, 8, 7, tzinfo=UTC).timestamp()),),
        )


def test_across_every_change_of_the_clocks_nothing_is_found(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    assert weekly(database, datetime(2026, 3, 4, 16, tzinfo=UTC)) > 10
    weekly(database, datetime(2026, 3, 8, 6, 30, tzinfo=UTC))  # half past one, in the night of the change
    weekly(database, datetime(2026, 3, 1, 7, 30, tzinfo=UTC))  # half past two, which is not there a week later
    assert counted(database) == {}


def test_entries_that_new_rules_have_moved_are_counted_until_they_are_put_back(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    weekly(database, datetime(2026, 3, 4, 16, tzinfo=UTC))
    ruled_anew(database)
    with closing(database.connect()) as connection:
        rows = connection.execute("SELECT id, start_utc FROM appointment ORDER BY start_utc").fetchall()
    assert counted(database) == {ZONE: len(rows) - 1}
    assert counted(database, datetime.fromtimestamp(rows[-1][1] + 1, UTC)) == {}
    row_id, seconds = rows[1]
    start = datetime.fromtimestamp(seconds - 3600, UTC)
    appointments.reschedule(database, row_id, start, start + timedelta(hours=1), scope="future", clock=lambda: NOW)
    assert counted(database) == {}


def test_what_a_person_moved_is_not_counted(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    weekly(database, datetime(2026, 3, 4, 16, tzinfo=UTC))
    with closing(database.connect()) as connection:
        (row_id,) = connection.execute("SELECT id FROM appointment ORDER BY start_utc LIMIT 1 OFFSET 3").fetchone()
    start = datetime(2026, 3, 26, 13, tzinfo=UTC)
    appointments.reschedule(database, row_id, start, start + timedelta(hours=1), clock=lambda: NOW)
    assert counted(database) == {}
