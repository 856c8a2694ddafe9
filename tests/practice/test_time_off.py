from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from couchcal.errors import Invalid, NotFound, Stale
from couchcal.practice import time_off, undo
from couchcal.practice.outcome import Done
from couchcal.practice.time_off import TimeOffRow
from tests.practice.conftest import NEW_YORK, Desk
from tests.support.database import dump
from tests.support.ics_export import exported

SECRET = "knee surgery"
DAY = timedelta(days=1)


def add(desk: Desk, first: str, last: str, **options: Any) -> Done:
    """Whole days, the last one included."""
    values = {"tz": "America/New_York", "clock": desk.clock, **options}
    return time_off.add(desk.database, date.fromisoformat(first), date.fromisoformat(last) + DAY, **values)


def add_hours(desk: Desk, start: str, end: str, **options: Any) -> Done:
    values = {"tz": "America/New_York", "clock": desk.clock, **options}
    return time_off.add(desk.database, desk.at(start), desk.at(end), all_day=False, **values)


def listed(desk: Desk, **options: Any) -> list[TimeOffRow]:
    with closing(desk.database.connect()) as connection:
        return time_off.time_off(connection, NEW_YORK, **options)


def affected(desk: Desk, start: str, end: str) -> list[int]:
    with closing(desk.database.connect()) as connection:
        return [entry.row_id for entry in time_off.affected(connection, desk.at(start), desk.at(end), NEW_YORK)]


def test_days_off_reach_from_midnight_to_midnight(desk: Desk) -> None:  # TOF-01
    done = add(desk, "2026-03-06", "2026-03-09", reason=f" {SECRET} ")
    assert done == Done("Time off Fri 6 Mar to Mon 9 Mar")
    (row,) = listed(desk)
    assert (row.start, row.end) == (desk.at("2026-03-06 00:00"), desk.at("2026-03-10 00:00"))
    assert (row.first_day, row.end_day) == (date(2026, 3, 6), date(2026, 3, 10))
    assert (row.all_day, row.tz, row.reason, row.version) == (True, "America/New_York", SECRET, 1)


@pytest.mark.parametrize(
    ("first", "last", "label"),
    [
        ("2026-03-06", "2026-03-06", "Time off Fri 6 Mar"),
        ("2026-12-28", "2027-01-08", "Time off Mon 28 Dec to Fri 8 Jan 2027"),
    ],
)
def test_the_label_says_which_days(desk: Desk, first: str, last: str, label: str) -> None:
    assert add(desk, first, last).label == label


def test_part_of_a_day_off(desk: Desk) -> None:  # TOF-01
    assert add_hours(desk, "2026-03-06 13:00", "2026-03-06 15:30").label == "Time off Fri 6 Mar 13:00-15:30"
    add_hours(desk, "2026-03-06 22:00", "2026-03-07 02:00")
    first, second = listed(desk)
    assert (first.start, first.end) == (desk.at("2026-03-06 13:00"), desk.at("2026-03-06 15:30"))
    assert (first.all_day, first.first_day, first.end_day) == (False, None, None)
    assert second.start == desk.at("2026-03-06 22:00")


def test_what_cannot_be_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="ends before it starts"):
        add(desk, "2026-03-06", "2026-03-05")
    with pytest.raises(Invalid, match="ends before it starts"):
        add_hours(desk, "2026-03-06 13:00", "2026-03-06 13:00")
    with pytest.raises(Invalid, match="time zone"):
        add(desk, "2026-03-06", "2026-03-06", tz="Mars/Olympus")
    with pytest.raises(Invalid, match="longer than 500"):
        add(desk, "2026-03-06", "2026-03-06", reason="x" * 501)
    with pytest.raises(TypeError):
        time_off.add(desk.database, datetime(2026, 3, 6), datetime(2026, 3, 7), tz="UTC")  # noqa: DTZ001
    with pytest.raises(TypeError):
        time_off.add(desk.database, datetime(2026, 3, 6), datetime(2026, 3, 7), tz="UTC", all_day=False)  # noqa: DTZ001
    assert listed(desk) == []


def test_the_list_leaves_out_what_is_over_when_asked(desk: Desk) -> None:
    add(desk, "2026-03-09", "2026-03-09")
    add(desk, "2026-03-02", "2026-03-02")
    assert [row.first_day for row in listed(desk)] == [date(2026, 3, 2), date(2026, 3, 9)]
    assert len(listed(desk, since=desk.at("2026-03-02 23:59"))) == 2
    assert len(listed(desk, since=desk.at("2026-03-03 00:00"))) == 1


