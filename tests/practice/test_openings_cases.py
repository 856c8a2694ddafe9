"""Single rules of what is offered, through the functions that change the practice; the plan of the one read."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from couchcal.errors import Invalid, NotFound
from couchcal.practice import availability, event_types, openings, practice_settings, time_off, undo
from couchcal.practice.availability import BlockRow
from couchcal.practice.openings import Key
from couchcal.scheduling.hours import parse_hours
from tests.practice.conftest import NEW_YORK, Desk
from tests.support.database import dump
from tests.support.entries import insert, insert_link
from tests.support.practice import make_practice

WEDNESDAY = date(2026, 3, 4)


def open_hours(desk: Desk, text: str, weekday: int = 2, **limits: Any) -> None:
    rows = [BlockRow(weekday, start, end, **limits) for start, end in parse_hours(text)]
    availability.set_days(desk.database, {weekday: rows}, clock=desk.clock)


def event_type(desk: Desk, **values: Any) -> int:
    event_types.add(desk.database, {"title": "Session", **values}, clock=desk.clock)
    with closing(desk.database.connect()) as connection:
        return event_types.event_types(connection)[-1].id


def set_rules(desk: Desk, **changes: Any) -> None:
    practice_settings.change(desk.database, changes, clock=desk.clock)


def offered(
    desk: Desk,
    kind: int = 1,
    visit: str | None = "telehealth",
    *,
    day: date = WEDNESDAY,
    last: date | None = None,
    ignoring: tuple[Key, ...] = (),
) -> list[str]:
    """What clients can book, as local times."""
    with closing(desk.database.connect()) as connection:
        found = openings.offered(
            connection, kind, visit, first=day, last=last or day, now=desk.now, tz=NEW_YORK, ignoring=ignoring
        )
    return [f"{start.astimezone(NEW_YORK):%H:%M}" for start in found]


def free(desk: Desk, minutes: int = 50, **options: Any) -> list[str]:
    with closing(desk.database.connect()) as connection:
        found = openings.free_starts(
            connection, minutes, first=WEDNESDAY, last=WEDNESDAY, now=desk.now, tz=NEW_YORK, **options
        )
        return [f"{start.astimezone(NEW_YORK):%H:%M}" for start in found]


def hold(desk: Desk, local: str, number: int = 1, **fields: Any) -> Key:
    """A request of Bob's for 50 minutes."""
    start = int(desk.at(local).timestamp())
    with closing(desk.database.connect()) as connection:
        row = {"id": number, "client_id": desk.bob, "start_utc": start, "end_utc": start + 3000}
        insert(connection, "booking_request", [{**row, "status": "pending", **fields}])
    return ("booking_request", number)


def test_without_hours_clients_are_offered_nothing(desk: Desk) -> None:  # AVL-03
    event_type(desk)
    assert offered(desk) == []
    assert free(desk)[0] == "09:00"
    open_hours(desk, "9-10", weekday=0)
    assert offered(desk) == []
    assert free(desk) == []


def test_hours_hold_at_once(desk: Desk) -> None:  # AVL-06, AVL-05
    event_type(desk)
    open_hours(desk, "9:10-12")
    assert offered(desk) == ["09:10", "09:40", "10:10", "10:40", "11:10"]
    open_hours(desk, "9-10")
    assert offered(desk) == ["09:00"]
    undo.undo(desk.database, clock=desk.clock)
    assert offered(desk) == ["09:10", "09:40", "10:10", "10:40", "11:10"]


def test_touching_blocks_are_one_and_midnight_is_the_end(desk: Desk) -> None:  # AVL-01
    event_type(desk, minutes=60)
    open_hours(desk, "21-22:30, 22:30-24")
    assert offered(desk) == ["21:00", "21:30", "22:00", "22:30", "23:00"]


def test_blocks_for_some_event_types_and_visits_only(desk: Desk) -> None:  # AVL-07
    session, intake = event_type(desk), event_type(desk, title="Intake")
    open_hours(desk, "9-10", event_types=frozenset({intake}))
    assert (offered(desk, session), offered(desk, intake)) == ([], ["09:00"])
    open_hours(desk, "9-10", visit_types=frozenset({"in_person"}))
    assert (offered(desk, session), offered(desk, session, "in_person")) == ([], ["09:00"])
    assert offered(desk, session, None) == []
    assert free(desk) == ["09:00"]


