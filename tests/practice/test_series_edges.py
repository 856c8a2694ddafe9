"""Series of imported files, rules that cannot be read or moved, and windows far away."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from couchcal.errors import Refused
from couchcal.practice import agenda, occurrences, rows, series
from couchcal.practice.cadence import Repeat
from couchcal.practice.occurrences import BEGINNING
from couchcal.store.records import Appointment, Series, SeriesExdate
from couchcal.store.session import write_session
from tests.practice.conftest import Desk
from tests.support.database import dump

TUESDAY = "2026-03-03 15:00"
WEEK = timedelta(weeks=1)


def imported(desk: Desk, rule: str, local: datetime, *, hours: int = 1, **columns: Any) -> list[int]:
    """The rows of a series as an import leaves them."""
    with write_session(desk.database, "Imported", actor="import", clock=desk.clock) as session:
        values = {"tz": "America/New_York", "kind": "other_event", "title": "Class", **columns}
        record = Series(
            uid=rows.new_uid(), origin="ics", start_local=local, duration_s=hours * 3600, rrule=rule,
            materialised_from=BEGINNING, materialised_to=BEGINNING, **values,
        )  # fmt: skip
        session.add(record)
        session.flush()
        made = occurrences.fill(session, record, desk.now - timedelta(days=400), desk.now + timedelta(days=75))
        return [row.id or 0 for row in sorted(made, key=lambda row: row.start_utc)]


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_several_a_day_end_in_the_middle_of_a_day(desk: Desk) -> None:
    ids = imported(desk, "FREQ=DAILY;BYHOUR=9,13,17", wall("2026-03-01 09:00"))
    at = desk.locals_of(ids).index("2026-03-10 13:00")
    desk.delete(ids[at], scope="future")
    assert desk.locals_of(sorted(desk.rows()))[-1] == "2026-03-10 09:00"
    with write_session(desk.database, "x") as session:
        record = session.exec(select(Series)).one()
        gone = set(session.exec(select(SeriesExdate.series_key)))
        left = occurrences.local_starts(record, wall("2026-03-10 00:00"), wall("2027-01-01 00:00"))
        assert [start for start in left if occurrences.key_of(record, start) not in gone] == [
            wall("2026-03-10 09:00")
        ]


def test_a_rule_with_several_hours_is_not_moved_to_another(desk: Desk) -> None:
    ids = imported(desk, "FREQ=DAILY;BYHOUR=9,17", wall("2026-03-01 09:00"))
    at = desk.locals_of(ids).index("2026-03-10 09:00")
    before = dump(desk.database)
    with pytest.raises(Refused, match="cannot be moved to another time"):
        desk.move(ids[at], "2026-03-10 10:00", scope="future")
    assert dump(desk.database) == before
    desk.edit(ids[at], {"title": "Course"}, scope="future")
    assert {desk.row(i)["title"] for i in ids[at:]} == {"Course"}


@pytest.mark.parametrize(
    ("rule", "start", "first", "to", "expected"),
    [
        # a UTC UNTIL in the evening of New York is the day after in UTC
        ("FREQ=DAILY;UNTIL=20260311T010000Z", "2026-03-01 20:00", "2026-03-08 20:00", "2026-03-08 21:00",
         ["2026-03-08 21:00", "2026-03-09 21:00", "2026-03-10 21:00"]),
        ("FREQ=WEEKLY;COUNT=5;BYDAY=TU", "2026-03-03 09:00", "2026-03-17 09:00", "2026-03-18 09:00",
         ["2026-03-18 09:00", "2026-03-25 09:00", "2026-04-01 09:00"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6", "2026-03-02 09:00", "2026-03-04 09:00", "2026-03-05 09:00",
         ["2026-03-05 09:00", "2026-03-10 09:00", "2026-03-12 09:00", "2026-03-17 09:00", "2026-03-19 09:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=10;COUNT=3", "2026-03-10 09:00", "2026-03-10 09:00", "2026-03-12 09:00",
         ["2026-03-12 09:00", "2026-04-12 09:00", "2026-05-12 09:00"]),
        ("FREQ=MONTHLY;BYDAY=2TU;COUNT=3", "2026-03-10 09:00", "2026-03-10 09:00", "2026-03-12 09:00",
         ["2026-03-12 09:00", "2026-04-09 09:00", "2026-05-14 09:00"]),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=10;COUNT=3", "2025-03-10 09:00", "2026-03-10 09:00", "2026-03-12 09:00",
         ["2026-03-12 09:00", "2027-03-12 09:00"]),
    ],
)  # fmt: skip
def test_imported_rules_move_with_their_ends(
    desk: Desk, rule: str, start: str, first: str, to: str, expected: list[str]
) -> None:
    ids = imported(desk, rule, wall(start))
    lead = ids[desk.locals_of(ids).index(first)]
    desk.move(lead, to, 60, scope="future")
    series.extend_all(desk.database, desk.now, desk.now + timedelta(days=800), clock=desk.clock)
    assert desk.locals_of(desk.series_ids(lead)) == expected


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYDAY=MO,TU,WE", "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1"])
def test_rules_that_cannot_move_say_so(desk: Desk, rule: str) -> None:
    ids = imported(desk, rule, wall("2026-03-03 09:00"))
    before = dump(desk.database)
    with pytest.raises(Refused, match="another day"):
        desk.move(ids[0], "2026-03-05 09:00", scope="future")
    assert dump(desk.database) == before
    desk.move(ids[0], "2026-03-03 10:00", scope="future")
    assert desk.local(ids[1])[11:] == "10:00"


def test_far_exceptions_and_extra_dates_move_along(desk: Desk) -> None:
    ids = imported(desk, "FREQ=WEEKLY;BYDAY=TU", wall("2026-03-03 09:00"), rdates="2026-09-10T09:00:00")
    with write_session(desk.database, "x", actor="import") as session:
        record = session.exec(select(Series)).one()
        session.add(SeriesExdate(series_id=record.id or 0, series_key="2026-08-11T09:00:00"))
    desk.move(ids[1], "2026-03-11 10:00", scope="future")
    series.extend_all(desk.database, desk.now, desk.now + timedelta(days=300), clock=desk.clock)
    found = desk.locals_of(desk.series_ids(ids[1]))
    assert "2026-08-12 10:00" not in found
    assert "2026-08-19 10:00" in found
    assert "2026-09-11 10:00" in found


def test_a_series_in_a_zone_that_is_gone(desk: Desk) -> None:
    ids = imported(desk, "FREQ=WEEKLY;BYDAY=TU", wall("2026-03-03 09:00"), tz="VTIMEZONE:Gone")
    assert desk.row(ids[0])["start_utc"] == int(datetime(2026, 3, 3, 9, tzinfo=UTC).timestamp())
    done = desk.move(ids[1], "2026-03-11 10:00", scope="future")
    assert done.changed == len(ids) - 1
    desk.delete(ids[4], scope="future")
    series.stop_repeating(desk.database, ids[0], clock=desk.clock)


def test_a_rule_that_cannot_be_read_holds_up_nobody(desk: Desk) -> None:
    broken = desk.weekly(TUESDAY)
    fine = desk.weekly("2026-03-04 15:00")
    with closing(desk.database.connect()) as connection:
        connection.execute(
            "UPDATE series SET rrule = 'FREQ=SOMETIMES' WHERE id = ?", (desk.row(broken[0])["series_id"],)
        )
    assert series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=20), clock=desk.clock) > 5
    assert desk.series_ids(broken[0]) == broken
    assert len(desk.series_ids(fine[0])) > len(fine)


def test_the_whole_of_time_is_too_much_for_an_endless_series(desk: Desk) -> None:
    finished = desk.series_ids(desk.book(TUESDAY, repeat=Repeat("weekly", 1, desk.day("2026-03-24"))))
    last = datetime.max.replace(tzinfo=UTC)
    assert series.extend_all(desk.database, datetime.min.replace(tzinfo=UTC), last, clock=desk.clock) == 0
    assert desk.series_ids(finished[0]) == finished
    desk.weekly("2026-03-04 15:00")
    before = dump(desk.database)
    with pytest.raises(Refused, match="too many occurrences"):
        series.extend_all(desk.database, datetime.min.replace(tzinfo=UTC), last, clock=desk.clock)
    assert dump(desk.database) == before
    assert series.extend_all(desk.database, last - 3 * WEEK, last, clock=desk.clock) == 3


def far_ids(desk: Desk, row_id: int) -> list[int]:
    """The rows of the series of a row from 2032 on."""
    ids = desk.series_ids(row_id)
    return [one for one, local in zip(ids, desk.locals_of(ids), strict=True) if local > "2032"]


def whole(desk: Desk, row_id: int, until: str) -> list[str]:
    """Where the series of a row has rows once everything up to `until` was looked at."""
    weeks = (desk.at(until) - desk.now) // timedelta(weeks=50) + 1
    for step in range(1, weeks + 1):
        end = min(desk.now + step * timedelta(weeks=50), desk.at(until))
        series.extend_all(desk.database, end - WEEK, end, clock=desk.clock)
    return [local for local in desk.locals_of(desk.series_ids(row_id)) if local < until]


@pytest.mark.parametrize("command", ["nothing", "delete", "move", "edit"])
def test_a_look_into_the_far_future_leaves_no_hole(desk: Desk, command: str) -> None:
    first = desk.weekly(TUESDAY)[0]
    series.extend_all(desk.database, desk.at("2032-03-01 00:00"), desk.at("2032-03-28 00:00"), clock=desk.clock)
    far = far_ids(desk, first)
    assert desk.locals_of(far) == [f"2032-03-{day} 15:00" for day in ("02", "09", "16", "23")]
    if command == "delete":
        desk.delete(far[1], scope="future")
    elif command == "move":
        desk.move(far[1], "2032-03-10 16:00", scope="future")
    elif command == "edit":
        desk.edit(far[1], {"instructions": "x"}, scope="future")
    found = [datetime.fromisoformat(text) for text in whole(desk, first, "2032-03-26 00:00")]
    assert {later - earlier for earlier, later in pairwise(found)} == {WEEK}
    ends = {"delete": "2032-03-02 15:00", "move": "2032-03-02 15:00"}
    assert found[-1] == datetime.fromisoformat(ends.get(command, "2032-03-23 15:00"))
    if command == "move":
        moved = ["2032-03-10 16:00", "2032-03-17 16:00", "2032-03-24 16:00"]
        assert whole(desk, far[1], "2032-03-26 00:00") == moved


def test_a_series_that_begins_beyond_the_horizon(desk: Desk) -> None:
    ids = desk.series_ids(desk.book("2027-03-02 15:00", repeat=Repeat("weekly")))
    assert len(ids) == 1
    until = desk.at("2027-03-30 15:00")
    assert series.extend_all(desk.database, until - WEEK, until, clock=desk.clock) == 3


def test_a_series_that_began_in_the_past_is_filled_from_there(desk: Desk) -> None:
    ids = desk.series_ids(desk.book("2026-02-03 15:00", repeat=Repeat("weekly")))
    assert desk.locals_of(ids)[:2] == ["2026-02-03 15:00", "2026-02-10 15:00"]
    assert len(ids) == 15


def test_dates_only_series_keep_a_start_that_is_far_off(desk: Desk) -> None:
    ids = imported(desk, "", wall("2027-05-01 09:00"), rdates="2027-06-01T09:00:00")
    assert ids == []
    assert series.extend_all(desk.database, desk.now, desk.at("2028-01-01 00:00"), clock=desk.clock) == 2
    with closing(desk.database.connect()) as connection:
        at = datetime.combine(desk.day("2027-05-01"), time(), tzinfo=UTC)
        assert len(agenda.between(connection, at, at + timedelta(days=40), ZoneInfo("UTC"))) == 2
    with write_session(desk.database, "x") as session:
        assert len(session.exec(select(Appointment)).all()) == 2


@pytest.mark.parametrize("target", ["0200-01-07 15:00", "2026-02-24 15:00", "9999-12-28 15:00"])
def test_a_series_moves_neither_into_the_past_nor_past_the_calendar(desk: Desk, target: str) -> None:
    """REC-06, INV-S2."""
    first = desk.book(TUESDAY, repeat=Repeat("weekly"))
    before = dump(desk.database)
    with pytest.raises(Refused):
        desk.move(first, target, scope="future")
    assert dump(desk.database) == before


def test_a_far_date_changed_by_hand_leaves_no_hole_when_the_series_moves(desk: Desk) -> None:
    """REC-04, INV-S3: the years between have no rows yet, and get them."""
    ids = desk.weekly(TUESDAY)
    start, end = desk.at("2032-03-01 00:00"), desk.at("2032-03-28 00:00")
    series.extend_all(desk.database, start, end, clock=desk.clock)
    far = far_ids(desk, ids[0])
    desk.move(far[1], "2032-03-10 17:00")
    desk.cancel(far[2])
    desk.delete(far[3])
    desk.move(ids[1], "2026-03-10 16:00", scope="future")
    series.extend_all(desk.database, start, end, clock=desk.clock)
    found = desk.locals_of(far_ids(desk, ids[1]))
    assert found == ["2032-03-02 16:00", "2032-03-10 17:00"]
    assert desk.local(far[2]) == "2032-03-16 15:00"
    near = whole(desk, ids[1], "2032-03-01 00:00")
    assert len(near) == len(set(near)) == (desk.day("2032-03-02") - desk.day("2026-03-10")).days // 7
