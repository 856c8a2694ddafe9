"""Every decision a person can make on what the sync left to them, and what comes of it with the next cycle."""

from __future__ import annotations

from pathlib import Path

import pytest

from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice import marks, undo
from couchcal.practice.outcome import Done
from couchcal.sync import review
from couchcal.sync.ids import event_id
from couchcal.sync.port import RemoteEvent, When
from couchcal.sync.review import ReviewItem
from tests.support.demo import at
from tests.sync.desk import SyncDesk


@pytest.fixture
def desk(tmp_path: Path) -> SyncDesk:
    made = SyncDesk(tmp_path)
    made.ensure()
    return made


def _items(desk: SyncDesk) -> list[ReviewItem]:
    found: list[ReviewItem] = desk.read(review.open_items)
    return found


def _only(desk: SyncDesk) -> ReviewItem:
    (item,) = _items(desk)
    return item


def _resolve(desk: SyncDesk, how: str) -> Done:
    return review.resolve(desk.database, _only(desk).id, how, clock=desk.now)


def _synced(desk: SyncDesk, hour: int = 15) -> int:
    row_id = desk.book(4, hour)
    desk.cycle()
    return row_id


def _deleted_there(desk: SyncDesk) -> int:
    row_id = _synced(desk)
    desk.remote.drop(desk.calendar, desk.there(row_id).id)
    desk.cycle()
    assert _only(desk).kind == "remote_deleted"
    return row_id


def _status(desk: SyncDesk, row_id: int) -> str:
    return str(desk.value("SELECT status FROM appointment WHERE id = ?", row_id))


def _when(day: int, hour: int) -> When:
    return When(at(day, hour), at(day, hour, 50), "America/New_York")


def _at_rest(desk: SyncDesk) -> bool:
    """Whether another cycle has nothing to do."""
    desk.cycle()
    before = desk.outcome()
    desk.remote.calls.clear()
    desk.cycle()
    return desk.outcome() == before and set(desk.calls()) <= {"events", "calendars"} and desk.pending == 0


def test_a_deletion_there_cancels_here_and_undo_brings_both_back(desk: SyncDesk) -> None:
    row_id = _deleted_there(desk)
    done = _resolve(desk, "cancel")
    assert done.label == "Cancelled Jane C. Wed 4 Mar 15:00"
    assert _status(desk, row_id) == "cancelled"
    reason = desk.value("SELECT reason FROM cancellation WHERE appointment_id = ?", row_id)
    assert reason == "deleted in Google Calendar"
    assert _at_rest(desk)
    assert (desk.live, _items(desk)) == ({}, [])
    undo.undo(desk.database, clock=desk.now)
    assert _status(desk, row_id) == "scheduled"
    assert _at_rest(desk)
    assert len(desk.live) == 1


def test_a_deletion_there_is_put_back(desk: SyncDesk) -> None:
    row_id = _deleted_there(desk)
    _resolve(desk, "restore")
    assert _at_rest(desk)
    assert (desk.mapped(row_id).state, len(desk.live), _items(desk)) == ("live", 1, [])


def test_a_deletion_there_is_put_back_under_another_id_if_it_was_purged(desk: SyncDesk) -> None:
    row_id = _deleted_there(desk)
    desk.remote.purge(desk.calendar, desk.mapped(row_id).event_id)
    _resolve(desk, "restore")
    desk.cycle()
    desk.now.forward(minutes=1)  # that it is not to be seen is believed the second time
    assert _at_rest(desk)
    assert (desk.mapped(row_id).attempt, len(desk.live)) == (1, 1)


def test_what_is_kept_here_alone_is_not_sent_any_more(desk: SyncDesk) -> None:
    row_id = _deleted_there(desk)
    _resolve(desk, "unlink")
    desk.move(row_id, 5, 10)
    assert _at_rest(desk)
    assert (desk.mapped(row_id).state, desk.live, _status(desk, row_id)) == ("unlinked", {}, "scheduled")


def test_a_deletion_answers_itself_when_it_is_cancelled_here(desk: SyncDesk) -> None:
    row_id = _deleted_there(desk)
    desk.cancel(row_id)
    assert _at_rest(desk)
    assert (_items(desk), desk.mapped(row_id).state) == ([], "deleted")


def test_a_deletion_answers_itself_when_it_is_moved_here(desk: SyncDesk) -> None:
    row_id = _deleted_there(desk)
    desk.move(row_id, 5, 10)
    assert _at_rest(desk)
    assert (_items(desk), len(desk.live)) == ([], 1)


