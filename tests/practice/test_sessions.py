"""Last and next sessions of clients, pages of them, counts and habits."""

from __future__ import annotations

from contextlib import closing
from datetime import time, timedelta

import pytest

from couchcal.errors import NotFound
from couchcal.practice import client_changes, sessions
from couchcal.practice.agenda import Entry
from couchcal.practice.sessions import Counts, Side, Slot
from couchcal.scheduling.wallclock import zone
from tests.practice.conftest import Desk

ZONE = zone("America/New_York")


def test_last_and_next_leave_out_what_is_cancelled(desk: Desk) -> None:  # APT-20
    now = desk.at("2026-03-04 12:00")
    desk.book("2026-03-03 15:00", client_id=desk.ann)
    gone = desk.book("2026-03-05 15:00", client_id=desk.ann)
    desk.book("2026-03-06 15:00", client_id=desk.ann)
    desk.cancel(gone)
    with closing(desk.database.connect()) as connection:
        seen = sessions.seen_by_client(connection, now)
        assert seen[desk.ann] == (desk.at("2026-03-03 15:00"), desk.at("2026-03-06 15:00"))
        assert desk.bob not in seen
        assert sessions.seen_by_client(connection, now - timedelta(days=30))[desk.ann].last is None
        with pytest.raises(NotFound):
            sessions.record_of(connection, 999, now, ZONE)


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_show_each_appointment_once_and_in_order(desk: Desk, limit: int) -> None:
    now = desk.at("2026-03-10 12:00")
    days = ("01", "02", "10", "11", "20", "21", "22")
    ids = [desk.book(f"2026-03-{day} 12:00", client_id=desk.ann) for day in days]
    ids.insert(3, desk.book("2026-03-10 12:00", client_id=desk.ann))  # two at one time, at this very moment
    desk.cancel(ids[1])
    desk.book("2026-03-11 09:00", client_id=desk.bob)
    found: dict[Side, list[int]] = {"coming": [], "past": []}
    with closing(desk.database.connect()) as connection:
        for side, shown in found.items():
            last: Entry | None = None
            while entries := sessions.page(connection, desk.ann, side, now, ZONE, after=last, limit=limit):
                assert len(entries) <= limit
                shown += [entry.row_id for entry in entries]
                last = entries[-1]
    assert found == {"past": ids[:4][::-1], "coming": ids[4:]}


def test_counts_are_of_this_calendar_year(desk: Desk) -> None:
    desk.now = desk.at("2025-12-01 09:00")
    desk.book("2025-12-31 23:00", client_id=desk.ann)
    for day in ("05", "06", "07", "08"):
        row_id = desk.book(f"2026-01-{day} 09:00", client_id=desk.ann)
        if day in ("06", "07"):
            desk.cancel(row_id, "no_show" if day == "06" else "late_cancel")
    desk.book("2026-01-09 09:00", client_id=desk.ann, kind="client_contact", service=None, medium="phone")
    desk.book("2026-04-01 09:00", client_id=desk.ann)
    with closing(desk.database.connect()) as connection:
        record = sessions.record_of(connection, desk.ann, desk.at("2026-03-01 09:00"), ZONE)
    assert record.counts == Counts(coming=1, past=6, sessions_this_year=2, late_cancels=1, no_shows=1)
    assert record.duplicates == ()


def test_a_habit_is_kept_by_the_wall_clock_and_prefilled_where_it_is_free(desk: Desk) -> None:  # APT-20
    now = desk.at("2026-04-01 12:00")  # clocks went forward on 8 March
    for day in ("2026-02-24", "2026-03-03", "2026-03-10", "2026-03-17"):
        desk.book(f"{day} 15:00", client_id=desk.ann)
    desk.book("2026-03-19 09:00", client_id=desk.ann)
    desk.book("2026-04-07 15:00", client_id=desk.ann)
    desk.cancel(desk.book("2026-04-14 15:00", client_id=desk.ann))
    with closing(desk.database.connect()) as connection:
        assert sessions.usual_slot(connection, desk.ann, now, ZONE) == Slot(1, time(15))
        start = sessions.next_usual_start(connection, desk.ann, now, ZONE)
        assert start == desk.at("2026-04-14 15:00")
        assert sessions.usual_slot(connection, desk.bob, now, ZONE) is None
        assert sessions.next_usual_start(connection, desk.bob, now, ZONE) is None


def test_two_sessions_are_no_habit(desk: Desk) -> None:
    for day in ("03", "10"):
        desk.book(f"2026-03-{day} 15:00", client_id=desk.ann)
    with closing(desk.database.connect()) as connection:
        assert sessions.usual_slot(connection, desk.ann, desk.at("2026-04-01 12:00"), ZONE) is None


def test_only_new_bookings_are_compared_with_others(desk: Desk) -> None:  # INT-04
    twin = client_changes.add(desk.database, "Ann Sample").id
    with closing(desk.database.connect()) as connection:
        assert sessions.record_of(connection, twin, desk.now, ZONE).duplicates == ()
        connection.execute("UPDATE client SET state = 'intake' WHERE id = ?", (twin,))
        (found,) = sessions.record_of(connection, twin, desk.now, ZONE).duplicates
    assert (found.client.id, found.reasons) == (desk.ann, ("same name",))