def test_a_block_of_a_removed_event_type_is_open_to_nobody(desk: Desk) -> None:  # AVL-07, EVT-01
    session, intake = event_type(desk), event_type(desk, title="Intake")
    open_hours(desk, "9-10", event_types=frozenset({intake}))
    event_types.remove(desk.database, intake, clock=desk.clock)
    assert offered(desk, session) == []
    with pytest.raises(NotFound):
        offered(desk, intake)
    event_types.restore(desk.database, intake, clock=desk.clock)
    assert offered(desk, intake) == ["09:00"]


def test_the_visit_has_to_be_one_of_the_event_type(desk: Desk) -> None:  # VIS-01
    kind = event_type(desk, visit_mode="in_person")
    open_hours(desk, "9-10", visit_types=frozenset({"in_person"}))
    assert offered(desk, kind, "telehealth") == []
    assert offered(desk, kind, "in_person") == offered(desk, kind, None) == ["09:00"]
    with pytest.raises(Invalid):
        offered(desk, kind, "by_post")
    with pytest.raises(NotFound):
        offered(desk, 99)


def test_the_larger_of_two_buffers_is_kept(desk: Desk) -> None:
    kind = event_type(desk, minutes=30, buffer_before=10, slot_step=5)
    long_after = event_type(desk, title="Long", buffer_after=30)
    row_id = desk.book("2026-03-04 10:00", 60)
    open_hours(desk, "9:25-12")
    assert offered(desk, kind) == ["09:25", "09:30"] + [f"11:{minute}" for minute in (10, 15, 20, 25, 30)]
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE appointment SET event_type_id = ? WHERE id = ?", (long_after, row_id))
    assert offered(desk, kind) == ["09:25", "09:30", "11:30"]
    event_types.remove(desk.database, long_after, clock=desk.clock)
    assert offered(desk, kind) == ["09:25", "09:30", "11:30"]  # it was booked with it
    assert free(desk, 30, step=5)[:3] == ["09:25", "09:30", "11:00"]  # buffers are for clients


def test_buffers_before_a_later_neighbour(desk: Desk) -> None:
    kind = event_type(desk, minutes=30, buffer_after=15, slot_step=5)
    careful = event_type(desk, title="Careful", buffer_before=20)
    desk.book("2026-03-04 10:00", 120)
    open_hours(desk, "9-12")
    assert offered(desk, kind)[-1] == "09:15"
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE appointment SET event_type_id = ?", (careful,))
    assert offered(desk, kind)[-1] == "09:10"


def test_hours_on_the_nights_when_clocks_change(desk: Desk) -> None:  # AVL-01
    """What the clocks never show is left out; what they show twice is there twice."""
    kind = event_type(desk, min_notice_min=0, window_days=0)
    open_hours(desk, "2:30-4:30", weekday=6)
    assert offered(desk, kind, day=date(2026, 3, 8)) == ["03:00", "03:30"]
    open_hours(desk, "0:30-2", weekday=6)
    assert offered(desk, kind, day=date(2026, 11, 1)) == ["00:30", "01:00", "01:30", "01:00"]
    assert offered(desk, kind, day=date(2026, 10, 25)) == ["00:30", "01:00"]


def test_a_group_is_one_session_of_the_day(desk: Desk) -> None:
    kind = event_type(desk, max_per_day=2)
    open_hours(desk, "9-12")
    for client in (desk.ann, desk.bob):
        desk.book("2026-03-04 09:00", client_id=client, group_key="G")
    desk.book("2026-03-04 20:00", kind="other_event", client_id=None, service=None)
    assert offered(desk, kind) == ["10:00", "10:30", "11:00"]
    key = hold(desk, "2026-03-04 23:00")
    assert offered(desk, kind) == []
    assert offered(desk, kind, ignoring=(key,)) == ["10:00", "10:30", "11:00"]
    assert offered(desk, kind, day=WEDNESDAY + timedelta(days=7)) != []


def test_a_moved_appointment_and_an_own_hold_are_not_in_the_way(desk: Desk) -> None:  # REQ-04
    kind = event_type(desk)
    open_hours(desk, "9-10")
    row_id = desk.book("2026-03-04 09:00")
    assert (offered(desk, kind), free(desk)) == ([], [])
    moved: Key = ("appointment", row_id)
    assert offered(desk, kind, ignoring=(moved,)) == free(desk, ignoring=(moved,)) == ["09:00"]
    held = hold(desk, "2026-03-04 09:10")
    assert offered(desk, kind, ignoring=(moved,)) == []
    assert free(desk, ignoring=(moved,)) == ["09:00"]  # INV-A7
    assert offered(desk, kind, ignoring=(moved, held)) == ["09:00"]