def test_a_claimed_session_is_not_cancelled_and_the_question_stays(desk: SyncDesk) -> None:
    row_id = _deleted_there(desk)
    for what in ("note-signed", "billing-started", "claim-submitted"):
        marks.mark(desk.database, row_id, what, clock=desk.now)
    with pytest.raises(Refused):
        _resolve(desk, "cancel")
    assert _only(desk).kind == "remote_deleted"
    _resolve(desk, "restore")
    assert _at_rest(desk)


def _conflict(desk: SyncDesk) -> int:
    row_id = _synced(desk)
    desk.move(row_id, 5, 10)
    desk.remote.change(desk.calendar, desk.there(row_id).id, when=_when(6, 11))
    desk.cycle()
    assert _only(desk).kind == "conflict"
    assert desk.there(row_id).when == _when(5, 10)
    return row_id


def test_in_a_conflict_ours_is_kept(desk: SyncDesk) -> None:
    row_id = _conflict(desk)
    _resolve(desk, "keep")
    assert _at_rest(desk)
    assert (desk.start(row_id), desk.there(row_id).when, _items(desk)) == (at(5, 10), _when(5, 10), [])


def test_in_a_conflict_theirs_is_taken_and_undo_takes_it_back(desk: SyncDesk) -> None:
    row_id = _conflict(desk)
    assert _resolve(desk, "take").label == "Moved Jane C. to Fri 6 Mar 11:00"
    assert _at_rest(desk)
    assert (desk.start(row_id), desk.there(row_id).when) == (at(6, 11), _when(6, 11))
    undo.undo(desk.database, clock=desk.now)
    assert _at_rest(desk)
    assert desk.there(row_id).when == _when(5, 10)


def test_a_notice_is_put_away(desk: SyncDesk) -> None:
    row_id = _synced(desk)
    desk.remote.change(desk.calendar, desk.there(row_id).id, busy=False)
    desk.cycle()
    assert desk.there(row_id).busy
    assert _only(desk).notice
    _resolve(desk, "dismiss")
    assert (_items(desk), _at_rest(desk)) == ([], True)


def test_what_was_made_to_repeat_there_is_sent_once_more(desk: SyncDesk) -> None:
    row_id = _synced(desk)
    first = desk.there(row_id).id
    desk.remote.change(desk.calendar, first, recurrence=("RRULE:FREQ=WEEKLY;COUNT=3",))
    desk.cycle()
    _resolve(desk, "dismiss")
    assert _at_rest(desk)
    assert sorted(desk.live) == sorted([first, desk.mapped(row_id).event_id])
    desk.move(row_id, 5, 10)
    assert _at_rest(desk)
    assert desk.remote.live(desk.calendar)[first].when == _when(4, 15)  # the series is theirs


def _stranger(desk: SyncDesk) -> str:
    mark = event_id(desk.calendar, "gone@couchcal", 0)
    desk.remote.put(desk.calendar, RemoteEvent(mark, when=_when(4, 9), title="C-0009", ours=mark))
    desk.cycle()
    assert _only(desk).kind == "unknown_event"
    return mark


@pytest.mark.parametrize(("how", "left"), [("keep", 1), ("remove", 0)])
def test_an_unknown_event_is_kept_or_removed(desk: SyncDesk, how: str, left: int) -> None:
    _stranger(desk)
    _resolve(desk, how)
    assert _at_rest(desk)
    assert (len(desk.live), _items(desk)) == (left, [])
    assert desk.value("SELECT count(*) FROM external_event") == left


def _many_gone(desk: SyncDesk, count: int = 8) -> list[int]:
    ids = desk.book_many(count)
    desk.cycle()
    for name in list(desk.live):
        desk.remote.drop(desk.calendar, name)
    assert desk.cycle().status == "paused"
    assert desk.live == {}
    return ids


def test_many_deletions_are_applied_when_a_person_says_so(desk: SyncDesk) -> None:
    ids = _many_gone(desk)
    _resolve(desk, "apply")
    assert desk.cycle().status == "ok"
    assert [item.kind for item in _items(desk)] == ["remote_deleted"] * len(ids)
    assert {_status(desk, row_id) for row_id in ids} == {"scheduled"}


def test_many_deletions_are_put_back(desk: SyncDesk) -> None:
    ids = _many_gone(desk)
    _resolve(desk, "restore")
    assert desk.cycle().status == "ok"
    assert _at_rest(desk)
    assert (len(desk.live), _items(desk)) == (len(ids), [])


