"""The review of overlaps: all of them, however far ahead, and by the same rules as the marks."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couchcal.practice import agenda, appointments
from couchcal.practice.draft import with_changes
from couchcal.practice.overlaps import Overlap, entries_at, overlaps
from tests.practice.conftest import NEW_YORK, Desk


def found(desk: Desk, since: str = "2026-03-02 00:00") -> list[Overlap]:
    with closing(desk.database.connect()) as connection:
        return overlaps(connection, desk.at(since), NEW_YORK)


def test_an_overlap_far_ahead_is_found_and_names_both(desk: Desk) -> None:
    # REC-11: a series fills its slots over what is there
    desk.weekly("2026-03-03 10:00")
    taken = desk.book("2026-04-28 10:30", client_id=desk.bob)
    assert [overlap.key for overlap in found(desk)] == [("appointment", taken)]
    with closing(desk.database.connect()) as connection:
        entry, others = entries_at(connection, found(desk)[0], NEW_YORK)
    assert entry is not None
    assert (entry.row_id, [other.first for other in others]) == (taken, ["Ann"])


def test_what_touches_is_cancelled_or_shown_as_free_is_none(desk: Desk) -> None:
    # CNF-02, INV-A5, INV-A6
    desk.book("2026-03-03 10:00")
    desk.book("2026-03-03 10:50", client_id=desk.bob)
    desk.book("2026-03-03 10:10", kind="other_event", client_id=None, service=None, busy=False)
    assert found(desk) == []
    gone = desk.book("2026-03-03 10:20", 20, client_id=desk.bob)
    assert [overlap.key[1] for overlap in found(desk)] == [gone]
    desk.cancel(gone)
    assert found(desk) == []


def test_a_day_that_is_taken_whole_meets_each_session_of_it(desk: Desk) -> None:
    days = {"start": datetime(2026, 3, 3, tzinfo=UTC), "end": datetime(2026, 3, 4, tzinfo=UTC)}
    draft = desk.draft(
        "2026-03-03 00:00", kind="other_event", client_id=None, service=None, all_day=True, busy=True
    )

    appointments.book(desk.database, with_changes(draft, days), clock=desk.clock)
    sessions = [desk.book(f"2026-03-03 {hour:02}:00") for hour in (9, 11, 20)]
    assert [overlap.key[1] for overlap in found(desk)] == sessions


def test_what_was_over_before_is_left_out(desk: Desk) -> None:
    desk.book("2026-03-03 10:00")
    desk.book("2026-03-03 10:30", client_id=desk.bob)
    assert found(desk, "2026-03-03 10:45")
    assert not found(desk, "2026-03-03 10:50")


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8), st.sampled_from([None, "a", "b"])), max_size=9))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_marked_entry_has_an_overlap_to_be_found_by(
    desk: Desk, spans: list[tuple[int, int, str | None]]
) -> None:
    # CNF-01: the marks of the agenda are the oracle
    with closing(desk.database.connect()) as connection:
        connection.execute("DELETE FROM appointment")
    for quarter, length, group in spans:
        start = f"2026-03-03 {8 + quarter // 4:02}:{quarter % 4 * 15:02}"
        desk.book(start, length * 15, group_key=group)
    with closing(desk.database.connect()) as connection:
        day = desk.at("2026-03-03 00:00"), desk.at("2026-03-05 00:00")
        marked = {(e.table, e.row_id) for e in agenda.between(connection, *day, NEW_YORK) if e.conflict}
        reached = set()
        for overlap in overlaps(connection, day[0], NEW_YORK):
            entry, others = entries_at(connection, overlap, NEW_YORK)
            assert entry is not None
            assert others
            reached |= {(e.table, e.row_id) for e in (entry, *others)}
    assert reached == marked
