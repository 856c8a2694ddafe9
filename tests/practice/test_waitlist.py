"""The waitlist: entries, whom a freed time fits, and what undo takes back."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.errors import Invalid, NotFound, Refused, Stale
from couchcal.practice import appointments, client_changes, client_merge, waitlist, waitlist_changes
from couchcal.practice.cadence import Repeat
from couchcal.practice.undo import redo, undo
from couchcal.practice.waitlist import Waiting, first_fit
from couchcal.store.records import EventType
from couchcal.store.session import write_session
from tests.practice.conftest import NEW_YORK, Desk

TUESDAY, WEDNESDAY = 1, 2


def listed(desk: Desk, *, booked: bool = False) -> list[Waiting]:
    with closing(desk.database.connect()) as connection:
        return waitlist.waiting(connection, booked=booked)


def fits(desk: Desk, local: str, minutes: int = 50) -> list[int]:
    start = desk.at(local)
    with closing(desk.database.connect()) as connection:
        found = waitlist.fitting(connection, start, start + timedelta(minutes=minutes), NEW_YORK)
    return [row.client_id for row in found]


def wait(desk: Desk, client_id: int, **wishes: Any) -> int:
    waitlist_changes.add(desk.database, client_id, clock=desk.clock, **wishes)
    desk.now += timedelta(minutes=1)
    return max(row.id for row in listed(desk))


def event_type(desk: Desk, minutes: int) -> int:
    with write_session(desk.database, "an event type") as session:
        row = EventType(title="First talk", minutes=minutes)
        session.add(row)
        session.flush()
        return row.id or 0


def test_an_entry_says_who_waits_since_when_and_for_what(desk: Desk) -> None:
    wait(desk, desk.ann, days=[3, TUESDAY], from_time=time(12), to_time=time(17), note=" after\x1b work\nplease ")
    [row] = listed(desk)
    assert (row.internal_id, row.first, row.last, row.state) == ("C-0001", "Ann", "Sample", "waiting")
    assert row.wants == "Tue, Thu 12:00–17:00 · 50 min"
    assert row.note == "after work please"
    assert row.since == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_length_is_of_the_event_type_else_what_they_usually_have(desk: Desk) -> None:
    wait(desk, desk.ann, event_type_id=event_type(desk, 20))
    wait(desk, desk.ann)
    wait(desk, desk.bob)
    client_changes.edit(desk.database, desk.bob, {"usual_service": "90853"})
    assert [row.minutes for row in listed(desk)] == [20, 50, 90]
    desk.book("2026-02-10 15:00", 35)
    cancelled = desk.book("2026-02-17 15:00", 80)
    desk.cancel(cancelled)
    assert [row.minutes for row in listed(desk)] == [20, 35, 90]
    assert listed(desk)[0].wants == "any day · First talk, 20 min"


def test_a_client_waits_once_for_each_event_type(desk: Desk) -> None:
    talk = event_type(desk, 20)
    first = wait(desk, desk.ann)
    second = wait(desk, desk.ann, event_type_id=talk)
    with pytest.raises(Refused):
        waitlist_changes.add(desk.database, desk.ann)
    with pytest.raises(Refused):
        waitlist_changes.edit(desk.database, second, {"event_type_id": None})
    waitlist_changes.set_state(desk.database, first, "booked")
    third = wait(desk, desk.ann)
    with pytest.raises(Refused):
        waitlist_changes.set_state(desk.database, first, "waiting")
    assert [row.id for row in listed(desk)] == [second, third]
    assert [row.id for row in listed(desk, booked=True)] == [second, third, first]


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"days": [7]}, "days"),
        ({"from_time": time(17), "to_time": time(12)}, "hours"),
        ({"from_time": time(12), "to_time": time(12)}, "hours"),
    ],
)
def test_what_cannot_be_right_names_its_field(desk: Desk, wishes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        waitlist_changes.add(desk.database, desk.ann, **wishes)
    assert error.value.field == field
    assert listed(desk) == []


def test_who_or_what_is_not_there_cannot_wait(desk: Desk) -> None:
    with pytest.raises(NotFound):
        waitlist_changes.add(desk.database, 99)
    with pytest.raises(NotFound):
        waitlist_changes.add(desk.database, desk.ann, event_type_id=99)
    for act in (waitlist_changes.remove, lambda db, row: waitlist_changes.edit(db, row, {"note": "x"})):
        with pytest.raises(NotFound):
            act(desk.database, 99)
    with pytest.raises(Invalid):
        waitlist_changes.set_state(desk.database, 1, "gone")
    with pytest.raises(Invalid):
        waitlist_changes.edit(desk.database, 1, {"client_id": desk.bob})


def test_an_archived_client_is_on_no_list_until_they_are_back(desk: Desk) -> None:
    wait(desk, desk.ann)
    client_changes.set_state(desk.database, desk.ann, "archived")
    assert listed(desk) == []
    assert fits(desk, "2026-03-03 15:00") == []
    with pytest.raises(Refused):
        waitlist_changes.add(desk.database, desk.ann)
    client_changes.set_state(desk.database, desk.ann, "active")
    assert len(listed(desk)) == 1


def test_changing_an_entry_keeps_what_was_not_named(desk: Desk) -> None:
    row_id = wait(desk, desk.ann, days=[TUESDAY], from_time=time(12), to_time=time(0), note="x")
    waitlist_changes.edit(desk.database, row_id, {"note": "y"}, expected_version=1)
    [row] = listed(desk)
    assert (row.days, row.from_time, row.to_time, row.note) == (frozenset({TUESDAY}), time(12), time(0), "y")
    with pytest.raises(Stale):
        waitlist_changes.edit(desk.database, row_id, {"note": "z"}, expected_version=1)
    waitlist_changes.edit(desk.database, row_id, {"days": range(7), "from_time": time(0), "to_time": time(0)})
    assert listed(desk)[0].wants == "any day · 50 min"


def test_a_freed_time_goes_to_those_it_fits_longest_waiting_first(desk: Desk) -> None:
    wait(desk, desk.bob, days=[TUESDAY], from_time=time(12), to_time=time(17))
    wait(desk, desk.ann)
    assert fits(desk, "2026-03-03 15:00") == [desk.bob, desk.ann]
    assert fits(desk, "2026-03-04 15:00") == [desk.ann]  # a Wednesday
    assert fits(desk, "2026-03-03 16:30") == [desk.ann]  # past five
    assert fits(desk, "2026-03-03 11:30", 80) == [desk.bob, desk.ann]  # from twelve there are fifty minutes
    assert fits(desk, "2026-03-03 11:30", 79) == [desk.ann]
    assert fits(desk, "2026-03-03 15:00", 49) == []
    assert fits(desk, "2026-03-03 15:00", 0) == []


def test_nobody_is_offered_a_time_over_their_own_appointment(desk: Desk) -> None:
    wait(desk, desk.ann)
    mine = desk.book("2026-03-03 15:30")
    assert fits(desk, "2026-03-03 15:00") == []
    assert fits(desk, "2026-03-03 14:40") == [desk.ann]  # back to back
    desk.cancel(mine)
    assert fits(desk, "2026-03-03 15:00") == [desk.ann]


def test_an_offer_stays_on_the_list_and_a_booked_time_leaves_it(desk: Desk) -> None:
    row_id = wait(desk, desk.ann)
    assert waitlist_changes.set_state(desk.database, row_id, "offered").label == "Ann S. was offered a time"
    assert fits(desk, "2026-03-03 15:00") == [desk.ann]
    waitlist_changes.set_state(desk.database, row_id, "booked")
    assert fits(desk, "2026-03-03 15:00") == []


@pytest.mark.parametrize("repeat", [None, Repeat("weekly")])
def test_booking_from_the_list_is_one_undo_step(desk: Desk, repeat: Repeat | None) -> None:
    row_id = wait(desk, desk.ann)
    appointment = desk.book("2026-03-03 15:00", repeat=repeat)
    waitlist_changes.set_state(desk.database, row_id, "booked", with_appointment=appointment, clock=desk.clock)
    assert listed(desk) == []
    undo(desk.database)
    assert [row.state for row in listed(desk)] == ["waiting"]
    assert desk.rows() == {}
    redo(desk.database)
    assert listed(desk) == []
    assert appointment in desk.rows()


def test_a_booking_that_was_undone_is_not_joined(desk: Desk) -> None:
    row_id = wait(desk, desk.ann)
    appointment = desk.book("2026-03-03 15:00")
    undo(desk.database)
    waitlist_changes.set_state(desk.database, row_id, "booked", with_appointment=appointment)
    undo(desk.database)
    assert [row.state for row in listed(desk)] == ["waiting"]


def test_removing_and_merging(desk: Desk) -> None:  # INT-04
    row_id = wait(desk, desk.bob)
    client_merge.merge(desk.database, desk.bob, desk.ann)
    assert [row.client_id for row in listed(desk)] == [desk.ann]
    waitlist_changes.remove(desk.database, row_id)
    assert listed(desk) == []
    undo(desk.database)
    assert [row.id for row in listed(desk)] == [row_id]


hours = st.integers(0, 23).map(time)


@given(
    days=st.frozensets(st.integers(0, 6)),
    wish=st.one_of(st.none(), st.tuples(hours, hours).filter(lambda pair: pair[1] == time() or pair[0] < pair[1])),
    minutes=st.integers(5, 180),
    start=st.integers(0, 2 * 24 * 4),
    length=st.integers(0, 40),
    sunday=st.sampled_from(["2026-03-08", "2026-11-01", "2026-06-14"]),
    zone=st.sampled_from(["America/New_York", "UTC", "Asia/Kolkata"]),
)
def test_a_fit_is_the_first_minute_at_which_it_fits(
    days: frozenset[int],
    wish: tuple[time, time] | None,
    minutes: int,
    start: int,
    length: int,
    sunday: str,
    zone: str,
) -> None:
    """Against every quarter hour tried in turn, over days on which the clocks change."""
    tz = ZoneInfo(zone)
    begins = datetime.fromisoformat(sunday).replace(tzinfo=tz).astimezone(UTC) + timedelta(
        minutes=15 * (start - 96)
    )
    ends = begins + timedelta(minutes=15 * length)
    from_time, to_time = wish or (None, None)
    row = Waiting(
        1, 1, "C-0001", "Ann", "Sample", None, minutes, days, from_time, to_time, "", "waiting", begins, 1, None
    )

    def allowed(at: datetime) -> bool:
        local, until = at.astimezone(tz), (at + timedelta(minutes=minutes)).astimezone(tz)
        if days and local.weekday() not in days:
            return False
        if from_time is None:
            return True
        closes = datetime.combine(local.date(), to_time or time())
        closes += timedelta(days=1 if to_time in (None, time()) else 0)
        return local.time() >= from_time and until.replace(tzinfo=None) <= closes

    tried = (begins + timedelta(minutes=15 * step) for step in range(length + 1))
    naive = next((at for at in tried if at + timedelta(minutes=minutes) <= ends and allowed(at)), None)
    assert first_fit(row, begins, ends, tz) == naive


def test_an_appointment_of_somebody_new_is_no_part_of_the_list(desk: Desk) -> None:
    wait(desk, desk.ann)
    appointments.cancel(desk.database, desk.book("2026-03-03 15:00", client_id=desk.bob), "other", clock=desk.clock)
    assert fits(desk, "2026-03-03 15:00") == [desk.ann]


def test_an_edit_that_changes_nothing_is_no_step_of_undo(desk: Desk) -> None:
    row_id = wait(desk, desk.ann, note="mornings")
    done = waitlist_changes.edit(desk.database, row_id, {"note": " mornings"}, clock=desk.clock)
    assert (done.label, done.changed) == ("Nothing changed", 0)