def test_many_deletions_that_were_an_error_are_forgotten(desk: SyncDesk) -> None:
    ids = _many_gone(desk)
    for row_id in ids:
        desk.remote.bring_back(desk.calendar, desk.mapped(row_id).event_id)
    _resolve(desk, "discard")
    assert desk.cycle().status == "ok"
    assert _at_rest(desk)
    assert (len(desk.live), _items(desk)) == (len(ids), [])


def test_many_removals_that_are_not_wanted_leave_events_of_google(desk: SyncDesk) -> None:
    ids = desk.book_many(12)
    desk.cycle()
    for row_id in ids:
        desk.cancel(row_id)
    desk.cycle()
    assert (_only(desk).kind, len(desk.live)) == ("mass_delete", 12)
    _resolve(desk, "discard")
    assert _at_rest(desk)
    assert (len(desk.live), _items(desk)) == (12, [])
    assert desk.value("SELECT count(*) FROM external_event") == 12


def test_a_lost_calendar_is_made_anew(desk: SyncDesk) -> None:
    row_id = _synced(desk)
    desk.remote.delete_calendar(desk.calendar)
    assert desk.cycle().status == "paused"
    _resolve(desk, "recreate")
    assert desk.cycle().status == "ok"
    assert _at_rest(desk)
    assert (desk.there(row_id).when, len(desk.remote.shelves)) == (_when(4, 15), 1)


def test_a_lost_calendar_ends_the_sync(desk: SyncDesk) -> None:
    _synced(desk)
    desk.remote.delete_calendar(desk.calendar)
    desk.cycle()
    _resolve(desk, "disconnect")
    assert _items(desk) == []
    assert desk.value("SELECT state FROM calendar_account") == "disabled"
    assert desk.cycle().status == "needs_auth"
    assert desk.remote.shelves == {}


def test_a_calendar_that_is_not_shared_any_more_is_forgotten(desk: SyncDesk) -> None:
    theirs = desk.remote.add_calendar("Private")
    desk.write(
        "INSERT INTO calendar_link (created_at, updated_at, version, account_id, remote_calendar_id, name, role,"
        " direction, access_role, enabled, state, last_error)"
        " VALUES (0, 0, 1, 1, ?, 'Private', 'inbound', 'two_way', 'owner', true, '', '')",
        theirs.id,
    )
    desk.remote.put(theirs.id, RemoteEvent("e1", when=_when(4, 9), title="Dentist"))
    desk.cycle()
    assert desk.value("SELECT count(*) FROM external_event") == 1
    desk.remote.delete_calendar(theirs.id)
    assert desk.cycle().status == "ok"
    assert desk.value("SELECT count(*) FROM external_event") == 1
    _resolve(desk, "forget")
    assert desk.value("SELECT count(*) FROM external_event") == 0
    assert _at_rest(desk)


# choosing


def test_a_choice_made_twice_is_made_once(desk: SyncDesk) -> None:
    _deleted_there(desk)
    item = _only(desk)
    _resolve(desk, "cancel")
    changes = desk.value("SELECT count(*) FROM change")
    assert review.resolve(desk.database, item.id, "cancel", clock=desk.now).changed == 0
    assert desk.value("SELECT count(*) FROM change") == changes
    with pytest.raises(Refused, match="already"):
        review.resolve(desk.database, item.id, "restore", clock=desk.now)


def test_what_cannot_be_chosen_is_refused_in_words(desk: SyncDesk) -> None:
    _deleted_there(desk)
    with pytest.raises(Invalid, match="choose cancel, restore, unlink"):
        _resolve(desk, "recreate")
    with pytest.raises(NotFound):
        review.resolve(desk.database, 999, "cancel", clock=desk.now)
    assert len(_items(desk)) == 1


def test_a_row_of_the_list_names_nobody(desk: SyncDesk) -> None:  # INV-P2
    _deleted_there(desk)
    item = _only(desk)
    assert item.as_json() == {
        "id": str(item.id),
        "kind": "remote_deleted",
        "detail": "session Wed 4 Mar 15:00 was deleted in Google",
        "at": "2026-03-03T15:42:00+00:00",
        "choices": ["cancel", "restore", "unlink"],
    }
    logged = desk.value("SELECT group_concat(text, ',') FROM sync_log")
    assert "session Wed 4 Mar 15:00" in logged
    assert "Jane" not in logged
    assert "Canary" not in logged