def test_days_are_days_of_the_practice_wherever_it_is(desk: Desk) -> None:
    add(desk, "2026-03-06", "2026-03-06", tz="Asia/Kathmandu")
    with closing(desk.database.connect()) as connection:
        (row,) = time_off.time_off(connection, ZoneInfo("Asia/Kathmandu"))
    assert row.start.isoformat() == "2026-03-05T18:15:00+00:00"


def test_an_edit_changes_what_it_names(desk: Desk) -> None:
    add(desk, "2026-03-06", "2026-03-09", reason=SECRET)
    row_id = listed(desk)[0].id

    def edit(expected_version: int | None = None, **changes: Any) -> Done:
        return time_off.edit(desk.database, row_id, changes, expected_version=expected_version, clock=desk.clock)

    assert edit(end=date(2026, 3, 12)).label == "Changed time off to Fri 6 Mar to Wed 11 Mar"
    row = listed(desk)[0]
    assert (row.first_day, row.end_day, row.reason) == (date(2026, 3, 6), date(2026, 3, 12), SECRET)
    with pytest.raises(Stale):
        edit(expected_version=1, reason="")
    assert edit(reason=SECRET).changed == 0
    edit(all_day=False, start=desk.at("2026-03-06 09:00"), end=desk.at("2026-03-06 10:00"))
    assert listed(desk)[0].all_day is False
    edit(start=desk.at("2026-03-06 08:00"))
    assert listed(desk)[0].start == desk.at("2026-03-06 08:00")
    assert listed(desk)[0].end == desk.at("2026-03-06 10:00")
    for wrong in ({"all_day": True}, {"start": desk.at("2026-03-06 10:00")}, {"tz": "x"}, {"colour": "red"}):
        with pytest.raises(Invalid):
            edit(**wrong)
    for _ in range(3):
        undo.undo(desk.database, clock=desk.clock)
    assert listed(desk)[0].end_day == date(2026, 3, 10)


def test_removing_and_undoing(desk: Desk) -> None:  # TOF-03
    before = dump(desk.database)
    add(desk, "2026-03-06", "2026-03-09")
    added = dump(desk.database)
    row_id = listed(desk)[0].id
    assert (
        time_off.remove(desk.database, row_id, clock=desk.clock).label == "Removed time off Fri 6 Mar to Mon 9 Mar"
    )
    assert dump(desk.database) == before
    with pytest.raises(NotFound):
        time_off.remove(desk.database, row_id, clock=desk.clock)
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == added


def test_sessions_in_it_are_listed_and_not_changed(desk: Desk) -> None:  # TOF-04, INV-A8
    inside = desk.book("2026-03-06 15:00")
    contact = desk.book("2026-03-06 09:00", kind="client_contact", service=None, medium="phone")
    desk.cancel(desk.book("2026-03-06 11:00"))
    desk.book("2026-03-06 12:00", kind="other_event", client_id=None, service=None)
    across = desk.book("2026-03-05 23:30")
    desk.book("2026-03-07 00:00")
    before = desk.rows()
    done = add(desk, "2026-03-06", "2026-03-06")
    assert done.advice == ("3 sessions in it stay as they are",)
    assert affected(desk, "2026-03-06 00:00", "2026-03-07 00:00") == [across, contact, inside]
    assert affected(desk, "2026-03-06 15:50", "2026-03-07 00:00") == []
    assert desk.rows() == before
    assert add_hours(desk, "2026-03-06 15:00", "2026-03-06 16:00").advice == ("1 session in it stays as it is",)


def test_the_reason_is_in_no_label_and_no_calendar_file(desk: Desk) -> None:  # TOF-01
    add(desk, "2026-03-06", "2026-03-09", reason=SECRET)
    row_id = listed(desk)[0].id
    time_off.edit(desk.database, row_id, {"reason": f"{SECRET} again"}, clock=desk.clock)
    labels = [row["label"] for row in desk.rows("change").values()]
    assert labels[-2:] == ["Time off Fri 6 Mar to Mon 9 Mar", "Changed time off to Fri 6 Mar to Mon 9 Mar"]
    text = exported(desk.database).decode()
    assert "DTSTART;VALUE=DATE:20260306" in text
    assert SECRET not in text
