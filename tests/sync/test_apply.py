"""What a person does in the remote calendar arrives here, or goes back there, and nothing is lost on the way."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from couchcal.errors import Refused
from couchcal.practice import undo
from couchcal.sync import apply, ledger, ours
from couchcal.sync.ids import event_id
from couchcal.sync.lease import Lease, LostLease
from couchcal.sync.port import RemoteEvent
from tests.practice.conftest import Desk
from tests.support.database import dump
from tests.sync.inbound import Side, all_day

TUESDAY = "2026-03-03 15:00"
LATER = "2026-03-04 10:00"
WHEN, BUSY, PLACE = (frozenset({name}) for name in ("when", "busy", "place"))
EVENT: dict[str, Any] = {"kind": "other_event", "client_id": None, "service": None}


@pytest.fixture
def side(desk: Desk) -> Side:
    return Side(desk)


def _booked(side: Side, local: str = TUESDAY, **fields: Any) -> tuple[int, str]:
    """An appointment and its event, both sides at rest."""
    row_id = side.desk.book(local, **fields)
    (name,) = side.sent(row_id)
    side.pull()
    return row_id, name


def test_a_session_moved_there_moves_here(side: Side) -> None:  # SYNC-11
    row_id, name = _booked(side)
    side.move_there(name, LATER)
    applied = side.pull()
    assert (applied.moved, applied.pulled, side.desk.local(row_id)) == (1, 1, LATER)
    assert (side.queued(), side.kinds()) == (set(), [])
    assert side.google_changes() == ["Moved Ann S. to Wed 4 Mar 10:00"]


def test_several_that_move_are_one_change_of_the_journal(side: Side) -> None:
    names = [_booked(side, f"2026-03-03 {hour}:00")[1] for hour in (10, 11)]
    for hour, name in enumerate(names, start=13):
        side.move_there(name, f"2026-03-05 {hour}:00")
    side.pull()
    assert side.google_changes() == ["Moved 2 appointments as in Google Calendar"]


def test_one_of_a_series_moves_alone(side: Side) -> None:
    ids = side.desk.weekly(TUESDAY)
    names = side.sent(*ids)
    side.pull()
    before = side.desk.locals_of(ids)
    side.move_there(names[2], "2026-03-18 10:00")
    side.pull()
    assert side.desk.locals_of(ids) == [*before[:2], "2026-03-18 10:00", *before[3:]]
    assert "time" in side.desk.row(ids[2])["overridden"]


def test_what_we_sent_comes_back_as_nothing(side: Side) -> None:  # INV-Y1
    row_id, _name = _booked(side)
    before = dump(side.desk.database, beside=("sync_state",))
    side.pull(anew=True)
    assert side.pull() == apply.Applied()
    after = dump(side.desk.database, beside=("sync_state",))
    assert after == before
    assert side.google_changes() == []
    assert side.desk.local(row_id) == TUESDAY


def test_a_new_etag_alone_is_noted_and_no_change(side: Side) -> None:
    row_id, name = _booked(side)
    event = side.remote.change(side.ours.id, name)
    assert side.pull().pulled == 0
    assert side.mapped(row_id).etag == event.etag
    assert (side.queued(), side.google_changes()) == (set(), [])


def test_titles_changed_there_are_left_alone(side: Side) -> None:
    row_id, name = _booked(side)
    side.remote.change(side.ours.id, name, title="Mine", description="x", place="y")
    side.pull()
    assert (side.queued(), side.kinds(), side.desk.local(row_id)) == (set(), [], TUESDAY)


@pytest.mark.parametrize("marks", [("note-signed", "billing-started", "claim-submitted")])
def test_what_a_lock_forbids_is_put_back_with_a_notice(side: Side, marks: tuple[str, ...]) -> None:  # SYNC-11
    row_id, name = _booked(side)
    side.desk.mark(row_id, *marks)
    side.move_there(name, LATER)
    assert side.pull().put_back == 1
    assert side.desk.local(row_id) == TUESDAY
    assert (side.queued(), side.again(row_id)) == ({row_id}, WHEN)
    (item,) = side.reviews()
    assert (item.kind, item.notice) == ("put_back", True)
    assert item.detail == (
        "session Tue 3 Mar 15:00 was changed in Google to Wed 4 Mar 10:00-10:50; it is put back:"
        " the time cannot be changed: the claim is submitted or processed"
    )
    assert side.google_changes() == []
    side.pull(anew=True)
    assert len(side.reviews()) == 1


def test_a_session_that_is_over_stays_where_it_was(side: Side) -> None:
    row_id, name = _booked(side)
    side.desk.now = side.desk.at("2026-03-03 16:00")
    side.move_there(name, LATER)
    side.pull()
    assert (side.desk.local(row_id), side.kinds()) == (TUESDAY, ["put_back"])


def test_an_event_without_a_client_that_is_over_still_moves(side: Side) -> None:
    row_id, name = _booked(side, **EVENT)
    side.desk.now = side.desk.at("2026-03-03 16:00")
    side.move_there(name, LATER)
    side.pull()
    assert side.desk.local(row_id) == LATER


def test_busy_is_taken_over_for_events_and_put_back_for_sessions(side: Side) -> None:  # SYNC-22
    meeting, meeting_name = _booked(side, **EVENT)
    session, session_name = _booked(side, "2026-03-03 17:00")
    for name in (meeting_name, session_name):
        side.remote.change(side.ours.id, name, busy=False)
    side.pull()
    # Without a title of its own an event is called Busy or Free there: that is sent.
    assert [side.desk.row(row_id)["busy"] for row_id in (meeting, session)] == [0, 1]
    assert (side.queued(), side.again(session)) == ({meeting, session}, BUSY)


def test_an_event_becomes_all_day_and_timed_again(side: Side) -> None:
    row_id, name = _booked(side, **EVENT)
    side.remote.change(side.ours.id, name, when=all_day("2026-03-05", "2026-03-07"))
    side.pull()
    row = side.desk.row(row_id)
    assert row["all_day"] == 1
    assert [datetime.fromtimestamp(row[name], UTC) for name in ("start_utc", "end_utc")] == [
        datetime(2026, 3, 5, tzinfo=UTC),
        datetime(2026, 3, 7, tzinfo=UTC),
    ]
    side.move_there(name, LATER)
    side.pull()
    assert (side.desk.row(row_id)["all_day"], side.desk.local(row_id)) == (0, LATER)
    assert (side.queued(), side.kinds()) == (set(), [])


def test_a_session_does_not_become_all_day(side: Side) -> None:
    row_id, name = _booked(side)
    side.remote.change(side.ours.id, name, when=all_day("2026-03-05", "2026-03-06"))
    side.pull()
    assert (side.desk.local(row_id), side.again(row_id), side.kinds()) == (TUESDAY, WHEN, ["put_back"])


def test_another_zone_of_the_same_moment_is_taken_over(side: Side) -> None:
    row_id, name = _booked(side)
    event = side.remote.live(side.ours.id)[name]
    assert event.when is not None
    side.remote.change(side.ours.id, name, when=event.when._replace(tz="Europe/Berlin"))
    side.pull()
    assert (side.desk.row(row_id)["tz"], side.desk.local(row_id)) == ("Europe/Berlin", TUESDAY)
    assert side.queued() == set()


def test_moved_on_both_sides_ours_stands_and_theirs_is_told(side: Side) -> None:
    row_id, name = _booked(side)
    side.desk.move(row_id, "2026-03-03 17:00")
    side.move_there(name, LATER)
    assert side.pull().conflicts == 1
    assert (side.desk.local(row_id), side.queued()) == ("2026-03-03 17:00", {row_id})
    (item,) = side.reviews()
    assert [word for word, _label in item.choices] == ["keep", "take"]
    assert "Wed 4 Mar 10:00" in item.detail


def test_moved_to_the_same_time_on_both_sides_is_no_conflict(side: Side) -> None:
    row_id, name = _booked(side)
    side.desk.move(row_id, LATER)
    side.move_there(name, LATER)
    side.pull()
    assert (side.desk.local(row_id), side.kinds()) == (LATER, [])


def test_deleted_there_nothing_is_deleted_here(side: Side) -> None:  # SYNC-11
    row_id, name = _booked(side)
    before = side.desk.row(row_id)
    side.remote.bare_tombstones = True
    side.drop_there([name])
    assert side.pull().deleted == 1
    assert side.desk.row(row_id) == before
    assert (side.mapped(row_id).state, side.queued()) == ("missing", set())
    (item,) = side.reviews()
    assert (item.kind, item.detail) == ("remote_deleted", "session Tue 3 Mar 15:00 was deleted in Google")
    assert [word for word, _label in item.choices] == ["cancel", "restore", "unlink"]
    side.pull(anew=True)
    assert len(side.reviews()) == 1


def test_brought_back_there_the_question_answers_itself(side: Side) -> None:
    row_id, name = _booked(side)
    side.drop_there([name])
    side.pull()
    side.remote.bring_back(side.ours.id, name)
    side.pull()
    assert (side.mapped(row_id).state, side.kinds(), side.queued()) == ("live", [], set())


def test_edited_here_and_deleted_there_it_goes_back(side: Side) -> None:
    row_id, name = _booked(side)
    side.desk.move(row_id, LATER)
    side.drop_there([name])
    side.pull()
    assert (side.mapped(row_id).state, side.queued(), side.kinds()) == ("deleted", {row_id}, [])
    (told,) = side.desk.rows("sync_review").values()
    assert (told["kind"], told["resolution"]) == ("remote_deleted", "restored")


def test_cancelled_here_and_deleted_there_is_agreed(side: Side) -> None:  # SYNC-17
    row_id, name = _booked(side)
    side.desk.cancel(row_id)
    side.drop_there([name])
    side.pull()
    assert (side.mapped(row_id).state, side.kinds()) == ("deleted", [])


def test_cancelled_here_and_moved_there_is_told_and_removed(side: Side) -> None:
    row_id, name = _booked(side)
    side.desk.cancel(row_id)
    side.move_there(name, LATER)
    side.pull()
    (item,) = side.reviews()
    assert (item.kind, item.notice, side.queued()) == ("conflict", True, {row_id})
    assert side.desk.local(row_id) == TUESDAY


def test_deleted_here_and_moved_there_is_told_without_a_name(side: Side) -> None:
    row_id, name = _booked(side)
    side.desk.delete(row_id)
    side.move_there(name, LATER)
    side.pull()
    (item,) = side.reviews()
    assert item.detail.startswith("event Tue 3 Mar 15:00 was changed in Google (Wed 4 Mar 10:00-10:50)")


def test_made_to_repeat_there_it_stays_there_and_ours_is_sent_anew(side: Side) -> None:
    row_id, name = _booked(side)
    side.remote.change(side.ours.id, name, recurrence=("RRULE:FREQ=WEEKLY;COUNT=3",))
    side.pull()
    assert len(side.externals("2026-03-03", 21)) == 3
    mapped = side.mapped(row_id)
    uid = side.desk.row(row_id)["uid"]
    assert (mapped.state, mapped.event_id) == ("creating", event_id(side.ours.id, uid, 1))
    assert (side.queued(), side.kinds()) == ({row_id}, ["conflict"])
    assert side.reviews()[0].notice
    side.pull(anew=True)
    assert (len(side.reviews()), side.mapped(row_id)) == (1, mapped)


def test_an_unreadable_event_of_ours_changes_nothing_and_stops_nobody(side: Side) -> None:
    first, first_name = _booked(side)
    second, second_name = _booked(side, "2026-03-03 17:00")
    side.remote.change(side.ours.id, first_name, unreadable="it has no time", when=None)
    side.move_there(second_name, LATER)
    applied = side.pull()
    assert (applied.unreadable, applied.moved) == (1, 1)
    assert side.desk.locals_of([first, second]) == [TUESDAY, LATER]


# events that are not ours


def test_events_of_the_remote_show_here_and_go_again(side: Side) -> None:  # SYNC-22, SYNC-23
    side.add_there("Dentist", "2026-03-03 09:00")
    assert side.pull(2).pulled == 1
    assert side.externals() == ["Dentist 03 09:00"]
    side.remote.change(side.theirs.id, "dentist", when=side.when("2026-03-03 11:00"))
    side.pull(2)
    assert side.externals() == ["Dentist 03 11:00"]
    side.remote.drop(side.theirs.id, "dentist")
    assert side.pull(2).deleted == 1
    assert side.externals() == []
    assert side.google_changes() == []


def test_a_hand_made_event_and_a_copy_in_our_calendar_are_events_of_the_remote(side: Side) -> None:
    _row_id, name = _booked(side)
    before = side.desk.rows()
    side.add_there("Lunch", "2026-03-03 12:00", calendar=side.ours.id)
    side.add_there("Copy", "2026-03-03 13:00", calendar=side.ours.id, ours=name)
    side.pull()
    assert side.externals() == ["Lunch 03 12:00", "Copy 03 13:00"]
    assert side.kinds() == []
    assert side.desk.rows() == before  # INV-Y2, SYNC-06: no reading makes an appointment


@pytest.mark.parametrize("seed", range(4))
def test_exceptions_come_before_their_master_and_on_other_pages(side: Side, seed: int) -> None:
    side.remote.__init__(page_size=1, seed=seed)  # type: ignore[misc]  # the same remote, shuffled
    side.ours = side.remote.add_calendar("couchcal")
    side.theirs = side.remote.add_calendar("Private")
    master = side.add_there("Yoga", "2026-03-03 09:00", recurrence=("RRULE:FREQ=DAILY;COUNT=4",))
    third = side.desk.at("2026-03-05 09:00")
    for name, local, values in (
        ("yoga_20260304T140000Z", "2026-03-04 18:00", {"original_start": side.desk.at("2026-03-04 09:00")}),
        ("yoga_20260305T140000Z", "2026-03-05 09:00", {"original_start": third, "cancelled": True}),
    ):
        event = replace(master, id=name, recurring_id="yoga", recurrence=(), when=side.when(local, 60), **values)
        side.remote.put(side.theirs.id, event)
    side.pull(2)
    assert side.externals("2026-03-03", 5) == ["Yoga 03 09:00", "Yoga 04 18:00", "Yoga 06 09:00"]


def test_a_bare_tombstone_of_an_instance_takes_out_this_one(side: Side) -> None:
    side.add_there("Yoga", "2026-03-03 09:00", recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    side.pull(2)
    side.remote.put(side.theirs.id, RemoteEvent("yoga_20260304T140000Z", cancelled=True))
    side.pull(2)
    assert side.externals("2026-03-03", 5) == ["Yoga 03 09:00", "Yoga 05 09:00"]


def test_a_bare_tombstone_that_comes_before_its_master_counts(side: Side) -> None:
    side.remote.put(side.theirs.id, RemoteEvent("yoga_20260304T140000Z", cancelled=True))
    side.add_there("Yoga", "2026-03-03 09:00", recurrence=("RRULE:FREQ=DAILY;COUNT=3",))
    side.pull(2)
    assert side.externals("2026-03-03", 5) == ["Yoga 03 09:00", "Yoga 05 09:00"]


def test_a_split_series_goes_on_where_it_was_split(side: Side) -> None:
    master = side.add_there("Yoga", "2026-03-03 09:00", recurrence=("RRULE:FREQ=DAILY;COUNT=6",))
    side.pull(2)
    side.remote.change(side.theirs.id, "yoga", recurrence=("RRULE:FREQ=DAILY;UNTIL=20260305T045959Z",))
    later = replace(
        master, id="yoga_R20260305T140000", title="Yin", when=side.when("2026-03-05 09:00", 60),
        recurrence=("RRULE:FREQ=DAILY;COUNT=4",),
    )  # fmt: skip
    side.remote.put(side.theirs.id, later)
    side.remote.put(side.theirs.id, RemoteEvent("yoga_20260306T140000Z", cancelled=True))
    side.pull(2)
    assert side.externals("2026-03-03", 9) == [
        "Yoga 03 09:00", "Yoga 04 09:00", "Yin 05 09:00", "Yin 07 09:00", "Yin 08 09:00",
    ]  # fmt: skip


def test_an_exception_that_everything_does_not_show_is_as_its_series_again(side: Side) -> None:
    master = side.add_there("Yoga", "2026-03-03 09:00", recurrence=("RRULE:FREQ=DAILY;COUNT=2",))
    moved = replace(
        master, id="yoga_20260304T140000Z", recurring_id="yoga", recurrence=(),
        original_start=side.desk.at("2026-03-04 09:00"), when=side.when("2026-03-04 18:00"),
    )  # fmt: skip
    side.remote.put(side.theirs.id, moved)
    side.pull(2)
    assert side.externals("2026-03-03", 5) == ["Yoga 03 09:00", "Yoga 04 18:00"]
    side.remote.purge(side.theirs.id, moved.id)
    side.pull(2, anew=True)
    assert side.externals("2026-03-03", 5) == ["Yoga 03 09:00", "Yoga 04 09:00"]


def test_one_event_that_cannot_be_read_stops_nobody(side: Side) -> None:
    side.add_there("Dentist", "2026-03-03 09:00")
    side.add_there("Broken", "2026-03-03 10:00", unreadable="its time cannot be read")
    assert side.pull(2).unreadable == 1
    assert side.externals() == ["Dentist 03 09:00"]
    (line,) = side.desk.rows("sync_log").values()
    assert line["text"] == "an event cannot be shown: its time cannot be read"


# what this database does not know


def _stranger(side: Side) -> RemoteEvent:
    """An event that was made here for an appointment which is in no table."""
    mark = event_id(side.ours.id, "gone@couchcal", 0)
    return side.remote.put(side.ours.id, RemoteEvent(mark, when=side.when(TUESDAY), title="C-0001", ours=mark))


def test_an_event_of_ours_that_is_not_known_here_is_asked_about_once(side: Side) -> None:
    event = _stranger(side)
    side.pull()
    (item,) = side.reviews()
    assert (item.kind, [word for word, _label in item.choices]) == ("unknown_event", ["keep", "remove"])
    assert side.externals() == ["C-0001 03 15:00"]
    side.remote.change(side.ours.id, event.id, title="x")
    side.pull()
    assert len(side.desk.rows("sync_review")) == 1


def test_an_event_whose_appointment_is_here_is_adopted(side: Side) -> None:
    """As after an older backup: the appointment was there then, its event not yet."""
    row_id, name = _booked(side)
    with closing(side.desk.database.connect()) as connection:
        connection.execute("DELETE FROM event_map")
        connection.execute("DELETE FROM sync_state")
    side.pull()
    mapped = side.mapped(row_id)
    assert (mapped.event_id, mapped.state) == (name, "live")
    assert (side.externals(), side.kinds(), side.queued()) == ([], [], {row_id})


def test_what_was_shown_as_theirs_before_it_was_known_as_ours_shows_once(side: Side) -> None:
    row_id, name = _booked(side)
    mapped = side.mapped(row_id)
    with closing(side.desk.database.connect()) as connection:
        ledger.set_map_state(connection, mapped.id, "unlinked")
    side.pull(anew=True)
    assert len(side.externals()) == 1
    with closing(side.desk.database.connect()) as connection:
        ledger.set_map_state(connection, mapped.id, "live")
    side.pull(anew=True)
    assert side.externals() == []
    assert side.mapped(row_id).event_id == name


# crashes, others, undo


class _Crash(BaseException):
    pass


@pytest.mark.parametrize("point", range(3))
def test_a_crash_anywhere_is_as_if_nothing_had_been(
    side: Side, point: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_id, name = _booked(side)
    other, other_name = _booked(side, "2026-03-03 17:00")
    side.move_there(name, LATER)
    side.drop_there([other_name])
    side.add_there("Lunch", "2026-03-03 12:00", calendar=side.ours.id)
    places = [(ours.Ours, "settle"), (apply._Applying, "_take"), (apply._Applying, "_move_cursor")]
    reading = side.read()
    before = dump(side.desk.database)

    def crash(*_: object, **__: object) -> None:
        raise _Crash

    with monkeypatch.context() as patched:
        patched.setattr(*places[point], crash)
        with pytest.raises(_Crash):
            apply.apply(side.desk.database, side.link(), reading, clock=side.desk.clock)
    assert dump(side.desk.database) == before
    side.pull()
    assert (side.desk.local(row_id), side.mapped(other).state, side.externals()) == (
        LATER, "missing", ["Lunch 03 12:00"],
    )  # fmt: skip


def test_who_lost_the_lease_applies_nothing(side: Side) -> None:
    row_id, name = _booked(side)
    side.move_there(name, LATER)
    reading = side.read()
    mine, other = (Lease(side.desk.database, clock=side.desk.clock) for _ in range(2))
    assert other.take()
    with pytest.raises(LostLease):
        apply.apply(side.desk.database, side.link(), reading, clock=side.desk.clock, lease=mine)
    other.close()
    assert side.desk.local(row_id) == TUESDAY


def test_undo_passes_over_what_came_from_there_and_throws_none_of_it_away(side: Side) -> None:
    moved_here, _name = _booked(side)
    moved_there, name = _booked(side, "2026-03-03 18:00")
    side.desk.move(moved_here, "2026-03-03 16:00")
    side.sent_again(moved_here)
    side.move_there(name, LATER)
    side.pull()
    undo.undo(side.desk.database, clock=side.desk.clock)
    assert side.desk.locals_of([moved_here, moved_there]) == [TUESDAY, LATER]
    with pytest.raises(Refused, match="changed again"):
        undo.undo(side.desk.database, clock=side.desk.clock)  # the booking of what moved there


def test_one_event_that_a_sending_found_changed_is_merged_alone(side: Side) -> None:
    row_id, name = _booked(side)
    side.desk.edit(row_id, {"location_id": side.desk.places["10"]})
    side.move_there(name, LATER)
    event = side.remote.event(side.ours.id, name)
    decision = apply.settle(side.desk.database, side.link(), row_id, event, clock=side.desk.clock)
    assert decision is not None
    assert (decision.send, decision.take.when) == (PLACE, event.when)
    assert (side.desk.local(row_id), side.queued(), side.mapped(row_id).etag) == (LATER, {row_id}, event.etag)
    assert apply.settle(side.desk.database, side.link(), 999, event, clock=side.desk.clock) is None