def test_a_hold_ends_when_it_is_not_confirmed_or_its_time_passes(desk: Desk) -> None:  # REQ-04
    kind = event_type(desk, min_notice_min=0)
    open_hours(desk, "9-10:30")
    until = int(desk.at("2026-03-04 08:20").timestamp())
    hold(desk, "2026-03-04 09:30", status="unverified", hold_until=until)
    desk.now = desk.at("2026-03-04 08:19")
    assert offered(desk, kind) == []
    desk.now = desk.at("2026-03-04 08:20")
    assert offered(desk, kind) == ["09:00", "09:30"]
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE booking_request SET status = 'pending'")
    assert offered(desk, kind) == []
    desk.now = desk.at("2026-03-04 09:30")
    assert offered(desk, kind) == ["09:30"]


@pytest.mark.parametrize(
    ("table", "fields", "blocks"),
    [
        ("appointment", {}, True),
        ("appointment", {"status": "completed"}, True),
        ("appointment", {"status": "tentative"}, True),
        ("appointment", {"status": "cancelled"}, False),
        ("appointment", {"busy": False}, False),
        ("external_event", {"status": "confirmed"}, True),
        ("external_event", {"status": "tentative"}, True),
        ("external_event", {"status": "cancelled"}, False),
        ("external_event", {"status": "declined"}, False),
        ("external_event", {"status": "confirmed", "transparent": True}, False),
        ("external_event", {"status": "confirmed", "rrule": "FREQ=DAILY"}, False),
    ],
)
def test_what_blocks(desk: Desk, table: str, fields: dict[str, Any], blocks: bool) -> None:  # INV-A1, INV-A9
    """A series of a remote calendar is on it by its occurrences."""
    kind = event_type(desk)
    open_hours(desk, "9-10")
    start = int(desk.at("2026-03-04 09:30").timestamp())
    with closing(desk.database.connect()) as connection:
        insert_link(connection)
        insert(connection, table, [{"start_utc": start, "end_utc": start + 60, **fields}])
    assert offered(desk, kind) == free(desk) == ([] if blocks else ["09:00"])


@pytest.mark.parametrize("status", ["declined", "withdrawn", "expired", "accepted"])
def test_a_decided_request_holds_nothing(desk: Desk, status: str) -> None:  # REQ-04
    kind = event_type(desk)
    open_hours(desk, "9-10")
    hold(desk, "2026-03-04 09:30", status=status)
    assert offered(desk, kind) == ["09:00"]


def test_a_day_of_another_calendar_is_one_of_the_practice(desk: Desk) -> None:
    kind = event_type(desk, minutes=60)
    for weekday in (1, 2, 3):
        open_hours(desk, "0-1, 23-24", weekday)
    midnight = int(datetime(2026, 3, 4, tzinfo=UTC).timestamp())
    row = {"start_utc": midnight, "end_utc": midnight + DAY, "all_day": True}
    with closing(desk.database.connect()) as connection:
        insert(connection, "appointment", [row])
    assert offered(desk, kind, day=date(2026, 3, 3), last=date(2026, 3, 5)) == ["00:00", "23:00"] * 2


def test_time_off_takes_slots_and_gives_back_the_same(desk: Desk) -> None:  # TOF-02, TOF-03, TOF-04, INV-A8
    kind = event_type(desk)
    open_hours(desk, "9-12, 13-17")
    desk.book("2026-03-04 10:00")
    clients, own, rows = offered(desk, kind), free(desk), desk.rows()
    everything = dump(desk.database)
    end = WEDNESDAY + timedelta(days=1)
    time_off.add(desk.database, WEDNESDAY, end, tz="America/New_York", clock=desk.clock)
    assert (offered(desk, kind), free(desk), desk.rows()) == ([], [], rows)
    time_off.remove(desk.database, 1, clock=desk.clock)
    assert (offered(desk, kind), free(desk)) == (clients, own)
    assert dump(desk.database) == everything
    hours_off = desk.at("2026-03-04 13:30"), desk.at("2026-03-04 16:10")
    time_off.add(desk.database, *hours_off, all_day=False, tz="America/New_York", clock=desk.clock)
    assert offered(desk, kind) == [at for at in clients if at < "12:30"]
    assert free(desk) == offered(desk, kind)
    undo.undo(desk.database, clock=desk.clock)
    assert (offered(desk, kind), free(desk)) == (clients, own)


def test_notice_and_window_of_the_practice_and_of_the_type(desk: Desk) -> None:  # BOOK-04
    kind, far = event_type(desk), event_type(desk, title="Far", window_days=0, min_notice_min=24 * 60)
    open_hours(desk, "9-11")
    desk.now = desk.at("2026-03-04 08:31")
    assert offered(desk, kind) == ["09:30", "10:00"]
    assert offered(desk, far) == []
    set_rules(desk, min_notice_min=120, window_days=7)
    assert offered(desk, kind) == []
    assert offered(desk, kind, day=date(2026, 3, 11)) == ["09:00", "09:30", "10:00"]
    assert offered(desk, kind, day=date(2026, 3, 12), last=date(2027, 3, 1)) == []
    assert offered(desk, far, day=date(2027, 3, 3)) == ["09:00", "09:30", "10:00"]
    set_rules(desk, window_days=0)
    assert offered(desk, kind, day=date(2027, 3, 3)) == ["09:00", "09:30", "10:00"]
    assert offered(desk, kind, day=date(2020, 3, 4)) == []


def test_the_practices_step_and_another(desk: Desk) -> None:
    set_rules(desk, slot_step=60)
    open_hours(desk, "9-12")
    assert free(desk) == ["09:00", "10:00", "11:00"]
    assert free(desk, step=90) == ["09:00", "10:30"]
    assert offered(desk, event_type(desk, slot_step=0)) == ["09:00", "09:50", "10:40"]


BASE = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
DAY = 86_400


@pytest.mark.sqlite_only("how SQLite plans")
@pytest.mark.parametrize("encrypt", [False, True])
@pytest.mark.parametrize("analyzed", [False, True])
def test_the_plan_searches_indexes(tmp_path: Path, encrypt: bool, analyzed: bool) -> None:
    with closing(make_practice(tmp_path, encrypt).connect()) as connection:
        insert_link(connection)
        for table in ("appointment", "external_event", "time_off", "booking_request"):
            insert(connection, table, ({"start_utc": n * 3600, "end_utc": n * 3600 + 60} for n in range(500)))
        if analyzed:
            connection.execute("ANALYZE")
        arguments = openings.statement_arguments(BASE, BASE + 60 * DAY, BASE, holds=True)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {openings.STATEMENT}", arguments)]
    for wanted in (  # of time off there are a few rows, which may well be scanned
        "SEARCH a USING INDEX ix_appointment_span (span=? AND start_utc>? AND start_utc<?)",
        "SEARCH a USING INDEX ix_external_event_span (span=? AND start_utc>? AND start_utc<?)",
        "SEARCH a USING INDEX ix_booking_request_live (status=? AND start_utc>? AND start_utc<?)",
    ):
        assert wanted in plan, plan
    assert not [step for step in plan if re.match(r"SCAN (a|t)\b", step)], plan


def test_what_is_read_does_not_grow_with_what_is_stored(tmp_path: Path) -> None:
    with closing(make_practice(tmp_path).connect_file()) as connection:
        cost = [_steps(connection, stored) for stored in (500, 20_000)]
    assert cost[1] < cost[0] * 1.3


def _steps(connection: sqlite3.Connection, stored: int) -> int:
    """Steps of the database engine for 60 days with 60 entries in them, `stored` others being far away."""
    connection.execute("BEGIN IMMEDIATE")
    near = [{"start_utc": BASE + n * DAY, "end_utc": BASE + n * DAY + 3000} for n in range(60)]
    starts = (BASE + (n - stored // 2) * 9000 for n in range(stored))
    far = [{"start_utc": at, "end_utc": at + 60} for at in starts if not -9 * DAY < at - BASE < 70 * DAY]
    insert(connection, "appointment", near + far)
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(step, 10)
    arguments = openings.statement_arguments(BASE, BASE + 60 * DAY, BASE, holds=True)
    assert len(connection.execute(openings.STATEMENT, arguments).fetchall()) == 60
    connection.set_progress_handler(None, 0)
    connection.execute("ROLLBACK")
    return count
